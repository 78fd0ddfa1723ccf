"""What `/msanii/status` and `/msanii/caps` tell of the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from msanii_live import __version__
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.jobs.services import Services
from msanii_live.midi.input import MidiInput
from msanii_live.playback.player import Player
from msanii_live.playback.shared_state import HostStat
from msanii_live.playback.transport_sync import TransportSync
from msanii_live.protocol import replies
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.workers import WorkerView
from msanii_live.streaming.stream import Stream

PROTOCOL = 1

Facts = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class ServerStatus:
    """A view of all parts of the server. Its methods are for the event loop's thread.

    state: returns starting, idle or stopping. counters: returns what was counted, by name. clients:
    returns how many are registered. http_port: returns that of the page. sound: returns the facts
    of `sound_facts`.
    """

    services: Services
    scheduler: Scheduler
    workers: WorkerView
    state: Callable[[], str]
    counters: Callable[[], Mapping[str, int]]
    clients: Callable[[], int]
    http_port: Callable[[], int]
    sound: Callable[[], Facts]

    def reply(self) -> ReplyMessage:
        """Return `/msanii/status`."""
        jobs = self.scheduler.jobs()
        running = sum(job.state == "running" for job in jobs)
        state = self.state()
        return replies.STATUS(
            "busy" if state == "idle" and jobs else state,
            running,
            len(jobs) - running,
            len(self.services.library),
            self.scheduler.load_percent(),
            self.services.registry.memory_mb(),
            self.services.player.xruns,
        )

    def facts(self) -> Facts:
        """Return the rows of `/msanii/caps`, as (name, value)."""
        registry = self.services.registry
        return [
            ("version", __version__),
            ("protocol", str(PROTOCOL)),
            ("engine", registry.default),
            ("engines", " ".join(registry.names())),
            ("precision", registry.precision),
            *self.workers.facts(),
            *self.sound(),
            *wait_facts(self.scheduler),
            ("http-port", str(self.http_port())),
            ("clients", str(self.clients())),
            *[(f"count-{k.replace('_', '-')}", str(n)) for k, n in self.counters().items()],
        ]


def wait_facts(scheduler: Scheduler) -> Facts:
    """Return what `/msanii/caps` tells of typical waits: of each engine that has made a clip."""
    found = []
    for engine, (to_sound, to_file) in sorted(scheduler.waits.get().items()):
        if to_sound is not None:
            found.append((f"first-sound-ms-{engine}", f"{1000 * to_sound:.0f}"))
        found.append((f"file-ms-{engine}", f"{1000 * to_file:.0f}"))
    return found


def sound_facts(player: Player, sync: TransportSync, midi: MidiInput, stream: Stream) -> Facts:
    """Return what `/msanii/caps` tells of sound and time, as (name, value)."""
    return [
        ("audio", player.description),
        ("audio-process", str(player.pid)),
        ("audio-realtime", str(player.stat(HostStat.REALTIME))),
        ("sample-rate", str(player.rate)),
        ("latency-ms", f"{1000 * player.latency:.0f}"),
        ("output-latency-ms", f"{1000 * player.output_latency:.1f}"),
        ("frames-lost", str(player.lost_frames)),
        ("transport-source", sync.describe()),
        ("midi-in", midi.description),
        ("stream", "runs" if stream.is_running else "none"),
        ("stream-midi", stream.midi_source or "none"),
    ]
