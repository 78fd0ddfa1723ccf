"""Check that a command which asks for too much is refused before anything is heard."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import Clip, make_clip
from msanii_live.engines.tones import Tones
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.lazy_transcriber import LazyTranscriber
from msanii_live.jobs.lengths import check_lengths
from msanii_live.jobs.runner import run_task
from msanii_live.jobs.task import Inputs, Task, TaskHandle
from msanii_live.protocol.commands import (
    Accompany,
    AudioToAudio,
    Inpaint,
    Interpolate,
    Outpaint,
)
from tests.jobs.test_scheduler import services as services

TEN = 10  # Hz: only the lengths matter


class Composing(Tones):
    """An engine of 190 s that needs notes, as the composer."""

    capabilities = replace(Tones.capabilities, needs_source_notes=True)


def long_clip(seconds: float, bpm: float = 0.0) -> Clip:
    return make_clip(np.zeros((round(TEN * seconds), 2), np.float32), TEN, bpm=bpm)


def check(command, *clips: Clip) -> None:
    sources = dict(zip("ab", clips, strict=False))
    check_lengths(command, sources.__getitem__, Composing(), (120.0, 4))


TOO_LONG = [
    (Outpaint(src="a", seconds=10), 595.0, "605.00 s: it must be 0.05 to 600 s"),
    (Outpaint(src="a", seconds=10, side="left"), 595.0, "605.00 s"),
    (Outpaint(src="a", bars=8, bpm=60, metre="5/4"), 590.0, "630.00 s"),
    (Inpaint(src="a", start=9, end=12), 5.0, "within the clip's 5.000 s"),
    (Inpaint(src="a", start=3, end=2), 5.0, "in this order"),
    (AudioToAudio(src="a"), 601.0, "601.00 s"),
    (AudioToAudio(src="a", engine="composer"), 191.0, "0.05 to 190 s"),
    (Accompany(src="a", parts="bass"), 191.0, "0.05 to 190 s"),
]


@pytest.mark.parametrize(("command", "seconds", "words"), TOO_LONG)
def test_what_is_too_long_is_told_with_the_limit(command, seconds, words) -> None:
    with pytest.raises(CommandError) as refused:
        check(command, long_clip(seconds))
    assert refused.value.code is Code.ERANGE
    assert words in refused.value.text


@pytest.mark.parametrize(
    ("command", "seconds"),
    [
        (Outpaint(src="a", seconds=10), 590.0),
        (Outpaint(src="a", seconds=10, keep=0), 599.0),
        (Outpaint(src="a", bars=100), 599.0),  # its tempo is yet to be heard
        (Inpaint(src="a", start=3, end=9), 5.0),
        (AudioToAudio(src="a"), 300.0),  # of mel-flow, if it is no music
        (AudioToAudio(src="a", engine="composer", strength=0), 300.0),
        (Accompany(src="input", parts="bass"), 999.0),
    ],
)
def test_what_may_be_is_left_to_the_engine(command, seconds) -> None:
    check(command, long_clip(seconds))


def test_the_shorter_of_two_clips_counts() -> None:
    check(Interpolate(a="a", b="b", engine="composer"), long_clip(500), long_clip(100))
    with pytest.raises(CommandError, match=r"300\.00 s"):
        check(Interpolate(a="a", b="b", engine="composer"), long_clip(500), long_clip(300))


def test_a_task_is_refused_before_its_source_is_listened_to(services, monkeypatch) -> None:
    def listen(*_: object) -> None:
        raise AssertionError("it was listened to")

    monkeypatch.setattr(LazyTranscriber, "listen", listen)
    monkeypatch.setattr(type(services), "engine", lambda *_: Composing())
    source = make_clip(np.zeros((595 * TEN, 2), np.float32), TEN, name="a")
    task = Task(Outpaint(src="a", seconds=10), 1, Inputs(services, {"a": source}))
    with pytest.raises(CommandError, match=r"605\.00 s: it must be"):
        run_task(services, task, TaskHandle(task))
