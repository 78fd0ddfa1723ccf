"""Keep a host at work: put another in its place when it ends, hangs, or loses its device."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from msanii_live.errors import CommandError
from msanii_live.playback.command_queue import Post
from msanii_live.playback.commands import Event, Failed, Table
from msanii_live.playback.host_proxy import HostProxy, SilentHost
from msanii_live.playback.shared_state import HostStat
from msanii_live.playback.sinks import AudioDeviceError
from msanii_live.playback.timebase import Timebase

log = logging.getLogger("msanii_live.player")

_PATIENCE = (0.1, 0.3, 0.6, 1.0, 2.0)  # s between attempts to open a lost device; the last repeats

Tell = Callable[[HostProxy, Event], None]
OpenHost = Callable[[Tell, int], HostProxy]


class Keeper:
    """Hold the host in charge. What it was told, and what it should sound, outlives it.

    host: in charge now; of a lost device the last one, or a silent stand-in. post: what reaches it.
    on_warning: called with a text when sound is lost, and when it is back.
    """

    def __init__(self, timebase: Timebase, open_host: OpenHost | None, description: str) -> None:
        """Open a host. open_host: makes one of (tell, origin); None plays silently.

        Raises: DeviceLost: the device cannot be opened.
        """
        self.on_warning: Callable[[str], None] = lambda text: None
        self._timebase = timebase
        self._open_host = open_host
        self._before = {HostStat.UNDERFLOWS: 0, HostStat.UNDERRUNS: 0, HostStat.LOST_FRAMES: 0}
        self._closed = threading.Event()
        self._woken = threading.Event()
        self._failure: str | None = None
        self._retired: HostProxy | None = None
        if open_host is not None:
            self.host: HostProxy = open_host(self._hear, timebase.origin)
        else:
            self.host = SilentHost(self._hear, timebase.origin, description)
        self.post = Post(self.host)
        timebase.follow(self.host.stats)
        if open_host is not None:
            threading.Thread(target=self._watch, name="player watch", daemon=True).start()

    def stat(self, which: HostStat) -> int:
        """Return one of the host's numbers."""
        return int(self.host.stats[which])

    def total(self, which: HostStat) -> int:
        """Return a count, with those of all hosts before. which: UNDERFLOWS, DRY or LOST."""
        return self._before[which] + self.stat(which)

    def close(self) -> None:
        """Fade out and give the device back; harmless when that was done."""
        if not self._closed.is_set():
            self._closed.set()
            self._woken.set()
            self._timebase.follow(None)
            self.host.close()

    def _hear(self, host: HostProxy, event: Event) -> None:
        if isinstance(event, Failed):
            if host is self._retired:
                return
            self._failure = self._failure or event.text
            self._woken.set()
        elif isinstance(event, Table):
            self.post.hear(host, event)

    def _watch(self) -> None:
        while not self._closed.is_set():
            self._woken.wait(0.1)
            if self._closed.is_set():
                return
            if self._failure is None and self.host.hangs():
                self._failure = "the audio host hangs"
            if self._failure is not None:
                try:
                    self._replace(self._failure)
                except Exception:  # whatever it was, sound must come back
                    log.exception("the audio host could not be replaced")
                    self._closed.wait(_PATIENCE[-1])

    def _replace(self, why: str) -> None:
        assert self._open_host is not None
        log.warning("sound is lost: %s", why)
        self.on_warning(f"sound is lost ({why}): the device is being opened again")
        self._timebase.follow(None)
        self._retired = self.host
        self.host.close()
        attempt = 0
        while not self._closed.is_set():
            self._failure = None
            self._woken.clear()
            try:
                self._install(self._open_host(self._hear, self._timebase.origin))
            except (AudioDeviceError, CommandError, OSError) as error:
                if attempt == 0:  # time goes on, and what should sound is kept track of
                    self._install(SilentHost(self._hear, self._timebase.origin, str(error)))
                self._closed.wait(_PATIENCE[min(attempt, len(_PATIENCE) - 1)])
                attempt += 1
                continue
            log.warning("sound is back: %s", self.host.description)
            self.on_warning(f"sound is back: {self.host.description}")
            return

    def _install(self, host: HostProxy) -> None:
        """Put a host in charge and tell it all.

        Raises: CommandError: EOOM, it has no room for the clips.
        """
        old = self.host
        try:
            self.post.move_to(host, old.rate)
        except CommandError:
            host.close()
            raise
        for which in self._before:
            self._before[which] += int(old.stats[which])
        self.host = host
        self._timebase.follow(host.stats)
        if isinstance(old, SilentHost):
            old.close()
        if self._closed.is_set():
            host.close()
