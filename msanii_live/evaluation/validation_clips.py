"""Held-out pieces as clips that an engine continues, and its continuations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from msanii_live.audio import Clip, Samples, make_clip
from msanii_live.engines.base import Context, Engine
from msanii_live.engines.prompt_parser import key_name
from msanii_live.engines.vocabulary import BEATS_PER_BAR
from msanii_live.errors import Code, CommandError
from msanii_live.protocol.commands import GenerationCommand, Outpaint
from msanii_live.training.data.dataset import DataSet, Entry

Report = Callable[[str], None]

TAIL_SECONDS = 2.0  # end of a piece, where it only decays


@dataclass(frozen=True)
class ValidationClip:
    """A held-out clip with its true continuation, and the same of another piece.

    after, other_after: the true continuations, (frames, channels). other: another context: audio of
    another piece, of the same style if there is one, at the same position in the bar. It carries
    this clip's metadata, so that an engine gets the same conditions.
    """

    clip: Clip
    after: Samples
    other: Clip
    other_after: Samples

    @property
    def true(self) -> Samples:
        """The clip with its true continuation."""
        return np.concatenate([self.clip.samples, self.after])

    @property
    def wrong(self) -> Samples:
        """The clip with the continuation of the other piece."""
        return np.concatenate([self.clip.samples, self.other_after])

    @property
    def beat(self) -> float:
        """Seconds per beat."""
        return 60.0 / self.clip.info.bpm


@dataclass(frozen=True)
class ContinuedClip:
    """The continuations that an engine made of a clip.

    made, swapped: the new audio alone, (frames, channels). joined: clip and new audio as one.
    """

    reference: ValidationClip
    steps: int
    joined: Samples
    swapped: Samples

    @property
    def made(self) -> Samples:
        """The new audio alone."""
        return self.joined[self.reference.clip.info.frames :]


def cut_validation_clips(
    data: DataSet,
    count: int,
    *,
    seconds: float = 6.0,
    after: float = 3.0,
    seed: int = 0,
    split: str = "test",
) -> tuple[ValidationClip, ...]:
    """Cut clips at random positions of held-out pieces of steady tempo; pieces take turns.

    seconds, after: lengths of the clip and of its continuation. Equal seeds give equal clips.
    Raises: ValueError: fewer than two pieces of the split are long enough and have audio.
    """
    rate = data.spec.sample_rate
    frames, next_frames = round(seconds * rate), round(after * rate)
    room = frames + next_frames + round(TAIL_SECONDS * rate)
    pieces = [
        piece
        for piece in data.split(split)
        # One bar more than is cut, so that every bar position can be found in the other piece.
        if piece.wave >= 0
        and piece.beat_seconds > 0
        and piece.frames > room + piece.beat_seconds * BEATS_PER_BAR * rate
    ]
    if len(pieces) < 2:
        raise ValueError(f"two pieces of the {split} split must have {room / rate:g} s of audio")
    rng = np.random.default_rng(seed)
    out = []
    for number in range(count):
        piece = pieces[number % len(pieces)]
        other = _closest_piece(piece, pieces)
        first = int(rng.integers(piece.frames - room))
        bars = first / rate / (piece.beat_seconds * BEATS_PER_BAR)
        other_bar = other.beat_seconds * BEATS_PER_BAR * rate  # frames
        whole = int(rng.integers(int((other.frames - room) / other_bar)))
        other_first = round((whole + bars % 1.0) * other_bar)
        info: dict[str, object] = {
            "bpm": 60.0 / piece.beat_seconds,
            "bar_offset": bars % 1.0,
            "style": piece.style,
            "key": key_name(piece.key) if piece.key >= 0 else "",
        }
        past, true = _cut(data, piece, first, frames, next_frames)
        other_past, wrong = _cut(data, other, other_first, frames, next_frames)
        out.append(
            ValidationClip(
                make_clip(past, rate, name=f"held-{number}", **info),
                true,
                make_clip(other_past, rate, name=f"other-{number}", **info),
                wrong,
            )
        )
    return tuple(out)


def _closest_piece(piece: Entry, pieces: Sequence[Entry]) -> Entry:
    """Return the other piece nearest in tempo, of the same style if there is one."""
    others = [other for other in pieces if other.seed != piece.seed or other.wave != piece.wave]
    return min(
        others,
        key=lambda other: (
            other.style != piece.style,
            abs(other.beat_seconds - piece.beat_seconds),
        ),
    )


def _cut(
    data: DataSet, piece: Entry, first: int, frames: int, after: int
) -> tuple[Samples, Samples]:
    begin = piece.wave + first
    raw = np.asarray(data.waves[begin : begin + frames + after], np.float32) / np.float32(32_768)
    return raw[:frames].copy(), raw[frames:].copy()


def run_command(
    engine: Engine, command: GenerationCommand, sources: Sequence[Clip], seed: int
) -> Clip:
    """Run one command; its sources are looked up among the given clips by name."""
    by_name = {clip.info.name: clip for clip in sources}

    def find(name: str) -> Clip:
        if name not in by_name:
            raise CommandError(Code.ENOCLIP, f"no clip {name}")
        return by_name[name]

    context = Context(
        clip=find,
        progress=lambda step, steps: None,
        warn=lambda text: None,
        tempo=(sources[0].info.bpm if sources else 0.0) or 120.0,
        beats=BEATS_PER_BAR,
        seed=seed,
    )
    return engine.run(command, context)


def continue_clip(engine: Engine, clip: Clip, seconds: float, steps: int, seed: int) -> Samples:
    """Return a clip outpainted to the right, (frames, channels), the clip included."""
    command = Outpaint(src=clip.info.name, seconds=seconds, steps=steps)
    return run_command(engine, command, [clip], seed).samples


def continue_clips(
    engine: Engine,
    clips: Sequence[ValidationClip],
    steps: Sequence[int] = (4, 16),
    *,
    seed: int = 0,
    report: Report = lambda _: None,
) -> tuple[ContinuedClip, ...]:
    """Outpaint each clip and its partner by the length of the true continuation."""
    out = []
    for count in steps:
        for number, reference in enumerate(clips):
            seconds = len(reference.after) / reference.clip.info.sample_rate
            joined, swapped = (
                continue_clip(engine, clip, seconds, count, seed + number)
                for clip in (reference.clip, reference.other)
            )
            out.append(
                ContinuedClip(reference, count, joined, swapped[reference.other.info.frames :])
            )
            report(f"continued in {count} steps: {number + 1} of {len(clips)}")
    return tuple(out)


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the columns after the first are aligned to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
