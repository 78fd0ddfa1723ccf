"""Notes and sounds into the session of Ableton Live by AbletonOSC, for users without Max for Live.

AbletonOSC is a MIDI remote script by Daniel Jones (https://github.com/ideoforms/AbletonOSC). It
listens on port 11000 and answers to port 11001. Its message that imports a sound file,
/live/clip_slot/create_audio_clip, is in pull request 182 and in forks, not in its main version yet.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self, TypeAlias

import mido

from msanii_live.client.packets import Sent, build_packet, read_packet
from msanii_live.errors import MsaniiError

PORT, REPLY_PORT = 11_000, 11_001
COMPLEX = 4  # Live's warp mode for whole pieces
MODES = {"drums": 0}  # of stems that have another: Beats
PATIENCE = 2.0  # s that Live may take for an answer
_NOTES_A_PACKET = 40  # so that a packet stays under 1,400 bytes
_PAUSE = 0.05  # s between two questions about the same thing


TrackKind: TypeAlias = Literal["midi", "audio"]


class AbletonError(MsaniiError):
    """An error of Live or AbletonOSC, with what to do."""


@dataclass(frozen=True)
class BeatNote:
    """A note as Live's clips have it. start, length: beats, as quarter notes."""

    pitch: int
    start: float
    length: float
    velocity: int


@dataclass(frozen=True)
class SoundFile:
    """A sound file for a slot. name: of the clip. track: on which it goes. warp_mode: Live's."""

    path: Path
    name: str
    track: str
    warp_mode: int = COMPLEX


@dataclass
class PartNotes:
    """Notes of one part, and what they are called."""

    name: str
    notes: list[BeatNote] = field(default_factory=list)


