"""Check that risers and impacts lead from section to section, wherever sections are known."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.notes import SECTION, Marker, Note, Score
from msanii_live.rack.render import RackOptions, render_score
from msanii_live.rack.section_changes import section_changes
from msanii_live.rack.waves import RATE


def piece(*sections: tuple[float, str], style: str = "techno") -> Score:
    """Return 8 s at 120 bpm with a soft note of the pad and sections at some seconds."""
    notes = (Note(0.0, 8.0, 57, 40, 89, part="pad"), Note(0.0, 0.1, 42, 1, drum=True, part="drums"))
    markers = tuple(Marker(start, SECTION, name) for start, name in sections)
    return Score(notes, 8.0, 120.0, beats=4.0, style=style, markers=markers)


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        (((0.0, "verse"),), []),
        (((0.0, "verse"), (4.0, "chorus")), [("riser", 2.0, 4.0), ("impact", 4.0, 6.0)]),
        (((0.0, "intro"), (4.0, "Verse 1")), [("riser", 2.0, 4.0), ("impact", 4.0, 6.0)]),
        (((0.0, "chorus"), (4.0, "verse")), []),
        (((0.0, "chorus"), (4.0, "chorus")), []),
        (((0.0, "chorus"), (4.0, "break")), [("faller", 4.0, 6.0)]),
        (((0.0, "break"), (4.0, "intro")), []),
        (((0.0, ""), (4.0, "chorus")), []),
    ],
)
def test_a_chorus_is_led_to_and_a_break_is_fallen_into(
    sections: tuple[tuple[float, str], ...], expected: list[tuple[str, float, float]]
) -> None:
    found = section_changes(piece(*sections))
    assert [(name, note.start, note.end) for name, note in found] == expected


def level(wave: np.ndarray, start: float, end: float) -> float:
    return float(np.sqrt((wave[round(start * RATE) : round(end * RATE)] ** 2).mean()))


def test_a_riser_is_heard_before_a_chorus_and_an_impact_in_it() -> None:
    plain = render_score(piece((0.0, "verse"))).mix
    changed = render_score(piece((0.0, "verse"), (4.0, "chorus"))).mix - plain
    assert level(changed, 0.0, 1.9) < 1e-4
    assert level(changed, 3.5, 3.9) > 3 * level(changed, 2.2, 2.6) > 0.0
    assert level(changed, 4.0, 4.3) > 0.02
    calm = piece((0.0, "verse"), (4.0, "chorus"), style="ambient")
    assert np.array_equal(
        render_score(calm).mix, render_score(replace(calm, markers=calm.markers[:1])).mix
    )


def test_a_chunk_that_is_cut_at_a_section_has_its_riser() -> None:
    whole = piece((0.0, "verse"), (4.0, "chorus"))
    chunk = whole.cut(1.0, 4.2)  # as a stream plays it: with a little of what follows
    made = render_score(chunk).mix - render_score(replace(chunk, markers=())).mix
    assert level(made, 2.5, 2.9) > 0.005


@pytest.mark.parametrize(("parts", "has_riser"), [(("chords",), False), (("bass", "chords"), True)])
def test_chords_alone_have_no_riser(parts: tuple[str, ...], has_riser: bool) -> None:
    score = piece((0.0, "verse"), (4.0, "chorus"))
    notes = tuple(Note(0.0, 8.0, 57, 40, 4, part=part) for part in parts)
    score = replace(score, notes=notes)
    plain = render_score(replace(score, markers=())).mix
    assert np.array_equal(render_score(score).mix, plain) is not has_riser


def test_stems_with_a_riser_sum_to_the_mix_and_a_loop_keeps_its_length() -> None:
    for is_loop in (False, True):
        score = replace(piece((0.0, "intro"), (4.0, "chorus")), is_loop=is_loop)
        sound = render_score(score, RackOptions(with_stems=True))
        assert sound.mix.shape == (8 * RATE, 2)
        assert np.allclose(sum(sound.stems.values()), sound.mix, atol=1e-5)
