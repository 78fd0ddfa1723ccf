"""The audio host: a separate process, so that no lock and no model of the server can delay it.

It imports NumPy and rtmixer and nothing heavier, and ends when the server does.
"""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import signal
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from msanii_live.playback.commands import (
    AttachClip,
    HostFailed,
    HostOpened,
    LoadClip,
    NumberedCommand,
    QuitHost,
    UnloadClip,
)
from msanii_live.playback.renderer import Renderer
from msanii_live.playback.shared_state import HostStat, RingBuffer, SharedArray
from msanii_live.playback.sinks import AudioDeviceError, DeviceSink

_PRIORITY = 10  # of SCHED_RR: above everything that is not audio, below JACK
_QUIT_TIMEOUT = 0.5  # s in which the sound may fade out


def run_host(
    pipe: Connection,
    device: str | int | None,
    capture: bool,
    origin: int,
    names: tuple[str, str, str],
    frames: int,
) -> None:
    """Open the device, then execute commands until the server quits it or ends.

    device: name or number, None for the default. capture: open its input too. origin: when frame 0
    of the timeline was heard, ns. names: of the shared arrays for statistics, output and input.
    frames: length of the latter two.
    """
    quit_signal = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group
    signal.signal(signal.SIGTERM, lambda *_: quit_signal.set())
    gc.disable()  # nothing here makes cycles, and a collection could take as long as a block
    realtime = _request_realtime_priority()
    sender = PipeSender(pipe)
    try:
        sink = DeviceSink(device, realtime=realtime, capture=capture)
    except AudioDeviceError as error:
        sender.put(HostFailed(str(error)))
        sender.close()
        return
    stats = SharedArray((len(HostStat),), "int64", shared=True, name=names[0])
    output = SharedArray((frames, 2), "float32", shared=True, name=names[1])
    captured = SharedArray((frames, 2), "float32", shared=True, name=names[2])
    stats.array[HostStat.REALTIME] = realtime
    rings = RingBuffer(output.array), RingBuffer(captured.array)
    renderer = Renderer(sink, stats.array, *rings, sender.put)
    receiver = _CommandReceiver(renderer)  # here, so that its clips stay mapped until the exit
    renderer.open(origin)
    sender.put(HostOpened(sink.description, sink.rate, sink.block, sink.inputs))
    try:
        _run(renderer, receiver, pipe, quit_signal)
    except AudioDeviceError as error:
        sender.put(HostFailed(str(error)))
    finally:
        sender.close()
        renderer.close()
        os._exit(0)  # PortAudio's own exit may wait for a device that is gone


def send_device_list(pipe: Connection) -> None:
    """Send all devices and the default output's index, or an error text, through a pipe.

    It runs in a process of its own, because PortAudio may hang or crash.
    """
    try:
        import sounddevice

        found: Any = [dict(d) for d in sounddevice.query_devices()]
        default = sounddevice.default.device[1]
    except OSError:
        found, default = "PortAudio is missing: apt-get install libportaudio2", -1
    except ImportError:
        found, default = "sounddevice is missing: pip install sounddevice", -1
    pipe.send((found, int(default)))
    pipe.close()


class PipeSender:
    """A queue in front of a pipe, so that a sender never waits for the reader."""

    def __init__(self, pipe: Connection) -> None:
        self._queue: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._pipe = pipe
        self._thread = threading.Thread(target=self._send, name="pipe sender", daemon=True)
        self._thread.start()

    def put(self, message: object) -> None:
        """Queue a message; it is sent as soon as the pipe takes it."""
        self._queue.put(message)

    def close(self, timeout: float = 0.5) -> None:
        """Wait until the queued messages are sent. timeout: seconds."""
        self._queue.put(None)
        self._thread.join(timeout)

    def _send(self) -> None:
        with contextlib.suppress(OSError):  # the other side has ended
            while (message := self._queue.get()) is not None:
                self._pipe.send(message)


class _CommandReceiver:
    """The commands from the pipe, on their way to the renderer: shared clips are attached first."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._clips: dict[int, SharedArray] = {}

    def execute(self, numbered: NumberedCommand) -> None:
        command = numbered.command
        if isinstance(command, AttachClip):
            try:
                clip = SharedArray((command.frames, 2), "float32", shared=True, name=command.name)
            except FileNotFoundError:  # it was unloaded before any region used it
                return
            self._clips[command.clip] = clip
            numbered = NumberedCommand(
                numbered.number, LoadClip(command.clip, clip.array, command.ready)
            )
        self._renderer.execute(numbered)
        if isinstance(command, UnloadClip) and command.clip in self._clips:
            self._clips.pop(command.clip).close()


def _run(
    renderer: Renderer, receiver: _CommandReceiver, pipe: Connection, quit_signal: threading.Event
) -> None:
    """Execute commands and render, until the end.

    Raises: AudioDeviceError: the device has stopped.
    """
    deadline: float | None = None  # set once the host is quitting
    while True:
        try:
            while deadline is None and pipe.poll():
                numbered = pipe.recv()
                receiver.execute(numbered)
                if isinstance(numbered.command, QuitHost):
                    deadline = time.monotonic() + _QUIT_TIMEOUT
            server_ended = False
        except (EOFError, OSError):
            server_ended = True
        if deadline is None and (server_ended or quit_signal.is_set()):
            receiver.execute(NumberedCommand(0, QuitHost()))
            deadline = time.monotonic() + _QUIT_TIMEOUT
        renderer.render_ahead()
        if deadline is not None and (renderer.has_ended or time.monotonic() > deadline):
            return
        time.sleep(renderer.pause)


def _request_realtime_priority() -> bool:
    """Request real-time priority; return whether it was granted."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_PRIORITY))
    except (AttributeError, OSError):  # not Linux, or not allowed
        return False
    return True
