"""The script that puts clips into Live, against a model of Live's objects."""

import json
import shutil
from dataclasses import replace

import pytest

from msanii_live.library.library import Library
from tests.clients.max_interpreter.host import PACKAGE
from tests.clients.max_interpreter.scripts import Script
from tests.library.clips import band, noise
from tests.midi.bands import BAND

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(shutil.which("node") is None, reason="apt-get install nodejs"),
]

SCRIPT = PACKAGE / "devices" / "msanii-into-live.js"
BEATS = pytest.approx(BAND.seconds * BAND.bpm / 60, abs=1e-3)
STEMS = ["msanii drums", "msanii bass", "msanii chords", "msanii lead", "msanii pad"]
WORDS_FOR_OLD = "this needs Live 12.0.5 or later: drag the clip from the browser"


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """The file of a clip with notes and stems, in a folder whose name has a space."""
    return Library(tmp_path_factory.mktemp("live") / "my clips").add(band("band"))


@pytest.fixture
def live(request, clip):
    """Live with a MIDI track that has the device, and an audio track. The first one is selected."""
    script = Script(SCRIPT, **getattr(request, "param", {}))
    script.send("path", clip.as_posix())
    yield script
    script.close()


def tracks(script):
    """Return the tracks by name."""
    return {track["name"]: track for track in script.live_set()["tracks"]}


def in_slots(track):
    return [slot["clip"] and slot["clip"]["name"] for slot in track["clip_slots"]]


def first(track):
    return track["clip_slots"][0]["clip"]


def test_audio_lands_on_the_selected_audio_track_in_the_selected_scene(live, clip):
    live.ask("select", track=1, scene=1)
    assert live.send("audio") == ["band is in Live"]
    track = tracks(live)["2-Audio"]
    assert in_slots(track) == [None, "band"]
    found = track["clip_slots"][1]["clip"]
    assert found["file_path"] == clip.as_posix()
    assert (found["warping"], found["warp_mode"]) == (1, 4)


def test_audio_gets_a_track_of_its_own_where_none_is_selected(live):
    live.send("audio")
    live.send("audio")
    assert in_slots(tracks(live)["msanii"]) == ["band", "band"]
    assert in_slots(tracks(live)["1-Msanii"]) == [None, None]


def test_a_clip_in_live_is_never_replaced(live):
    live.ask("select", track=1, scene=0)
    for _ in range(3):
        live.send("audio")
    assert in_slots(tracks(live)["2-Audio"]) == ["band", "band", "band"]  # a scene was made
    assert len(live.live_set()["scenes"]) == 3


@pytest.mark.parametrize("live", [{"guess": 97.0}, {"guess": 248.0}, {}], indirect=True)
def test_the_loop_and_the_warp_markers_are_the_clips_exact_bars(live, clip):
    live.send("audio")
    found = first(tracks(live)["msanii"])
    seconds = pytest.approx(json.loads(clip.with_suffix(".json").read_text())["frames"] / 44_100)
    assert found["markers"][:-1] == [[0, 0], [seconds, BEATS]]
    assert found["looping"] == 0  # this clip is no loop
    assert found["end_marker"] == BEATS


def test_a_loop_loops(live, tmp_path):
    made = noise("round", 44_100)
    path = Library(tmp_path).add(replace(made, info=replace(made.info, bpm=120.0, loops=True)))
    live.send("path", path.as_posix())
    live.send("audio")
    found = first(tracks(live)["msanii"])
    assert (found["looping"], found["loop_start"], found["loop_end"]) == (1, 0, 2)


@pytest.mark.parametrize("live", [{"guess": 97.0, "takesMarkers": False}], indirect=True)
def test_a_marker_that_live_refuses_is_said(live):
    [words] = live.send("audio")
    expected = f"Live did not take the warp marker: type the tempo {BAND.bpm} into Clip View"
    assert words == expected


def test_stems_get_a_track_each_in_one_scene(live, clip):
    live.ask("change", path="live_set tracks 1 clip_slots 0", values={"has_clip": 1})
    assert live.send("stems") == ["5 stems are in Live"]
    live.ask("select", track=1, scene=0)
    live.send("audio")
    found = tracks(live)
    assert [in_slots(found[name]) for name in STEMS] == [
        [f"band {name.split()[1]}", None] for name in STEMS
    ]
    for name in STEMS:
        stem = first(found[name])
        assert stem["file_path"] == str(clip.with_suffix(f".{name.split()[1]}.wav"))
        assert stem["markers"][-2][1] == BEATS
        assert stem["warp_mode"] == (0 if "drums" in name else 4)
    assert len(live.live_set()["tracks"]) == 2 + 5
    live.send("stems")
    assert len(live.live_set()["tracks"]) == 2 + 5
    assert all(in_slots(tracks(live)[name])[1] for name in STEMS)


