"""The server's side of whatever renders: the audio host's process, or a silent thread."""

from __future__ import annotations

import multiprocessing
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from msanii_live.errors import Code, CommandError
from msanii_live.playback.commands import Attach, Drop, Event, Failed, Load, Numbered, Opened, Quit
from msanii_live.playback.host_process import Outbox, run_host, send_device_list
from msanii_live.playback.renderer import Stage
from msanii_live.playback.shared_state import (
    HISTORY_SECONDS,
    HostStat,
    HostStats,
    RingBuffer,
    SharedArray,
)
from msanii_live.playback.sinks import AudioDeviceError, SilentSink

OPEN_TIMEOUT = 10.0  # s that a device may take to open
_HIGHEST_RATE = 48_000  # at which KEPT seconds are kept; less at higher ones
_GRACE = 0.8  # s that a host may take to end


class HostProxy(Protocol):
    """Render somewhere. Every method may be called from any thread, and none waits."""

    stats: HostStats
    output: RingBuffer
    heard: RingBuffer
    description: str
    rate: int
    inputs: int
    pid: int

    def send(self, numbered: Numbered) -> None:
        """Have an order carried out."""

    def hangs(self) -> bool:
        """Tell whether it has not looked round for a second."""

    def close(self) -> None:
        """Fade out and end; waits for that, but not for long."""


class SilentHost:
    """Render on a thread of the server, at the clock's pace, to no one."""

    pid = 0
    inputs = 0

    def __init__(
        self, tell: Callable[[HostProxy, Event], None], origin: int, description: str
    ) -> None:
        """Begin at once. tell: takes events, on that thread. origin: of the timeline, ns."""
        sink = SilentSink(origin, description=description)
        self.description, self.rate = description, sink.rate
        self.stats = SharedArray((len(HostStat),), "int64", shared=False).array
        frames = round(HISTORY_SECONDS * sink.rate)
        self.output = RingBuffer(SharedArray((frames, 2), "float32", shared=False).array)
        self.heard = RingBuffer(np.zeros((1, 2), np.float32))
        self._stage = Stage(
            sink, self.stats, self.output, self.heard, lambda event: tell(self, event)
        )
        self._stage.open(origin)
        self._orders: queue.SimpleQueue[Numbered] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="silent player", daemon=True)
        self._thread.start()

    def send(self, numbered: Numbered) -> None:
        """Have an order carried out."""
        self._orders.put(numbered)

    def hangs(self) -> bool:
        """Tell that it does not: the server itself would."""
        return False

    def close(self) -> None:
        """End at once."""
        self._orders.put(Numbered(0, Quit()))
        self._thread.join(_GRACE)

    def _run(self) -> None:
        while True:
            try:
                numbered = self._orders.get(timeout=self._stage.pause)
            except queue.Empty:
                pass
            else:
                if isinstance(numbered.order, Quit):
                    return
                self._stage.take(numbered)
            self._stage.turn()


