"""What the server tells the audio host, and what the host tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msanii_live.playback.mixer import Region

if TYPE_CHECKING:
    from msanii_live.audio import Samples

NOW = -1  # for a frame: the first that is not yet rendered


@dataclass(frozen=True)
class Load:
    """Take samples in under a clip's number. samples: float32 (frames, 2) at the device's rate."""

    clip: int
    samples: Samples


@dataclass(frozen=True)
class Attach:
    """Take samples in that lie in shared memory; how a `Load` reaches another process."""

    clip: int
    name: str
    frames: int


@dataclass(frozen=True)
class Drop:
    """Give a clip's samples up; no part will want them again."""

    clip: int


@dataclass(frozen=True)
class Start:
    """Sound a part, in place of what its deck sounds.

    part: its `start` is the frame wanted, or NOW. quantum: frames; where that frame has passed it
    starts so many frames later, or twice as many, and so on; 0 is as soon as can be.
    """

    region: Region
    quantum: float = 0.0


@dataclass(frozen=True)
class Join:
    """Sound a part from the very frame where the part that it `follows` ends.

    overlap: frames of the new part that lie before that frame and take the old one's place.
    spare: a loop that sounds from the new part's end until something is joined to it. Where the
    frame has passed, the part waits for the end of the spare's turn; without a spare it starts at
    once, or, where it `must` be joined, not at all.
    """

    region: Region | None
    follows: int
    overlap: int = 0
    fallback: Region | None = None
    must_follow: bool = False


@dataclass(frozen=True)
class Stop:
    """Fade a deck out, or all where it is None, from a frame (or NOW) on. fade: frames."""

    track: str | None
    begin: int
    fade: int
    quantum: float = 0.0


@dataclass(frozen=True)
class Restore:
    """Sound these parts, as another host did before it ended."""

    regions: tuple[Region, ...]


@dataclass(frozen=True)
class Quit:
    """Fade out and end."""


Order = Load | Attach | Drop | Start | Join | Stop | Restore | Quit


@dataclass(frozen=True)
class Numbered:
    """Carry an order with its place in the sequence, by which it is acknowledged."""

    number: int
    order: Order


@dataclass(frozen=True)
class Opened:
    """Tell that the device runs. block: of its callback, frames. inputs: channels heard."""

    description: str
    rate: int
    block: int
    inputs: int


@dataclass(frozen=True)
class Failed:
    """Tell why the device could not be opened, or runs no more."""

    text: str


@dataclass(frozen=True)
class Table:
    """Tell what sounds and will sound. done: number of the last order that this is the effect of.

    refused: numbers of parts that found nothing to be joined to.
    """

    done: int
    position: int
    regions: tuple[Region, ...]
    refused: tuple[int, ...] = ()


Event = Opened | Failed | Table
