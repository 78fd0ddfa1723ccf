"""The tables of the groove generator: styles, drum grids, rhythms, chords.

The tables hold generic idioms (four-on-the-floor, backbeat, tumbao, ...); none transcribes a work.
Pools that repeat an entry weight it: one is drawn uniformly. Their order is part of the data: the
same seed gives the same piece only while every pool keeps its entries in place.
"""

from dataclasses import dataclass

# General MIDI percussion
KICK, STICK, SNARE, CLAP, HAT, OPEN_HAT, CRASH, RIDE = 36, 37, 38, 39, 42, 46, 49, 51
TAMBOURINE, COWBELL, CONGA, SHAKER = 54, 56, 63, 70
TOMS = (50, 47, 45, 43)  # high to low

# Semitones above the key note, degree by degree
Scale = tuple[int, ...]
MAJOR: Scale = (0, 2, 4, 5, 7, 9, 11)
MINOR: Scale = (0, 2, 3, 5, 7, 8, 10)
DORIAN: Scale = (0, 2, 3, 5, 7, 9, 10)
MIXOLYDIAN: Scale = (0, 2, 4, 5, 7, 9, 10)

# Four bars each; a digit is the scale degree of the bar's chord, 0 the key's own
PROGRESSIONS: dict[str, tuple[str, ...]] = {
    "maj": ("0453", "0534", "5304", "0344", "0304", "3425", "0234", "1400", "0514", "3045"),
    "min": ("0526", "0656", "0304", "0534", "0056", "0263", "5600", "0362", "0635", "3040"),
    "vamp": ("0000", "0303", "0606", "0030"),
}

# One bar in sixteenths; a digit is a hit of velocity 12 times itself, "." a rest, "?" a rare ghost
DrumGrid = dict[int, str]
DRUM_GRIDS: dict[str, DrumGrid] = {
    "house": {
        KICK: "9...9...9...9...",
        CLAP: "....8.......8...",
        OPEN_HAT: "..7...7...7...7.",
        HAT: "5?5?5?5?5?5?5?5?",
    },
    "house2": {
        KICK: "9...9...9...9.?.",
        SNARE: "....8.......8..?",
        OPEN_HAT: "..7...7...7...7.",
        SHAKER: "4545454545454545",
    },
    "techno": {
        KICK: "9...9...9...9...",
        HAT: "..6...6...6...6.",
        CLAP: "....?.......6...",
        RIDE: "?.?.?.?.?.?.?.?.",
        COWBELL: "......?...?.....",
    },
    "trance": {
        KICK: "9...9...9...9...",
        CLAP: "....8.......8...",
        OPEN_HAT: "..8...8...8...8.",
        HAT: "5.5.5.5.5.5.5.5.",
    },
    "disco": {
        KICK: "9...9...9...9...",
        SNARE: "....8.......8...",
        OPEN_HAT: "..7...7...7...7.",
        HAT: "66.666.666.666.6",
        TAMBOURINE: "....6.......6...",
    },
    "synth": {KICK: "9...9..?9...9...", SNARE: "....9.......9...", HAT: "6.5.6.5.6.5.6.5."},
    "rock": {KICK: "9.....9.9.?.....", SNARE: "....9.......9...", HAT: "7.6.7.6.7.6.7.6."},
    "rock2": {KICK: "9..9..?...9.....", SNARE: "....9..?....9..?", RIDE: "7.6.7.6.7.6.7.6."},
    "ballad": {KICK: "8.........8.....", STICK: "....7.......7...", HAT: "5.4.5.4.5.4.5.4."},
    "funk": {KICK: "9..9......9..?..", SNARE: "....9..?.?..9..?", HAT: "6564656465646574"},
    "hiphop": {KICK: "9......?..9.....", SNARE: "....9.......9..?", HAT: "6.5.6.5.6.5?6.5."},
    "lofi": {KICK: "8.....?...8.?...", SNARE: "....7.......7...", HAT: "5.4.5.4.5.4.5.4?"},
    "trap": {
        KICK: "9.....?..?9.....",
        CLAP: "........9.......",
        HAT: "6.6.6?6.6.6?6666",
        OPEN_HAT: "..............?.",
    },
    "dnb": {
        KICK: "9.........9.....",
        SNARE: "....9..?.?..9...",
        HAT: "6.6.6.6.6.6.6.6.",
        RIDE: "?...?...?...?...",
    },
    "break": {KICK: "9.9.......9?....", SNARE: "....9..6.6..9..6", HAT: "7.6.7.6.7.6.7.6."},
    "reggae": {KICK: "........9.......", STICK: "........7.......", HAT: "6.6.6.6.6.6.6.6?"},
    "bossa": {
        KICK: "8..88...8..88...",
        STICK: "6..6..6...6..6..",
        HAT: "5.5.5.5.5.5.5.5.",
        SHAKER: "4343434343434343",
    },
    "latin": {
        KICK: "8..8..8.8..8..8.",
        STICK: "7..7...7..7.7...",
        CONGA: "..6...66..6...66",
        COWBELL: "7...7.7.7...7.7.",
    },
    # A sixteenth stands for a swung eighth: four crotchets of swing are half a bar.
    "swing": {RIDE: "8.7.87..8.7.87.?", HAT: "..6...6...6...6.", KICK: "4.?.4...4.?.4..?"},
    "brushes": {RIDE: "7...76..7...76..", STICK: "..?...5...?...5.", SHAKER: "4.4.4.4.4.4.4.4."},
}

