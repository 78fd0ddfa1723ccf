"""The player of `--audio none`: it keeps time and sounds nothing."""

from __future__ import annotations

from msanii_live.audio import Clip
from msanii_live.player.sounds import RATE
from msanii_live.player.timeline import Place, Timeline
from msanii_live.player.transport import Transport


class SilentPlayer:
    """Follow the clock as a device would, so that what sounds "now" is known without one."""

    xruns = 0
    latency = 0.0

    def __init__(self, transport: Transport, description: str = "none") -> None:
        """Stand at frame 0. description: what `/msanii/caps` says of the audio device."""
        self.description = description
        self._timeline = Timeline(transport, RATE)
        self._origin = transport.now()

    def start(self) -> None:
        """Do nothing: the clock runs already."""

    def close(self) -> None:
        """Forget what sounds."""
        self.stop(None, at="none", fade=0.0)

    def play(self, clip: Clip, *, at: str, loop: bool, gain_db: float, fade: float) -> None:
        """Take a clip as sounding from then on.

        Raises: CommandError: ERANGE, `at` is illegal.
        """
        place = self._place()
        samples = self._timeline.fit(clip)
        self._timeline.play(clip, samples, place, at=at, loop=loop, gain_db=gain_db, fade=fade)

    def stop(self, name: str | None, *, at: str, fade: float) -> None:
        """Take a clip, or all, as silent from then on.

        Raises: CommandError: ERANGE, `at` is illegal.
        """
        self._timeline.stop(name, self._place(), at=at, fade=fade)

    def current(self) -> Clip | None:
        """Return the clip that started last of those that would sound now."""
        frame = self._place().earliest
        self._timeline.prune(frame)
        return self._timeline.current(frame)

    def _place(self) -> Place:
        now = self._timeline.transport.now()
        frame = (now - self._origin) * RATE
        return Place(now, frame, round(frame))
