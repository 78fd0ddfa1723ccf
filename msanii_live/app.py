"""The composition root: the only place where parts are constructed and wired."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from msanii_live.cluster.opening import open_engines
from msanii_live.config import Config
from msanii_live.dsp.thread_limit import limit_threads
from msanii_live.jobs.params import Params
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.jobs.services import Services
from msanii_live.library.audio_encoding import hindrances, parse_format
from msanii_live.library.layout import Layout
from msanii_live.library.library import Library
from msanii_live.library.lock import FolderLock
from msanii_live.midi.input import MidiInput
from msanii_live.midi.takes import MidiRecorder
from msanii_live.osc.ingress_queue import IngressQueue
from msanii_live.osc.peer import NOBODY
from msanii_live.osc.transports import Transports
from msanii_live.playback.factory import open_player
from msanii_live.playback.recorder import AudioRecorder
from msanii_live.playback.timebase import Timebase
from msanii_live.playback.transport_sync import TransportSync
from msanii_live.protocol import replies
from msanii_live.protocol.forms import table
from msanii_live.server.automation import AutomationRecorder
from msanii_live.server.background_tasks import BackgroundTasks
from msanii_live.server.events import EVERYONE, EventSender, LoopCaller
from msanii_live.server.handlers import combine
from msanii_live.server.handlers.automation import AutomationHandlers
from msanii_live.server.handlers.clients import ClientHandlers
from msanii_live.server.handlers.engines import EngineHandlers
from msanii_live.server.handlers.generation import GenerationHandlers
from msanii_live.server.handlers.history import HistoryHandlers
from msanii_live.server.handlers.jobs import JobHandlers
from msanii_live.server.handlers.library import LibraryHandlers
from msanii_live.server.handlers.midi_map import MidiMapHandlers
from msanii_live.server.handlers.playback import PlaybackHandlers
from msanii_live.server.handlers.recording import RecordingHandlers
from msanii_live.server.handlers.scenes import SceneHandlers
from msanii_live.server.handlers.stream import StreamEvents, StreamHandlers
from msanii_live.server.handlers.system import SystemHandlers
from msanii_live.server.handlers.workers import WorkerHandlers
from msanii_live.server.history import History
from msanii_live.server.job_events import JobEvents
from msanii_live.server.job_tracker import JobTracker
from msanii_live.server.message_log import MessageLog
from msanii_live.server.midi_map import MidiMap
from msanii_live.server.reply_sender import ReplySender
from msanii_live.server.router import Router
from msanii_live.server.scenes import Scenes
from msanii_live.server.scheduled_messages import ScheduledMessages, TimelineClock
from msanii_live.server.sessions import Sessions
from msanii_live.server.status import ServerStatus, sound_facts
from msanii_live.server.warm_up import warm_audio_engine, warm_default
from msanii_live.server.workers import WorkerView
from msanii_live.streaming.stream import Stream
from msanii_live.timing.transport import Transport
from msanii_live.web import app
from msanii_live.web.feed import Feed
from msanii_live.web.job_sound import JobSounds
from msanii_live.web.oscquery_server import OscQueryServer
from msanii_live.web.security import host_names
from msanii_live.web.snapshot import EVENT_ADDRESSES, ServerSnapshot
from msanii_live.web.snapshot_sources import SnapshotSources

if TYPE_CHECKING:
    from msanii_live.web.zeroconf import Announcement

log = logging.getLogger("msanii_live")

AUDIO = "/msanii/audio"  # the address that warnings about the sound device name
LAST_REPLIES = 0.2  # s left for the replies to what shutdown cancelled


class Server:
    """The running parts, constructed and wired here and nowhere else."""

    def __init__(self, config: Config, stop: Callable[[], None]) -> None:
        """Construct the parts; nothing is bound or loaded yet. stop: called by `/msanii/quit`.

        Raises: ConfigError: the engine, the folder or the device cannot be.
        """
        self.config = config
        self.state = "starting"
        self._announcement: Announcement | None = None
        self._transports: Transports
        self._oscquery: OscQueryServer
        self._web: app.WebServer
        self.services = self._open_services()
        player, midi = self.services.player, self.services.midi

        on_loop = LoopCaller(asyncio.get_running_loop())
        self._sessions = Sessions()
        self._sender = ReplySender(self._sessions)
        events = EventSender(self._sender, self._sessions, on_loop)
        player.set_warning_callback(
            lambda text: events.send([replies.WARN(AUDIO, text)], (), EVERYONE)
        )
        self._message_log = MessageLog(lambda reply, peer: self._sender.send(reply, (peer,)))
        self._scheduled = ScheduledMessages(asyncio.get_running_loop())

        job_events = JobEvents(on_loop)
        self._scheduler = Scheduler(self.services, job_events, self._executor, config.free_after)
        self._executor.set_usable_callback(self._scheduler.worker.set_usable)
        self._workers = WorkerView(self._executor, self._scheduler)
        history = History()
        tracker = JobTracker(
            self._scheduler, self.services.library, self.services.registry, self._sender.send,
            history,
        )  # fmt: skip
        self._tasks = BackgroundTasks(
            tracker.open_jobs, self._sender.send, on_loop, self._scheduler.run_between_jobs
        )
        job_events.connect(tracker, self._tasks, self._sender, self._sessions)

        params = Params(self.services.transport.beat_now)
        params.listen("output.gain", lambda level, *how: player.set_level(float(level), *how))
        self._stream = Stream(self.services, self._scheduler, params, StreamEvents(events, ()))
        self._transport_sync = TransportSync(self.services.transport, midi)
        self._recorder = AudioRecorder(player)
        self._midi_map = midi_map = MidiMap(
            self.services.library.folder, params, midi,
            lambda address, args: on_loop(lambda: self.router.run(address, args)),
            lambda name, before: history.record_param((NOBODY,), params, name, before),
        )  # fmt: skip
        self._automation = AutomationRecorder(
            self.services.library.folder, params, self.services.transport
        )
        self._scenes = Scenes(
            self.services, params, self._stream, self._transport_sync, midi_map.mapper,
            self._automation,
        )  # fmt: skip
        status = ServerStatus(
            services=self.services,
            scheduler=self._scheduler,
            workers=self._workers,
            state=lambda: self.state,
            counters=self._counters,
            clients=lambda: len(self._sessions),
            http_port=lambda: self._web.port,
            sound=lambda: sound_facts(player, self._transport_sync, midi, self._stream),
        )
        handlers = combine(
            [
                GenerationHandlers(tracker).table(),
                PlaybackHandlers(self.services, self._transport_sync).table(),
                RecordingHandlers(self.services, self._recorder, events, history).table(),
                StreamHandlers(
                    self._stream, params, self.services.registry, events, history
                ).table(),
                LibraryHandlers(self.services.library, history).table(),
                HistoryHandlers(history).table(),
                SceneHandlers(self._scenes, self.services.library).table(),
                AutomationHandlers(self._automation, self.services.transport).table(),
                MidiMapHandlers(midi_map, midi, events).table(),
                EngineHandlers(self.services.registry).table(),
                JobHandlers(self._scheduler, tracker).table(),
                ClientHandlers(
                    self._sessions, self._tasks, self._message_log, self._sender, self._scheduled
                ).table(),
                SystemHandlers(status, stop).table(),
                WorkerHandlers(self._workers).table(),
            ]
        )
        self.router = Router(
            handlers, self._sessions, self._sender, self._message_log, self._scheduled,
            TimelineClock(player.now), self._tasks,
        )  # fmt: skip
        self._snapshot = ServerSnapshot(self.services, self._scheduler, self._snapshot_sources())
        self._feed = Feed(self._snapshot)

    def _open_services(self) -> Services:
        config = self.config
        timebase = Timebase()
        transport = Transport(clock=timebase.now)
        limit_threads(config.threads)
        registry, self._executor = open_engines(config)
        self._folder_lock = FolderLock(config.folder_path)
        form = parse_format(config.save_format, config.save_rate)
        self._hindrances = hindrances(form)
        for text in self._hindrances:
            log.warning("%s", text)
        keep_bytes = round(config.keep_gb * 10**9)
        layout = Layout(config.layout, config.file_name)
        library = Library(config.folder_path, keep_bytes=keep_bytes, form=form, layout=layout)
        midi, takes = MidiInput(config.midi_in, timebase.now), MidiRecorder()
        midi.add_listener(takes.receive, takes.release_all)
        player, notice = open_player(config.audio, transport, timebase)
        if notice:
            log.warning("%s", notice)
        return Services(registry, library, player, transport, takes, midi)

    async def open(self) -> None:
        """Bind the ports and start the worker.

        Raises: PortInUse; OSError: the address is none of this machine.
        """
        try:
            await self._bind()
        except BaseException:
            self.services.player.close()
            self.services.midi.close()
            raise
        self._scheduler.start()

    async def _bind(self) -> None:
        config = self.config
        networks = [ipaddress.ip_network(text, strict=False) for text in config.allow]
        ingress = IngressQueue(
            self.router.receive,
            self.router.on_packet,
            self.router.on_disconnect,
            pause=self._tasks.give_way,
        )
        self._transports = await Transports.open(config.bind, config.port, ingress, allow=networks)
        self._sender.connect(self._transports)
        everywhere = ipaddress.ip_address(self._transports.address[0]).is_unspecified
        self._oscquery = OscQueryServer(
            lambda: self._transports,
            self.router.current_value,
            networks,
            everywhere,
            self._feed.subscribe,
            self._sender.observe,
            self._sender.last,
            self._feed.share,
        )
        for address in EVENT_ADDRESSES:
            self._sender.observe(address, self._snapshot.record_event)
        try:
            front = [self._oscquery.middleware]
            self._web = await app.start_web_server(
                config.bind,
                config.http_port,
                self._snapshot,
                table(),
                front,
                host_names(self._transports.address[1]),
                config.allow_origin,
                JobSounds(self._scheduler.partials, self._snapshot.wav_path).add_routes,
            )
        except BaseException:
            self._transports.close()
            raise
        if config.is_announced:
            from msanii_live.web.zeroconf import announce  # costs 50 ms, and few want it

            self._announcement = await announce(*self._transports.address, self._web.port)

    def _counters(self) -> dict[str, int]:
        return {
            **self.router.counters,
            "unearned": self._sender.withheld,
            **self._transports.counters,
            **self._web.counters,
            "scheduled": len(self._scheduled),
        }

    def _snapshot_sources(self) -> SnapshotSources:
        return SnapshotSources(
            state=lambda: self.state,
            osc=lambda: "{}:{}".format(*self._transports.address),
            folder=self.config.folder_path,
            hindrances=self._hindrances,
            counters=self._counters,
            time_source=self._transport_sync.describe,
            stream_runs=lambda: self._stream.is_running,
            stream_midi=lambda: self._stream.midi_source,
            log=self._message_log,
            scenes=self._scenes.names,
            mappings=self._scenes.mapped_controls,
            automation=self._automation.summary,
            controls=lambda: self._midi_map.page_controls,
            workers=self._workers.texts,
        )

    async def warm_up(self) -> None:
        """Load the default engine and run it once, on the worker's thread.

        Raises: CommandError: EENGINE.
        """
        await warm_default(self.services.registry, self._scheduler)
        await asyncio.to_thread(self._scenes.start, self.config.resume == "on")
        self.state = "idle"

    async def warm_audio_engine(self) -> None:
        """Make the engine of source clips without notes ready too, once no job is there."""
        await warm_audio_engine(self.services.registry, self._scheduler)

    def ready_line(self) -> str:
        """Return the line that says where to reach the server."""
        osc = "{}:{}".format(*self._transports.address)
        return f"ready osc={osc} http={self._web.host}:{self._web.port}"

    async def close(self) -> bool:
        """End everything; return whether the worker ended in time."""
        self.state = "stopping"
        self.router.close()
        await asyncio.to_thread(self._close_sound)
        ended = await asyncio.to_thread(self._scheduler.close)
        await asyncio.to_thread(self._executor.close)
        await asyncio.sleep(0)  # the replies of the jobs that ended are called on this loop
        self._tasks.close()
        await asyncio.sleep(LAST_REPLIES)
        if self._announcement is not None:
            await self._announcement.close()
        self._oscquery.close()
        await self._feed.close()
        await self._web.stop()
        self._transports.close()
        self.services.midi.close()
        self.services.player.close()
        self._folder_lock.release()
        return ended

    def _close_sound(self) -> None:
        self._scenes.close()
        self._automation.close()
        self._stream.close()
        self._recorder.close()
        self.services.takes.close()
        self._transport_sync.close()