# Bass: (step, length in steps) of each note in a bar; "half" and "pulse" are drawn, see grooves.py
BassRhythm = tuple[tuple[int, float], ...]
BASS_RHYTHMS: dict[str, BassRhythm] = {
    "offbeat": ((2, 2), (6, 2), (10, 2), (14, 2)),
    "eighth": tuple((step, 1.8) for step in range(0, 16, 2)),
    "root": ((0, 14),),
    "octave": tuple((step, 1.7) for step in range(0, 16, 2)),
    "roll": tuple((step, 0.9) for step in range(16) if step % 4),
    "walk": tuple((step, 1.8) for step in range(0, 16, 2)),
    "funk": ((0, 2), (3, 1), (6, 1), (8, 1.5), (11, 1), (14, 1)),
    "bossa": ((0, 5), (6, 2), (8, 5), (14, 2)),
}
PULSES = ((0, 2, 4, 6, 8, 10, 12, 14), (0, 3, 6, 8, 11, 14), (2, 6, 10, 14))  # steps of "pulse"

# Semitones of each note above the chord's bass; other rhythms stay on it
BASS_INTERVALS: dict[str, tuple[int, ...]] = {
    "octave": (0, 12) * 4,
    "bossa": (0, 7, 7, 0),
    "walk": (0, 0, 12, 7, 0, 0, 7, 10),
}

# Chords struck again and again: (steps, length in steps); the steps of "chop" are drawn
COMPS: dict[str, tuple[tuple[int, ...], float]] = {
    "stab": ((0, 3, 6, 10), 1.5),
    "offbeat": ((2, 6, 10, 14), 1.6),
    "chop": ((), 0.7),
    "staccato": ((0, 2, 4, 6, 8, 10, 12, 14), 1.0),
    "power": ((0, 2, 4, 6, 8, 10, 12, 14), 1.9),
    "strum": ((0, 4, 6, 8, 10, 12, 14), 1.9),
    "bossa": ((0, 3, 6, 10, 12), 2),
}


@dataclass(frozen=True)
class GrooveFeel:
    """The tempo, drums, swing and scale of a style.

    tempo: lowest and highest, bpm. grids: names in DRUM_GRIDS, none for no drums. swing: lowest and
    highest delay of each second sixteenth, as a part of a sixteenth. scale: None to draw one.
    """

    tempo: tuple[int, int]
    grids: tuple[str, ...] = ()
    swing: tuple[float, float] = (0, 0)
    scale: Scale | None = None


@dataclass(frozen=True)
class StylePatterns:
    """The bass and chord patterns that a style may use."""

    bass: tuple[str, ...]
    chords: tuple[str, ...]


