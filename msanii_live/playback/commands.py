"""Messages between the server and the audio host: commands to the host, events from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msanii_live.playback.mixer import Region

if TYPE_CHECKING:
    from msanii_live.audio import Samples

NOW = -1  # as a frame: the first frame that is not yet rendered


@dataclass(frozen=True)
class LoadClip:
    """A clip's samples and the number they get.

    samples: float32 (frames, 2) at the device's rate. ready: how many of them are there already;
    None means all.
    """

    clip: int
    samples: Samples
    ready: int | None = None


@dataclass(frozen=True)
class AttachClip:
    """A clip's samples in shared memory: the form of a `LoadClip` between processes."""

    clip: int
    name: str
    frames: int
    ready: int | None = None


@dataclass(frozen=True)
class ExtendClip:
    """More samples of a clip that grows.

    ready: frames that are there now. samples: the last of them; None if shared memory has them.
    """

    clip: int
    ready: int
    samples: Samples | None


@dataclass(frozen=True)
class UnloadClip:
    """A clip that no region will use again."""

    clip: int


@dataclass(frozen=True)
class StartRegion:
    """A region to play in place of what its track plays.

    region: its `start` is the requested frame, or NOW. quantum: frames. If the requested frame has
    passed, the region starts a whole number of quanta later. A quantum of 0 means at once.
    """

    region: Region
    quantum: float = 0.0


@dataclass(frozen=True)
class StartAfter:
    """A region to play from the exact frame where another region ends.

    region: None only adds a fallback to a region that already plays. follows: number of the region
    that ends. overlap: frames of the new region before the seam; they replace the end of the old
    region. fallback: a loop that plays after the new region until another region follows it.

    If the seam has passed, the region waits for the end of the fallback's current turn. If there is
    no fallback, the region starts at once, or is rejected when `must_follow` is set.
    """

    region: Region | None
    follows: int
    overlap: int = 0
    fallback: Region | None = None
    must_follow: bool = False


@dataclass(frozen=True)
class StopTrack:
    """A track to fade out, or all tracks if `track` is None.

    begin: first frame of the fade, or NOW. fade: frames. quantum: as for `StartRegion`.
    """

    track: str | None
    begin: int
    fade: int
    quantum: float = 0.0


@dataclass(frozen=True)
class ResumeRegion:
    """A region that was replaced, to play again where it would be by now.

    again: number of the region that goes on with a loop after its current turn. fade: frames.
    """

    region: Region
    again: int
    fade: int


@dataclass(frozen=True)
class SetLevel:
    """A level for the whole output, in dB, to be reached from the first frame not yet rendered on.

    frames: how long that takes. shape: of the course, see `level.OutputLevel`.
    """

    level: float
    frames: int = 0
    shape: str = "linear"


@dataclass(frozen=True)
class RestoreRegions:
    """The regions that the previous host was playing."""

    regions: tuple[Region, ...]


@dataclass(frozen=True)
class QuitHost:
    """A request to fade out and exit."""


HostCommand = (
    LoadClip
    | AttachClip
    | ExtendClip
    | UnloadClip
    | StartRegion
    | StartAfter
    | StopTrack
    | ResumeRegion
    | SetLevel
    | RestoreRegions
    | QuitHost
)


@dataclass(frozen=True)
class NumberedCommand:
    """A command with its sequence number, by which the host acknowledges it; 0 needs none."""

    number: int
    command: HostCommand


@dataclass(frozen=True)
class HostOpened:
    """The event that the device runs.

    rate: frames per second. block: frames per callback. inputs: number of input channels.
    """

    description: str
    rate: int
    block: int
    inputs: int


@dataclass(frozen=True)
class HostFailed:
    """The event that the device could not be opened, or has stopped."""

    text: str


@dataclass(frozen=True)
class HostReport:
    """The event that the host's regions have changed.

    done: number of the last command that has been executed. position: the first frame that is not
    yet rendered. regions: those that play or will play. rejected: numbers of regions that had
    nothing to follow.
    """

    done: int
    position: int
    regions: tuple[Region, ...]
    rejected: tuple[int, ...] = ()


HostEvent = HostOpened | HostFailed | HostReport
