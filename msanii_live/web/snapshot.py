"""What the page shows of the server, as JSON can hold it."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from msanii_live import __version__
from msanii_live.audio import Clip, ClipInfo
from msanii_live.errors import CommandError
from msanii_live.jobs.job import Job
from msanii_live.jobs.runner import Services
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.library import paths
from msanii_live.protocol import replies
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.web import meters

NEWEST = 60  # clips shown
EVENTS_KEPT = 200
PICTURES_KEPT = 128

# Replies that are news to whoever watches, whoever was answered.
NEWS = {
    reply.address
    for reply in (
        replies.JOB_DONE, replies.JOB_CANCELLED, replies.FAIL, replies.WARN, replies.LATE,
        replies.STREAM_CHUNK, replies.STREAM_LATE,
    )
}  # fmt: skip


class Line(Protocol):
    """Be a line of the log of what came in."""

    @property
    def age(self) -> float:
        """Seconds since it came."""

    def fields(self) -> tuple[str, str, str]:
        """Return sender, message and outcome."""


class Log(Protocol):
    """Be the log of what came in; `written` counts every line there ever was."""

    written: int

    def since(self, number: int) -> Sequence[Line]:
        """Return the lines after the first so many, of those that are kept."""


@dataclass(frozen=True)
class SnapshotSources:
    """Supply what the rooms beside this one know. All are called on the event loop.

    state: one of starting, idle, busy, stopping. time_source: who keeps time, in words.
    """

    state: Callable[[], str]
    osc: Callable[[], str]
    folder: Path
    counters: Callable[[], Mapping[str, int]]
    time_source: Callable[[], str]
    stream_runs: Callable[[], bool]
    stream_midi: Callable[[], str]
    log: Log


class ServerSnapshot:
    """Tell the page what it asks for. On the event loop's thread, but for `outline` and `mel`."""

    def __init__(self, shop: Services, scheduler: Scheduler, around: SnapshotSources) -> None:
        """Look at the parts of a server."""
        self._shop = shop
        self._scheduler = scheduler
        self._around = around
        self._meters = meters.Meters(shop.player)
        self._began = time.monotonic()
        self._started = time.time()
        self._events: deque[list[object]] = deque(maxlen=EVENTS_KEPT)
        self._told = 0
        self._pictures: OrderedDict[tuple[str, float, str], object] = OrderedDict()

    # -- sections of the page ---------------------------------------------------------------------

    def quick(self) -> dict[str, object]:
        """Return the sections that move: meters, jobs, what sounds, the stream."""
        return {
            "meters": self._meters.look(),
            "jobs": [self._job(job) for job in self._scheduler.jobs()],
            "sounding": meters.sounding(self._shop.player),
            "stream": self._stream(),
        }

    def slow(self) -> dict[str, object]:
        """Return the sections that change now and then."""
        shelf = self._shop.shelf
        return {
            "server": self._server(),
            "uptime": int(time.monotonic() - self._began),
            "transport": self._transport(),
            "engines": [self._engine(name) for name in shelf.names()],
            "clips": self._clips(),
            "counters": dict(self._around.counters()),
        }

    def log(self, since: int, most: int) -> dict[str, object]:
        """Return the newest `most` lines of the log after the first `since`, and how many are not.

        {written, missed, lines: [[Unix seconds, sender, message, outcome]]}
        """
        log, now = self._around.log, time.time()
        lines = log.since(since)[-most:]
        return {
            "written": log.written,
            "missed": log.written - since - len(lines),
            "lines": [[round(now - line.age, 3), *line.fields()] for line in lines],
        }

    @property
    def log_written(self) -> int:
        """Lines of the log that there ever were."""
        return self._around.log.written

    def record_event(self, message: ReplyMessage) -> None:
        """Record a reply if it is one of `EVENT_ADDRESSES`, whoever it is sent to."""
        if message.address in NEWS:
            self._told += 1
            self._events.append([round(time.time(), 3), message.address, *message.args])

    @property
    def events_told(self) -> int:
        """Replies that were news, ever."""
        return self._told

    def events(self, since: int, most: int) -> list[list[object]]:
        """Return the newest `most` of those after the first `since`: [[s, address, *arguments]]."""
        fresh = min(self._told - since, len(self._events), most)
        return list(self._events)[len(self._events) - fresh :]

    def snapshot(self) -> dict[str, object]:
        """Return every section but the meters, whose looks belong to the page."""
        return {
            "jobs": [self._job(job) for job in self._scheduler.jobs()],
            "sounding": meters.sounding(self._shop.player),
            "stream": self._stream(),
            **self.slow(),
        }

    # -- clips -----------------------------------------------------------------------------------

    def wav_path(self, name: str) -> Path | None:
        """Return a clip's file; None where there is no such clip, or no file of its own.

        It may be only in memory, or somebody has put a link to elsewhere in its place.
        """
        library = self._shop.library
        try:
            path = library.path(name)
        except CommandError:
            return None
        return path if paths.is_own_file(library.folder, path) else None

    def outline(self, name: str) -> object | None:
        """Return a clip's outline, see `shapes.outline`; None where there is no such clip."""
        from msanii_live.web.thumbnails import outline

        return self._picture(name, "outline", lambda clip: outline(clip.samples))

    def mel(self, name: str) -> object | None:
        """Return a clip's mel as PNG bytes, None where there is no such clip."""
        from msanii_live.web.thumbnails import mel_png

        return self._picture(name, "mel", lambda clip: mel_png(clip.samples, clip.info.sample_rate))

    def _picture(self, name: str, kind: str, draw: Callable[[Clip], object]) -> object | None:
        """Draw a clip, or return what was drawn of it before. One thread calls this."""
        library = self._shop.library
        try:
            key = (name, library.info(name).wrote, kind)
            if key not in self._pictures:
                self._pictures[key] = draw(library.get(name))
        except CommandError:
            return None
        self._pictures.move_to_end(key)
        if len(self._pictures) > PICTURES_KEPT:
            self._pictures.popitem(last=False)
        return self._pictures[key]

    # -- parts of the sections ---------------------------------------------------------------------

    def _server(self) -> dict[str, object]:
        shop, scheduler = self._shop, self._scheduler
        player, jobs = shop.player, scheduler.jobs()
        running = sum(job.state == "running" for job in jobs)
        state = self._around.state()
        return {
            "state": "busy" if state == "idle" and jobs else state,
            "version": __version__,
            "started": round(self._started, 3),
            "engine": shop.shelf.default,
            "device": shop.shelf.device,
            "memory_mb": round(shop.shelf.memory_mb()),
            "load": round(scheduler.load_percent()),
            "running": running,
            "waiting": len(jobs) - running,
            "osc": self._around.osc(),
            "folder": self._around.folder.as_posix(),
            "audio": player.description,
            "rate": player.rate,
            "latency_ms": round(1000 * player.latency),
            "xruns": player.xruns,
            "frames_lost": player.lost_frames,
        }

    def _engine(self, name: str) -> dict[str, object]:
        shelf = self._shop.shelf
        verbs = [verb.rsplit("/", 1)[1] for verb in shelf.verbs(name)]
        return {
            "name": name,
            "state": shelf.state(name),
            "default": name == shelf.default,
            "verbs": verbs,
            "styles": list(shelf.get(name).capabilities.styles) if verbs else [],
        }

    def _job(self, job: Job) -> dict[str, object]:
        return {
            "job": job.number,
            "token": job.token,
            "command": job.command.address,
            "clip": job.clip,
            "state": str(job.state),
            "step": job.step,
            "steps": job.steps,
            "eta": round(self._scheduler.eta(job), 1),
        }

    def _clips(self) -> dict[str, object]:
        infos = self._shop.library.infos()
        return {"total": len(infos), "newest": [_clip(info) for info in infos[:NEWEST]]}

    def _transport(self) -> dict[str, object]:
        transport = self._shop.transport
        now = transport.now()
        return {
            "bpm": round(transport.bpm, 3),
            "beats": transport.beats,
            "runs": transport.is_running,
            "source": self._around.time_source(),
            "bars": round(transport.bars_at(now), 3),
        }

    def _stream(self) -> dict[str, object] | None:
        if not self._around.stream_runs():
            return None
        lead = meters.stream_lead(self._shop.player) or {"state": "starting", "lead": 0.0}
        return {**lead, "midi": self._around.stream_midi()}


def _clip(info: ClipInfo) -> dict[str, object]:
    return {
        "name": info.name,
        "seconds": round(info.seconds, 3),
        "bpm": info.bpm,
        "seed": info.seed,
        "engine": info.engine,
        "style": info.style,
        "key": info.key,
        "loops": info.loops,
        "verb": str(info.command.get("address", "")).rsplit("/", 1)[-1],
        "parents": list(info.parents),
        "wrote": info.wrote,
    }
