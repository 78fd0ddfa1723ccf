"""Check what a worker does, without Ray: calls, sources, warnings, cancelling and lost clips."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from msanii_live import __version__
from msanii_live.audio import make_clip
from msanii_live.cluster.calls import (
    CLIP,
    CallNews,
    ContextPlace,
    EngineCall,
    EngineSetup,
    Failure,
    MadeSpan,
    SourceRequest,
)
from msanii_live.cluster.engine_actor import EngineActor, likely_device
from msanii_live.cluster.kept_clips import KeptClips, clip_bytes, clip_key
from msanii_live.cluster.link import connection_failure
from msanii_live.cluster.needs import BASE_BYTES, worker_bytes
from msanii_live.cluster.news_hub import NewsHub
from msanii_live.cluster.received_spans import ReceivedSpans
from msanii_live.cluster.target import WorkerTarget, gpu_share, worker_count
from msanii_live.engines.spans import SpanPlan
from msanii_live.errors import Code, CommandError
from msanii_live.protocol.commands import Generate, Outpaint

SOURCE = make_clip(np.full((44_100, 2), 0.1, np.float32), 44_100, bpm=120.0)


@pytest.fixture
def hub():
    return NewsHub()


@pytest.fixture
def actor(hub):
    setup = EngineSetup(
        "cpu", "tones", "vocos", False, "auto", False, "none", False, 0, __version__
    )
    return EngineActor(setup, SimpleNamespace(tell=SimpleNamespace(remote=hub.tell)))


def call(number, command, method="run"):
    return EngineCall(number, "tones", method, (command, ContextPlace()), 120.0, 4, 7, False)


def in_thread(actor, it):
    """Run a call as Ray does, beside the test; return what gives its end."""
    ends = []
    thread = threading.Thread(target=lambda: ends.append(actor.run(it)))
    thread.start()

    def end():
        thread.join(20)
        return ends[0]

    return end


def request(hub, number):
    """Return the request of a call once it comes."""
    while told := hub.poll(20.0):
        for told_number, news in told:
            if told_number == number and news.request is not None:
                return news.request
    return None


def test_a_call_returns_its_clip_and_the_last_news(actor):
    end, made = actor.run(call(1, Generate(seconds=1.0, steps=2)))
    assert end.failure is None
    assert made.info.frames == 44_100
    assert (end.news.step, end.news.steps) == (2, 2)
    assert actor.news(1) is None  # it has ended


def test_an_error_is_a_value(actor):
    end, made = actor.run(call(1, Generate(), method="nothing"))
    assert made is None
    assert end.failure.error().code is Code.EINTERNAL


def test_a_worker_asks_for_a_source_and_keeps_it(actor, hub):
    key, command = clip_key(SOURCE), Outpaint(src="a", seconds=1.0, steps=1)
    end = in_thread(actor, call(1, command))
    assert request(hub, 1) == SourceRequest(CLIP, "a")
    actor.give(1, SourceRequest(CLIP, "a"), key, SOURCE)
    assert end()[1].info.frames == 88_200
    again = in_thread(actor, call(2, command))
    assert request(hub, 2) == SourceRequest(CLIP, "a")
    actor.give(2, SourceRequest(CLIP, "a"), key, None)  # by its key alone
    assert again()[1].info.frames == 88_200


def test_sources_come_with_a_call_and_only_what_is_not_kept_is_asked_for(actor, hub):
    key, command = clip_key(SOURCE), Outpaint(src="a", seconds=1.0, steps=1)
    with_source = replace(call(1, command), sources=(("a", key),))
    assert actor.run(with_source, SOURCE)[1].info.frames == 88_200
    assert actor.run(replace(with_source, number=2))[1].info.frames == 88_200  # it is kept
    end = in_thread(actor, replace(with_source, number=3, sources=(("a", "unknown"),)))
    asked = request(hub, 3)
    assert asked == SourceRequest(CLIP, "a", has_lost=True)
    actor.give(3, asked, key, SOURCE)
    assert end()[1].info.frames == 88_200


def test_a_worker_asks_again_for_what_it_does_not_keep(actor, hub):
    end = in_thread(actor, call(1, Outpaint(src="a", seconds=1.0, steps=1)))
    actor.give(1, request(hub, 1), "unknown", None)
    again = request(hub, 1)
    assert again == SourceRequest(CLIP, "a", has_lost=True)
    actor.give(1, again, "unknown", SOURCE)
    assert end()[1].info.frames == 88_200


def test_a_source_that_is_missing_fails_the_call_as_in_the_server(actor, hub):
    end = in_thread(actor, call(1, Outpaint(src="a")))
    error = CommandError(Code.ENOCLIP, "no clip a")
    actor.give(1, request(hub, 1), "", Failure.of(error))
    assert end()[0].failure.error().code is Code.ENOCLIP


def test_a_call_is_cancelled_at_its_next_step_or_before_it_begins(actor, hub):
    end = in_thread(actor, call(1, Generate(seconds=1.0, steps=1000)))
    hub.poll(20.0)
    actor.cancel(1)
    assert end()[0].failure.is_cancelled
    actor.cancel(2)
    assert actor.run(call(2, Generate(seconds=1.0)))[0].failure.is_cancelled


def test_a_waiting_worker_is_told_that_its_call_is_cancelled(actor, hub):
    end = in_thread(actor, call(1, Outpaint(src="a")))
    assert request(hub, 1) is not None
    actor.cancel(1)
    assert end()[0].failure.is_cancelled


def test_kept_clips_are_bounded_and_the_least_used_goes():
    kept = KeptClips(limit=3 * clip_bytes(SOURCE))
    for key in "abc":
        kept.add(key, SOURCE, clip_bytes(SOURCE))
    assert kept.get("a") is SOURCE
    kept.add("d", SOURCE, clip_bytes(SOURCE))
    assert "b" not in kept
    assert all(key in kept for key in "acd")


def test_a_clip_of_other_sound_or_facts_has_another_key():
    louder = make_clip(np.full((44_100, 2), 0.2, np.float32), 44_100, bpm=120.0)
    assert len({clip_key(it) for it in (SOURCE, SOURCE.renamed("b"), louder)}) == 3


def test_gpus_are_shared_where_there_are_fewer_than_workers():
    assert [gpu_share(gpus, 2) for gpus in (0, 1, 2, 8)] == [0.0, 0.5, 1.0, 1.0]


def test_what_is_wrong_with_a_connection_is_said_in_words():
    versions = connection_failure("ray://a:1", RuntimeError("Version mismatch: 3.11 and 3.12"))
    assert "same Python" in versions
    assert "worker --head" in connection_failure("ray://a:1", ConnectionError("timeout"))


def test_a_server_takes_what_is_free_and_one_worker_a_node_without_gpus():
    assert worker_count({"GPU": 4}, {"GPU": 4}, 0) == 4
    assert worker_count({"GPU": 4}, {"GPU": 1}, 2) == 3  # another server uses one
    assert worker_count({"GPU": 4}, {}, 0) == 1  # it waits for one
    nodes = {"CPU": 8, "node:10.0.0.1": 1, "node:10.0.0.2": 1, "node:__internal_head__": 1}
    assert worker_count(nodes, {"CPU": 8}, 0) == 2


def test_the_option_of_workers_names_a_cluster_and_how_many():
    assert WorkerTarget.parse("ray://box:1/3") == WorkerTarget("ray://box:1", 3)
    assert WorkerTarget.parse("ray://box:1").is_growing
    assert not WorkerTarget.parse("ray://box:1/3").is_growing
    assert not WorkerTarget.parse("auto").is_growing


def test_a_hub_keeps_what_nobody_has_asked_for_and_tells_it_once():
    hub = NewsHub()
    hub.tell(1, CallNews(1, 8, ("first",)))
    hub.tell(2, CallNews(5, 8))
    hub.tell(1, CallNews(2, 8, ("second",)))
    assert dict(hub.poll(10.0)) == {1: CallNews(2, 8, ("first", "second")), 2: CallNews(5, 8)}
    assert hub.poll(0.0) == []


def test_spans_of_a_clip_are_told_in_order_and_what_is_missing_comes_with_the_clip():
    taken = []

    class Receiver:
        def begin(self, plan):
            taken.clear()

        def take(self, samples):
            taken.append(samples)

    spans = ReceivedSpans(Receiver())
    first, second, third = (
        MadeSpan(start, SOURCE.samples[start : start + 14_700]) for start in (0, 14_700, 29_400)
    )
    plan = SpanPlan(44_100, 44_100, (14_700,) * 3)
    spans.take(CallNews(0, 0, plan=plan, spans=(first,)))
    spans.take(CallNews(0, 0, spans=(third,)))  # the second was lost on its way
    assert len(taken) == 1
    spans.take(CallNews(0, 0, spans=(second,)))
    spans.complete(SOURCE)
    np.testing.assert_array_equal(np.concatenate(taken), SOURCE.samples)
    assert [len(samples) for samples in taken] == [14_700] * 3
    spans.take(CallNews(0, 0, plan=plan, spans=(first,)))  # it is made again, by another worker
    assert len(taken) == 1


def test_a_hub_tells_a_clip_that_is_begun_anew_without_the_spans_of_before():
    plan, span = SpanPlan(2, 1, (1, 1)), MadeSpan(0, SOURCE.samples[:1])
    before, anew = CallNews(0, 0, plan=plan, spans=(span, span)), CallNews(0, 0, plan=plan)
    assert anew.after(before).spans == ()
    assert CallNews(0, 0, spans=(span,)).after(before).spans == (span,) * 3


def test_a_worker_asks_for_memory_by_its_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("MSANII_LIVE_MODELS", str(tmp_path / "models"))
    (tmp_path / "weights.safetensors").write_bytes(bytes(1000))
    assert worker_bytes(str(tmp_path)) == BASE_BYTES + 1000
    assert worker_bytes(str(tmp_path / "weights.safetensors")) == BASE_BYTES + 1000
    assert worker_bytes("ace-step-turbo") == BASE_BYTES + 12 * 10**9
    assert worker_bytes("tones") == BASE_BYTES


def test_the_device_of_a_worker_is_known_before_pytorch_is_loaded(actor):
    assert actor.facts().device in ("cpu", "mps", "cuda")
    assert [likely_device("auto", gpu, "linux") for gpu in ("", "1")] == ["cpu", "cuda"]
