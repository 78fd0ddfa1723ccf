"""Small compositions for tests, with all that training asks of one."""

from msanii_live.engines.composer.notes import Chord, PartNote, steps_per_bar
from msanii_live.training.data.composition.model import Composition

STYLES = ("a", "b")


def made(seed, metre=(4, 4), bars=4):
    """A kick and a bass note on every beat, chords of the tonic and the fifth."""
    per_bar, tonic = steps_per_bar(metre), seed * 5 % 12
    chords = tuple(Chord((tonic + 7 * (bar % 2)) % 12, "maj") for bar in range(bars))
    notes = []
    for step in range(0, bars * per_bar, 4):
        root = chords[step // per_bar].root
        notes.append(PartNote("drums", step, step, 0.5, 36 if step % 8 == 0 else 38, 100))
        notes.append(PartNote("bass", step, step, 3.5, 36 + root, 90))
    return Composition(
        seed=seed,
        style=STYLES[seed % 2],
        tonic=tonic,
        minor=False,
        tempo=120.0,
        metre=metre,
        steps_per_bar=per_bar,
        swing=0.0,
        density=0.5,
        bars=bars,
        chords=chords,
        sections=(("verse", bars),),
        programs={"bass": 33, "drums": 0},
        notes=tuple(notes),
    )
