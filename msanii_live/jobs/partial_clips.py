"""The clips of jobs as far as they are made, for those who listen over HTTP meanwhile."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from msanii_live.audio import Samples
from msanii_live.engines.spans import SpanPlan

REMEMBERED = 64  # jobs that have ended


@dataclass(frozen=True)
class Progress:
    """How much of a clip is there.

    plan: of the spans; None until the engine tells it, and for one that hands nothing over. spans:
    those that are there, each float32, (frames, channels). attempt: counts the times that the clip
    was begun. failure: why there will be none; "" while there may be. is_ended: the job has ended;
    without a failure the clip is in the library. blake2b: of its file then; "" where unknown.
    """

    plan: SpanPlan | None = None
    spans: tuple[Samples, ...] = ()
    attempt: int = 0
    failure: str = ""
    is_ended: bool = False
    blake2b: str = ""


class PartialClip:
    """A job's clip while it is made: the receiver of its spans, which any number of readers read.

    The job never waits for a reader. name: that the clip will have. Every method is safe from any
    thread.
    """

    def __init__(self, name: str) -> None:
        """Begin with nothing."""
        self.name = name
        self._lock = threading.Lock()
        self._progress = Progress()
        self._listeners: list[Callable[[], object]] = []

    @property
    def progress(self) -> Progress:
        """How much is there now."""
        return self._progress

    @property
    def is_awaited(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def begin(self, plan: SpanPlan) -> None:
        """Begin the clip, perhaps anew; see `SpanReceiver`."""
        self._change(lambda now: Progress(plan, attempt=now.attempt + 1))

    def take(self, samples: Samples) -> None:
        """Add the next span; see `SpanReceiver`."""
        self._change(lambda now: replace(now, spans=(*now.spans, samples)))

    def end(self, failure: str = "", blake2b: str = "") -> None:
        """Note that the job has ended.

        failure: why there is no clip; "" if there is one. blake2b: see `Progress`.
        """
        self._change(lambda now: replace(now, failure=failure, is_ended=True, blake2b=blake2b))
        self._release()

    def listen(self, call: Callable[[], object]) -> Callable[[], None]:
        """Have something called, on the job's thread, whenever there is more.

        Returns what ends that. Until then the spans are kept, even after the job has ended.
        """
        with self._lock:
            self._listeners.append(call)

        def stop() -> None:
            with self._lock:
                self._listeners.remove(call)
            self._release()

        return stop

    def _change(self, changed: Callable[[Progress], Progress]) -> None:
        with self._lock:
            self._progress = changed(self._progress)
            listeners = tuple(self._listeners)
        for call in listeners:
            call()

    def _release(self) -> None:
        """Let go of the spans once nobody needs them: the clip's file has the same samples."""
        with self._lock:
            if self._progress.is_ended and not self._listeners:
                self._progress = replace(self._progress, spans=())


class PartialClips:
    """The clips of all jobs that have not ended, and of the last ones that have, by job number."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._clips: OrderedDict[int, PartialClip] = OrderedDict()

    def add(self, number: int, name: str) -> PartialClip:
        """Return the clip of a new job, in which nothing is there."""
        with self._lock:
            self._clips[number] = clip = PartialClip(name)
            ended = [at for at, each in self._clips.items() if each.progress.is_ended]
            for at in ended[:-REMEMBERED]:
                del self._clips[at]
            return clip

    def get(self, number: int | None) -> PartialClip | None:
        """Return the clip of a job, None if it is unknown. number: None for the newest."""
        with self._lock:
            if number is None:
                number = next(reversed(self._clips), None)
            return None if number is None else self._clips.get(number)
