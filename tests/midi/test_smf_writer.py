"""Check that scores are written as MIDI files that say all of them, by three readers."""

import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msanii_live.midi import files
from msanii_live.midi.file_facts import PREFIX
from msanii_live.midi.general_midi import PROGRAM_NAMES
from msanii_live.midi.smf import read_smf
from msanii_live.midi.smf_track import MAX_TEXTS
from msanii_live.midi.smf_writer import TICKS_PER_BEAT, key_signature, to_midi
from msanii_live.notes import CHORD, PARTS, SECTION, Marker, Note, Score, TempoSegment, sort_notes
from tests.midi.bands import BAND, BPM
from tests.midi.smf_bytes import meta, song, tune

SOUNDFONTS = Path("/usr/share/sounds/sf2")


def in_ticks(score: Score) -> tuple[object, ...]:
    """Return what a file can hold of a score, times in ticks."""
    per_second = (score.bpm or 120.0) / 60 * TICKS_PER_BEAT
    notes = [
        (round(n.start * per_second), round(n.end * per_second),
         n.pitch, n.velocity, n.program, n.drum, n.part)
        for n in score.notes
    ]  # fmt: skip
    markers = [(round(m.start * per_second), m.kind, m.text) for m in score.markers]
    facts = (score.bpm, score.bar, score.beats, score.is_loop, score.metre)
    words = (score.key, score.style, score.swing)
    return sorted(notes), markers, facts, words, round(score.seconds * per_second)


def test_a_written_score_is_read_as_it_was() -> None:
    again = files.decode(to_midi(BAND))
    assert in_ticks(again) == in_ticks(BAND)
    assert again.warnings == ()
    assert to_midi(again) == to_midi(BAND)


def test_a_take_within_a_bar_keeps_its_place_and_length() -> None:
    take = Score((Note(0.3, 0.9, 60, 70),), 1.37, bpm=93.2, bar=0.31, beats=3.5)
    again = files.decode(to_midi(take))
    assert in_ticks(again) == in_ticks(replace(take, metre=(7, 8)))


@settings(max_examples=40, deadline=None)
@given(
    st.floats(20.0, 300.0),
    st.lists(
        st.tuples(
            st.floats(0.0, 30.0), st.floats(0.01, 5.0), st.integers(0, 127), st.integers(1, 127),
            st.integers(0, 127), st.sampled_from(PARTS),
        ),
        min_size=1, max_size=12,
    ),
)  # fmt: skip
def test_every_score_is_read_as_it_was(bpm: float, drawn: list[tuple[float, ...]]) -> None:
    notes, keys = [], set()
    for start, length, pitch, velocity, program, part in drawn:
        program = 0 if part == "drums" else program  # one kit: there is one channel for drums
        if (part, program, pitch) not in keys:
            keys.add((part, program, pitch))
            note = Note(start, start + length, int(pitch), int(velocity), int(program))
            notes.append(replace(note, drum=part == "drums", part=str(part)))
    score = Score(sort_notes(notes), 36.0, bpm=bpm, beats=4.0, is_loop=True, metre=(4, 4))
    content = to_midi(score)
    again = files.decode(content)
    assert in_ticks(again) == in_ticks(score)
    assert to_midi(again) == content


def test_a_continuation_in_another_metre_has_both_time_signatures() -> None:
    tempo_map = (TempoSegment(0.0, 0.0, 120.0, 5.0), TempoSegment(5.0, 2.0, 120.0, 4.0))
    score = Score((Note(0.0, 6.0, 60, 80),), 9.0, bpm=120.0, tempo_map=tempo_map)
    track = mido.MidiFile(file=io.BytesIO(to_midi(score))).tracks[0]
    signatures, tick = {}, 0
    for message in track:
        tick += message.time
        if message.type == "time_signature":
            signatures[tick] = (message.numerator, message.denominator)
    assert signatures == {0: (5, 4), 10 * TICKS_PER_BEAT: (4, 4)}
    again = files.decode(to_midi(score))
    assert (again.bpm, again.tempo_map) == (120.0, tempo_map)
    assert in_ticks(again)[0] == in_ticks(score)[0]


