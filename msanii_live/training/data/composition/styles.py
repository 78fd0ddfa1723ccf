"""Tables of the styles: how each moves, who plays, and on which sounds."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

PADS = (48, 50, 88, 89, 90, 91, 94, 95)
PIANOS = (0, 0, 0, 0, 1, 2)


@dataclass(frozen=True)
class Style:
    """A way to play a style.

    tempo: crotchets a minute. swing: as in `Composition`. minor: chance of a minor key. parts:
    chance that each part plays. grids: families of drum grooves. bass, comps: ways to play them.
    programs: pools of General MIDI programs; of drums, kits. register: the MIDI pitch that the lead
    moves about. busy, offbeat: 0 to 1, how many notes the lead has and how syncopated it is.
    looseness: standard deviation of timing in steps. machine: made of loops rather than song form.
    level: added to velocities. blues: chance of twelve bars. leading: chance of a dominant that
    leads to the next bar. ninths: chance of chords with added tones. rig: the rack's rig, which has
    its kits and instruments; that of the style's name if empty. orders: of sections; those of loops
    or songs if empty.
    """

    tempo: tuple[int, int]
    parts: dict[str, float]
    grids: tuple[str, ...]
    bass: tuple[str, ...]
    comps: tuple[str, ...]
    programs: dict[str, tuple[int, ...]]
    swing: tuple[float, float] = (0.0, 0.0)
    minor: float = 0.5
    register: int = 72
    busy: float = 0.5
    offbeat: float = 0.4
    looseness: tuple[float, float] = (0.02, 0.08)
    machine: bool = False
    level: tuple[int, int] = (-8, 8)
    blues: float = 0.0
    leading: float = 0.1
    ninths: float = 0.2
    rig: str = ""
    orders: tuple[str, ...] = ()


def _band(lead: float, pad: float, drums: float = 1.0, bass: float = 1.0) -> dict[str, float]:
    return {"drums": drums, "bass": bass, "chords": 0.97, "lead": lead, "pad": pad}


def _sounds(
    bass: tuple[int, ...], chords: tuple[int, ...], lead: tuple[int, ...], kits: tuple[int, ...]
) -> dict[str, tuple[int, ...]]:
    return {"bass": bass, "chords": chords, "lead": lead, "drums": kits, "pad": PADS}


_PIANO_PARTS = {"drums": 0.0, "bass": 1.0, "chords": 1.0, "lead": 0.95, "pad": 0.0}


def _piano(tempo: tuple[int, int], comp: str, busy: float, swing: float = 0.0) -> Style:
    return Style(
        tempo, _PIANO_PARTS, (), ("left",), (comp,),
        {"bass": PIANOS, "chords": PIANOS, "lead": PIANOS},
        swing=(0.0, swing), register=74, busy=busy, offbeat=0.25, looseness=(0.03, 0.14),
        level=(-18, 8), leading=0.15, ninths=0.15,
    )  # fmt: skip


# Build and drop, and the drop again: how tracks for a dance floor are ordered.
_DROPS = (
    "verse chorus chorus break chorus chorus",
    "verse chorus break verse chorus chorus",
    "verse verse chorus chorus break chorus",
)
# A version takes parts away and gives them back.
_VERSIONS = ("verse verse break verse break verse", "verse break verse verse bridge verse")

# Every style of ALL_STYLES has one or more variants, of which one is drawn.
VARIANTS: dict[str, tuple[Style, ...]] = {
    "house": (
        Style((116, 128), _band(0.6, 0.5), ("floor",), ("offbeat", "pulse", "octave", "funk"),
              ("stab", "offbeat", "hold", "stab"),
              _sounds((38, 39, 33), (4, 5, 81, 89, 16, 62, 0), (80, 81, 87, 11, 62), (0, 24, 25)),
              swing=(0.0, 0.16), minor=0.75, offbeat=0.6, looseness=(0.01, 0.04), machine=True,
              ninths=0.5),
    ),
    "techno": (
        Style((126, 140), _band(0.45, 0.5), ("floor", "techno"), ("roll", "offbeat", "pulse"),
              ("stab", "hold", "stab", "arp16"),
              _sounds((38, 39), (81, 90, 55, 62), (80, 84, 87), (24, 25)), minor=0.9, busy=0.6,
              offbeat=0.7, looseness=(0.0, 0.02), machine=True, leading=0.0, ninths=0.05),
        Style((130, 142), _band(0.75, 0.7), ("floor",), ("offbeat", "roll"),
              ("arp16", "hold", "arp8"),
              _sounds((38, 39), (81, 90, 88, 89), (80, 81, 90), (0, 24)), minor=0.85, busy=0.6,
              offbeat=0.5, looseness=(0.0, 0.02), machine=True, leading=0.0, rig="trance"),
    ),
    "hiphop": (
        Style((80, 98), _band(0.55, 0.35), ("halftime", "break"), ("half", "funk", "root"),
              ("block", "stab", "arp8", "charleston"),
              _sounds((33, 38, 32), (0, 4, 11, 88, 48, 7), (73, 11, 80, 75), (0, 25, 8)),
              swing=(0.08, 0.3), minor=0.75, register=71, busy=0.5, offbeat=0.55, machine=True,
              ninths=0.3),
        Style((130, 150), _band(0.6, 0.45), ("trap",), ("half", "root", "funk"),
              ("arp8", "hold", "block"),
              _sounds((38, 39), (88, 89, 10, 11, 46), (80, 8, 75, 10), (25,)), minor=0.9,
              busy=0.45, offbeat=0.5, looseness=(0.01, 0.03), machine=True, leading=0.0,
              rig="trap"),
    ),
    "lofi": (
        Style((70, 90), _band(0.65, 0.3), ("lofi", "halftime"), ("half", "root", "funk"),
              ("block", "arp8", "charleston"),
              _sounds((32, 35, 33), (4, 0, 5, 26, 11), (11, 0, 26, 73), (0, 40, 32)),
              swing=(0.12, 0.36), minor=0.5, register=71, busy=0.45, offbeat=0.5,
              looseness=(0.04, 0.12), machine=True, level=(-16, 2), ninths=0.6),
    ),
    "synth": (
        Style((86, 118), _band(0.75, 0.75), ("backbeat",), ("eighths", "pulse", "octave"),
              ("arp16", "arp8", "hold", "stab"),
              _sounds((38, 39), (90, 89, 81, 50, 62), (80, 81, 82, 84), (0, 24, 25)), minor=0.65,
              busy=0.5, offbeat=0.45, looseness=(0.0, 0.03)),
    ),
    "ambient": (
        Style((60, 96), _band(0.6, 0.85, drums=0.25, bass=0.75), ("sparse",),
              ("root", "root", "half"), ("hold", "arp8", "hold", "block"),
              _sounds((38, 32, 43, 39), (88, 89, 91, 92, 94, 95, 52, 48), (11, 79, 73, 10, 98, 14),
                      (0, 24)),
              minor=0.45, register=74, busy=0.12, offbeat=0.2, looseness=(0.03, 0.12),
              level=(-22, 0), leading=0.0, ninths=0.6),
    ),
    "bossa": (
        Style((110, 140), _band(0.9, 0.15), ("bossa",), ("bossa",),
              ("bossa", "bossa", "charleston", "arp8"),
              _sounds((32, 35), (24, 26, 4, 0), (73, 65, 11, 66), (0, 40, 32)), swing=(0.0, 0.08),
              minor=0.45, busy=0.5, offbeat=0.75, level=(-14, 2), leading=0.15, ninths=0.7),
    ),
    "piano": (
        _piano((72, 126), "pop", 0.5), _piano((72, 120), "flow8", 0.35),
        _piano((84, 132), "stride", 0.55, swing=0.3), _piano((60, 92), "chorale", 0.2),
        _piano((60, 100), "broken", 0.45), _piano((66, 120), "flow16", 0.12),
        _piano((84, 132), "alberti", 0.6),
    ),
    "pop": (
        Style((88, 128), _band(0.85, 0.4), ("backbeat",), ("eighths", "root", "half", "funk"),
              ("strum", "eighths", "block", "arp8"),
              _sounds((33, 34), (0, 25, 27, 4, 24), (80, 73, 65, 27, 11, 82), (0, 8, 16)),
              minor=0.35, blues=0.04),
        Style((100, 150), _band(0.8, 0.2), ("rock", "backbeat"), ("eighths", "eighths", "root"),
              ("power", "strum", "hold"),
              _sounds((33, 34), (29, 30, 25, 27, 18), (30, 29, 22, 65), (0, 16)), minor=0.45,
              level=(0, 14), blues=0.12),
        Style((64, 84), _band(0.9, 0.55), ("ballad",), ("root", "half"),
              ("arp8", "block", "hold", "strum"),
              _sounds((32, 33, 35), (0, 4, 24, 48, 88), (73, 40, 68, 11, 66), (0, 40)),
              swing=(0.0, 0.08), minor=0.4, busy=0.4, offbeat=0.3, level=(-18, 2), leading=0.2),
        Style((108, 124), _band(0.75, 0.45), ("floor",), ("octave", "funk"),
              ("offbeat", "chop", "hold"),
              _sounds((33, 36, 38), (4, 27, 48, 28, 0), (61, 73, 65, 48), (0, 8)),
              swing=(0.0, 0.1), offbeat=0.55, ninths=0.4),
    ),
    "jazz": (
        Style((76, 112), _band(0.95, 0.06), ("ride",), ("walk",),
              ("charleston", "charleston", "block"),
              _sounds((32, 32, 35), (0, 0, 26, 4, 11), (65, 66, 56, 11, 26), (32, 40)),
              swing=(0.22, 0.36), minor=0.4, register=69, busy=0.8, offbeat=0.65,
              looseness=(0.03, 0.1), level=(-14, 6), blues=0.22, leading=0.3, ninths=0.8),
        Style((60, 84), _band(0.95, 0.12), ("brushes",), ("half", "walk"),
              ("charleston", "block", "hold"),
              _sounds((32, 32, 35), (0, 0, 26, 4), (66, 65, 56, 71, 26), (40,)),
              swing=(0.12, 0.34), minor=0.5, register=68, busy=0.5, offbeat=0.5,
              looseness=(0.04, 0.12), level=(-20, -4), blues=0.06, leading=0.3, ninths=0.8),
    ),
    "drum and bass": (
        Style((168, 178), _band(0.5, 0.6), ("breakbeat",), ("long", "half", "skip"),
              ("stab", "hold", "arp8"),
              _sounds((39, 38), (90, 89, 4, 81), (80, 81, 11), (25, 8)), minor=0.9, busy=0.4,
              offbeat=0.6, looseness=(0.0, 0.03), machine=True, leading=0.0, ninths=0.4,
              orders=_DROPS),
        Style((168, 176), _band(0.6, 0.75), ("breakbeat",), ("half", "long"),
              ("hold", "block", "arp8"),
              _sounds((39, 33), (4, 88, 89), (11, 73, 98), (8, 25)), minor=0.6, busy=0.35,
              offbeat=0.5, looseness=(0.01, 0.04), machine=True, leading=0.0, ninths=0.8,
              orders=_DROPS),
    ),
    "dub": (
        Style((68, 78), _band(0.45, 0.3), ("one drop", "steppers"), ("dub",), ("skank",),
              _sounds((38, 33), (16, 4, 81), (73, 22, 11), (0, 8)), swing=(0.0, 0.2), minor=0.85,
              busy=0.3, offbeat=0.6, looseness=(0.02, 0.06), machine=True, leading=0.0,
              orders=_VERSIONS),
        Style((132, 142), _band(0.4, 0.4), ("halftime", "steppers"), ("long", "dub"),
              ("skank", "stab"),
              _sounds((38, 39), (81, 89), (80, 73), (25, 0)), minor=0.95, busy=0.3, offbeat=0.5,
              looseness=(0.01, 0.03), machine=True, leading=0.0, orders=_DROPS),
    ),
    "trap": (
        Style((130, 152), _band(0.65, 0.5), ("trap",), ("slide", "half", "long"),
              ("arp8", "hold", "block"),
              _sounds((38, 39), (10, 88, 52, 11), (75, 10, 80), (25,)), minor=0.92, busy=0.4,
              offbeat=0.5, looseness=(0.0, 0.03), machine=True, leading=0.0, orders=_DROPS),
    ),
    "garage": (
        Style((128, 136), _band(0.6, 0.45), ("two step",), ("skip", "funk"),
              ("stab", "offbeat", "charleston"),
              _sounds((38, 39, 33), (16, 4, 81), (80, 11, 81), (25, 24)), swing=(0.2, 0.36),
              minor=0.85, busy=0.5, offbeat=0.7, looseness=(0.01, 0.04), machine=True, ninths=0.7,
              leading=0.05),
        Style((126, 132), _band(0.5, 0.5), ("floor",), ("skip", "offbeat"), ("stab", "offbeat"),
              _sounds((38, 39), (16, 81, 4), (80, 81), (24, 25)), swing=(0.2, 0.34), minor=0.8,
              busy=0.5, offbeat=0.65, looseness=(0.01, 0.04), machine=True, ninths=0.5),
    ),
    "electro": (
        Style((116, 134), _band(0.6, 0.5), ("electro",), ("pulse", "robot", "octave"),
              ("stab", "arp16", "hold"),
              _sounds((38, 39), (50, 81, 90), (80, 84, 87), (25, 24)), minor=0.9, busy=0.55,
              offbeat=0.6, looseness=(0.0, 0.02), machine=True, leading=0.0, ninths=0.1),
    ),
}  # fmt: skip


def draw_swing(rng: Random, style: Style) -> float:
    """Draw a swing that the style has, and now and then any other below 0.4."""
    own, free, wide = rng.uniform(*style.swing), rng.uniform(0.0, 0.4), rng.random() < 0.12
    return round(free if wide else own, 3)
