"""Check which engines are made ready, and that the second one waits until no job is there."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from msanii_live.engines.builtin import AUDIO_ENGINE
from msanii_live.engines.tones import Tones
from msanii_live.server import warm_up
from msanii_live.server.warm_up import warm_audio_engine, warm_default


class Watched(Tones):
    """An engine that remembers what was done with it."""

    def __init__(self, needs_notes=False):
        super().__init__()
        self.done = []
        self.capabilities = replace(self.capabilities, needs_source_notes=needs_notes)

    def load(self):
        self.done.append("load")

    def warm(self):
        self.done.append("warm")


class Broken(Watched):
    """An engine whose weights are gone."""

    def load(self):
        raise OSError("no weights")


class FakeScheduler:
    """A scheduler that calls at once. busy: for how many looks a job is there."""

    def __init__(self, busy=0):
        self.busy = busy
        self.calls = 0
        self.warm_up = None
        durations = SimpleNamespace(set_warm_up=lambda seconds: setattr(self, "warm_up", seconds))
        self.worker = SimpleNamespace(tasks=self._tasks, durations=durations)

    def _tasks(self):
        self.busy -= 1
        return ["a job"] if self.busy >= 0 else []

    def run_between_jobs(self, call):
        assert self.busy < 0, "a job is there"
        self.calls += 1
        call()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(warm_up, "QUIET", 0.0)
    monkeypatch.setattr(warm_up, "MEMORY", 0)


def registry(default, audio):
    engines = {"": default, AUDIO_ENGINE: audio}
    return SimpleNamespace(get=lambda name="": engines[name])


def test_the_default_engine_is_loaded_and_run_and_the_time_of_a_second_run_is_kept():
    default, scheduler = Watched(), FakeScheduler()
    scheduler.busy = -1
    asyncio.run(warm_default(registry(default, None), scheduler))
    assert default.done == ["load", "warm", "warm"]
    assert scheduler.warm_up >= 0


def test_a_slow_engine_is_run_once(monkeypatch):
    monkeypatch.setattr(warm_up, "FIRST_RUN", 0.0)
    default, scheduler = Watched(), FakeScheduler(busy=-1)
    asyncio.run(warm_default(registry(default, None), scheduler))
    assert default.done == ["load", "warm"]


def test_the_engine_of_audio_waits_until_no_job_is_there():
    audio, scheduler = Watched(), FakeScheduler(busy=5)
    asyncio.run(warm_audio_engine(registry(Watched(needs_notes=True), audio), scheduler))
    assert audio.done == ["load", "warm"]
    assert scheduler.calls == 2, "a job may come between"


@pytest.mark.parametrize("scarce", [True, False])
def test_it_stays_away_where_nobody_needs_it_or_memory_is_scarce(monkeypatch, scarce):
    if scarce:
        monkeypatch.setattr(warm_up, "MEMORY", 1 << 60)
    audio, scheduler = Watched(), FakeScheduler()
    asyncio.run(warm_audio_engine(registry(Watched(needs_notes=scarce), audio), scheduler))
    assert audio.done == []


def test_a_broken_one_ends_nothing_and_is_logged(caplog):
    broken, scheduler = Broken(), FakeScheduler()
    asyncio.run(warm_audio_engine(registry(Watched(needs_notes=True), broken), scheduler))
    assert "mel-flow cannot be made ready: no weights" in caplog.text


def test_what_the_default_engine_raises_reaches_the_caller():
    scheduler = FakeScheduler()
    scheduler.busy = -1
    with pytest.raises(OSError, match="no weights"):
        asyncio.run(warm_default(registry(Broken(), None), scheduler))
