"""Rigs: which kit and which instruments play a style, and how their parts are mixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Strip:
    """The channel of a part in the mixer.

    decibels: its fader. drive: saturation, 0 to 1. room, delay: levels of its sends, linear.
    chorus: 0 to 1. duck: dB that a kick takes off. low_cut: Hz, below which it is silent; 0 for
    none. low_mono: Hz, below which its channels are one; 0 for none. shine: dB of a shelf from
    1.5 kHz up. threshold: dBFS before the fader, above which peaks are compressed; 0 for none.
    width: level of a side that is made of its middle, linear.
    """

    decibels: float = 0.0
    drive: float = 0.0
    room: float = 0.1
    delay: float = 0.0
    chorus: float = 0.0
    duck: float = 0.0
    low_cut: float = 0.0
    low_mono: float = 0.0
    shine: float = 0.0
    threshold: float = 0.0
    width: float = 0.0


STRIPS = {
    "drums": Strip(-2.0, drive=0.1, room=0.09, width=0.25),
    "bass": Strip(2.5, drive=0.35, room=0.0, low_cut=28.0, low_mono=140.0),
    "chords": Strip(
        2.0, drive=0.12, shine=7.0, threshold=-13.0, room=0.22, delay=0.08, low_cut=130.0, width=0.5
    ),
    "lead": Strip(
        1.5,
        drive=0.12,
        shine=6.0,
        threshold=-13.0,
        room=0.22,
        delay=0.16,
        low_cut=150.0,
        width=0.45,
    ),
    "pad": Strip(1.0, shine=8.0, threshold=-16.0, room=0.33, low_cut=150.0, width=0.25),
}


@dataclass(frozen=True)
class Rig:
    """The kit, the instruments and the mixer of a style.

    kits, instruments: pools, of which the program of a part takes one. strips: of each part.
    room: s. delay: beats between echoes; feedback: level from one to the next. wow: s of drift, as
    of tape. transitions: whether risers and impacts lead from section to section. varies:
    whether each program has filters and a channel of its own.
    """

    kits: tuple[str, ...] = ("hybrid",)
    instruments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    strips: Mapping[str, Strip] = field(default_factory=lambda: STRIPS)
    room: float = 1.2
    delay: float = 0.75
    feedback: float = 0.45
    wow: float = 0.0
    transitions: bool = False
    varies: bool = True

    def kit(self, program: int) -> str:
        """Return the kit that a program of the drums stands for."""
        return self.kits[program % len(self.kits)]

    def instrument(self, part: str, program: int) -> str:
        """Return the instrument of a part that a General MIDI program stands for."""
        pool = self.instruments.get(part)
        return pool[program % len(pool)] if pool else instrument_of_program(program)


# The instrument of the rack for each General MIDI program: (last program of a range, name).
_PROGRAMS = (
    (5, "electric piano"), (7, "pluck"), (9, "glockenspiel"), (15, "bell"), (20, "organ"),
    (23, "flute lead"), (31, "pluck"), (35, "plucked bass"), (37, "sub"), (38, "acid"),
    (39, "reese"), (45, "string machine"), (46, "pluck"), (47, "impact"), (51, "string machine"),
    (54, "choir"), (55, "stab"), (63, "saw lead"), (71, "square lead"), (79, "flute lead"),
    (80, "square lead"), (81, "supersaw"), (87, "saw lead"), (88, "glass pad"), (89, "warm pad"),
    (90, "supersaw"), (91, "choir"), (95, "sweep pad"), (103, "glass pad"), (111, "pluck"),
    (118, "bell"), (119, "riser"), (126, "faller"), (127, "impact"),
)  # fmt: skip


def instrument_of_program(program: int) -> str:
    """Return the instrument nearest to a General MIDI program, 0-127.

    >>> instrument_of_program(4), instrument_of_program(38)
    ('electric piano', 'acid')
    """
    return next(name for last, name in _PROGRAMS if program <= last)


def _strips(**changed: Mapping[str, float]) -> dict[str, Strip]:
    """Return the usual strips with some values changed."""
    return {part: replace(strip, **changed.get(part, {})) for part, strip in STRIPS.items()}


def _pools(bass: str, chords: str, lead: str, pad: str) -> dict[str, tuple[str, ...]]:
    """Return pools of instruments, each a text of names with commas."""
    pools = {"bass": bass, "chords": chords, "lead": lead, "pad": pad}
    return {part: tuple(name.strip() for name in text.split(",")) for part, text in pools.items()}


RIGS: dict[str, Rig] = {
    "house": Rig(
        ("deep analogue", "hybrid"),
        _pools("plucked bass, sub", "stab, organ, electric piano", "pluck, saw lead, bell",
               "string machine, warm pad"),
        _strips(bass={"duck": 5.0}, chords={"duck": 5.0}, pad={"duck": 8.0}, lead={"duck": 3.0}),
        transitions=True, room=1.4,
    ),
    "techno": Rig(
        ("analogue",),
        _pools("acid, sub, acid square", "dub chord, stab", "pluck, pulse lead, square lead",
               "sweep pad, warm pad"),
        _strips(
            drums={"drive": 0.2, "room": 0.12},
            bass={"duck": 6.0, "decibels": 3.0, "drive": 0.4},
            chords={"duck": 5.0, "delay": 0.25, "decibels": 4.0},
            lead={"duck": 4.0, "delay": 0.25, "decibels": 4.0},
            pad={"duck": 9.0, "decibels": 3.0},
        ),
        transitions=True, room=2.0,
    ),
    "trance": Rig(
        ("analogue",),
        _pools("plucked bass, sub, reese", "supersaw", "supersaw, pluck, saw lead",
               "sweep pad, choir"),
        _strips(
            drums={"drive": 0.15}, bass={"duck": 8.0}, chords={"duck": 8.0, "room": 0.34},
            lead={"duck": 5.0, "room": 0.3, "delay": 0.25}, pad={"duck": 10.0, "room": 0.39},
        ),
        transitions=True, room=2.2,
    ),
    "hiphop": Rig(
        ("worn", "hybrid"),
        _pools("sub, plucked bass", "electric piano, organ, string machine",
               "flute lead, bell, pluck", "string machine, choir"),
        _strips(drums={"drive": 0.3}, bass={"duck": 3.0, "drive": 0.2}), room=0.8,
    ),
    "lofi": Rig(
        ("worn",),
        _pools("sub, plucked bass", "electric piano", "glockenspiel, flute lead, electric piano",
               "warm pad, string machine"),
        _strips(
            drums={"drive": 0.35}, chords={"drive": 0.25, "chorus": 0.5, "duck": 3.0},
            lead={"drive": 0.2, "chorus": 0.3}, pad={"drive": 0.2},
        ),
        room=0.9, wow=0.0009,
    ),
    "synth": Rig(
        ("hybrid", "analogue"),
        _pools("plucked bass, sub, reese", "supersaw, string machine, pluck",
               "saw lead, square lead, pulse lead", "warm pad, string machine, choir"),
        _strips(drums={"room": 0.2}, chords={"chorus": 0.4}, lead={"delay": 0.25, "room": 0.34}),
        transitions=True, room=1.8,
    ),
    "ambient": Rig(
        ("modal", "hybrid"),
        _pools("sub", "glass pad, electric piano, choir", "bell, glockenspiel, flute lead",
               "warm pad, glass pad, sweep pad, choir"),
        _strips(
            drums={"decibels": -8.0, "room": 0.39}, bass={"decibels": -4.0},
            chords={"room": 0.6, "delay": 0.25, "decibels": -1.0, "width": 0.2},
            lead={"room": 0.6, "delay": 0.4, "width": 0.2}, pad={"room": 0.65, "decibels": 0.0},
        ),
        room=3.6, feedback=0.6,
    ),
    "bossa": Rig(
        ("modal",),
        _pools("plucked bass", "electric piano, pluck", "flute lead, bell, electric piano",
               "string machine, warm pad"),
        room=0.9,
    ),
    "piano": Rig(
        ("modal",), _pools("electric piano", "electric piano", "electric piano", "warm pad"),
        room=1.4,
    ),
    "pop": Rig(
        ("hybrid", "modal"),
        _pools("plucked bass, sub", "electric piano, pluck, supersaw",
               "saw lead, pluck, flute lead", "string machine, warm pad"),
        _strips(bass={"duck": 2.0}, pad={"duck": 3.0}), room=1.2,
    ),
    "jazz": Rig(
        ("modal",),
        _pools("plucked bass", "electric piano, organ", "flute lead, bell, electric piano",
               "string machine"),
        room=0.9,
    ),
    "drum and bass": Rig(
        ("hybrid", "modal"),
        _pools("reese, sub", "stab, electric piano, dub chord", "pluck, bell, square lead",
               "sweep pad, string machine, choir"),
        _strips(
            drums={"drive": 0.35, "decibels": -1.5}, bass={"duck": 3.0, "drive": 0.35},
            chords={"delay": 0.25}, pad={"duck": 4.0, "room": 0.45},
        ),
        transitions=True, room=2.0, delay=1.5,
    ),
    "dub": Rig(
        ("modal", "worn"),
        _pools("sub", "dub chord, organ", "flute lead, pluck", "warm pad, string machine"),
        _strips(
            drums={"room": 0.24, "delay": 0.06}, bass={"decibels": 4.0, "drive": 0.1},
            chords={"delay": 0.55, "room": 0.41, "chorus": 0.3}, lead={"delay": 0.5, "room": 0.47},
        ),
        transitions=True, room=2.6, delay=0.75, feedback=0.68,
    ),
    "trap": Rig(
        ("long analogue", "analogue"),
        _pools("long sub", "bell, glass pad, choir", "flute lead, bell, pluck", "choir, sweep pad"),
        _strips(
            drums={"drive": 0.25}, bass={"decibels": 4.5, "duck": 2.0, "drive": 0.2},
            chords={"room": 0.41, "delay": 0.2}, lead={"room": 0.41, "delay": 0.25},
        ),
        transitions=True, room=2.2,
    ),
    "garage": Rig(
        ("deep analogue", "hybrid"),
        _pools("sub, reese, plucked bass", "organ, stab, electric piano",
               "pluck, bell, square lead", "string machine, warm pad"),
        _strips(bass={"duck": 3.0}, chords={"duck": 3.0}, pad={"duck": 5.0}),
        transitions=True, room=1.2,
    ),
    "electro": Rig(
        ("analogue", "long analogue"),
        _pools("acid square, plucked bass, sub", "string machine, stab, choir",
               "pulse lead, square lead, pluck", "string machine, choir"),
        _strips(drums={"drive": 0.2, "room": 0.18}, bass={"drive": 0.3},
                chords={"chorus": 0.4, "delay": 0.12}),
        transitions=True, room=1.6, delay=0.5,
    ),
}  # fmt: skip
NEUTRAL = Rig(("hybrid",), varies=False)
KIT_NAMES = ("analogue", "deep analogue", "long analogue", "modal", "hybrid", "worn", "broken")


_ACOUSTIC = frozenset({"bossa", "piano", "pop", "jazz"})  # styles of recorded instruments
# For each style that no network has learnt yet, the nearest one that the composer knows.
_NEAREST_STYLES = {
    "trance": "techno", "drum and bass": "techno", "dub": "lofi", "trap": "hiphop",
    "garage": "house", "electro": "techno",
}  # fmt: skip


def style_word(word: str) -> str:
    """Return a style or an instrument as the rack's tables write it.

    >>> style_word("Drum-and-Bass")
    'drum and bass'
    """
    return " ".join(word.lower().replace("-", " ").replace("_", " ").split())


def kit_name(word: str) -> str:
    """Return the name of the kit that a timbre such as "worn-kit" means; "" if it means no kit.

    >>> kit_name("Deep-Analogue-Kit"), kit_name("acid")
    ('deep analogue', '')
    """
    name, _, last = style_word(word).rpartition(" ")
    return name if last == "kit" else ""


def is_electronic(style: str) -> bool:
    """Return whether the music of a style is made of synthesised sounds.

    >>> is_electronic("drum-and-bass"), is_electronic("jazz"), is_electronic("")
    (True, False, False)
    """
    word = style_word(style)
    return word in RIGS and word not in _ACOUSTIC


def nearest_style(style: str, known: tuple[str, ...]) -> str:
    """Return the known style nearest to one; the style itself if it is known or has none nearer."""
    return style if style in known else _NEAREST_STYLES.get(style_word(style), style)


def rig_of(style: str) -> Rig:
    """Return the rig of a style; a neutral one, which follows General MIDI, for any other word."""
    return RIGS.get(style_word(style), NEUTRAL)
