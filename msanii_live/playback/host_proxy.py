"""The server's proxies for whatever renders: the audio host's process, or a silent thread."""

from __future__ import annotations

import multiprocessing
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np

from msanii_live.errors import Code, CommandError
from msanii_live.playback.commands import (
    AttachClip,
    ExtendClip,
    HostEvent,
    HostFailed,
    HostOpened,
    LoadClip,
    NumberedCommand,
    QuitHost,
    UnloadClip,
)
from msanii_live.playback.host_process import PipeSender, run_host, send_device_list
from msanii_live.playback.renderer import Renderer
from msanii_live.playback.shared_state import (
    HISTORY_SECONDS,
    HostStat,
    HostStats,
    RingBuffer,
    SharedArray,
)
from msanii_live.playback.sinks import AudioDeviceError, SilentSink

OPEN_TIMEOUT = 10.0  # s in which a device must open
_HISTORY_RATE = 48_000  # at which HISTORY_SECONDS fit; less fits at higher rates
_CLOSE_TIMEOUT = 0.8  # s in which a host must end


class HostProxy(Protocol):
    """The server's view of an audio host.

    Every method may be called from any thread, and only `close` waits. stats: its statistics.
    output, captured: the last minute of its output and input. rate: frames per second. inputs:
    number of input channels. pid: of its process, 0 if it has none.
    """

    stats: HostStats
    output: RingBuffer
    captured: RingBuffer
    description: str
    rate: int
    inputs: int
    pid: int

    def send(self, numbered: NumberedCommand) -> None:
        """Have a command executed."""

    def is_hanging(self) -> bool:
        """Return whether its loop has not run for a second."""

    def close(self) -> None:
        """Fade out and end; wait for that, for at most a second or two."""


class SilentHost:
    """A host on a thread of the server that renders at the clock's pace and plays nothing."""

    pid = 0
    inputs = 0

    def __init__(
        self, on_event: Callable[[HostProxy, HostEvent], None], origin: int, description: str
    ) -> None:
        """Start at once. on_event: called on that thread. origin: of the timeline, ns."""
        sink = SilentSink(origin, description=description)
        self.description, self.rate = description, sink.rate
        self.stats = SharedArray((len(HostStat),), "int64", shared=False).array
        frames = round(HISTORY_SECONDS * sink.rate)
        self.output = RingBuffer(SharedArray((frames, 2), "float32", shared=False).array)
        self.captured = RingBuffer(np.zeros((1, 2), np.float32))
        self._renderer = Renderer(
            sink, self.stats, self.output, self.captured, lambda event: on_event(self, event)
        )
        self._renderer.open(origin)
        self._commands: queue.SimpleQueue[NumberedCommand] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="silent player", daemon=True)
        self._thread.start()

    def send(self, numbered: NumberedCommand) -> None:
        """Have a command executed."""
        self._commands.put(numbered)

    def is_hanging(self) -> bool:
        """Return False: it would hang with the server itself."""
        return False

    def close(self) -> None:
        """End at once."""
        self._commands.put(NumberedCommand(0, QuitHost()))
        self._thread.join(_CLOSE_TIMEOUT)

    def _run(self) -> None:
        while True:
            try:
                numbered = self._commands.get(timeout=self._renderer.pause)
            except queue.Empty:
                pass
            else:
                if isinstance(numbered.command, QuitHost):
                    return
                self._renderer.execute(numbered)
            self._renderer.render_ahead()