@dataclass(frozen=True)
class ProgramPools:
    """Pools of General MIDI programs, 0-127, for each part."""

    bass: tuple[int, ...]
    chords: tuple[int, ...]
    lead: tuple[int, ...]
    kits: tuple[int, ...]


@dataclass(frozen=True)
class GrooveStyle:
    """The complete definition of a style of groove."""

    feel: GrooveFeel
    lines: StylePatterns
    sounds: ProgramPools


STYLES: dict[str, GrooveStyle] = {
    "house": GrooveStyle(
        GrooveFeel((118, 128), ("house", "house2"), (0, 0.12), MINOR),
        StylePatterns(("offbeat", "pulse", "octave"), ("stab", "offbeat", "pad")),
        ProgramPools((38, 39, 33), (4, 5, 81, 89, 16, 62), (80, 81, 87, 11), (0, 24, 25)),
    ),
    "techno": GrooveStyle(
        GrooveFeel((126, 140), ("techno",), scale=MINOR),
        StylePatterns(("roll", "offbeat"), ("stab", "none", "pad")),
        ProgramPools((38, 39), (81, 90, 55, 62), (80, 84, 87), (24, 25)),
    ),
    "trance": GrooveStyle(
        GrooveFeel((130, 142), ("trance",), scale=MINOR),
        StylePatterns(("offbeat", "roll"), ("arp", "pad")),
        ProgramPools((38, 39), (81, 90, 88, 89), (80, 81, 90), (0, 24)),
    ),
    "synth": GrooveStyle(
        GrooveFeel((90, 118), ("synth",)),
        StylePatterns(("eighth", "pulse", "octave"), ("arp", "pad", "stab")),
        ProgramPools((38, 39), (90, 89, 81, 50, 62), (80, 81, 82, 84), (0, 24, 25)),
    ),
    "disco": GrooveStyle(
        GrooveFeel((108, 124), ("disco",), (0, 0.1)),
        StylePatterns(("octave", "walk"), ("offbeat", "chop", "pad")),
        ProgramPools((33, 36, 38), (4, 27, 48, 28, 0), (61, 73, 65, 48), (0, 8)),
    ),
    "rock": GrooveStyle(
        GrooveFeel((96, 150), ("rock", "rock2")),
        StylePatterns(("eighth", "root"), ("power", "strum", "pad")),
        ProgramPools((33, 34), (29, 30, 25, 27, 18), (30, 29, 22, 65), (0, 16)),
    ),
    "ballad": GrooveStyle(
        GrooveFeel((64, 84), ("ballad",), (0, 0.08)),
        StylePatterns(("root", "half"), ("arp8", "block", "pad")),
        ProgramPools((32, 33, 35), (0, 4, 24, 48, 88), (73, 40, 68, 11, 66), (0, 40)),
    ),
    "funk": GrooveStyle(
        GrooveFeel((92, 114), ("funk", "break"), (0.05, 0.2), DORIAN),
        StylePatterns(("funk", "octave"), ("chop", "stab")),
        ProgramPools((36, 37, 33), (7, 27, 16, 4, 28), (61, 65, 66, 80), (0, 8)),
    ),
    "hiphop": GrooveStyle(
        GrooveFeel((80, 98), ("hiphop", "break"), (0.1, 0.3), MINOR),
        StylePatterns(("half", "funk"), ("block", "stab", "arp8")),
        ProgramPools((33, 38, 32), (0, 4, 11, 88, 48), (73, 11, 80, 75), (0, 25, 8)),
    ),
    "lofi": GrooveStyle(
        GrooveFeel((80, 90), ("lofi",), (0.15, 0.35)),
        StylePatterns(("root", "half"), ("block", "arp8")),
        ProgramPools((32, 35, 33), (4, 0, 5, 26, 11), (11, 0, 26, 73), (0, 40, 32)),
    ),
    "trap": GrooveStyle(
        GrooveFeel((130, 150), ("trap",), scale=MINOR),
        StylePatterns(("half", "root"), ("arp8", "pad", "block")),
        ProgramPools((38, 39), (88, 89, 10, 11, 46), (80, 8, 75, 10), (25,)),
    ),
    "dnb": GrooveStyle(
        GrooveFeel((140, 150), ("dnb", "break"), scale=MINOR),
        StylePatterns(("half", "roll", "funk"), ("pad", "stab", "none")),
        ProgramPools((38, 39, 33), (89, 90, 4, 95), (80, 81, 84), (0, 24)),
    ),
    "reggae": GrooveStyle(
        GrooveFeel((80, 100), ("reggae",), (0.05, 0.2)),
        StylePatterns(("funk", "half"), ("offbeat",)),
        ProgramPools((33, 35), (16, 27, 17, 0), (57, 66, 17, 73), (0, 8)),
    ),
    "bossa": GrooveStyle(
        GrooveFeel((110, 140), ("bossa",)),
        StylePatterns(("bossa",), ("bossa", "arp8")),
        ProgramPools((32, 35), (24, 26, 4, 0), (73, 65, 11, 66), (0, 40, 32)),
    ),
    "latin": GrooveStyle(
        GrooveFeel((96, 120), ("latin",)),
        StylePatterns(("bossa", "octave"), ("chop", "stab")),
        ProgramPools((32, 33), (0, 0, 4, 24), (56, 61, 73), (0,)),
    ),
    "ambient": GrooveStyle(
        GrooveFeel((80, 100)),
        StylePatterns(("root", "none"), ("pad", "arp8")),
        ProgramPools(
            (38, 32, 43), (88, 89, 91, 92, 94, 95, 52, 48), (11, 79, 73, 10, 98, 14), (0,)
        ),
    ),
    "cinema": GrooveStyle(
        GrooveFeel((80, 110)),
        StylePatterns(("root",), ("pad", "staccato")),
        ProgramPools((43, 42), (48, 49, 44, 60, 52), (40, 71, 68, 73, 56, 60), (48,)),
    ),
    "jazz": GrooveStyle(
        GrooveFeel((72, 108), ("swing", "swing", "brushes"), (0.25, 0.35)),
        StylePatterns(("walk",), ("chop", "stab", "block")),
        ProgramPools((32, 32, 35), (0, 0, 26, 4, 11), (65, 66, 56, 11, 26), (32, 40)),
    ),
}
EXTENDED_STYLES = frozenset(
    {"lofi", "funk", "bossa", "house", "disco", "hiphop", "jazz"}
)  # often with sevenths
TIGHT_STYLES = frozenset({"techno", "trance", "synth", "house", "trap"})  # quantised
PIANO_STYLES = ("pop", "arp", "stride", "chorale", "lyric", "minimal")


