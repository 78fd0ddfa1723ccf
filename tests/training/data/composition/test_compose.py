import hashlib
from itertools import pairwise

import pytest

from msanii_live.engines import vocabulary
from msanii_live.engines.composer.notes import QUALITIES
from msanii_live.training.data.composition import (
    ALL_STYLES,
    PARTS,
    STYLES,
    Composition,
    compose,
)
from msanii_live.training.data.composition.metre import METRES
from msanii_live.training.data.composition.model import local_scale
from tests.training.data.composition.statistics import bars_of, copied_share, harmony_return

STEPS = {(4, 4): 16, (3, 4): 12, (6, 8): 12, (5, 4): 20, (7, 8): 14}


@pytest.fixture(scope="module")
def pieces() -> list[Composition]:
    return [compose(seed) for seed in range(150)]


def test_styles_are_those_of_the_product() -> None:
    assert STYLES == vocabulary.STYLES


def test_the_same_seed_and_arguments_give_the_same_piece() -> None:
    assert compose(11) == compose(11)
    assert compose(11, style="jazz", bars=20) == compose(11, style="jazz", bars=20)
    assert compose(11) != compose(12)


def test_a_piece_is_the_same_on_every_machine() -> None:
    piece = compose(5, style="bossa", bars=16, metre=(4, 4), density=0.5)
    described = ";".join(f"{n.part} {n.step} {n.pitch} {n.velocity}" for n in piece.notes)
    assert hashlib.sha256(described.encode()).hexdigest()[:16] == "7ea509c7edfc666b"


@pytest.mark.parametrize("style", ALL_STYLES)
@pytest.mark.parametrize("metre", METRES)
def test_every_style_has_every_metre(style: str, metre: tuple[int, int]) -> None:
    for seed in range(3):
        piece = compose(seed, style=style, metre=metre)
        assert piece.metre == metre
        assert piece.steps_per_bar == STEPS[metre]
        assert len(piece.chords) == piece.bars == sum(bars for _, bars in piece.sections)
        assert len(piece.notes) > 2 * piece.bars
        assert {note.part for note in piece.notes} == set(piece.programs)


@pytest.mark.parametrize("bars", [1, 2, 5, 12, 16, 33, 64])
def test_pieces_have_the_bars_asked_for(bars: int) -> None:
    for seed in range(6):
        piece = compose(seed, bars=bars)
        assert piece.bars == len(piece.chords) == bars
        assert piece.notes


def test_notes_are_in_range(pieces: list[Composition]) -> None:
    for piece in pieces:
        end = piece.bars * piece.steps_per_bar
        assert list(piece.notes) == sorted(piece.notes, key=lambda n: n.start)
        for note in piece.notes:
            assert note.part in PARTS
            assert 0 <= note.start < end
            assert abs(note.start - note.step) < 1.5
            assert note.length > 0
            assert note.start + note.length <= end + 1e-3
            assert 1 <= note.velocity <= 127
            low, high = {"bass": (26, 60), "drums": (35, 81), "lead": (50, 96)}.get(
                note.part, (36, 88)
            )
            assert low <= note.pitch <= high
        for chord in piece.chords:
            assert chord.quality in QUALITIES


def test_no_pitch_sounds_twice_at_once(pieces: list[Composition]) -> None:
    for piece in pieces:
        ends: dict[tuple[str, int], float] = {}
        for note in piece.notes:
            key = (note.part, note.pitch)
            assert ends.get(key, 0.0) <= note.start + 1e-3
            ends[key] = note.start + note.length


def test_a_closed_hat_ends_an_open_one(pieces: list[Composition]) -> None:
    for piece in pieces:
        hats = [note for note in piece.notes if note.pitch in (42, 44, 46) and note.part == "drums"]
        for note, following in pairwise(hats):
            if note.pitch == 46 and following.start - note.start > 0.15:
                assert note.start + note.length <= following.start + 1e-3


def test_notes_fit_the_key_or_the_chord(pieces: list[Composition]) -> None:
    fits = notes = 0
    for piece in pieces:
        for note in piece.notes:
            if note.part != "drums":
                chord = piece.chords[note.step // piece.steps_per_bar]
                notes += 1
                fits += note.pitch % 12 in piece.scale | local_scale(piece.scale, chord)
    assert fits / notes >= 0.95


def test_the_bass_stands_on_the_root(pieces: list[Composition]) -> None:
    on_root = bars = 0
    for piece in pieces:
        for chord, bar in zip(piece.chords, bars_of(piece, "bass"), strict=True):
            if bar:
                bars += 1
                on_root += min(bar, key=lambda n: n.step).pitch % 12 == chord.bass_class
    assert on_root / bars >= 0.95


def test_harmony_returns_over_four_bars(pieces: list[Composition]) -> None:
    returns = [harmony_return(piece) for piece in pieces if piece.metre == (4, 4)]
    assert sum(returns) / len(returns) >= 0.25


def test_bars_are_varied(pieces: list[Composition]) -> None:
    assert copied_share(pieces) < 0.1
    assert copied_share(pieces, "lead") < 0.25
    assert copied_share(pieces, "drums") < 0.45
    assert copied_share(pieces, "bass") < 0.55


def test_most_pieces_are_in_four_four() -> None:
    metres = [compose(seed, bars=1).metre for seed in range(400)]
    assert 0.68 < metres.count((4, 4)) / len(metres) < 0.82
    assert set(metres) == set(METRES)


@pytest.mark.parametrize("style", ALL_STYLES)
def test_density_adds_notes(style: str) -> None:
    for seed in range(4):
        sizes = []
        places: set[tuple[str, int, int]] = set()
        for density in (0.0, 0.25, 0.5, 0.75, 1.0):
            piece = compose(seed, style=style, density=density)
            sizes.append(len(piece.notes))
            now = {(note.part, note.step, note.pitch) for note in piece.notes}
            assert places <= now
            places = now
        assert sizes == sorted(sizes)
        assert sizes[-1] > 1.8 * sizes[0]


def test_sections_differ_in_who_plays() -> None:
    thinner = both = 0
    for seed in range(60):
        piece = compose(seed, style="house", bars=32, density=0.6)
        parts: dict[str, set[str]] = {}
        bar = 0
        for name, bars in piece.sections:
            steps = range(bar * piece.steps_per_bar, (bar + bars) * piece.steps_per_bar)
            parts.setdefault(name, set()).update(n.part for n in piece.notes if n.step in steps)
            bar += bars
        if {"intro", "chorus"} <= parts.keys():
            both += 1
            thinner += len(parts["intro"]) < len(parts["chorus"])
    assert both > 20
    assert thinner / both > 0.75


def test_arguments_leave_the_rest_as_it_was() -> None:
    piece = compose(21)
    moved = compose(21, key=((piece.tonic + 5) % 12, piece.minor))
    assert (moved.style, moved.tempo, moved.bars) == (piece.style, piece.tempo, piece.bars)
    assert moved.chords[0].root == (piece.chords[0].root + 5) % 12


@pytest.mark.parametrize(
    "arguments", [{"style": "polka"}, {"bars": 0}, {"metre": (9, 8)}, {"density": 1.5}]
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no style|at least 1|no metre|0 to 1"):
        compose(1, **arguments)  # type: ignore[arg-type]
