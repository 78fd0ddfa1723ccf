"""Check the loop of the audio host with a fake sink and a pipe, in this process."""

import multiprocessing
import threading
import time
from multiprocessing.connection import Connection

import numpy as np
import pytest

from msanii_live.playback import host_process
from msanii_live.playback.commands import (
    NOW,
    AttachClip,
    HostReport,
    NumberedCommand,
    QuitHost,
    StartRegion,
    UnloadClip,
)
from msanii_live.playback.host_process import PipeSender, _CommandReceiver, _run
from msanii_live.playback.mixer import Region
from msanii_live.playback.renderer import Renderer
from msanii_live.playback.shared_state import HostStat, RingBuffer, SharedArray
from tests.playback.fakes import TIMEOUT, FakeSink
from tests.playback.test_mixer import tone


class GreedySink(FakeSink):
    """A fake sink that takes 512 frames at each look."""

    def has_underrun(self, now: int) -> bool:
        self.take(512)
        return False


def renderer_on(sink: FakeSink) -> tuple[Renderer, list[HostReport]]:
    reports: list[HostReport] = []
    rings = [RingBuffer(np.zeros((50_000, 2), np.float32)) for _ in range(2)]
    renderer = Renderer(sink, np.zeros(len(HostStat), np.int64), *rings, reports.append)
    renderer.open(time.monotonic_ns())
    return renderer, reports


@pytest.fixture
def pipes():
    server, host = multiprocessing.Pipe()
    yield server, host
    server.close()
    host.close()


def run(sink: FakeSink, host: Connection, quit_signal: threading.Event) -> threading.Thread:
    renderer, _ = renderer_on(sink)
    args = renderer, _CommandReceiver(renderer), host, quit_signal
    thread = threading.Thread(target=_run, args=args, daemon=True)
    thread.start()
    return thread


def test_clips_in_shared_memory_are_played_and_let_go() -> None:
    sink = FakeSink()
    renderer, _ = renderer_on(sink)
    receiver = _CommandReceiver(renderer)
    before = len(sink.frames)
    wave = tone(1_000)
    shared = SharedArray(wave.shape, "float32", shared=True)
    shared.array[...] = wave
    receiver.execute(NumberedCommand(0, AttachClip(1, shared.name, len(wave))))
    shared.close()  # the host has its own mapping
    receiver.execute(NumberedCommand(1, StartRegion(Region(1, 1, "a", NOW, 1_000))))
    sink.take(2_000)
    renderer.render_ahead()
    assert np.array_equal(sink.frames[before : before + 1_000], wave)
    sink.take(4_096)
    renderer.render_ahead()
    receiver.execute(NumberedCommand(0, UnloadClip(1)))
    assert receiver._clips == {}


def test_a_clip_that_was_unloaded_before_it_came_is_passed_over() -> None:
    renderer, reports = renderer_on(FakeSink())
    receiver = _CommandReceiver(renderer)
    receiver.execute(NumberedCommand(0, AttachClip(1, "msanii-no-such-memory", 1_000)))
    receiver.execute(NumberedCommand(1, StartRegion(Region(1, 1, "a", NOW, 1_000))))
    assert reports == []


def test_quit_ends_the_loop(pipes) -> None:
    server, host = pipes
    thread = run(GreedySink(), host, threading.Event())
    server.send(NumberedCommand(0, QuitHost()))
    thread.join(TIMEOUT)
    assert not thread.is_alive()


def test_the_end_of_the_server_ends_the_loop(pipes) -> None:
    server, host = pipes
    thread = run(GreedySink(), host, threading.Event())
    server.close()
    thread.join(TIMEOUT)
    assert not thread.is_alive()


def test_a_signal_ends_the_loop(pipes) -> None:
    _, host = pipes
    quit_signal = threading.Event()
    thread = run(GreedySink(), host, quit_signal)
    quit_signal.set()
    thread.join(TIMEOUT)
    assert not thread.is_alive()


def test_a_device_that_takes_nothing_does_not_hold_up_the_end(
    pipes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_process, "_QUIT_TIMEOUT", 0.05)
    server, host = pipes
    thread = run(FakeSink(), host, threading.Event())
    server.send(NumberedCommand(0, QuitHost()))
    thread.join(TIMEOUT)
    assert not thread.is_alive()


def test_a_sender_never_waits_for_the_reader(pipes) -> None:
    server, host = pipes
    sender = PipeSender(host)
    big = bytes(2**20)  # more than a pipe holds
    for _ in range(4):
        sender.put(big)
    assert [len(server.recv()) for _ in range(4)] == [2**20] * 4
    sender.put("last")
    sender.close()
    assert server.recv() == "last"


def test_a_sender_survives_the_end_of_the_reader(pipes) -> None:
    server, host = pipes
    server.close()
    sender = PipeSender(host)
    sender.put("to no one")
    sender.close(TIMEOUT)
    assert not sender._thread.is_alive()
