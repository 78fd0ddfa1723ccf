"""Scores become sound: whole, at a level, or as a span of a clip that stays around it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from msanii_live.audio import (
    Clip,
    Samples,
    as_stereo,
    last_stem,
    limiting_gain,
    make_clip,
    rms_dbfs,
)
from msanii_live.engines.base import Context
from msanii_live.engines.composer.recording_sound import match_recording
from msanii_live.engines.composer.sound_match import LOOK_SECONDS
from msanii_live.engines.composer.span_join import (
    LEAD,
    MARGIN,
    MAX_GAIN,
    QUIET,
    TAIL,
    SpanJoin,
    limit_span,
    plan_join,
)
from msanii_live.engines.notes.played_parts import PlayedParts
from msanii_live.notes import Score
from msanii_live.protocol.commands import Render

RATE = 44_100
SEEN = 0.75  # s before a span that are compared with the clip, if both are of the same player
MIN_LOOK = 0.5  # s of a recording that say how it sounds
DRUM_SECONDS, LONG_SECONDS = 0.2, 1.5  # s for which a drum, and at most a tone, is loud
MAX_CHANGE = (-12.0, 2.0)  # dB
# Frames between a player's spectra. A span is played from a multiple of it on, so that it has the
# spectra, and with them the phases, of the clip where both have the same notes.
HOP = 512
# Plays a score: with the command's steps, the context's seed, and stems if they are wanted.
Play = Callable[[Score, Render, Context, bool], PlayedParts]


class PartsPlayer(Protocol):
    """What plays the composer's notes."""

    @property
    def loaded(self) -> bool:
        """Whether its weights are in memory."""

    @property
    def precision(self) -> str:
        """The precision of its network, "" where it has none or is not loaded."""

    def load(self) -> None:
        """Read the weights. Raises: CommandError, ConfigError."""

    def free(self) -> None:
        """Give the memory back."""

    def render_parts(
        self, score: Score, command: Render, context: Context, with_stems: bool = True
    ) -> PlayedParts:
        """Play a score; the stems sum to the clip. Raises: CommandError, Cancelled."""


@dataclass(frozen=True)
class Performer:
    """A player of scores, with the command's steps and whether stems are wanted.

    render: the command by which it plays. context: of the job; `context.progress` counts the
    player's own steps.
    """

    play: Play
    render: Render
    context: Context
    with_stems: bool

    def whole(
        self, score: Score, level: float | None = None, like: Clip | None = None
    ) -> PlayedParts:
        """Play a score. level: dBFS RMS; the usual loudness if None.

        like: a clip whose spectrum and width it gets, if that is a recording.
        """
        if level is None:
            return self._play(score, self.context)
        played = self._play(score, replace(self.context, skip_normalization=True))
        if like is not None and is_recording(like):
            played = like_recording(played, as_stereo(like.samples))
        return at_level(played, level)

    def span(self, source: Clip, score: Score, start: int, end: int) -> PlayedParts:
        """Return a clip whose frames [start, end) are played anew and all others stay.

        source: the clip; anything may stand in the span. score: of the whole clip, with new notes.
        The stems are those of the source, with new sound in the span.
        """
        old = as_stereo(source.samples)
        lead, tail = LEAD, TAIL
        if is_recording(source):  # as much as is compared with it
            lead, tail = LOOK_SECONDS, max(TAIL, LOOK_SECONDS - start / RATE)
        first = max(0, start - round(lead * RATE)) // HOP * HOP
        last = min(len(old), end + round(tail * RATE))
        part = score.cut(first / RATE, last / RATE)
        margin = MARGIN if last == len(old) else 0
        part = replace(part, seconds=(last - first + margin) / RATE)
        seen = start - first
        if not is_recording(source):
            seen = min(seen, round(SEEN * RATE))
        unheard = (start - first - seen) / RATE
        played = self._play(part, replace(self.context, skip_normalization=True, unheard=unheard))
        if is_recording(source):
            sides = slice(first, start), slice(end, last)
            around = np.concatenate([old[side] for side in sides])
            own = played.clip.samples[: last - first]
            same = np.concatenate([own[: start - first], own[end - first :]])
            played = like_recording(played, around, same)
        made = played.clip.samples
        louder = 0.0  # of a recording, the notes and their velocities are guesses
        if not is_recording(source):
            louder = expected_change(score, start / RATE, end / RATE)
        join = plan_join(old, made, start, end, -first, louder, seen)
        mix = join.apply(old, made)
        stems = self._joined_stems(source, played.stems, join) if self.with_stems else {}
        limit_span([mix, *stems.values()], start, end)
        _settle(mix, stems, start, end)
        return PlayedParts(make_clip(mix, RATE), stems)

    def _joined_stems(
        self, source: Clip, made: Mapping[str, Samples], join: SpanJoin
    ) -> dict[str, Samples]:
        silence = np.zeros((join.frames, 2), np.float32)
        names = dict.fromkeys([*source.stems, *made])
        return {
            name: join.apply(
                as_stereo(source.stems[name]) if name in source.stems else silence,
                made.get(name, silence[:1]),
            )
            for name in names
        }

    def _play(self, score: Score, context: Context) -> PlayedParts:
        if score.notes:
            return self.play(score, self.render, context, self.with_stems)
        context.progress(1, 1)
        silence = np.zeros((round(score.seconds * RATE), 2), np.float32)
        return PlayedParts(make_clip(silence, RATE), {})


