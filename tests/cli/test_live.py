"""`msanii-live live`: the notes of a clip into a model of AbletonOSC, over UDP."""

import socket

import pytest

from msanii_live.cli import main
from msanii_live.client import ableton_osc
from msanii_live.library.library import Library
from msanii_live.notes import PARTS
from tests.cli.ableton_model import AbletonModel
from tests.library.clips import band, noise
from tests.midi.bands import BAND


@pytest.fixture
def ableton(monkeypatch):
    monkeypatch.setattr(ableton_osc, "PATIENCE", 60.0)  # a busy machine may be slower than Live
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind(("127.0.0.1", 0))
        reply_port = trial.getsockname()[1]
    model = AbletonModel(reply_port)
    model.flags = ["--ableton-port", str(model.port), "--reply-port", str(reply_port)]
    yield model
    model.close()


@pytest.fixture(scope="module")
def server(tones):
    """A server with a clip that has notes, and one that has none."""
    for clip in (band("sung"), noise("mute")):
        Library(tones.folder).add(clip)
        loaded = tones.ask("/msanii/clip/load", f"{clip.info.name}.wav", timeout=60)
        assert loaded.address == "/msanii/done"
    return ["--port", str(tones.server.osc_port)]


def test_each_part_gets_a_track_with_its_notes(server, ableton, capsys):
    assert main(["live", *server, *ableton.flags, "sung"]) == 0
    for part in {note.part for note in BAND.notes}:
        clip = ableton.track(f"msanii {part} MIDI")["slots"][0]
        notes = [note for note in BAND.notes if note.part == part]
        assert clip["name"] == f"sung {part}"
        assert clip["looping"] == 0
        assert clip["end_marker"] == pytest.approx(BAND.seconds * BAND.bpm / 60, abs=1e-3)
        assert sorted((pitch, speed) for pitch, _, _, speed, _ in clip["notes"]) == sorted(
            (note.pitch, note.velocity) for note in notes
        )
        beats = sorted(note.start * BAND.bpm / 60 for note in notes)
        assert sorted(start for _, start, *_ in clip["notes"]) == pytest.approx(beats, abs=1e-3)
    assert ableton.unknown == []
    words = "The notes of sung are in Live, on msanii drums MIDI, "
    assert capsys.readouterr().out.startswith(words)


def test_sound_and_stems_get_audio_tracks_in_one_scene(server, ableton, tones, capsys):
    ableton.beats = BAND.seconds * BAND.bpm / 60
    assert main(["live", *server, *ableton.flags, "sung", "--put", "sound"]) == 0
    assert main(["live", *server, *ableton.flags, "sung", "--put", "stems"]) == 0
    whole = ableton.track("msanii")["slots"][0]
    assert whole["path"] == (tones.folder / "sung.wav").as_posix()
    for part in PARTS:
        clip = ableton.track(f"msanii {part}")["slots"][0]
        assert clip["path"] == (tones.folder / f"sung.{part}.wav").as_posix()
        assert clip["name"] == f"sung {part}"
        assert (clip["warping"], clip["warp_mode"]) == (1, 0 if part == "drums" else 4)
    assert "type its tempo" not in capsys.readouterr().out
    assert ableton.unknown == []


def test_a_length_that_live_guessed_wrong_is_said(server, ableton, capsys):
    ableton.beats = 16.0
    assert main(["live", *server, *ableton.flags, "sung", "--put", "sound"]) == 0
    assert "Live takes sung to have 16 beats, and it has " in capsys.readouterr().out


def test_an_ableton_osc_without_the_import_is_said(server, ableton, capsys):
    ableton.imports = False
    assert main(["live", *server, *ableton.flags, "sung", "--put", "sound"]) == 2
    assert "Live imported no sung.wav: that needs Live 12.0.5" in capsys.readouterr().err


def test_taken_slots_are_left_alone_and_tracks_are_used_again(server, ableton):
    ableton.selected = 1
    for _ in range(3):
        assert main(["live", *server, *ableton.flags, "sung"]) == 0
    parts = {note.part for note in BAND.notes}
    assert len(ableton.tracks) == 2 + len(parts)
    assert ableton.scenes == 4
    for part in parts:
        slots = ableton.track(f"msanii {part} MIDI")["slots"]
        assert slots[0] is None
        assert len({len(clip["notes"]) for clip in slots[1:]}) == 1


def test_a_clip_without_notes_and_a_live_that_does_not_answer_are_said(
    server, ableton, capsys, monkeypatch
):
    monkeypatch.setattr(ableton_osc, "PATIENCE", 0.2)
    assert main(["live", *server, *ableton.flags, "mute"]) == 2
    assert "mute has no notes: the engine composer makes clips with" in capsys.readouterr().err
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        flags = ["--ableton-port", str(silent.getsockname()[1]), *ableton.flags[2:]]
        assert main(["live", *server, *flags, "sung"]) == 2
    assert "start Live, and choose AbletonOSC" in capsys.readouterr().err


def test_a_taken_reply_port_is_said(server, ableton, capsys):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", int(ableton.flags[3])))
        assert main(["live", *server, *ableton.flags, "sung"]) == 2
    assert "another program has port" in capsys.readouterr().err