def chord_pitches(key: int, scale: Scale, degree: int, seventh: bool) -> list[int]:
    """Return a chord of stacked thirds on a scale degree, ascending from the octave of `key`."""
    degrees = [degree + third for third in ((0, 2, 4, 6) if seventh else (0, 2, 4))]
    return [key + scale[d % 7] + 12 * (d // 7) for d in degrees]


def nearest_voicing(chord: list[int], previous: list[int] | None, low: int, high: int) -> list[int]:
    """Return the close inversion within low..high that moves least from the previous chord.

    Without a previous chord of the same size it is the one nearest to the middle of the range.
    """
    classes = [pitch % 12 for pitch in chord]
    inversions = [classes[turn:] + classes[:turn] for turn in range(len(classes))]
    voicings = [
        _stack_upwards(inversion, octave)
        for inversion in inversions
        for octave in range(low // 12, high // 12 + 1)
    ]

    def distance(voicing: list[int]) -> float:
        if previous and len(previous) == len(voicing):
            return sum(abs(a - b) for a, b in zip(voicing, previous, strict=True))
        return abs(sum(voicing) / len(voicing) - (low + high) / 2)

    return min((v for v in voicings if low <= v[0] and v[-1] <= high), key=distance)


def _stack_upwards(classes: list[int], octave: int) -> list[int]:
    """Return pitches in ascending order, the first in the given MIDI octave."""
    pitches = [classes[0] + 12 * octave]
    for pitch_class in classes[1:]:
        pitches.append(pitches[-1] + 1 + (pitch_class - pitches[-1] - 1) % 12)
    return pitches
