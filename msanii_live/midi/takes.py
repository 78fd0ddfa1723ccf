"""What is played on MIDI in: the last bars, always at hand, and takes of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from msanii_live.errors import Code, CommandError
from msanii_live.notes import NoteTracker, Score, sort_notes
from msanii_live.timing.transport import Transport

LIVE = "take"  # the word that means the last bars
MAX_NOTES = 20_000  # notes
MAX_TAKE_SECONDS = 600.0  # s of a take
MAX_TAKES = 64  # takes
DOWNBEAT_TOLERANCE = 0.06  # s by which a hand may come before the bar line that it means


class MidiRecorder:
    """Hear MIDI in. Every method may be called from any thread."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self._listener = NoteTracker(MAX_NOTES)
        self._recorded: OrderedDict[str, Score] = OrderedDict()
        self._running: tuple[str, float, float] | None = None  # name, start, longest; s
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    @property
    def is_recording(self) -> bool:
        """Tell whether a take runs."""
        return self._running is not None

    def receive(self, message: Any, now: float) -> None:
        """Take a message in. message: mido's. now: s of the player's timeline."""
        with self._lock:
            self._listener.receive(message, now)

    def release_all(self, now: float) -> None:
        """End all notes: no one is left to do it."""
        with self._lock:
            self._listener.all_off(now)

    def last_bars(self, bars: float, transport: Transport) -> Score:
        """Return the last bars that were played, up to the bar line after the last note.

        Raises: CommandError: ENOCLIP, nothing was played.
        """
        latest = self._listener.latest
        if latest is None:
            raise CommandError(
                Code.ENOCLIP,
                "nothing has come in on MIDI yet: start the server with --midi-in, or name a "
                "MIDI file of the shared folder",
            )
        end = latest + DOWNBEAT_TOLERANCE
        end += transport.seconds_until("bar", end)
        start = end - bars * transport.beats * 60.0 / transport.bpm
        whole = abs(bars - round(bars)) < 1e-6
        bar = 0.0 if whole else (-bars) % 1.0
        return replace(self.notes_between(start, end, transport), bar=bar, is_loop=whole)

    def start(
        self, name: str, seconds: float | None, now: float, finished: Callable[[], None]
    ) -> None:
        """Begin a take. seconds: it ends after so many; `finished` is then called, to stop it.

        Raises: CommandError: EBUSY, one is running.
        """
        with self._lock:
            if self._running is not None:
                raise CommandError(Code.EBUSY, "a take is running: /msanii/record/stop ends it")
            longest = MAX_TAKE_SECONDS if seconds is None else seconds
            self._running = (name, now, longest)
            self._timer = threading.Timer(longest, finished)
            self._timer.daemon = True
            self._timer.start()

    def stop(
        self, name: str, seconds: float | None, now: float, transport: Transport
    ) -> tuple[str, Score]:
        """End the take and return its name and notes; without a take, what was played last.

        name: instead of the one that it was begun with. seconds: only the last so many.
        Raises: CommandError: ENOCLIP, nothing was played.
        """
        with self._lock:
            running, self._running = self._running, None
            if self._timer is not None:
                self._timer.cancel()
        end = now
        start = now - (seconds or 60.0)
        if running is not None:
            end = min(now, running[1] + running[2])
            start = running[1] if seconds is None else max(running[1], end - seconds)
        score = self.notes_between(start, end, transport)
        if not score.notes:
            raise CommandError(Code.ENOCLIP, "nothing has come in on MIDI that could be a take")
        if running is None:  # not a minute of waiting, then three notes
            first = score.notes[0].start
            score, start = score.cut(first, score.seconds), start + first
        score = replace(score, bar=transport.bars_at(start) % 1.0)
        return name or (running[0] if running is not None else ""), score

    def store_take(self, name: str, score: Score) -> None:
        """Remember a take by its name."""
        with self._lock:
            self._recorded[name] = score
            self._recorded.move_to_end(name)
            while len(self._recorded) > MAX_TAKES:
                self._recorded.popitem(last_bars=False)

    def get_take(self, name: str) -> Score | None:
        """Return a take that was recorded since the start, None where there is none."""
        return self._recorded.get(name)

    def close(self) -> None:
        """Let a running take go."""
        with self._lock:
            self._running = None
            if self._timer is not None:
                self._timer.cancel()

    def notes_between(self, start: float, end: float, transport: Transport) -> Score:
        """Return what sounded in [start, end), s of the timeline; keys still down to its end."""
        with self._lock:
            notes = [n for n in self._listener.finished if n.end > start and n.start < end]
            notes += [n for n in self._listener.held_notes(end) if n.start < end]
            unsupported = tuple(self._listener.unsupported)
        whole = Score(sort_notes(n for n in notes if n.end > n.start), end, unsupported=unsupported)
        return replace(whole.cut(start, end), bpm=transport.bpm, beats=transport.beats)
