"""Notes as tokens, window by window, in the vocabulary of Spectrogram Diffusion.

Source: Hawthorne et al. 2022, arXiv:2206.05408, section 3.1, after Gardner et al. 2021,
arXiv:2111.03017, section 3.2: what sounds when a window begins (ties), then events, each after the
time since the window's start where that has moved on; programs and velocities only where new.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msanii_live.notes import Note

PAD, END = 0, 1
STEPS = 100  # a second
_FIRST = 3  # token of the first event; before it are padding, end and unknown
_SHIFTS = 1_001
_PITCH = _FIRST + _SHIFTS
_VELOCITY = _PITCH + 128
_TIE = _VELOCITY + 2
_PROGRAM = _TIE + 1
_DRUM = _PROGRAM + 128
VOCABULARY = _DRUM + 128
# The programs that the published model was trained on.
PUBLISHED_PROGRAMS = (
    0, 4, 8, 16, 24, 26, 29, 32, 33, 40, 41, 42, 43, 46, 47, 48, 50, 52, 55, 56, 57, 58, 60, 61, 64,
    66, 67, 68, 69, 70, 71, 73, 80, 88,
)  # fmt: skip


@dataclass(frozen=True)
class TokenWindows:
    """The windows that music is cut into.

    frame_rate: mel frames a second. window: mel frames of one. length: tokens of one.
    """

    frame_rate: float = 50.0
    window: int = 256
    length: int = 2_048

    def start(self, number: int) -> float:
        """Return the second at which a window begins."""
        return number * self.window / self.frame_rate

    def count(self, seconds: float) -> int:
        """Return how many windows hold the mel frames of so many seconds."""
        frames = int(seconds * self.frame_rate) + 1
        return -(-frames // self.window)


@dataclass(frozen=True)
class _Event:
    """A note that begins (down 1) or ends (down 0). step: hundredths of a second."""

    step: int
    down: int
    note: Note
    program: int


def published_program(program: int) -> int:
    """Return the published program that stands in for a program, 0-127: the nearest below or it.

    >>> published_program(1), published_program(127)
    (0, 88)
    """
    return max(known for known in PUBLISHED_PROGRAMS if known <= program)


def tokens(notes: Sequence[Note], seconds: float, windows: TokenWindows) -> list[list[int]]:
    """Return the tokens of every window, each padded to the windows' length.

    A window with more tokens than fit is cut off.
    """
    events = list(_events(notes))
    out, first = [], 0
    active: dict[tuple[int, int], None] = {}  # by program and pitch
    count = windows.count(seconds)
    for number in range(count):
        begin = _step_before(windows.start(number))
        end = _step_before(windows.start(number + 1))
        writer = _TokenWriter()
        for program, pitch in sorted(active):
            writer.add_program(program)
            writer.add(_PITCH + pitch)
        writer.add(_TIE)
        last = number == count - 1
        while first < len(events) and (events[first].step < end or last):
            event = events[first]
            writer.move_to(event.step - begin)
            writer.add_event(event)
            key = event.program, event.note.pitch
            if event.down and not event.note.drum:
                active[key] = None
            elif not event.note.drum:
                active.pop(key, None)
            first += 1
        ended = [*writer.tokens[: windows.length - 1], END]
        out.append(ended + [PAD] * (windows.length - len(ended)))
    return out


def _step_before(second: float) -> int:
    """Return the last step that is not after a time, in seconds."""
    step = int(second * STEPS) + 1
    while step / STEPS > second:
        step -= 1
    return step


def _events(notes: Iterable[Note]) -> Iterable[_Event]:
    """Return the events in order; at the same time, notes end before others begin."""
    timed = []
    for note in notes:
        program = 0 if note.drum else published_program(note.program)
        order = (note.drum, program, note.pitch)
        timed.append((note.start, 1, *order, note))
        if not note.drum:
            timed.append((note.end, 0, *order, note))
    timed.sort(key=lambda item: item[:5])
    for when, down, _, program, _, note in timed:
        yield _Event(round(when * STEPS), down, note, program)


class _TokenWriter:
    """A writer of one window's tokens.

    A program, velocity or time that has not changed is left out.
    """

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self._program = self._velocity = -1
        self._step = self._written_step = 0

    def move_to(self, step: int) -> None:
        """Set the time of the next event, in steps after the window's start."""
        self._step = max(self._step, step)

    def add(self, token: int) -> None:
        """Write a token; before it the time since the window's start if that has changed."""
        if self._step > self._written_step:
            left = self._written_step = self._step
            while left > 0:
                self.tokens.append(_FIRST + min(left, _SHIFTS - 1))
                left -= _SHIFTS - 1
        self.tokens.append(token)

    def add_program(self, program: int) -> None:
        """Write a program unless it is the last one written."""
        if program != self._program:
            self._program = program
            self.add(_PROGRAM + program)

    def add_event(self, event: _Event) -> None:
        """Write that a note begins or ends."""
        if not event.note.drum:
            self.add_program(event.program)
        if event.down != self._velocity:
            self._velocity = event.down
            self.add(_VELOCITY + event.down)
        self.add((_DRUM if event.note.drum else _PITCH) + event.note.pitch)
