"""A model of AbletonOSC with a Live Set behind it: the messages that its README lists."""

import socket
import threading
from typing import Any

from msanii_live.client.packets import build_packet, read_packet


class AbletonModel:
    """A set with a MIDI track and an audio track, of two scenes. It answers to a port.

    imports: whether it has the message that imports a sound file. beats: of each sound file.
    """

    def __init__(self, reply_port: int, imports: bool = True, beats: float = 8.0) -> None:
        self.imports, self.beats = imports, beats
        self.tracks: list[dict[str, Any]] = []
        self.scenes, self.selected = 2, 0
        self.unknown: list[str] = []
        self._reply_port = reply_port
        self._add_track("1-MIDI", True)
        self._add_track("2-Audio", False)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stopper:
            stopper.sendto(build_packet("/quit", ()), ("127.0.0.1", self.port))
        self._thread.join(10)
        self._socket.close()

    def track(self, name: str) -> dict[str, Any]:
        """Return the track of this name."""
        [found] = [track for track in self.tracks if track["name"] == name]
        return found

    def _add_track(self, name: str, is_midi: bool) -> None:
        slots: list[dict[str, Any] | None] = [None] * self.scenes
        self.tracks.append({"name": name, "is_midi": is_midi, "slots": slots})

    def _serve(self) -> None:
        while True:
            message = read_packet(self._socket.recv(65_536))
            assert message is not None
            if message.address == "/quit":
                return
            answer = self._answer(message.address, message.args)
            if answer is not None:
                packet = build_packet(message.address, answer)
                self._socket.sendto(packet, ("127.0.0.1", self._reply_port))

    def _answer(self, address: str, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        match address.removeprefix("/live/").split("/"), args:
            case ["application", "get", "version"], ():
                return (12, 1)
            case ["song", "get", "num_tracks"], ():
                return (len(self.tracks),)
            case ["song", "get", "num_scenes"], ():
                return (self.scenes,)
            case ["song", "get", "track_names"], ():
                return tuple(track["name"] for track in self.tracks)
            case ["view", "get", "selected_scene"], ():
                return (self.selected,)
            case ["track", "get", ("has_midi_input" | "has_audio_input") as kind], (track,):
                return (track, int(self.tracks[track]["is_midi"] == (kind == "has_midi_input")))
            case ["clip_slot", "get", "has_clip"], (track, scene):
                return (track, scene, int(self.tracks[track]["slots"][scene] is not None))
            case ["clip", "get", ("name" | "end_marker") as what], (track, scene):
                clip = self.tracks[track]["slots"][scene]
                return (track, scene, clip[what]) if clip else None
            case ["song", ("create_midi_track" | "create_audio_track") as kind], (-1,):
                self._add_track("new", kind == "create_midi_track")
            case ["clip_slot", "create_audio_clip"], (track, scene, str(path)) if self.imports:
                slots = self.tracks[track]["slots"]
                if not self.tracks[track]["is_midi"] and slots[scene] is None:
                    slots[scene] = {"path": path, "end_marker": self.beats, "name": ""}
            case ["song", "create_scene"], (-1,):
                self.scenes += 1
                for each in self.tracks:
                    each["slots"].append(None)
            case ["track", "set", "name"], (track, name):
                self.tracks[track]["name"] = name
            case ["clip_slot", "create_clip"], (track, scene, float(beats)):
                slots = self.tracks[track]["slots"]
                if self.tracks[track]["is_midi"] and slots[scene] is None:
                    slots[scene] = {"end_marker": beats, "notes": [], "name": ""}
            case ["clip", "add", "notes"], (track, scene, *values):
                notes = self.tracks[track]["slots"][scene]["notes"]
                notes += [tuple(values[at : at + 5]) for at in range(0, len(values), 5)]
            case ["clip", "set", what], (track, scene, value):
                clip = self.tracks[track]["slots"][scene]
                if clip and what in ("name", "looping", "warping", "warp_mode"):
                    clip[what] = value
            case _:
                self.unknown.append(f"{address} {args}")
        return None
