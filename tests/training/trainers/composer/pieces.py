"""Small compositions for tests, with all that training asks of one."""

from dataclasses import dataclass, field

from msanii_live.engines.composer.notes import Chord, PartNote, steps_per_bar

STYLES = ("a", "b")


@dataclass(frozen=True)
class Made:
    seed: int
    style: str = "a"
    tonic: int = 0
    minor: bool = False
    tempo: float = 120.0
    metre: tuple[int, int] = (4, 4)
    swing: float = 0.0
    density: float = 0.5
    bars: int = 4
    chords: tuple[Chord, ...] = ()
    sections: tuple[tuple[str, int], ...] = (("verse", 4),)
    programs: dict[str, int] = field(default_factory=lambda: {"bass": 33, "drums": 0})
    notes: tuple[PartNote, ...] = ()

    @property
    def steps_per_bar(self) -> int:
        return steps_per_bar(self.metre)


def made(seed, metre=(4, 4), bars=4):
    """A kick and a bass note on every beat, chords of the tonic and the fifth."""
    per_bar, tonic = steps_per_bar(metre), seed * 5 % 12
    chords = tuple(Chord((tonic + 7 * (bar % 2)) % 12, "maj") for bar in range(bars))
    notes = []
    for step in range(0, bars * per_bar, 4):
        root = chords[step // per_bar].root
        notes.append(PartNote("drums", step, step, 0.5, 36 if step % 8 == 0 else 38, 100))
        notes.append(PartNote("bass", step, step, 3.5, 36 + root, 90))
    return Made(
        seed=seed,
        style=STYLES[seed % 2],
        tonic=tonic,
        metre=metre,
        bars=bars,
        chords=chords,
        sections=(("verse", bars),),
        notes=tuple(notes),
    )