def at_level(played: PlayedParts, level: float) -> PlayedParts:
    """Return sound at a level, dBFS RMS, with its peaks limited."""
    samples = played.clip.samples
    if rms_dbfs(samples) < QUIET:
        return played
    gain = np.float32(10 ** (np.clip(level - rms_dbfs(samples), -MAX_GAIN, MAX_GAIN) / 20))
    mix = samples * gain
    stems = {part: stem * gain for part, stem in played.stems.items()}
    moving = limiting_gain(mix)
    if moving is not None:
        for each in (mix, *stems.values()):
            each *= moving[:, None]
    return PlayedParts(make_clip(mix, RATE), stems)


def expected_change(score: Score, start: float, end: float) -> float:
    """Return by how much a span is expected to be louder than the rest of a score, dB.

    It follows from the number, velocity and length of the notes, so that a span of few soft notes
    may be soft. start, end: s.
    """
    inside = outside = 0.0
    for note in score.notes:
        length = DRUM_SECONDS if note.drum else min(note.end - note.start, LONG_SECONDS)
        energy = (note.velocity / 127) ** 2 * length
        if start <= note.start < end:
            inside += energy
        else:
            outside += energy
    rest = score.seconds - (end - start)
    if not inside or not outside or rest <= 0:
        return 0.0
    change = 10 * np.log10(inside / (end - start) * rest / outside)
    return float(np.clip(change, *MAX_CHANGE))


def is_recording(clip: Clip) -> bool:
    """Return whether a clip comes from elsewhere, so that no player here has its sound."""
    return not clip.info.engine


def like_recording(
    played: PlayedParts, recording: Samples, same: Samples | None = None
) -> PlayedParts:
    """Return what was played with the sound of a recording, and its stems alike.

    It gets the levels that each band has in the recording, its spectrum and its width. same: of
    what was played, what has the notes of the recording; None for all of it.
    """
    if len(recording) < MIN_LOOK * RATE or rms_dbfs(recording) <= QUIET:
        return played
    if same is None or rms_dbfs(same) <= QUIET:
        same = played.clip.samples
    sounds = [played.clip.samples, *played.stems.values()]
    _, _, (mix, *parts) = match_recording(as_stereo(recording), same, sounds)
    stems = dict(zip(played.stems, parts, strict=True))
    return PlayedParts(make_clip(mix, RATE), stems)


def as_played(clip: Clip) -> PlayedParts:
    """Return the sound of a clip as it is, with its stems."""
    stems = {part: as_stereo(stem) for part, stem in clip.stems.items()}
    return PlayedParts(make_clip(as_stereo(clip.samples), RATE), stems)


def cut_out(played: PlayedParts, start: int, end: int) -> PlayedParts:
    """Return frames [start, end) of sound."""
    stems = {part: stem[start:end].copy() for part, stem in played.stems.items()}
    return PlayedParts(make_clip(played.clip.samples[start:end].copy(), RATE), stems)


def level_between(first: Samples, second: Samples, mix: float) -> float:
    """Return the equal-power level between two clips, dBFS RMS. mix: 0 is only the first."""
    powers = [10 ** (rms_dbfs(samples) / 10) for samples in (first, second)]
    return float(10 * np.log10(max((1 - mix) * powers[0] + mix * powers[1], 1e-9)))


def recorded_between(first: Clip, second: Clip, mix: float) -> Clip | None:
    """Return a clip whose spectrum and width lie between those of two; None if neither is recorded.

    mix: 0 is only the first; powers are mixed.
    """
    if not (is_recording(first) or is_recording(second)):
        return None
    shares = np.sqrt(np.array([1 - mix, mix], np.float32))
    frames = min(len(first.samples), len(second.samples))
    both = zip((first, second), shares, strict=True)
    return make_clip(
        np.concatenate([as_stereo(clip.samples)[:frames] * share for clip, share in both]), RATE
    )


def playing_steps(seconds: float, steps: int, window: float = 5.0) -> int:
    """Return about how many steps a player takes. window: s that it plays at once, about."""
    return math.ceil(max(seconds, 0.1) / window) * steps


def staged(context: Context, before: int, own: int) -> tuple[Callable[[int], None], Context]:
    """Return the progress of a first stage, and a context whose progress is the stage after it.

    before: steps of the first stage. own: steps of the second one, whatever it counts itself.
    """
    total = before + own
    context.progress(0, total)

    def of_second(done: int, steps: int) -> None:
        context.progress(before + round(own * done / max(steps, 1)), total)

    return (lambda done: context.progress(min(done, before), total)), replace(
        context, progress=of_second
    )


def _settle(mix: Samples, stems: dict[str, Samples], start: int, end: int) -> None:
    """Give what rounding has left in the span to the last stem."""
    if stems:
        name, rest = last_stem(mix, stems)
        stems[name][max(0, start - MARGIN) : end + MARGIN] = rest[
            max(0, start - MARGIN) : end + MARGIN
        ]
