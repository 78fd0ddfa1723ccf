"""The audio host: a process of its own, so that no lock and no model of the server reaches it.

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
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from msanii_live.playback.commands import Attach, Drop, Failed, Load, Numbered, Opened, Quit
from msanii_live.playback.renderer import Stage
from msanii_live.playback.shared_state import HostStat, RingBuffer, SharedArray
from msanii_live.playback.sinks import AudioDeviceError, DeviceSink

_PRIORITY = 10  # of SCHED_RR: over all that is not audio, under JACK
_LAST_WORDS = 0.5  # s that sound may take to fade out after the end was asked for


def run_host(
    pipe: Connection,
    device: str | int | None,
    listen: bool,
    origin: int,
    names: tuple[str, str, str],
    frames: int,
) -> None:
    """Be the host: open the device, then carry out orders until told to end or left alone.

    origin: when frame 0 of the timeline was heard, ns. names: of the shared blocks for gauges,
    output and input. frames: of sound that the latter two hold.
    """
    asked_to_end = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group
    signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
    gc.disable()  # nothing here makes cycles, and a collection could take a block's time
    realtime = _ask_priority()
    outbox = Outbox(pipe)
    try:
        sink = DeviceSink(device, realtime=realtime, listen=listen)
    except AudioDeviceError as lost:
        outbox.put(Failed(str(lost)))
        outbox.close()
        return
    stats = SharedArray((len(HostStat),), "int64", shared=True, name=names[0])
    output = SharedArray((frames, 2), "float32", shared=True, name=names[1])
    heard = SharedArray((frames, 2), "float32", shared=True, name=names[2])
    stats.array[HostStat.REALTIME] = realtime
    stage = Stage(sink, stats.array, RingBuffer(output.array), RingBuffer(heard.array), outbox.put)
    stage.open(origin)
    outbox.put(Opened(sink.description, sink.rate, sink.block, sink.inputs))
    try:
        _serve(stage, pipe, asked_to_end)
    except AudioDeviceError as lost:
        outbox.put(Failed(str(lost)))
    finally:
        outbox.close()
        stage.close()
        os._exit(0)  # PortAudio's own exit may wait for a device that is gone


def send_device_list(pipe: Connection) -> None:
    """Send what `outputs` finds through a pipe: in a process of its own, for PortAudio's sake."""
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


class Outbox:
    """Send through a pipe without ever waiting for the other side to read."""

    def __init__(self, pipe: Connection) -> None:
        self._queue: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._pipe = pipe
        self._thread = threading.Thread(target=self._send, name="outbox", daemon=True)
        self._thread.start()

    def put(self, message: object) -> None:
        """Send a message, as soon as the pipe takes it."""
        self._queue.put(message)

    def close(self, timeout: float = 0.5) -> None:
        """Send what waits, then close the pipe, within a time in seconds."""
        self._queue.put(None)
        self._thread.join(timeout)

    def _send(self) -> None:
        with contextlib.suppress(OSError):  # no one is left to be told
            while (message := self._queue.get()) is not None:
                self._pipe.send(message)


def _serve(stage: Stage, pipe: Connection, asked_to_end: threading.Event) -> None:
    """Take orders and turn until the end.

    Raises: DeviceLost.
    """
    clips: dict[int, SharedArray] = {}
    take = _taker(stage, clips)
    leaving = False
    deadline = 0.0
    while True:
        try:
            while not leaving and pipe.poll():
                numbered = pipe.recv()
                leaving = isinstance(numbered.order, Quit)
                take(numbered)
        except (EOFError, OSError):  # the server is gone
            take(Numbered(0, Quit()))
            leaving = True
        if asked_to_end.is_set() and not leaving:
            take(Numbered(0, Quit()))
            leaving = True
        if leaving and not deadline:
            deadline = time.monotonic() + _LAST_WORDS
        stage.turn()
        if leaving and (stage.ended or time.monotonic() > deadline):
            return
        time.sleep(stage.pause)


def _taker(stage: Stage, clips: dict[int, SharedArray]) -> Callable[[Numbered], None]:
    def take(numbered: Numbered) -> None:
        order = numbered.order
        if isinstance(order, Attach):
            try:
                block = SharedArray((order.frames, 2), "float32", shared=True, name=order.name)
            except FileNotFoundError:  # it was dropped before it was ever wanted
                return
            clips[order.clip] = block
            stage.take(Numbered(numbered.number, Load(order.clip, block.array)))
            return
        stage.take(numbered)
        if isinstance(order, Drop) and order.clip in clips:
            clips.pop(order.clip).close()

    return take


def _ask_priority() -> bool:
    """Ask for real-time priority; a refusal is lived with."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_PRIORITY))
    except (AttributeError, OSError):  # not Linux; not allowed
        return False
    return True