def test_notes_get_a_track_for_each_part(live):
    parts = sorted({note.part for note in BAND.notes})
    [words] = live.send("midi")
    assert words == f"notes of {len(parts)} parts are in Live"
    for part in parts:
        found = first(tracks(live)[f"msanii {part} MIDI"])
        assert (found["name"], found["loop_end"]) == (f"band {part}", BEATS)
        notes = [note for note in BAND.notes if note.part == part]
        assert sorted((note["pitch"], note["velocity"]) for note in found["notes"]) == sorted(
            (note.pitch, note.velocity) for note in notes
        )
        beat = BAND.bpm / 60
        starts = sorted(note["start_time"] for note in found["notes"])
        assert starts == pytest.approx(sorted(note.start * beat for note in notes), abs=1e-3)
    assert in_slots(tracks(live)["1-Msanii"]) == [None, None]  # its notes would start the clip


def test_notes_of_one_part_land_on_the_selected_midi_track_but_not_the_devices_own(live, tmp_path):
    [part] = {note.part for note in BAND.notes if note.part == "bass"}
    one = band("one", parts=())
    path = Library(tmp_path).add(replace(one, score=BAND.only([part])))
    live.send("path", path.as_posix())
    live.send("midi")
    assert in_slots(tracks(live)["msanii bass MIDI"]) == ["one bass", None]
    live.ask("select", track=2, scene=1)
    live.ask("change", path="live_set tracks 2", values={"name": "my synth"})
    live.send("midi")
    assert in_slots(tracks(live)["my synth"]) == ["one bass", "one bass"]


def test_everything_lands_at_the_playhead(live):
    live.ask("change", path="live_set", values={"current_song_time": 17.5})
    live.send("into", 1)
    for put in ("audio", "stems", "midi"):
        live.send(put)
    for name, track in tracks(live).items():
        arranged = [clip["start_time"] for clip in track["arrangement_clips"]]
        assert arranged == ([17.5] if name.startswith("msanii") else [])


def test_a_full_track_at_the_playhead_is_left_alone(live):
    live.ask("select", track=1, scene=0)
    live.send("into", 1)
    for _ in range(3):
        live.send("audio")
    found = [track for track in live.live_set()["tracks"] if track["arrangement_clips"]]
    assert [track["name"] for track in found] == ["2-Audio", "msanii", "msanii"]


@pytest.mark.parametrize(("metre", "beat"), [((4, 4), 20), ((3, 4), 18), ((6, 8), 18)])
def test_while_live_plays_the_next_bar_is_the_place(live, metre, beat):
    values = {"current_song_time": 17.5, "is_playing": 1}
    values |= dict(zip(("signature_numerator", "signature_denominator"), metre, strict=True))
    live.ask("change", path="live_set", values=values)
    live.send("into", 1)
    live.send("audio")
    assert tracks(live)["msanii"]["arrangement_clips"][0]["start_time"] == beat


@pytest.mark.parametrize("live", [{"isOld": True}], indirect=True)
def test_an_older_live_is_told_what_it_lacks(live):
    assert live.send("audio") == [WORDS_FOR_OLD]
    assert live.send("stems") == [WORDS_FOR_OLD]
    [words] = live.send("midi")
    assert words.startswith("notes of")  # slots took notes before
    live.send("into", 1)
    assert live.send("midi") == [WORDS_FOR_OLD]


@pytest.mark.parametrize("kind", [{"is_foldable": 1}, {"is_frozen": 1}])
def test_groups_and_frozen_tracks_are_passed_over(live, kind):
    live.ask("select", track=1, scene=0)
    live.ask("change", path="live_set tracks 1", values=kind)
    live.send("audio")
    assert in_slots(tracks(live)["msanii"]) == ["band", None]


def test_what_is_missing_is_said(live, tmp_path):
    plain = Library(tmp_path).add(noise("plain"))
    live.send("path", plain.as_posix())
    assert live.send("stems") == ["no stems: switch Compose on and generate again"]
    assert live.send("midi") == ["no notes: switch Compose on and generate again"]
    live.send("path", (tmp_path / "gone.wav").as_posix())
    assert live.send("audio") == [f"cannot read {(tmp_path / 'gone.json').as_posix()}"]
    live.send("path", "")
    assert live.send("audio") == ["generate a clip first"]
