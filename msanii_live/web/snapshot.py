"""The state of the server as the page shows it, ready for JSON."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from pathlib import Path

from msanii_live import __version__
from msanii_live.audio import Clip, ClipInfo
from msanii_live.errors import CommandError
from msanii_live.jobs.job import Job
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.jobs.services import Services
from msanii_live.library import companions, paths
from msanii_live.notes import PARTS
from msanii_live.protocol import replies
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.web import meters
from msanii_live.web.piano_roll import piano_roll
from msanii_live.web.snapshot_sources import SnapshotSources

MAX_CLIPS = 60  # the newest are shown
MAX_EVENTS = 200
MAX_CACHED_IMAGES = 128

# Replies that the page shows as events, whoever they are sent to.
EVENT_ADDRESSES = {
    reply.address
    for reply in (
        replies.JOB_DONE, replies.JOB_CANCELLED, replies.FAIL, replies.WARN, replies.LATE,
        replies.STREAM_CHUNK, replies.STREAM_LATE,
    )
}  # fmt: skip


class ServerSnapshot:
    """The state of the server and the images of its clips.

    `outline`, `mel`, `notes` and `companion_path` are called on one thread of their own, the others
    on the event loop.
    """

    def __init__(self, services: Services, scheduler: Scheduler, sources: SnapshotSources) -> None:
        """Store the parts whose state is read."""
        self._services = services
        self._scheduler = scheduler
        self._sources = sources
        self._meters = meters.Meters(services.player)
        self._started_monotonic = time.monotonic()
        self._started = time.time()
        self._events: deque[list[object]] = deque(maxlen=MAX_EVENTS)
        self._event_count = 0
        self._images: OrderedDict[tuple[str, float, str], object] = OrderedDict()

    # -- sections of the page ---------------------------------------------------------------------

    def fast_sections(self) -> dict[str, object]:
        """Return the sections that change all the time: meters, jobs, tracks and the stream."""
        return {
            "meters": self._meters.read(),
            "jobs": [self._job(job) for job in self._scheduler.jobs()],
            "sounding": meters.playing_tracks(self._services.player),
            "stream": self._stream(),
            "controls": dict(self._sources.controls()),
        }

    def slow_sections(self) -> dict[str, object]:
        """Return the sections that change now and then."""
        registry = self._services.registry
        return {
            "server": self._server(),
            "uptime": int(time.monotonic() - self._started_monotonic),
            "transport": self._transport(),
            "engines": [self._engine(name) for name in registry.names()],
            "clips": self._clips(),
            "scenes": list(self._sources.scenes()),
            "automation": dict(self._sources.automation()),
            "mappings": [list(mapping) for mapping in self._sources.mappings()],
            "counters": dict(self._sources.counters()),
        }

    def log_lines(self, since: int, limit: int) -> dict[str, object]:
        """Return the newest `limit` lines of the message log after the first `since`.

        {written, missed, lines: [[Unix seconds, sender, message, outcome]]}. missed: number of
        lines after `since` that are not returned.
        """
        log, now = self._sources.log, time.time()
        lines = log.since(since)[-limit:]
        return {
            "written": log.written,
            "missed": log.written - since - len(lines),
            "lines": [[round(now - line.age, 3), *line.fields()] for line in lines],
        }

    @property
    def log_count(self) -> int:
        """The number of lines that were ever logged."""
        return self._sources.log.written

    def record_event(self, message: ReplyMessage) -> None:
        """Record a reply if it is one of `EVENT_ADDRESSES`, whoever it is sent to."""
        if message.address in EVENT_ADDRESSES:
            self._event_count += 1
            self._events.append([round(time.time(), 3), message.address, *message.args])

    @property
    def event_count(self) -> int:
        """The number of events that there ever were."""
        return self._event_count

    def events(self, since: int, limit: int) -> list[list[object]]:
        """Return the newest `limit` events after the first `since`.

        [[Unix seconds, address, *arguments]]
        """
        count = min(self._event_count - since, len(self._events), limit)
        return list(self._events)[len(self._events) - count :]

    def snapshot(self) -> dict[str, object]:
        """Return every section but the meters, whose readings belong to the feed."""
        return {
            "jobs": [self._job(job) for job in self._scheduler.jobs()],
            "sounding": meters.playing_tracks(self._services.player),
            "stream": self._stream(),
            **self.slow_sections(),
        }

    # -- clips -----------------------------------------------------------------------------------

    def wav_path(self, name: str, blake2b: str = "") -> Path | None:
        """Return the file of a clip, or None if there is no such clip or no regular file.

        A clip can be in memory only, and a link in place of its file is not followed. blake2b: of
        the file that is meant, so that no other clip of that name is taken for it; "" for any.
        """
        library = self._services.library
        try:
            path = library.path(name)
            if blake2b and library.info(name).blake2b != blake2b:
                return None
        except CommandError:
            return None
        return path if paths.is_own_file(library.folder, path) else None

    def companion_path(self, name: str, suffix: str) -> Path | None:
        """Return the file of a clip's notes (".mid") or of a stem (".drums.wav"); None without it.

        It reads the file, which takes a while.
        """
        try:
            return self._services.library.companion_path(name, suffix)
        except CommandError:
            return None

    def notes(self, name: str) -> object | None:
        """Return the notes of a clip, or None if they are not known; see `piano_roll`."""
        return self._cached_image(
            name, "notes", lambda clip: piano_roll(clip.score) if clip.score else None
        )

    def outline(self, name: str) -> object | None:
        """Return the waveform outline of a clip, or None if there is no such clip."""
        from msanii_live.web.thumbnails import waveform_outline

        return self._cached_image(name, "outline", lambda clip: waveform_outline(clip.samples))

    def mel(self, name: str) -> object | None:
        """Return the mel spectrogram of a clip as PNG bytes, or None if there is no such clip."""
        from msanii_live.web.thumbnails import mel_thumbnail

        return self._cached_image(
            name, "mel", lambda clip: mel_thumbnail(clip.samples, clip.info.sample_rate)
        )

    def _cached_image(self, name: str, kind: str, draw: Callable[[Clip], object]) -> object | None:
        """Return an image of a clip from the cache, or draw it. Only one thread calls this."""
        library = self._services.library
        try:
            key = (name, library.info(name).wrote, kind)
            if key not in self._images:
                self._images[key] = draw(library.get(name))
        except CommandError:
            return None
        self._images.move_to_end(key)
        if len(self._images) > MAX_CACHED_IMAGES:
            self._images.popitem(last=False)
        return self._images[key]

    # -- parts of the sections ---------------------------------------------------------------------

    def _server(self) -> dict[str, object]:
        services, scheduler = self._services, self._scheduler
        player, jobs = services.player, scheduler.jobs()
        running = sum(job.state == "running" for job in jobs)
        state = self._sources.state()
        return {
            "state": "busy" if state == "idle" and jobs else state,
            "version": __version__,
            "started": round(self._started, 3),
            "engine": services.registry.default,
            "device": services.registry.device,
            "memory_mb": round(services.registry.memory_mb()),
            "load": round(scheduler.load_percent()),
            "running": running,
            "waiting": len(jobs) - running,
            "osc": self._sources.osc(),
            "folder": self._sources.folder.as_posix(),
            "hindrances": list(self._sources.hindrances),
            "audio": player.description,
            "has_device": player.has_device,
            "rate": player.rate,
            "latency_ms": round(1000 * player.latency),
            "waits": typical_waits(scheduler.waits.get()),
            "xruns": player.xruns,
            "frames_lost": player.lost_frames,
            "workers": list(self._sources.workers()),
        }

    def _engine(self, name: str) -> dict[str, object]:
        registry = self._services.registry
        state = registry.state(name)
        # An engine that is not loaded may not even be imported, which takes seconds.
        engine = registry.get(name) if state == "loaded" else None
        styles = engine.capabilities.styles if engine is not None else ()
        return {
            "name": name,
            "state": state,
            "default": name == registry.default,
            "verbs": [verb.rsplit("/", 1)[1] for verb in registry.verbs(name)],
            "styles": list(styles),
            "licence": registry.licence(name),
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
        infos = self._services.library.infos()
        return {"total": len(infos), "newest": [_clip(info) for info in infos[:MAX_CLIPS]]}

    def _transport(self) -> dict[str, object]:
        transport = self._services.transport
        now = transport.now()
        return {
            "bpm": round(transport.bpm, 3),
            "beats": transport.beats,
            "runs": transport.is_running,
            "source": self._sources.time_source(),
            "bars": round(transport.bars_at(now), 3),
        }

    def _stream(self) -> dict[str, object] | None:
        if not self._sources.stream_runs():
            return None
        lead = meters.stream_lead(self._services.player) or {"state": "starting", "lead": 0.0}
        return {**lead, "midi": self._sources.stream_midi()}


def _clip(info: ClipInfo) -> dict[str, object]:
    kinds = companions.kinds(info)
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
        "starred": info.starred,
        "command": dict(info.command),
        "midi": companions.MIDI in kinds,
        "stems": [part for part in PARTS if companions.STEMS[part] in kinds],
        "wrote": info.wrote,
    }


def typical_waits(waits: Mapping[str, tuple[float | None, float]]) -> list[str]:
    """Return how long the last jobs of each engine took, in words. waits: of `TypicalWaits`.

    >>> typical_waits({"mel-flow": (0.12, 0.3), "tones": (None, 1.0)})
    ['mel-flow: sound after 0.12 s, file after 0.30 s', 'tones: file after 1.00 s']
    """
    return [
        f"{engine}: "
        + (f"sound after {to_sound:.2f} s, " if to_sound is not None else "")
        + f"file after {to_file:.2f} s"
        for engine, (to_sound, to_file) in sorted(waits.items())
    ]