def test_tempo_changes_and_metres_are_written() -> None:
    tempo_map = (TempoSegment(0.0, 0.0, 120.0, 4.0), TempoSegment(2.0, 1.0, 60.0, 3.0))
    score = Score((Note(1.5, 3.0, 60, 80),), 5.0, beats=4.0, tempo_map=tempo_map)
    again = files.decode(to_midi(score))
    assert again.tempo_map == tempo_map
    assert again.notes[0].start == pytest.approx(1.5, abs=1e-4)
    assert again.notes[0].end == pytest.approx(3.0, abs=1e-4)
    assert again.seconds == pytest.approx(5.0, abs=1e-4)
    assert to_midi(again) == to_midi(score)


def test_a_key_struck_again_ends_its_note_and_nothing_rings_past_the_end() -> None:
    notes = (Note(0.0, 3.0, 60, 80), Note(1.0, 9.0, 60, 80), Note(2.5, 2.6, 61, 80))
    again = files.decode(to_midi(Score(notes, 2.0, bpm=120.0, beats=4.0)))
    assert [(n.start, n.end, n.pitch) for n in again.notes] == [(0.0, 1.0, 60), (1.0, 2.0, 60)]


def test_a_file_that_a_daw_changed_is_read_as_its_own_tempo_says() -> None:
    midi = mido.MidiFile(file=io.BytesIO(to_midi(BAND)))
    for message in midi.tracks[0]:
        if message.type == "set_tempo":
            message.tempo = mido.bpm2tempo(90)
    out = io.BytesIO()
    midi.save(file=out)
    again = files.decode(out.getvalue())
    assert again.bpm == pytest.approx(90.0, abs=1e-3)
    assert again.seconds == pytest.approx(BAND.seconds * BPM / 90, abs=1e-4)
    assert (again.key, again.style, again.parts) == (BAND.key, BAND.style, BAND.parts)
    assert [m.text for m in again.markers] == [m.text for m in BAND.markers]


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "[" * 1_990, '{"end":1e999}', "x" * 3_000, '{"end":-1,"bpm":"120"}',
        '{"end":5,"bpm":1e9,"bar":0,"beats":4,"is_loop":false,"style":"","key":"","swing":0}',
        '{"end":5,"bpm":9,"bar":0,"beats":4,"is_loop":1,"style":"","key":"","swing":0}',
        '{"end":5,"bpm":9,"bar":0,"beats":4,"is_loop":true,"style":"\\u0000","key":"","swing":0}',
    ],
)  # fmt: skip
def test_hostile_facts_are_passed_over(text: str) -> None:
    midi = mido.MidiFile(file=io.BytesIO(to_midi(BAND)))
    first = [m for m in midi.tracks[0] if m.type != "text"]
    midi.tracks[0] = mido.MidiTrack([mido.MetaMessage("text", text=PREFIX + text), *first])
    out = io.BytesIO()
    midi.save(file=out)
    again = files.decode(out.getvalue())
    assert (again.style, again.key, again.markers) == ("", "", ())
    assert again.parts == BAND.parts


def test_a_flood_of_texts_is_bounded() -> None:
    midi, _ = read_smf(song(meta(6, b"A") * 40_000 + tune(60)), 100)
    kept = [m for track in midi.tracks for m in track if m.type == "marker"]
    assert len(kept) == MAX_TEXTS


