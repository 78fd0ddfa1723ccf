"""A composed piece, its styles and its scales."""

from __future__ import annotations

from dataclasses import dataclass

from msanii_live.engines.composer.notes import Chord, PartNote

# In the order of the styles that the product knows.
STYLES = (
    "house", "techno", "hiphop", "lofi", "synth", "ambient", "bossa", "piano", "pop", "jazz",
)  # fmt: skip
# Styles that the rack of instruments makes possible, and that no model has learnt yet.
FURTHER_STYLES = ("drum and bass", "dub", "trap", "garage", "electro")
ALL_STYLES = (*STYLES, *FURTHER_STYLES)
MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True)
class Composition:
    """A piece.

    style: a name in ALL_STYLES. rig: of the rack that plays it; see `rack.rigs`. tonic: pitch
    class 0-11. tempo: crotchets a minute. metre: (4, 4), (3, 4), (6, 8), (5, 4) or (7, 8). swing:
    the delay of every second sixteenth as a part of a sixteenth. density: 0 to 1, how busy it was
    asked to be. chords: the main chord of each bar. sections: name and bars of each. programs: the
    General MIDI program of each part that plays.
    notes: in order of `start`; none ends after the last bar.
    """

    seed: int
    style: str
    tonic: int
    minor: bool
    tempo: float
    metre: tuple[int, int]
    steps_per_bar: int
    swing: float
    density: float
    bars: int
    chords: tuple[Chord, ...]
    sections: tuple[tuple[str, int], ...]
    programs: dict[str, int]
    notes: tuple[PartNote, ...]
    rig: str = ""

    @property
    def scale(self) -> frozenset[int]:
        """Return the pitch classes of the key: the major or the natural minor scale."""
        return scale_of(self.tonic, self.minor)

    @property
    def seconds(self) -> float:
        """Return the length of all bars."""
        return self.bars * self.steps_per_bar * 15 / self.tempo


def scale_of(tonic: int, minor: bool) -> frozenset[int]:
    """Return the pitch classes of a major or natural minor scale."""
    return frozenset((tonic + interval) % 12 for interval in (MINOR if minor else MAJOR))


def local_scale(key: frozenset[int], chord: Chord) -> frozenset[int]:
    """Return the pitch classes that fit a chord: the key's, bent where the chord leaves the key.

    A foreign tone takes the place of the scale tone that it raises or lowers.
    """
    tones = frozenset(chord.pitch_classes)
    flat_root = chord.root not in key and chord.quality != "dim"
    bent = set()
    for tone in tones - key:
        interval = (tone - chord.root) % 12
        raised = interval in (4, 8, 11) or (interval in (0, 7) and not flat_root)
        bent.add((tone + (-1 if raised else 1)) % 12)
    return (key - (bent - tones)) | tones