class ProcessHost:
    """The audio host in a process of its own."""

    def __init__(
        self,
        on_event: Callable[[HostProxy, HostEvent], None],
        origin: int,
        device: str | int | None,
        capture: bool,
    ) -> None:
        """Start the process and wait for its device.

        device: name or number, None for the default. capture: open its input too. on_event: called
        on a thread of this object; HostFailed is the last event.
        Raises: AudioDeviceError: it is absent or does not open. CommandError: EOOM.
        """
        frames = round(HISTORY_SECONDS * _HISTORY_RATE)
        _check_shared_memory(2 * frames * 8)
        self._on_event = on_event
        self._is_released = False
        self._blocks = [
            SharedArray((len(HostStat),), "int64", shared=True),
            SharedArray((frames, 2), "float32", shared=True),
            SharedArray((frames, 2), "float32", shared=True),
        ]
        self.stats = self._blocks[0].array
        self.output, self.captured = (RingBuffer(block.array) for block in self._blocks[1:])
        self._clips: dict[int, SharedArray] = {}
        self._lock = threading.Lock()
        context = multiprocessing.get_context("spawn")
        self._pipe, child_pipe = context.Pipe()
        names = (self._blocks[0].name, self._blocks[1].name, self._blocks[2].name)
        self._process = context.Process(
            target=run_host,
            args=(child_pipe, device, capture, origin, names, frames),
            name="msanii-live audio",
            daemon=True,
        )
        self._process.start()
        child_pipe.close()  # so that its end is seen here
        self.pid = self._process.pid or 0
        opened = self._wait_until_open()
        self.description, self.rate, self.inputs = opened.description, opened.rate, opened.inputs
        self._sender = PipeSender(self._pipe)
        threading.Thread(target=self._receive_events, name="audio events", daemon=True).start()

    def send(self, numbered: NumberedCommand) -> None:
        """Have a command executed; samples go by shared memory.

        Raises: CommandError: EOOM, shared memory is full.
        """
        command = numbered.command
        if self._is_released:
            return  # the command queue sends everything to the next host
        if isinstance(command, LoadClip):
            block = self._to_shared_memory(command)
            numbered = NumberedCommand(
                numbered.number,
                AttachClip(command.clip, block.name, len(command.samples), command.ready),
            )
        if isinstance(command, ExtendClip):
            if not self._write_more(command):
                return
            numbered = NumberedCommand(numbered.number, replace(command, samples=None))
        self._sender.put(numbered)
        if isinstance(command, UnloadClip):
            with self._lock:
                dropped = self._clips.pop(command.clip, None)
            if dropped is not None:
                dropped.close()

    def is_hanging(self) -> bool:
        """Return whether its loop has not run for a second."""
        alive = int(self.stats[HostStat.HEARTBEAT])
        return bool(alive) and time.monotonic_ns() - alive > 1_000_000_000

    def close(self) -> None:
        """Fade out and end; kill the process if it does not."""
        self._sender.put(NumberedCommand(0, QuitHost()))
        self._process.join(_CLOSE_TIMEOUT)
        self._kill()
        self._release()

    def _wait_until_open(self) -> HostOpened:
        try:
            event = self._pipe.recv() if self._pipe.poll(OPEN_TIMEOUT) else None
        except (EOFError, OSError):
            event = HostFailed("the audio host ended as it started")
        if isinstance(event, HostOpened):
            return event
        self._kill()
        self._pipe.close()
        self._release()
        if isinstance(event, HostFailed):
            raise AudioDeviceError(event.text)
        raise AudioDeviceError(f"the audio device did not open within {OPEN_TIMEOUT:.0f} s")

    def _receive_events(self) -> None:
        text = "the audio host has ended"
        try:
            while True:
                event = self._pipe.recv()
                if isinstance(event, HostFailed):
                    text = event.text
                else:
                    self._on_event(self, event)
        except (EOFError, OSError):
            self._on_event(self, HostFailed(text))

    def _to_shared_memory(self, command: LoadClip) -> SharedArray:
        _check_shared_memory(command.samples.nbytes)
        block = SharedArray(command.samples.shape, "float32", shared=True)
        block.array[...] = command.samples
        with self._lock:
            if self._is_released:
                block.close()
            else:
                self._clips[command.clip] = block
        return block

    def _write_more(self, command: ExtendClip) -> bool:
        """Write samples to a clip's shared memory; return False if it is not there any more."""
        with self._lock:
            block = self._clips.get(command.clip)
            if block is None or command.samples is None:
                return block is not None
            block.array[command.ready - len(command.samples) : command.ready] = command.samples
            return True

    def _kill(self) -> None:
        if self._process.is_alive():
            self._process.kill()
        self._process.join(_CLOSE_TIMEOUT)

    def _release(self) -> None:
        """Free all shared memory; statistics and recent audio stay readable as they last were."""
        with self._lock:
            self._is_released = True
            blocks, self._clips = list(self._clips.values()), {}
        self.stats = self.stats.copy()
        self.output, self.captured = self.output.copy(), self.captured.copy()
        for block in (*blocks, *self._blocks):
            block.close()


def list_devices() -> tuple[list[dict[str, object]], int]:
    """Return all audio devices as PortAudio lists them, and the index of the default output.

    Raises: AudioDeviceError: PortAudio is missing or does not answer.
    """
    context = multiprocessing.get_context("spawn")
    ours, child_pipe = context.Pipe()
    process = context.Process(target=send_device_list, args=(child_pipe,), daemon=True)
    process.start()
    child_pipe.close()
    try:
        found, default = (
            ours.recv() if ours.poll(OPEN_TIMEOUT) else ("PortAudio does not answer", -1)
        )
    except EOFError:
        found, default = "PortAudio ended the process that asked for devices", -1
    finally:
        if process.is_alive():
            process.join(_CLOSE_TIMEOUT)
            process.kill()
        ours.close()
    if isinstance(found, str):
        raise AudioDeviceError(found)
    return found, default


def _check_shared_memory(size: int) -> None:
    """Check that shared memory has room; writing to it when it is full would kill the process.

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
