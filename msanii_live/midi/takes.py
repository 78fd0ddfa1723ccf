"""The MIDI recorder: the last bars played on the MIDI input, and takes of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from msanii_live.errors import Code, CommandError
from msanii_live.midi.note_tracker import NoteTracker
from msanii_live.notes import Score, sort_notes
from msanii_live.timing.transport import Transport

LIVE_TAKE = "take"  # the name that means the last bars played, as many as the command says
MAX_NOTES = 20_000  # kept
MAX_TAKE_SECONDS = 600.0
MAX_TAKES = 64  # kept
DOWNBEAT_TOLERANCE = 0.06  # s by which a player may be early for a bar line
_LAST_SECONDS = 60.0  # that `stop` returns without a take


class MidiRecorder:
    """A recorder of notes. Every method may be called from any thread."""

    def __init__(self) -> None:
        """Start without notes."""
        self._tracker = NoteTracker(MAX_NOTES)
        self._takes: OrderedDict[str, Score] = OrderedDict()
        self._current: tuple[str, float, float] | None = None  # name, start, longest; s
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    @property
    def is_recording(self) -> bool:
        """Whether a take is being recorded."""
        return self._current is not None

    def receive(self, message: Any, now: float) -> None:
        """Process a message. message: mido's. now: s of the player's timeline."""
        with self._lock:
            self._tracker.receive(message, now)

    def release_all(self, now: float) -> None:
        """End all held notes: the input is gone, and no note-off will come."""
        with self._lock:
            self._tracker.all_off(now)

    def last_bars(self, bars: float, transport: Transport) -> Score:
        """Return the last bars that were played, up to the bar line after the last key press.

        Raises: CommandError: ENOCLIP, nothing was played.
        """
        latest = self._tracker.latest
        if latest is None:
            raise CommandError(
                Code.ENOCLIP,
                "nothing has come in on MIDI yet: start the server with --midi-in, or name a "
                "MIDI file of the shared folder",
            )
        end = latest + DOWNBEAT_TOLERANCE
        end += transport.seconds_until("bar", end)
        start = end - bars * transport.beats * 60.0 / transport.bpm
        is_whole = abs(bars - round(bars)) < 1e-6
        bar = 0.0 if is_whole else (-bars) % 1.0
        return replace(self.notes_between(start, end, transport), bar=bar, is_loop=is_whole)

    def start(
        self, name: str, seconds: float | None, now: float, finished: Callable[[], None]
    ) -> None:
        """Start a take. seconds: after this time `finished` is called, which must stop the take.

        Raises: CommandError: EBUSY, a take is being recorded.
        """
        with self._lock:
            if self._current is not None:
                raise CommandError(Code.EBUSY, "a take is running: /msanii/record/stop ends it")
            longest = MAX_TAKE_SECONDS if seconds is None else seconds
            self._current = (name, now, longest)
            self._timer = threading.Timer(longest, finished)
            self._timer.daemon = True
            self._timer.start()

    def stop(
        self, name: str, seconds: float | None, now: float, transport: Transport
    ) -> tuple[str, Score]:
        """End the take and return its name and notes; without a take, return the last minute.

        name: replaces the name given at the start. seconds: only the last ones are returned.
        Raises: CommandError: ENOCLIP, nothing was played.
        """
        with self._lock:
            take, self._current = self._current, None
            if self._timer is not None:
                self._timer.cancel()
        end = now
        start = now - (seconds or _LAST_SECONDS)
        if take is not None:
            take_name, take_start, longest = take
            end = min(now, take_start + longest)
            start = take_start if seconds is None else max(take_start, end - seconds)
        score = self.notes_between(start, end, transport)
        if not score.notes:
            raise CommandError(Code.ENOCLIP, "nothing has come in on MIDI that could be a take")
        if take is None:  # begin at the first note, not with a minute of silence
            first = score.notes[0].start
            score, start = score.cut(first, score.seconds), start + first
        score = replace(score, bar=transport.bars_at(start) % 1.0)
        return name or (take_name if take is not None else ""), score

    def store_take(self, name: str, score: Score) -> None:
        """Keep a take under its name; the oldest goes when there are too many."""
        with self._lock:
            self._takes[name] = score
            self._takes.move_to_end(name)
            while len(self._takes) > MAX_TAKES:
                self._takes.popitem(last=False)

    def get_take(self, name: str) -> Score | None:
        """Return a take that was recorded since the start, None if there is none."""
        return self._takes.get(name)

    def close(self) -> None:
        """Discard the take that is being recorded."""
        with self._lock:
            self._current = None
            if self._timer is not None:
                self._timer.cancel()

    def notes_between(self, start: float, end: float, transport: Transport) -> Score:
        """Return the notes in [start, end), s of the timeline; held notes last until its end."""
        with self._lock:
            notes = [n for n in self._tracker.finished if n.end > start and n.start < end]
            notes += [n for n in self._tracker.held_notes(end) if n.start < end]
            warnings = self._tracker.warnings
        whole = Score(sort_notes(n for n in notes if n.end > n.start), end, warnings=warnings)
        return replace(whole.cut(start, end), bpm=transport.bpm, beats=transport.beats)
