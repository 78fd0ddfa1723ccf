"""Check that the stream never ends, never clicks, and says so when it waits for its engine."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import Samples, make_clip
from msanii_live.benchmarks.streaming import StreamLog, streaming
from msanii_live.engines.tones import Tones
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.params import Params
from msanii_live.playback.crossfade import largest_step
from msanii_live.protocol.commands import Generate, StreamStart, StreamStop
from tests.playback.fakes import wait_until
from tests.playback.test_mixer import tone

SHORT = StreamStart(chunk=1.0, ahead=1.0, at="none")


def stretch(player, seconds: float) -> Samples:
    """Return what was heard in the next seconds."""
    first = player.position("output")
    time.sleep(seconds)
    return player.read_history("output", first, player.position("output"))


def share_at(heard: Samples, frequency: float) -> float:
    """Return the share of the power that lies within 10 Hz of a frequency."""
    power = np.abs(np.fft.rfft(heard[:, 0] * np.hanning(len(heard)))) ** 2
    near = np.abs(np.fft.rfftfreq(len(heard), 1 / 44_100) - frequency) < 10
    return float(power[near].sum() / max(power.sum(), 1e-12))


def assert_goes_on(heard: Samples) -> None:
    blocks = heard[: len(heard) // 4_410 * 4_410].reshape(-1, 4_410 * 2)
    assert np.abs(blocks).max(axis=1).min() > 0.005, "it fell silent"
    # The steepest that three sines of 0.08 below 440 Hz can be, and a little for easing.
    assert largest_step(heard) < 0.03, "it clicked"


def test_chunk_follows_chunk(tmp_path):
    with streaming(tmp_path, "none", "tones", SHORT) as (
        player,
        stream,
        told,
    ):
        wait_until(lambda: len(told.chunks) >= 2)
        assert_goes_on(stretch(player, 3))
        wait_until(lambda: len(told.chunks) >= 4)
        assert [chunk[0] for chunk in told.chunks] == list(range(len(told.chunks)))
        for (_, start, seconds, took, ahead), after in zip(
            told.chunks, told.chunks[1:], strict=False
        ):
            assert seconds == pytest.approx(1.0, abs=0.01)
            assert after[1] == pytest.approx(start + seconds)
            assert took > 0
            assert ahead >= 1.0
        assert not told.warnings
        assert list(tmp_path.iterdir()) == []  # chunks are heard, not written
        stream.stop(fade=0.1)
        assert not stream.is_running
        wait_until(lambda: not player.regions())


def test_a_slow_engine_makes_the_last_bar_go_round(tmp_path, monkeypatch):
    run = Tones.run

    def slowly(self, command, context):
        clip = run(self, command, context)
        if command.address.endswith("outpaint"):
            time.sleep(4.0)
        return clip

    monkeypatch.setattr(Tones, "run", slowly)
    with streaming(tmp_path, "none", "tones", SHORT) as (player, _, told):
        wait_until(lambda: player.regions())
        first = next(region for region in player.regions() if not region.fallback)
        wait_until(lambda: told.lates == [0])
        assert player.now_playing() is not None
        wait_until(lambda: len(told.chunks) == 1)
        wait_until(lambda: any(not p.fallback and p.follows for p in player.regions()))
        joined = next(p for p in player.regions() if not p.fallback and p.follows)
        bar = 2 * 44_100  # 4 beats at 120 bpm
        turns = (joined.start + joined.length - 44_100 - first.start - first.length) / bar
        assert turns == pytest.approx(round(turns), abs=30 / bar)
        assert turns >= 1
        heard = stretch(player, 2)
        assert_goes_on(heard)


def test_it_goes_on_from_what_sounds(tmp_path):
    with streaming(tmp_path, "none", "tones", SHORT) as (player, stream, told):
        stream.stop()
        wait_until(lambda: not player.regions())
        told.chunks.clear()
        player.play(make_clip(tone(66_150, 220.0), 44_100, name="mine", bpm=120.0))
        wait_until(lambda: player.regions())
        (mine,) = player.regions()
        stream.start(StreamStart(chunk=1.0, ahead=1.0))
        wait_until(lambda: told.chunks)
        wait_until(
            lambda: any(p.follows == mine.number and not p.fallback for p in player.regions())
        )
        chunk = next(p for p in player.regions() if p.follows == mine.number and not p.fallback)
        assert chunk.start + chunk.length == mine.start + 66_150 + 44_100
        stream.start(StreamStart(chunk=1.0, ahead=1.0, timbre="harp"))
        assert any(text.startswith("timbre: not used") for text in told.warnings)
        wait_until(lambda: player.now() * 44_100 > chunk.start)
        assert_goes_on(stretch(player, 1.5))


def test_params_steer_the_next_chunks(tmp_path):
    params = Params()
    params.set("stream.seed", 7)
    params.set("stream.target", "target")
    params.set("stream.mix", 1.0)
    with streaming(tmp_path, "none", "tones", SHORT, params) as (
        player,
        stream,
        told,
    ):
        library = stream._services.library
        wait_until(lambda: told.warnings)  # there is no such clip yet; the last bar goes round
        assert "target" in told.warnings[0]
        library.add(make_clip(tone(44_100, 441.0, 0.5), 44_100, name="target"))
        told.chunks.clear()
        wait_until(lambda: len(told.chunks) >= 3)
        wait_until(lambda: player.regions()[-1].start / 44_100 < player.now() + 2)
        # At the level of the stream, not of the target.
        wait_until(lambda: share_at(stretch(player, 0.3), 441.0) > 0.95)
        assert np.abs(stretch(player, 0.3)).max() < 0.3


def test_a_source_that_is_not_there_is_refused(tmp_path):
    with streaming(tmp_path, "none", "tones") as (_, stream, _told):
        stream.stop()
        with pytest.raises(CommandError) as caught:
            stream.start(StreamStart(src="nothing"))
        assert caught.value.code is Code.ENOCLIP
        assert not stream.is_running
        assert StreamStop().fade == 0.02


class Gate:
    """A patch of the tones, whose clips are made only when the gate is open."""

    def __init__(self, monkeypatch) -> None:
        self.opened, make = threading.Event(), Tones.run

        def run(engine, command, context):
            while not self.opened.wait(0.01):
                context.progress(0, 1)  # raises if the job is cancelled
            return make(engine, command, context)

        monkeypatch.setattr(Tones, "run", run)


@pytest.mark.parametrize("source", ["last", "first"])
def test_a_stream_waits_for_the_clip_that_a_job_is_making(tmp_path, monkeypatch, source):
    gate = Gate(monkeypatch)
    with streaming(tmp_path, "none", "tones") as (player, stream, told):
        stream.stop()
        stream._scheduler.submit(Generate(seconds=2.0), "", "", "first")
        stream.start(replace(SHORT, src=source), told)
        stream.start(replace(SHORT, ahead=1.5), told)  # the settings change, the source does not
        assert stream.is_running
        assert not player.regions()
        gate.opened.set()
        wait_until(lambda: len(told.chunks) >= 2)
        assert [chunk[:2] for chunk in told.chunks[:1]] == [(0, 2.0)]  # after the clip
        assert not told.warnings


def test_a_stream_ends_with_a_reason_where_its_clip_never_comes(tmp_path, monkeypatch):
    Gate(monkeypatch)
    with streaming(tmp_path, "none", "tones") as (_, stream, _told):
        stream.stop()
        told = StreamLog()
        job = stream._scheduler.submit(Generate(seconds=2.0), "", "", "first")
        stream.start(replace(SHORT, src="first"), told)
        stream._scheduler.cancel([job])
        wait_until(lambda: told.reasons)
        assert "'first'" in told.reasons[0]
        assert not stream.is_running


def test_a_stop_of_all_ends_the_stream(tmp_path):
    with streaming(tmp_path, "none", "tones", SHORT) as (
        player,
        stream,
        told,
    ):
        wait_until(lambda: told.chunks)
        player.stop(None)
        wait_until(lambda: not stream.is_running)
        wait_until(lambda: not player.regions())
