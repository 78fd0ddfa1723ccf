"""A scene: params, stream, tempo, MIDI mappings, loops and automation, captured and applied."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msanii_live.errors import CommandError
from msanii_live.jobs.params import Params, Value
from msanii_live.jobs.services import Services
from msanii_live.library import paths
from msanii_live.library.json_files import SCENES
from msanii_live.midi.mapping import MidiMapper
from msanii_live.playback.mixer import Region, Span
from msanii_live.playback.transport_sync import TransportSync
from msanii_live.protocol.commands import PARAM_ROOT, Param, Play, StreamStart, TransportCommand
from msanii_live.protocol.request import parse_request
from msanii_live.protocol.schema import OscValue
from msanii_live.server.automation import AutomationRecorder
from msanii_live.server.midi_map import read_mapping
from msanii_live.streaming.stream import STREAM_NAME, Stream
from msanii_live.timing.curve import Curve

LAST_SCENE = ".msanii-live.last-scene.json"
SAVE_INTERVAL = 5.0  # s between two looks whether the last scene is to be saved
_SILENT_DB = -90.0
_PLAYED = ("gain", "start", "end")  # of what plays; scenes of earlier versions have no span
log = logging.getLogger("msanii_live.server")


class Scenes:
    """What the server plays, as scenes. Every method may be called from any thread."""

    def __init__(
        self,
        services: Services,
        params: Params,
        stream: Stream,
        transport_sync: TransportSync,
        mapper: MidiMapper,
        automation: AutomationRecorder,
    ) -> None:
        """Take what a scene is made of."""
        self._services = services
        self._params = params
        self._stream = stream
        self._transport_sync = transport_sync
        self._mapper = mapper
        self._automation = automation
        self._glide: threading.Event | None = None  # set to end the glide of the tempo
        self._closed = threading.Event()
        self._saver: threading.Thread | None = None
        self._folder = services.library.folder
        self._saved: Mapping[str, object] = {}
        self._listed: tuple[paths.Stamp | None, list[str]] = (None, [])

    def capture(self) -> dict[str, object]:
        """Return the present scene, ready for JSON."""
        transport, command = self._services.transport, self._stream.command
        stream = None
        if command is not None:
            stream = {k: v for k, v in command.as_dict().items() if k != "address" and v != ""}
        playing = {
            region.track: _as_played(region)
            for region in self._services.player.regions()
            if region.loop and not region.fallback and region.end is None
            and region.track != STREAM_NAME
        }  # fmt: skip
        return {
            "params": self._params.values(),
            "transport": {"bpm": transport.bpm, "beats": transport.beats},
            "stream": stream,
            "playing": list(playing.values()),
            "mappings": [mapping.as_dict() for mapping in self._mapper.mappings],
            "automation": self._played_automation(),
        }

    def names(self) -> list[str]:
        """Return the names of the scenes in the folder, read again when a file has come or gone."""
        stamp = paths.stamp(self._folder / SCENES.subfolder)
        if stamp != self._listed[0]:
            self._listed = (stamp, SCENES.names(self._folder))
        return self._listed[1]

    def mapped_controls(self) -> list[tuple[object, ...]]:
        """Return the mappings of MIDI controls, as (param, control, channel, number)."""
        return [(mapping.target, *mapping.control) for mapping in self._mapper.mappings]

    def save(self, name: str) -> None:
        """Save the present scene. Raises: CommandError: as `SCENES.save`."""
        SCENES.save(self._folder, name, self.capture())

    def load(self, name: str, beats: float) -> list[str]:
        """Return to a scene over some beats; return warnings.

        Raises: CommandError: as `SCENES.load`.
        """
        return self.apply(SCENES.load(self._folder, name), beats)

    def apply(self, scene: Mapping[str, Any], beats: float = 0.0) -> list[str]:
        """Change to a scene over some beats; return warnings of what it names that cannot be."""
        warnings: list[str] = []
        seconds = beats * 60.0 / self._services.transport.bpm
        steps: Sequence[Callable[[], None]] = (
            lambda: self._apply_params(scene, beats, warnings),
            lambda: self._apply_transport(scene, beats),
            lambda: self._apply_mappings(scene),
            lambda: self._apply_playing(scene, seconds, warnings),
            lambda: self._apply_stream(scene, seconds),
            lambda: self._apply_automation(scene),
        )
        for step in steps:
            _attempt(step, warnings)
        return warnings

    # -- parts of a scene --------------------------------------------------------------------------

    def _apply_params(self, scene: Mapping[str, Any], beats: float, warnings: list[str]) -> None:
        for name, value in dict(scene.get("params") or {}).items():

            def change(name: str = name, value: Value = value) -> None:
                request = parse_request(PARAM_ROOT + name, [value if value != "" else "none"])
                assert isinstance(request.command, Param)
                wanted = getattr(request.command, "value", None)
                is_there = self._params.value(name) == value == self._params.values()[name]
                if wanted is None or is_there:
                    return
                wanted = "" if wanted == "none" else wanted
                glides = 0.0 if isinstance(wanted, str) else beats
                self._params.change(name, wanted, glides)

            _attempt(change, warnings)

    def _apply_transport(self, scene: Mapping[str, Any], beats: float) -> None:
        raw = dict(scene.get("transport") or {})
        command = parse_request("/msanii/transport", _pairs(raw, ("bpm", "beats"))).command
        assert isinstance(command, TransportCommand)
        transport = self._services.transport
        if self._glide is not None:
            self._glide.set()
            self._glide = None
        if not beats or command.bpm is None or command.bpm == transport.bpm:
            bpm = None if command.bpm == transport.bpm else command.bpm
            self._transport_sync.set(bpm, command.beats, None)
            return
        self._transport_sync.set(None, command.beats, None)
        curve = Curve(transport.bpm, command.bpm, transport.beat_now(), beats)
        self._glide = threading.Event()
        threading.Thread(
            target=self._glide_tempo, args=(curve, self._glide), name="tempo", daemon=True
        ).start()

    def _glide_tempo(self, curve: Curve, ended: threading.Event) -> None:
        """Set the tempo at each beat until a curve is over."""
        transport = self._services.transport
        while not ended.is_set() and not self._closed.is_set():
            beat = transport.beat_now() + 1.0  # a tempo counts from the next beat on
            try:
                self._transport_sync.set(curve.value_at(beat), None, None)
            except CommandError as error:  # the tempo comes from elsewhere
                log.warning("%s", error.text)
                return
            if curve.is_over(beat):
                return
            ended.wait(60.0 / transport.bpm)

    def _apply_mappings(self, scene: Mapping[str, Any]) -> None:
        if scene.get("mappings") is not None:
            self._mapper.replace_all([read_mapping(raw) for raw in scene["mappings"]])

    def _apply_playing(self, scene: Mapping[str, Any], seconds: float, warnings: list[str]) -> None:
        player = self._services.player
        fade = min(60.0, max(0.02, seconds))
        present = {
            region.track: region.span
            for region in player.regions()
            if not region.fallback and region.end is None and region.track != STREAM_NAME
        }
        wanted = []
        for raw in list(scene.get("playing") or []):
            command = parse_request("/msanii/play", [raw["clip"], *_pairs(raw, _PLAYED)]).command
            assert isinstance(command, Play)
            wanted.append(command)
        for track in present.keys() - {command.clip for command in wanted}:
            player.stop(track, fade=fade)

        for command in wanted:
            is_part = command.start > 0 or command.end is not None
            part = (command.start, command.end) if is_part else None
            if command.clip in present and present[command.clip] == part:
                continue

            def play(command: Play = command, part: Span | None = part) -> None:
                clip = self._services.source(command.clip).cut(command.start, command.end)
                player.play(clip, loop=True, gain_db=command.gain, fade=fade, span=part)

            _attempt(play, warnings)

    def _apply_stream(self, scene: Mapping[str, Any], seconds: float) -> None:
        raw = scene.get("stream")
        if raw is None:
            if self._stream.is_running:
                self._stream.stop(fade=min(60.0, max(0.02, seconds)))
            return
        arguments = [word for key, value in dict(raw).items() for word in (f"@{key}", value)]
        command = parse_request("/msanii/stream/start", arguments).command
        assert isinstance(command, StreamStart)
        if self._stream.command != command:
            self._stream.start(command)

    def _played_automation(self) -> str:
        state = self._automation.state
        return state.name if state.state == "playing" else ""

    def _apply_automation(self, scene: Mapping[str, Any]) -> None:
        """Play the automation of a scene; what is being recorded goes on."""
        name = scene.get("automation")
        state = self._automation.state
        if name is None or state.state == "recording" or name == state.name:
            return
        if name:
            self._automation.play(str(name), is_loop=True, at="bar")
        else:
            self._automation.stop()

    # -- the last scene ----------------------------------------------------------------------------

    def resume(self) -> list[str]:
        """Return to the last scene that was saved by itself; return warnings."""
        path = self._folder / LAST_SCENE
        try:
            return self.apply(SCENES.read(path))
        except FileNotFoundError:
            return ["there is no last scene in the folder"]
        except (OSError, ValueError) as error:
            return [f"the last scene cannot be read: {str(error)[:200]}"]

    def start(self, resume: bool) -> None:
        """Return to the last scene if asked to; save it whenever it has changed, from now on."""
        for text in self.resume() if resume else ():
            log.warning("resume: %s", text)
        self._saved = self.capture()
        self._saver = threading.Thread(target=self._keep_saving, name="last-scene", daemon=True)
        self._saver.start()

    def save_last(self) -> None:
        """Save the last scene if it has changed."""
        scene = self.capture()
        if scene == self._saved:
            return
        self._saved = scene
        try:
            SCENES.rewrite(self._folder / LAST_SCENE, scene, LAST_SCENE)
        except CommandError as error:
            log.warning("the last scene is not kept: %s", error.text)

    def close(self) -> None:
        """Save the last scene once more and stop."""
        self._closed.set()
        if self._saver is not None:
            self._saver.join(2.0)
            self.save_last()

    def _keep_saving(self) -> None:
        while not self._closed.wait(SAVE_INTERVAL):
            try:
                self.save_last()
            except Exception:
                log.exception("the last scene could not be kept")


def _attempt(step: Callable[[], None], warnings: list[str]) -> None:
    """Carry out a step of a scene; what a scene gets wrong becomes a warning."""
    try:
        step()
    except CommandError as error:
        warnings.append(error.text)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        warnings.append(f"a part of the scene is not understood: {str(error)[:200]}")


def _pairs(raw: Mapping[str, Any], keys: Sequence[str]) -> list[OscValue]:
    return [word for key in keys if raw.get(key) is not None for word in (f"@{key}", raw[key])]


def _as_played(region: Region) -> dict[str, object]:
    """Return what plays a region again: clip, gain in dB, and the span of the clip, s."""
    start, end = region.span or (None, None)
    played = {"clip": region.track, "gain": _decibels(region.gain), "start": start, "end": end}
    return {key: value for key, value in played.items() if value is not None}


def _decibels(gain: float) -> float:
    return round(20.0 * math.log10(gain), 3) if gain > 0 else _SILENT_DB