def test_mido_sees_tracks_programs_markers_and_one_length() -> None:
    midi = mido.MidiFile(file=io.BytesIO(to_midi(BAND)))
    assert [track.name for track in midi.tracks[1:]] == list(PARTS)
    ends = {sum(message.time for message in track) for track in midi.tracks}
    assert ends == {2 * 4 * TICKS_PER_BEAT}
    assert midi.length == pytest.approx(BAND.seconds, abs=1e-4)
    first = {m.type: m for m in midi.tracks[0]}
    assert (first["time_signature"].numerator, first["time_signature"].denominator) == (4, 4)
    assert first["key_signature"].key == "Am"
    assert [m.text for m in midi.tracks[0] if m.type == "marker"] == ["Am", "F"]
    assert [m.text for m in midi.tracks[0] if m.type == "cue_marker"] == ["verse"]
    channels = [{m.channel for m in t if not m.is_meta} for t in midi.tracks[1:]]
    assert channels[0] == {9}
    assert len({frozenset(c) for c in channels}) == 5


def test_pretty_midi_sees_the_same_notes() -> None:
    pretty_midi = pytest.importorskip("pretty_midi")
    midi = pretty_midi.PrettyMIDI(io.BytesIO(to_midi(BAND)))
    seen = sorted(
        (each.name, each.program, each.is_drum, note.pitch, note.velocity, note.start, note.end)
        for each in midi.instruments
        for note in each.notes
    )
    true = sorted(
        (n.part, n.program, n.drum, n.pitch, n.velocity, n.start, n.end) for n in BAND.notes
    )
    assert [each[:5] for each in seen] == [each[:5] for each in true]
    for found, expected in zip(seen, true, strict=True):
        assert found[5:] == pytest.approx(expected[5:], abs=1e-4)
    assert midi.get_tempo_changes()[1] == pytest.approx([BPM], abs=1e-3)
    assert [each.numerator for each in midi.time_signature_changes] == [4]
    names = [pretty_midi.key_number_to_key_name(k.key_number) for k in midi.key_signature_changes]
    assert names == ["A minor"]


def test_fluidsynth_plays_its_length(tmp_path: Path) -> None:
    fonts = sorted(SOUNDFONTS.glob("TimGM*.sf2")) or sorted(SOUNDFONTS.glob("*.sf2"))
    if shutil.which("fluidsynth") is None or not fonts:
        pytest.skip("needs apt-get install fluidsynth and a sound font")
    import soundfile

    (tmp_path / "band.mid").write_bytes(to_midi(BAND))
    done = subprocess.run(
        ["fluidsynth", "-ni", "-q", "-F", "band.wav", "-r", "44100", str(fonts[0]), "band.mid"],
        cwd=tmp_path, capture_output=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    samples, rate = soundfile.read(tmp_path / "band.wav")
    assert len(samples) / rate >= BAND.seconds - 0.1
    assert abs(samples).max() > 0.01


@pytest.mark.parametrize(
    ("key", "signature"),
    [("A minor", "Am"), ("A# maj", "Bb"), ("G# min", "G#m"), ("D# minor", "Ebm"), ("", ""),
     ("H major", ""), ("C dorian", ""), ("Cb major", "B"), ("F# major", "F#")],
)  # fmt: skip
def test_keys_have_signatures_that_midi_knows(key: str, signature: str) -> None:
    assert key_signature(key) == signature
    if signature:
        mido.MetaMessage("key_signature", key=signature)


def test_there_are_128_programs() -> None:
    assert len(PROGRAM_NAMES) == len(set(PROGRAM_NAMES)) == 128
    assert not {name.lower() for name in PROGRAM_NAMES} & set(PARTS)
    assert [PROGRAM_NAMES[n] for n in (0, 33, 127)] == [
        "Acoustic Grand Piano", "Electric Bass (finger)", "Gunshot",
    ]  # fmt: skip


def test_markers_of_either_kind_keep_their_order() -> None:
    markers = (Marker(0.0, SECTION, "intro"), Marker(0.0, CHORD, "Am"), Marker(1.0, CHORD, "G♭7"))
    again = files.decode(to_midi(replace(BAND, markers=markers)))
    assert [(m.kind, m.text) for m in again.markers] == [(m.kind, m.text) for m in markers]
