"""Compose a piece from a seed: form, harmony, five parts, performance."""

from __future__ import annotations

from random import Random

from msanii_live.training.data.composition.bass import play_bass
from msanii_live.training.data.composition.comping import play_chords
from msanii_live.training.data.composition.drums import play_drums
from msanii_live.training.data.composition.form import draw_bars
from msanii_live.training.data.composition.hits import Hit, LeadSheet
from msanii_live.training.data.composition.melody import play_melody
from msanii_live.training.data.composition.metre import draw_metre
from msanii_live.training.data.composition.model import (
    ALL_STYLES,
    STYLES,
    Composition,
    scale_of,
)
from msanii_live.training.data.composition.pads import play_pads
from msanii_live.training.data.composition.performance import perform
from msanii_live.training.data.composition.styles import VARIANTS, draw_swing

PLAYERS = {"drums": play_drums, "bass": play_bass, "chords": play_chords, "lead": play_melody,
           "pad": play_pads}  # fmt: skip
LENGTHS = (16, 16, 16, 24, 24, 32, 32, 40, 48)


def compose(
    seed: int,
    *,
    style: str | None = None,
    bars: int | None = None,
    metre: tuple[int, int] | None = None,
    density: float | None = None,
    key: tuple[int, bool] | None = None,
) -> Composition:
    """Compose the piece of a seed; what is None is drawn from the seed.

    style: a name in ALL_STYLES; if it is None, one of STYLES. bars: at least 1. metre: one of
    METRES. density: 0 to 1; at a higher density the same seed plays the same notes and more. key:
    tonic 0-11 and whether it is minor. The same seed and arguments give the same piece on any
    machine; an argument does not change what is drawn for the others.
    Raises: ValueError: an argument is out of its range.

    >>> piece = compose(7, style="jazz", bars=16, metre=(4, 4))
    >>> piece.style, piece.bars, len(piece.chords), piece.steps_per_bar
    ('jazz', 16, 16, 16)
    """
    drawn = _Draws(seed)
    name = style or drawn("style").choice(STYLES)
    if name not in ALL_STYLES:
        raise ValueError(f"no style is called {name!r}: take one of {ALL_STYLES}")
    bars = drawn("bars").choice(LENGTHS) if bars is None else bars
    if bars < 1:
        raise ValueError(f"bars must be at least 1, not {bars}")
    density = round(drawn("density").random(), 3) if density is None else density
    if not 0 <= density <= 1:
        raise ValueError(f"density must be 0 to 1, not {density}")
    variant = drawn("variant").choice(VARIANTS[name])
    own_metre = draw_metre(drawn("metre"), metre)
    keys = drawn("key")
    tonic, minor = keys.randrange(12), keys.random() < variant.minor
    tonic, minor = (tonic, minor) if key is None else key
    tempo = round(drawn("tempo").uniform(*variant.tempo), drawn("whole").choice((0, 0, 2)))
    swing = draw_swing(drawn("swing"), variant)
    sections, laid = draw_bars(drawn("form"), variant, name, bars, tonic % 12, minor)
    sheet = LeadSheet(variant, own_metre, tonic % 12, minor, scale_of(tonic % 12, minor), laid)
    hits: list[Hit] = []
    for part, play in PLAYERS.items():
        hits += play(drawn(part), sheet)
    last = bars * own_metre.steps
    hits = [hit for hit in hits if 0 <= hit.step < last]
    notes = perform(drawn("performance"), sheet, hits, density=density, swing=swing)
    playing = {note.part for note in notes}
    sounds = drawn("programs")
    programs = {part: sounds.choice(pool) for part, pool in variant.programs.items()}
    if name == "piano":
        programs = dict.fromkeys(programs, programs["chords"])
    return Composition(
        seed=seed,
        style=name,
        tonic=tonic % 12,
        minor=minor,
        tempo=float(tempo),
        metre=own_metre.signature,
        steps_per_bar=own_metre.steps,
        swing=swing,
        density=density,
        bars=bars,
        chords=tuple(bar.chord for bar in laid),
        sections=tuple((section.name, section.bars) for section in sections),
        programs={part: program for part, program in programs.items() if part in playing},
        notes=notes,
        rig=variant.rig or name,
    )


class _Draws:
    """Generators of random numbers by what they draw, so that one draw does not shift another."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, what: str) -> Random:
        return Random(f"{self._seed}:{what}")
