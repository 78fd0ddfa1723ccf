"""Check that every note of a file ends where it should, and that none goes on without end."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mido import Message

from msanii_live.midi.note_ends import LONGEST_OPEN, settle_note_ends
from tests.midi.smf_bytes import BEAT, meta, number, off, on, read, song, spans, tune

LATER = on(72, 8 * BEAT) + off(72, BEAT)  # so that the track goes on for long
SHORT = 0.062  # s: a 32nd note at 120 bpm


@pytest.mark.parametrize(
    ("events", "starts"),
    [
        (on(60) + off(60), [0.0]),
        (on(60) + on(60, 0, 0), [0.0]),  # ended by velocity 0
        (off(60) + on(60), [0.0]),  # written the wrong way around
        (off(60, BEAT) + on(60) + off(60, BEAT) + on(60), [0.5, 1.0]),
        (on(60, BEAT) + off(60) + on(60, 0) + off(60), [0.5]),
        (b"".join(on(60, BEAT) + off(60) for _ in range(3)), [0.5, 1.0, 1.5]),
    ],
)
@pytest.mark.parametrize("channel", [0, 9])
def test_a_note_without_length_is_short_and_heard(
    tmp_path: Path, events: bytes, starts: list[float], channel: int
) -> None:
    if channel:
        events = b"\0\x99\x24\x40\0\x89\x24\0" + events
    score = read(tmp_path, song(events + LATER))
    assert spans(score) == [(start, pytest.approx(start + SHORT, abs=1e-3)) for start in starts]


def test_a_note_without_length_does_not_sound_into_the_next(tmp_path: Path) -> None:
    for gap in (1, 20, 59):
        score = read(tmp_path, song(on(60) + off(60) + on(60, gap) + off(60, BEAT)))
        assert spans(score)[0] == (0.0, round(gap / BEAT / 2, 3))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        # one note begins before the other ends
        (on(60) + on(60, BEAT) + off(60, BEAT) + off(60, BEAT), [(0, 0.5), (0.5, 1.5)]),
        # three of them
        (
            on(60) + on(60, BEAT) + on(60, BEAT) + off(60, 10) + off(60, 10) + off(60, BEAT),
            [(0, 0.5), (0.5, 1.0), (1.0, 1.521)],
        ),
        # struck together, as two staves in one track
        (on(60) + on(60) + off(60, BEAT) + off(60, 3 * BEAT), [(0, 2.0)]),
        # the first ends while the second sounds, and a third follows
        (
            on(60) + on(60, BEAT) + off(60, BEAT) + on(60, BEAT) + off(60, BEAT) + off(60, BEAT),
            [(0, 0.5), (0.5, 1.5), (1.5, 2.5)],
        ),
        # the new note is written before the old one's end
        (on(60) + on(60, BEAT) + off(60) + off(60, BEAT), [(0, 0.5), (0.5, 1.0)]),
        # a note-off is missing
        (on(60) + on(60, BEAT) + off(60, BEAT), [(0, 0.5), (0.5, 1.0)]),
        # a note-off too many
        (on(60) + off(60, BEAT) + off(60, BEAT) + on(60) + off(60, BEAT), [(0, 0.5), (1.0, 1.5)]),
    ],
)
def test_overlapping_strikes_of_a_key_sound_to_the_last_end(
    tmp_path: Path, events: bytes, expected: list[tuple[float, float]]
) -> None:
    assert spans(read(tmp_path, song(events + LATER))) == expected


@pytest.mark.parametrize(
    "events", [on(60), on(60) + on(60), tune(60)[:-4] + on(64, BEAT) + off(64, BEAT)]
)
def test_a_note_without_an_end_is_no_drone(tmp_path: Path, events: bytes) -> None:
    score = read(tmp_path, song(events + LATER + LATER))
    assert spans(score) == [(0.0, LONGEST_OPEN / 2)]
    again = read(tmp_path, song(events + LATER + on(60, 20 * BEAT) + off(60, BEAT)))
    assert spans(again)[0] == (0.0, LONGEST_OPEN / 2)


STAFF = on(60) + off(60, BEAT)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (on(60) + off(60, 6 * BEAT), [(0.0, 0.5), (0.0, 3.0)]),  # struck together
        (on(60, 240) + off(60, 6 * BEAT), [(0.0, 0.5), (0.25, 3.25)]),
        (on(60, BEAT) + off(60, BEAT), [(0.0, 0.5), (0.5, 1.0)]),
        (off(60, 240) + off(60, 20), [(0.0, 0.5)]),  # only ends
        (tune(64) + b"\0\xb0\x7b\0", [(0.0, 0.5)]),  # all notes off, of its own notes
        (b"\x78\xb0\x78\0", [(0.0, 0.5)]),  # all sound off
    ],
)
@pytest.mark.parametrize("is_first", [False, True])
def test_tracks_of_one_channel_do_not_end_each_others_notes(
    tmp_path: Path, other: bytes, expected: list[tuple[float, float]], is_first: bool
) -> None:
    tracks = [other, STAFF] if is_first else [STAFF, other]
    assert sorted(spans(read(tmp_path, song(*tracks)))) == expected


def test_a_channel_has_one_pedal_and_one_program_for_all_tracks(tmp_path: Path) -> None:
    pedal = b"\0\xb0\x40\x7f" + number(4 * BEAT) + b"\xb0\x40\0"
    for tracks in ([pedal, STAFF], [STAFF, pedal], [pedal, STAFF, tune(62)]):
        score = read(tmp_path, song(*tracks))
        assert [n.end for n in score.notes] == [2.0] * len(score.notes)
    score = read(tmp_path, song(b"\0\xc0\x13", STAFF, tune(62, channel=1)))
    assert [(n.pitch, n.program) for n in score.notes] == [(60, 19), (62, 0)]


def test_what_is_held_at_the_end_of_a_track_ends_there(tmp_path: Path) -> None:
    for rest in (1, 2, 4):
        score = read(tmp_path, song(on(60) + meta(6, b"", rest * BEAT), tune(*[64] * 16)))
        assert spans(score) == [(0.0, rest / 2)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(60, 61)), max_size=14))
def test_whatever_comes_every_strike_has_one_end(events: list[tuple[int, bool, int]]) -> None:
    tick, messages = 0, []
    for wait, is_on, pitch in events:
        tick += wait * 100
        messages.append((tick, Message("note_on" if is_on else "note_off", note=pitch)))
    settled = settle_note_ends(messages, BEAT)
    for pitch in (60, 61):
        mine = [(at, m.type) for at, m in settled if m.note == pitch]
        strikes = {at for at, m in messages if m.note == pitch and m.type == "note_on"}
        assert {at for at, kind in mine if kind == "note_on"} == strikes
        assert [kind for _, kind in mine] == ["note_on", "note_off"] * len(strikes)
        assert [at for at, _ in mine] == sorted(at for at, _ in mine)
        assert all(on < off for (on, _), (off, _) in zip(mine[::2], mine[1::2], strict=True))
