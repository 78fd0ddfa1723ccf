"""The supervisor of the audio host: replaces a host that ends, hangs, or loses its device."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from msanii_live.errors import CommandError
from msanii_live.playback.command_queue import CommandQueue
from msanii_live.playback.commands import HostEvent, HostFailed, HostReport
from msanii_live.playback.host_proxy import HostProxy, SilentHost
from msanii_live.playback.shared_state import HostStat
from msanii_live.playback.sinks import AudioDeviceError
from msanii_live.playback.timebase import Timebase

log = logging.getLogger("msanii_live.player")

_RETRY_DELAYS = (0.1, 0.3, 0.6, 1.0, 2.0)  # s between attempts to open a device; the last repeats

OnEvent = Callable[[HostProxy, HostEvent], None]
OpenHost = Callable[[OnEvent, int], HostProxy]


class Supervisor:
    """The owner of the audio host. Commands and regions survive the loss of a host.

    host: the one in charge; after the loss of a device the last one, or a silent replacement.
    queue: the commands to it. on_warning: called with a text when the sound is lost and when it is
    back.
    """

    def __init__(self, timebase: Timebase, open_host: OpenHost | None, description: str) -> None:
        """Open a host. open_host: opens one, called with (on_event, origin); None plays silently.

        Raises: AudioDeviceError: the device cannot be opened.
        """
        self.on_warning: Callable[[str], None] = lambda text: None
        self._timebase = timebase
        self._open_host = open_host
        self._past_totals = {HostStat.UNDERFLOWS: 0, HostStat.UNDERRUNS: 0, HostStat.LOST_FRAMES: 0}
        self._closed = threading.Event()
        self._wake = threading.Event()
        self._failure: str | None = None
        self._retired: HostProxy | None = None
        if open_host is not None:
            self.host: HostProxy = open_host(self._on_event, timebase.origin)
        else:
            self.host = SilentHost(self._on_event, timebase.origin, description)
        self.queue = CommandQueue(self.host)
        timebase.use_host_clock(self.host.stats)
        if open_host is not None:
            threading.Thread(target=self._watch, name="audio supervisor", daemon=True).start()

    def stat(self, which: HostStat) -> int:
        """Return one of the host's statistics."""
        return int(self.host.stats[which])

    def total(self, which: HostStat) -> int:
        """Return a count over all hosts so far. which: UNDERFLOWS, UNDERRUNS or LOST_FRAMES."""
        return self._past_totals[which] + self.stat(which)

    def close(self) -> None:
        """Fade out and close the device. Closing twice is harmless."""
        if not self._closed.is_set():
            self._closed.set()
            self._wake.set()
            self._timebase.use_host_clock(None)
            self.host.close()

    def _on_event(self, host: HostProxy, event: HostEvent) -> None:
        if isinstance(event, HostFailed):
            if host is self._retired:
                return
            self._failure = self._failure or event.text
            self._wake.set()
        elif isinstance(event, HostReport):
            self.queue.acknowledge(host, event)

    def _watch(self) -> None:
        while not self._closed.is_set():
            self._wake.wait(0.1)
            if self._closed.is_set():
                return
            if self._failure is None and self.host.is_hanging():
                self._failure = "the audio host hangs"
            if self._failure is not None:
                try:
                    self._replace(self._failure)
                except Exception:  # whatever it was, try again
                    log.exception("the audio host could not be replaced")
                    self._closed.wait(_RETRY_DELAYS[-1])

    def _replace(self, why: str) -> None:
        assert self._open_host is not None
        log.warning("sound is lost: %s", why)
        self.on_warning(f"sound is lost ({why}): the device is being opened again")
        self._timebase.use_host_clock(None)
        self._retired = self.host
        self.host.close()
        attempt = 0
        while not self._closed.is_set():
            self._failure = None
            self._wake.clear()
            try:
                self._install(self._open_host(self._on_event, self._timebase.origin))
            except (AudioDeviceError, CommandError, OSError) as error:
                if attempt == 0:  # time and regions go on meanwhile
                    self._install(SilentHost(self._on_event, self._timebase.origin, str(error)))
                self._closed.wait(_RETRY_DELAYS[min(attempt, len(_RETRY_DELAYS) - 1)])
                attempt += 1
                continue
            log.warning("sound is back: %s", self.host.description)
            self.on_warning(f"sound is back: {self.host.description}")
            return

    def _install(self, host: HostProxy) -> None:
        """Put a host in charge and send it everything.

        Raises: CommandError: EOOM, shared memory has no room for the clips.
        """
        old = self.host
        try:
            self.queue.replay_to(host, old.rate)
        except CommandError:
            host.close()
            raise
        for which in self._past_totals:
            self._past_totals[which] += int(old.stats[which])
        self.host = host
        self._timebase.use_host_clock(host.stats)
        if isinstance(old, SilentHost):
            old.close()
        if self._closed.is_set():
            host.close()