class AbletonOSC:
    """A connection to Live over AbletonOSC."""

    def __init__(self, port: int = PORT, reply_port: int = REPLY_PORT) -> None:
        """Open the socket. Raises: AbletonError: another program has the port of the replies."""
        self._target = ("127.0.0.1", port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind(("127.0.0.1", reply_port))
        except OSError:
            self._socket.close()
            raise AbletonError(
                f"another program has port {reply_port}, to which AbletonOSC answers: end it"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, address: str, *args: Sent) -> None:
        """Send a message."""
        self._socket.sendto(build_packet(address, args), self._target)

    def ask(self, address: str, *args: Sent) -> tuple[object, ...]:
        """Send a question and return what follows its own arguments in the answer.

        Raises: AbletonError: no answer came in time.
        """
        self.send(address, *args)
        until = time.monotonic() + PATIENCE
        while (left := until - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                message = read_packet(self._socket.recv(65_536))
            except (TimeoutError, ConnectionError):  # on Windows, that nobody listens
                continue
            if message is None or message.address != address:
                continue
            if message.args[: len(args)] == args:
                return tuple(message.args[len(args) :])
        raise AbletonError(
            f"AbletonOSC did not answer {address} on port {self._target[1]}: start Live, and "
            "choose AbletonOSC under Settings, Link, Tempo & MIDI, Control Surface"
        )

    def count(self, what: str) -> int:
        """Return how many tracks or scenes the set has. what: "tracks" or "scenes"."""
        return int(str(self.ask(f"/live/song/get/num_{what}")[0]))

    def create(self, what: str, number: int) -> int:
        """Create tracks or scenes at the end and return the index of the first.

        what: "midi_track", "audio_track" or "scene".
        Raises: AbletonError: they are not there after a while.
        """
        counted = "scenes" if what == "scene" else "tracks"
        before = self.count(counted)
        for _ in range(number):
            self.send(f"/live/song/create_{what}", -1)
        self._wait(
            lambda: self.count(counted) >= before + number,
            f"Live made no {what.replace('_', ' ')}",
        )
        return before

    def tracks(self, kind: TrackKind, names: Sequence[str]) -> list[int]:
        """Return the indices of the tracks of these names; those that lack are created."""
        known = self.ask("/live/song/get/track_names")
        found = {
            name: track
            for track, name in enumerate(known)
            if name in names and self.ask(f"/live/track/get/has_{kind}_input", track)[0]
        }
        missing = [name for name in names if name not in found]
        first = self.create(f"{kind}_track", len(missing)) if missing else 0
        for track, name in enumerate(missing, first):
            self.send("/live/track/set/name", track, name)
            found[name] = track
        return [found[name] for name in names]

    def is_taken(self, track: int, scene: int) -> bool:
        """Return whether a slot has a clip."""
        return bool(self.ask("/live/clip_slot/get/has_clip", track, scene)[0])

    def free_scene(self, tracks: Sequence[int]) -> int:
        """Return the first scene, from the selected one on, whose slots on these tracks are empty.

        It is created if necessary.
        """
        selected = int(str(self.ask("/live/view/get/selected_scene")[0]))
        for scene in range(selected, self.count("scenes")):
            if not any(self.is_taken(track, scene) for track in tracks):
                return scene
        return self.create("scene", 1)

    def fill(self, track: int, scene: int, clip: PartNotes, beats: float, loops: bool) -> None:
        """Create a clip of notes in an empty slot."""
        self.send("/live/clip_slot/create_clip", track, scene, float(beats))
        for at in range(0, len(clip.notes), _NOTES_A_PACKET):
            values: list[Sent] = []
            for note in clip.notes[at : at + _NOTES_A_PACKET]:
                values += [note.pitch, note.start, note.length, note.velocity, 0]
            self.send("/live/clip/add/notes", track, scene, *values)
        self.send("/live/clip/set/looping", track, scene, int(loops))
        self.send("/live/clip/set/name", track, scene, clip.name)

    def load(self, track: int, scene: int, sound: SoundFile, loops: bool) -> None:
        """Import a sound file into an empty slot, warped."""
        self.send("/live/clip_slot/create_audio_clip", track, scene, sound.path.as_posix())
        self.send("/live/clip/set/warping", track, scene, 1)
        self.send("/live/clip/set/warp_mode", track, scene, sound.warp_mode)
        self.send("/live/clip/set/looping", track, scene, int(loops))
        self.send("/live/clip/set/name", track, scene, sound.name)

    def is_filled(self, track: int, scene: int, name: str) -> bool:
        """Return whether a slot has this clip: messages run in order, so all of it is there."""
        # AbletonOSC does not answer about a clip that is not there.
        is_there = self.is_taken(track, scene)
        return is_there and self.ask("/live/clip/get/name", track, scene)[0] == name

    def _wait(self, is_done: Callable[[], bool], failure: str) -> None:
        until = time.monotonic() + PATIENCE
        while not is_done():
            if time.monotonic() > until:
                raise AbletonError(failure)
            time.sleep(_PAUSE)


def put_notes(live: AbletonOSC, path: Path, name: str, loops: bool) -> list[str]:
    """Put the notes of a clip into Live, a track for each part; return the tracks' names.

    path: of its MIDI file. name: the clip's. No clip of Live's is replaced.
    Raises: AbletonError.
    """
    parts, beats = read_parts(path)
    live.ask("/live/application/get/version")
    names = [f"msanii {part.name} MIDI" for part in parts]
    tracks = live.tracks("midi", names)
    scene = live.free_scene(tracks)
    clips = [PartNotes(f"{name} {part.name}", part.notes) for part in parts]
    for track, clip in zip(tracks, clips, strict=True):
        live.fill(track, scene, clip, beats, loops)
    for track, clip in zip(tracks, clips, strict=True):
        if not live.is_filled(track, scene, clip.name):
            raise AbletonError(f"Live made no clip {clip.name}: see the log of AbletonOSC")
    return names


def put_sounds(
    live: AbletonOSC, sounds: Sequence[SoundFile], beats: float, loops: bool
) -> list[str]:
    """Put sound files into Live, each on its track, in one scene; return warnings.

    beats: their length, 0 if it is unknown. No clip of Live's is replaced.
    Raises: AbletonError: this AbletonOSC cannot, or Live is older than 12.0.5.
    """
    live.ask("/live/application/get/version")
    tracks = live.tracks("audio", [sound.track for sound in sounds])
    scene = live.free_scene(tracks)
    for track, sound in zip(tracks, sounds, strict=True):
        live.load(track, scene, sound, loops)
    warnings = []
    for track, sound in zip(tracks, sounds, strict=True):
        if not live.is_filled(track, scene, sound.name):
            raise AbletonError(
                f"Live imported no {sound.path.name}: that needs Live 12.0.5 or later, and an "
                "AbletonOSC with /live/clip_slot/create_audio_clip (its pull request 182); without "
                "it, drag the file into Live"
            )
        found = float(str(live.ask("/live/clip/get/end_marker", track, scene)[0]))
        if beats and abs(found - beats) > 0.01:
            warnings.append(
                f"Live takes {sound.name} to have {found:g} beats, and it has {beats:g}: type its "
                "tempo into Clip View"
            )
    return warnings


def read_parts(path: Path) -> tuple[list[PartNotes], float]:
    """Return the notes of each track of a MIDI file that has some, and its length in beats."""
    midi = mido.MidiFile(path, charset="utf-8")
    parts, beats = [], 0.0
    for track in midi.tracks:
        part, tick = PartNotes(track.name or "notes"), 0
        begun: dict[int, tuple[int, int]] = {}  # by pitch: tick and velocity
        for message in track:
            tick += message.time
            if message.type not in ("note_on", "note_off"):
                continue
            if (start := begun.pop(message.note, None)) is not None:
                beat, length = start[0] / midi.ticks_per_beat, tick - start[0]
                length = max(1, length) / midi.ticks_per_beat
                part.notes.append(BeatNote(message.note, beat, length, start[1]))
            if message.type == "note_on" and message.velocity:
                begun[message.note] = (tick, message.velocity)
        beats = max(beats, tick / midi.ticks_per_beat)
        if part.notes:
            parts.append(part)
    return parts, beats
