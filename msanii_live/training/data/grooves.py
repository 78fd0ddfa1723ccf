"""Compose 4/4 grooves and piano pieces as MIDI, each from a seed and nothing else.

The same seed and arguments give the same bytes, so seeds identify a data set built from these
pieces. The order of draws from `random.Random` is therefore part of the data: adding, removing or
moving a draw changes every later note.
"""

from dataclasses import asdict, dataclass
from random import Random
from typing import Literal

import mido

from msanii_live.training.data import groove_styles as tables
from msanii_live.training.data.groove_composer import compose_groove
from msanii_live.training.data.midi_parts import Kind, midi_file
from msanii_live.training.data.piano_pieces import compose_piano

PIANO_BARS = 24


@dataclass(frozen=True)
class GeneratedPiece:
    """The description of a generated piece.

    tempo: bpm, rounded to 1/1000. key: pitch class 0-11. chord_roots: a pitch class for each bar.
    swing: delay of each second sixteenth, as a fraction of a sixteenth. programs: General MIDI
    program of each part, silent ones included. notes: count over all parts. beat_seconds: the
    length of a beat exactly as in the MIDI file, so beat n starts at n * beat_seconds.
    """

    seed: int
    kind: Kind
    style: str
    tempo: float
    beat_seconds: float
    bars: int
    key: int
    mode: Literal["maj", "min"]
    chord_roots: tuple[int, ...]
    swing: float
    programs: dict[str, int]
    notes: int

    @property
    def seconds(self) -> float:
        """Return the length of all bars; notes may ring a little longer."""
        return self.bars * 240 / self.tempo

    def as_dict(self) -> dict[str, object]:
        """Return the fields and `seconds`, ready for JSON."""
        return asdict(self) | {"chord_roots": list(self.chord_roots), "seconds": self.seconds}


def generate(
    seed: int, *, bars: int | None = None, style: str | None = None, kind: Kind | None = None
) -> tuple[mido.MidiFile, GeneratedPiece]:
    """Compose the piece of a seed.

    bars: at least 1; None for 24 of piano, 16 or 24 of groove. style: a name in STYLES (grooves) or
    PIANO_STYLES. kind: None draws one, piano for 3 seeds in 10, independently of the style.
    A piano piece in a style of grooves is a melody over a plain left hand.
    Raises: ValueError: `bars` is below 1, or no such style.

    >>> midi, piece = generate(7, kind="groove", style="house", bars=8)
    >>> piece.style, piece.bars, len(piece.chord_roots)
    ('house', 8, 8)
    """
    if bars is not None and bars < 1:
        raise ValueError(f"bars must be at least 1, not {bars}")
    if style is not None and style not in (*tables.STYLES, *tables.PIANO_STYLES):
        raise ValueError(f"no style is called {style!r}")
    rng = Random(seed)
    if (kind or ("piano" if rng.random() < 0.3 else "groove")) == "piano":
        composition = compose_piano(rng, bars or PIANO_BARS, style)
    else:
        composition = compose_groove(rng, bars, style)
    microseconds = round(60e6 / composition.tempo)
    piece = GeneratedPiece(
        seed=seed,
        kind=composition.kind,
        style=composition.style,
        tempo=round(float(composition.tempo), 3),
        beat_seconds=microseconds / 1e6,
        bars=len(composition.chord_roots),
        key=composition.key,
        mode="min" if composition.minor else "maj",
        chord_roots=composition.chord_roots,
        swing=round(composition.swing, 3),
        programs={part.name: part.program for part in composition.parts},
        notes=sum(len(part.notes) for part in composition.parts),
    )
    return midi_file(rng, composition.parts, microseconds), piece