class ProcessHost:
    """Render in the audio host."""

    def __init__(
        self,
        tell: Callable[[HostProxy, Event], None],
        origin: int,
        device: str | int | None,
        listen: bool,
    ) -> None:
        """Start the process and wait for its device.

        tell: takes events, on a thread of this object's; Failed is the last.
        Raises: DeviceLost: there is none, or it does not open.
        """
        frames = round(HISTORY_SECONDS * _HIGHEST_RATE)
        _check_room(2 * frames * 8)
        self._tell = tell
        self._released = False
        self._blocks = [
            SharedArray((len(HostStat),), "int64", shared=True),
            SharedArray((frames, 2), "float32", shared=True),
            SharedArray((frames, 2), "float32", shared=True),
        ]
        self.stats = self._blocks[0].array
        self.output, self.heard = (RingBuffer(block.array) for block in self._blocks[1:])
        self._clips: dict[int, SharedArray] = {}
        self._lock = threading.Lock()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        names = (self._blocks[0].name, self._blocks[1].name, self._blocks[2].name)
        self._process = context.Process(
            target=run_host,
            args=(theirs, device, listen, origin, names, frames),
            name="msanii-live audio",
            daemon=True,
        )
        self._process.start()
        theirs.close()  # so that its end is seen here
        self.pid = self._process.pid or 0
        opened = self._first_words()
        self.description, self.rate, self.inputs = opened.description, opened.rate, opened.inputs
        self._outbox = Outbox(self._pipe)
        threading.Thread(target=self._listen, name="audio events", daemon=True).start()

    def send(self, numbered: Numbered) -> None:
        """Have an order carried out; samples go by shared memory.

        Raises: CommandError: EOOM, shared memory is full.
        """
        order = numbered.order
        if self._released:
            return  # the next host is told all
        if isinstance(order, Load):
            block = self._share(order)
            numbered = Numbered(numbered.number, Attach(order.clip, block.name, len(order.samples)))
        self._outbox.put(numbered)
        if isinstance(order, Drop):
            with self._lock:
                dropped = self._clips.pop(order.clip, None)
            if dropped is not None:
                dropped.close()

    def hangs(self) -> bool:
        """Tell whether it has not looked round for a second."""
        alive = int(self.stats[HostStat.HEARTBEAT])
        return bool(alive) and time.monotonic_ns() - alive > 1_000_000_000

    def close(self) -> None:
        """Fade out and end; a host that does not is killed."""
        self._outbox.put(Numbered(0, Quit()))
        self._process.join(_GRACE)
        self._kill()
        self._release()

    def _first_words(self) -> Opened:
        try:
            said = self._pipe.recv() if self._pipe.poll(OPEN_TIMEOUT) else None
        except (EOFError, OSError):
            said = Failed("the audio host ended as it started")
        if isinstance(said, Opened):
            return said
        self._kill()
        self._pipe.close()
        self._release()
        if isinstance(said, Failed):
            raise AudioDeviceError(said.text)
        raise AudioDeviceError(f"the audio device did not open within {OPEN_TIMEOUT:.0f} s")

    def _listen(self) -> None:
        text = "the audio host has ended"
        try:
            while True:
                event = self._pipe.recv()
                if isinstance(event, Failed):
                    text = event.text
                else:
                    self._tell(self, event)
        except (EOFError, OSError):
            self._tell(self, Failed(text))

    def _share(self, order: Load) -> SharedArray:
        _check_room(order.samples.nbytes)
        block = SharedArray(order.samples.shape, "float32", shared=True)
        block.array[...] = order.samples
        with self._lock:
            if self._released:
                block.close()
            else:
                self._clips[order.clip] = block
        return block

    def _kill(self) -> None:
        if self._process.is_alive():
            self._process.kill()
        self._process.join(_GRACE)

    def _release(self) -> None:
        """Give all shared memory back; gauges and recalls stay readable, as they last were."""
        with self._lock:
            self._released = True
            blocks, self._clips = list(self._clips.values()), {}
        self.stats = self.stats.copy()
        for block in (*blocks, *self._blocks):
            block.close()


def list_devices() -> tuple[list[dict[str, object]], int]:
    """Return all audio devices as PortAudio lists them, and the default output's place.

    Raises: DeviceLost: PortAudio is missing or does not answer.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=send_device_list, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        found, default = (
            ours.recv() if ours.poll(OPEN_TIMEOUT) else ("PortAudio does not answer", -1)
        )
    except EOFError:
        found, default = "PortAudio ended the process that asked for devices", -1
    finally:
        if process.is_alive():
            process.join(_GRACE)
            process.kill()
        ours.close()
    if isinstance(found, str):
        raise AudioDeviceError(found)
    return found, default


def _check_room(size: int) -> None:
    """Refuse what shared memory has no room for: to touch it all the same would end the process.

    Raises: CommandError: EOOM.
    """
    if sys.platform != "linux":
        return
    try:
        status = os.statvfs("/dev/shm")
    except OSError:
        return
    if status.f_bavail * status.f_frsize < size + 2**20:
        raise CommandError(
            Code.EOOM, f"shared memory (/dev/shm) has no room for {size / 2**20:.0f} MiB of sound"
        )
