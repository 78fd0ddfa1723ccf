"""Kits: which drum each key of General MIDI plays, how loud and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from types import ModuleType

import numpy as np

from msanii_live.notes import Note
from msanii_live.rack.drums import analogue, broken, modal
from msanii_live.rack.drums.broken import Hit, worn
from msanii_live.rack.envelopes import loudness_of
from msanii_live.rack.voices import START, NoteClock, add
from msanii_live.rack.waves import RATE, Stereo

VARIATIONS = 3  # sounds of each drum and force, in turn, so that a roll is no machine gun
FORCES = 10
CHOKE = 0.012  # s in which a hat ends that another one closes


@dataclass(frozen=True)
class Drum:
    """A drum of a kit.

    hit: see `analogue`. decibels: of its peak at velocity 100, as the gain of the kit. pan: -1 is
    left, 1 is right. chokes: drums of the same word end each other. forces: how many sounds there
    are from soft to hard; of long ones fewer, since each takes a tenth of a second to make.
    """

    hit: Hit
    decibels: float = 0.0
    pan: float = 0.0
    chokes: str = ""
    forces: int = FORCES


@dataclass(frozen=True)
class DrumKit:
    """A kit. drums: by name. keys: General MIDI keys, and the name that each plays."""

    name: str
    drums: Mapping[str, Drum]
    keys: Mapping[int, str] = field(default_factory=lambda: KEYS)

    def __hash__(self) -> int:
        """Return the hash of the name, of which there is one."""
        return hash(self.name)

    def drum_of(self, key: int) -> str:
        """Return the name of the drum that a key plays; keys beyond the table play the shaker."""
        return self.keys.get(key, "shaker")

    def play(self, notes: Sequence[Note], out: Stereo, clock: NoteClock = START) -> None:
        """Add the sound of hits to `out`, float32, (2, frames)."""
        turns: dict[str, int] = {}
        ends = self._choked_ends(notes)
        for number, note in enumerate(notes):
            name = self.drum_of(note.pitch)
            step = note.velocity * self.drums[name].forces // 128
            turn = turns[name] = turns.get(name, -1) + 1
            wave = hit_of(self, name, step, turn % VARIATIONS)
            gain = np.float32(loudness_of(note.velocity, 1.6))
            first = round(note.start * RATE)
            if number in ends:
                frames = max(0, round((ends[number] - note.start) * RATE))
                wave = _cut(wave, frames)
            add(out, wave * gain, first)

    def _choked_ends(self, notes: Sequence[Note]) -> dict[int, float]:
        """Return at which second each hit is choked by a later one, by its index."""
        ends: dict[int, float] = {}
        open_now: dict[str, int] = {}
        for number, note in enumerate(notes):
            group = self.drums[self.drum_of(note.pitch)].chokes
            if group:
                if group in open_now:
                    ends[open_now[group]] = note.start
                open_now[group] = number
        return ends


def _cut(wave: Stereo, frames: int) -> Stereo:
    fade = round(CHOKE * RATE)
    if frames + fade >= wave.shape[1]:
        return wave
    cut = wave[:, : frames + fade].copy()
    cut[:, frames:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return cut


@lru_cache(maxsize=512)
def hit_of(kit: DrumKit, name: str, step: int, variation: int) -> Stereo:
    """Return a hit at velocity 100 of its own force, float32, (2, frames), at the kit's level.

    The peak is that of the kit's table, so that drums balance however they are made.
    """
    drum = kit.drums[name]
    rng = np.random.default_rng([sum(name.encode()), len(kit.name), step, variation])
    wave = drum.hit((step + 0.5) / drum.forces, rng)
    peak = float(np.abs(wave).max())
    angle = np.pi / 4 * (1 + drum.pan)
    pan = np.array([[np.cos(angle)], [np.sin(angle)]], dtype=np.float32) * np.float32(np.sqrt(2))
    wave = wave * pan * np.float32(10 ** (drum.decibels / 20) / max(peak, 1e-6))
    wave.flags.writeable = False
    return wave.astype(np.float32)


KEYS: dict[int, str] = {
    35: "kick", 36: "kick", 37: "rim", 38: "snare", 39: "clap", 40: "snare", 41: "low tom",
    42: "closed hat", 43: "low tom", 44: "pedal hat", 45: "mid tom", 46: "open hat", 47: "mid tom",
    48: "high tom", 49: "crash", 50: "high tom", 51: "ride", 52: "crash", 53: "ride bell",
    54: "tambourine", 55: "crash", 56: "cowbell", 57: "crash", 58: "tambourine", 59: "ride",
    60: "high conga", 61: "low conga", 62: "high conga", 63: "high conga", 64: "low conga",
    65: "high tom", 66: "mid tom", 67: "cowbell", 68: "cowbell", 69: "shaker", 70: "shaker",
    75: "rim", 76: "rim", 77: "rim", 80: "tambourine", 81: "tambourine", 82: "shaker",
}  # fmt: skip

# Function of a family, dB, pan, and how many forces there are.
_BALANCE: dict[str, tuple[str, float, float, int]] = {
    "kick": ("kick", -3.0, 0.0, FORCES),
    "snare": ("snare", -3.0, 0.0, FORCES),
    "clap": ("clap", -4.0, 0.0, FORCES),
    "rim": ("rim", -9.5, 0.15, FORCES),
    "closed hat": ("closed_hat", -9.0, 0.12, FORCES),
    "pedal hat": ("pedal_hat", -12.5, 0.12, FORCES),
    "open hat": ("open_hat", -10.5, 0.12, FORCES),
    "crash": ("crash", -9.0, -0.1, 2),
    "ride": ("ride", -11.0, -0.25, 4),
    "ride bell": ("bell_of_ride", -12.5, -0.25, 4),
    "cowbell": ("cowbell", -14.0, 0.25, FORCES),
    "shaker": ("shaker", -12.5, -0.4, FORCES),
    "tambourine": ("tambourine", -12.0, 0.4, FORCES),
}
_CHOKES = dict.fromkeys(("closed hat", "pedal hat", "open hat"), "hat") | {"kick": "kick"}
# Function, Hz, dB, pan.
_TUNED: dict[str, tuple[str, float, float, float]] = {
    "high tom": ("tom", 165.0, -9.0, -0.35),
    "mid tom": ("tom", 122.0, -9.0, 0.0),
    "low tom": ("tom", 88.0, -8.0, 0.35),
    "high conga": ("conga", 320.0, -13.0, -0.3),
    "low conga": ("conga", 220.0, -13.0, 0.3),
}


def _family(module: ModuleType) -> dict[str, Drum]:
    """Return the drums of a family, balanced as a mix of dance music has them."""
    drums = {
        name: Drum(getattr(module, hit), level, pan, _CHOKES.get(name, ""), forces)
        for name, (hit, level, pan, forces) in _BALANCE.items()
    }
    tuned = {
        name: Drum(partial(getattr(module, hit), hertz), level, pan)
        for name, (hit, hertz, level, pan) in _TUNED.items()
    }
    return {**drums, **tuned}


_ANALOGUE, _MODAL = _family(analogue), _family(modal)


def _worn(drums: Mapping[str, Drum], speed: float, bits: int, rate: int) -> dict[str, Drum]:
    return {name: replace(d, hit=worn(d.hit, speed, bits, rate)) for name, d in drums.items()}


def _with_kick(drums: Mapping[str, Drum], kick: Hit, decibels: float = -3.0) -> dict[str, Drum]:
    return {**drums, "kick": Drum(kick, decibels, chokes="kick")}


KITS: dict[str, DrumKit] = {
    kit.name: kit
    for kit in (
        DrumKit("analogue", _ANALOGUE),
        DrumKit("deep analogue", _with_kick(_ANALOGUE, analogue.deep_kick)),
        DrumKit("long analogue", _with_kick(_ANALOGUE, analogue.long_kick, -2.0)),
        DrumKit("modal", _MODAL),
        DrumKit(
            "hybrid",  # drums as recorded under hats and claps of a machine
            {
                **_MODAL,
                **{n: _ANALOGUE[n] for n in ("clap", "closed hat", "open hat", "pedal hat")},
            },
        ),
        DrumKit("worn", _worn(_MODAL, 0.89, 10, 22_050)),
        DrumKit(
            "broken",
            {**_worn(_ANALOGUE, 0.8, 7, 13_000), "rim": Drum(broken.glitch, -15.0, 0.2)},
        ),
    )
}
