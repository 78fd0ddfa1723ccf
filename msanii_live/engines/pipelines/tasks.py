"""The verbs of published models: from a command to samples, tempo, key, words and a clip."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from msanii_live.audio import (
    Clip,
    Samples,
    as_mono,
    is_mono,
    limit,
    make_clip,
)
from msanii_live.audio.slow_gain import equal_power, match_power
from msanii_live.engines.base import Context, check_span
from msanii_live.engines.loudness import fade_edges, loudness_gain
from msanii_live.engines.pipelines.editing import PipelineEditor
from msanii_live.engines.pipelines.family import Family
from msanii_live.engines.pipelines.in_time import STRETCH, MusicalAim, make_until
from msanii_live.engines.pipelines.levels import close_loop, level_span, limit_loop
from msanii_live.engines.pipelines.sources import SourceAudio, read_source
from msanii_live.engines.pipelines.windows import PassWindow
from msanii_live.engines.pipelines.words import (
    PromptWords,
    find_key,
    find_metre,
    find_tempo,
    mixed_words,
    quarters,
    words_of,
)
from msanii_live.engines.verbs import run_verb
from msanii_live.errors import Code, CommandError
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    GenerationCommand,
    Inpaint,
    Interpolate,
    Outpaint,
)

MAX_SECONDS = 600.0  # of a clip together with its source
MIN_FRAMES = 2_048  # of a clip or a source
JOIN_SECONDS = 1.0  # on either side of a loop's join that are made anew, at most
JOIN_SHARE = 6  # of a loop: at most one part in so many on either side
FADE_IN, FADE_OUT = 32, 128  # frames; the edges of a new clip must not click


@dataclass(frozen=True)
class PipelineTasks:
    """One command, with the model that carries it out.

    licence: of its weights, in words. made: audio that was made already, by its seed.
    """

    family: Family
    command: GenerationCommand
    context: Context
    licence: str
    made: Mapping[int, Samples] = field(default_factory=dict)

    @property
    def rate(self) -> int:
        """The sample rate, Hz."""
        return self.family.rate

    def run(self) -> Clip:
        """Run the method of the command's verb."""
        return run_verb(self, self.command, "of published models")

    def generate(self, command: Generate) -> Clip:
        """Generate a clip at its tempo, beginning on its downbeat, as far as measuring shows.

        Whole bars close as a loop, whose join is made anew.
        """
        aim, editor, length = self.aim(command), self.editor(command), self.new_frames(command)
        frames = aim.frames
        loops = _is_loop(command, aim)
        half, width = frames // 2, self._join_width(frames)
        closes = loops and width >= 2 * self.family.hop
        turned = frames - half  # where the end meets the start, after turning by a half
        joins = (
            editor.span(frames, turned - width, turned + width, leftwards=False) if closes else []
        )

        def make(seed: int) -> Samples:
            if seed in self.made:
                editor.begin(seed, joins, after=1)
                return self.made[seed]
            passes = editor.line(length)
            editor.begin(seed, passes, joins)
            return as_samples(editor.generate(length, passes))

        best, tries = make_until(make, aim, self.context.seed, command.tries, command.count)
        first = 0 if best.misses(aim)[0] else best.downbeat(aim)
        if not loops:
            first = first if first + frames <= len(best.samples) else 0
        samples = best.samples[:frames] if loops else best.samples[first : first + frames]
        if closes:
            editor.seed = best.seed
            wave = torch.roll(self._tensor(samples), -half, 1)
            samples = as_samples(torch.roll(editor.fill(wave, joins), half, 1))
        samples = samples * loudness_gain(samples)
        if loops:
            samples = limit_loop(samples if closes else close_loop(samples))
            samples = np.roll(samples, -first, 0)
        else:
            samples = limit(samples).copy()
            fade_edges(samples, FADE_IN, FADE_OUT)
        if missed := best.missed(aim, tries):
            self.context.warn(missed)
        bar = best.bar + first / aim.bar_frames
        clip = self._clip(samples, best.tempo, bar, best.key, loops=loops)
        info = replace(clip.info, seed=best.seed, reached=best.report(tries))
        return replace(clip, info=info)

    def aim(self, command: Generate) -> MusicalAim:
        """Return the length, tempo and key that a new clip is to have. Raises: CommandError."""
        bpm = find_tempo(command) or self.context.tempo
        frames = self._frames(command, bpm)
        return MusicalAim(self.rate, frames, bpm, self._beats(), find_key(command))

    def editor(self, command: Generate) -> PipelineEditor:
        """Return what makes the audio of a new clip."""
        bpm = find_tempo(command) or self.context.tempo
        return self._editor(words_of(command, bpm, self.context.beats))

    def new_frames(self, command: Generate) -> int:
        """Return how much audio is made of a new clip, so that it can be stretched and cut."""
        aim, longest = self.aim(command), self.family.max_latents * self.family.hop
        cut = find_tempo(command) and not _is_loop(command, aim)  # to begin on the downbeat
        length = math.ceil(aim.frames * (1 + STRETCH) + (aim.bar_frames if cut else 0))
        return min(length, longest) if aim.frames <= longest else length

    def outpaint(self, command: Outpaint) -> Clip:
        """Continue a clip at either end, keeping it bit for bit up to the seam."""
        source = self._source(command.src)
        bpm = find_tempo(command) or source.bpm
        new = self._frames(command, bpm or self.context.tempo)
        old = source.samples
        self._check_length(len(old) + new)
        leftwards = command.side == "left"
        silence = np.zeros((new, 2), np.float32)
        joined = np.concatenate([silence, old] if leftwards else [old, silence])
        start, end = (0, new) if leftwards else (len(old), len(joined))
        samples = self._fill(joined, start, end, source, bpm, leftwards)
        bar = source.bar_after(-new if leftwards else 0, bpm, self._beats())
        if not command.keep:
            samples = samples[start:end]
            bar = source.bar_after(-new if leftwards else len(old), bpm, self._beats())
        return self._clip(samples, bpm, bar, find_key(command) or source.key, (source,))

    def inpaint(self, command: Inpaint) -> Clip:
        """Replace a span of a clip."""
        source = self._source(command.src)
        check_span(command, len(source.samples) / self.rate)
        start = round(command.start * self.rate)
        end = min(round(command.end * self.rate), len(source.samples))
        bpm = find_tempo(command) or source.bpm
        samples = self._fill(source.samples, start, end, source, bpm, leftwards=False)
        key = find_key(command) or source.key
        return self._clip(samples, bpm, source.bar_offset, key, (source,))

    def audio_to_audio(self, command: AudioToAudio) -> Clip:
        """Generate a variation of a clip at its level; at strength 0 it is the clip itself."""
        source = self._source(command.src)
        bpm = find_tempo(command) or source.bpm
        words = words_of(command, bpm, self.context.beats, source.key)
        return self._vary([source], 0.0, command.strength, words, bpm)

    def interpolate(self, command: Interpolate) -> Clip:
        """Generate a clip between two: a at mix 0, b at mix 1, their denoised arc in between.

        Where the command has no prompt, the words go from those of a to those of b.
        """
        first, second = self._source(command.a), self._source(command.b)
        nearer = first if command.mix < 0.5 else second
        bpm = find_tempo(command) or nearer.bpm
        words = words_of(command, bpm, self.context.beats, nearer.key)
        if not command.prompt and (first.prompt or second.prompt):
            ends = [
                words_of(_with_prompt(command, each.prompt), bpm, self.context.beats, nearer.key)
                for each in (first, second)
            ]
            words = mixed_words(ends[0], ends[1], command.mix)
        # No noise at either end, most in the middle.
        strength = command.strength * 4 * command.mix * (1 - command.mix)
        return self._vary([first, second], command.mix, strength, words, bpm)

    # -- parts ---------------------------------------------------------------------------------

    def _vary(
        self,
        sources: Sequence[SourceAudio],
        mix: float,
        strength: float,
        words: PromptWords,
        bpm: float,
    ) -> Clip:
        frames = min(len(source.samples) for source in sources)
        cut = [source.samples[:frames] for source in sources]
        weights = [1.0] if len(cut) == 1 else [1 - mix, mix]
        nearer = sources[0] if mix < 0.5 else sources[-1]
        key = find_key(self.command) or nearer.key
        if strength < 1e-3:
            self.context.progress(1, 1)
            plain = sum(share * each for share, each in zip(weights, cut, strict=True))
            samples = np.asarray(plain, dtype=np.float32)
        else:
            editor = self._editor(words)
            passes = editor.line(frames)
            editor.expect(passes)
            tensors = [self._tensor(each) for each in cut]
            made = editor.vary(tensors, mix, min(strength, 1.0), passes)
            samples = as_samples(made)
            if all(is_mono(each) for each in cut):
                samples = as_mono(samples)
            samples = match_power(samples, equal_power(cut, weights))
        return self._clip(samples, bpm, nearer.bar_offset, key, sources)

    def _fill(
        self,
        samples: Samples,
        start: int,
        end: int,
        source: SourceAudio,
        bpm: float,
        leftwards: bool,
    ) -> Samples:
        """Make frames [start, end) at the source's level; the rest stays bit for bit."""
        editor = self._editor(words_of(self.command, bpm, self.context.beats, source.key))
        windows: list[PassWindow] = editor.span(len(samples), start, end, leftwards)
        editor.expect(windows)
        made = as_samples(editor.fill(self._tensor(samples), windows))
        if is_mono(source.samples):
            made = as_mono(made)
        return level_span(made, samples, start, end, self.rate)

    def _editor(self, words: PromptWords) -> PipelineEditor:
        for text in self.family.not_followed(words):
            self.context.warn(text)
        return PipelineEditor(
            self.family,
            words,
            self.command.steps or self.family.steps,
            self.context.seed,
            self.context.progress,
        )

    def _source(self, name: str) -> SourceAudio:
        source = read_source(self.context.clip(name), self.rate)
        self._check_length(len(source.samples))
        return source

    def _frames(self, command: Generate | Outpaint, bpm: float) -> int:
        seconds = command.seconds
        if command.bars is not None:
            seconds = command.bars * self._beats() * 60.0 / bpm
        frames = round(seconds * self.rate)
        self._check_length(frames)
        return frames

    def _beats(self) -> float:
        """Return the quarter notes of a bar."""
        return quarters(find_metre(self.command, self.context.beats))

    def _check_length(self, frames: int) -> None:
        if not MIN_FRAMES <= frames <= MAX_SECONDS * self.rate:
            raise CommandError(
                Code.ERANGE,
                f"the clip would last {frames / self.rate:.2f} s: it must be "
                f"{MIN_FRAMES / self.rate:.2f} to {MAX_SECONDS:g} s",
            )

    def _join_width(self, frames: int) -> int:
        """Return the samples on either side of a loop's join that are made anew."""
        return int(min(JOIN_SECONDS * self.rate, frames // JOIN_SHARE))

    def _tensor(self, samples: Samples) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(samples.T)).to(self.family.device)

    def _clip(
        self,
        samples: Samples,
        bpm: float,
        bar: float,
        key: str,
        parents: Sequence[SourceAudio] = (),
        loops: bool = False,
    ) -> Clip:
        return make_clip(
            np.array(samples, dtype=np.float32, order="C"),
            self.rate,
            seed=self.context.seed,
            bpm=round(bpm, 4),
            bar_offset=round(bar, 9) % 1.0,
            loops=loops,
            style=self.command.style[:60] or (parents[0].style if parents else ""),
            key=key,
            parents=tuple(parent.name for parent in parents),
            licence=self.licence,
        )


def _is_loop(command: Generate, aim: MusicalAim) -> bool:
    bars = aim.frames / aim.bar_frames
    return command.bars is not None and abs(bars - round(bars)) < 1e-3


def _with_prompt(command: Interpolate, prompt: str) -> Interpolate:
    return replace(command, prompt=prompt)


def as_samples(wave: torch.Tensor) -> Samples:
    """Return the samples of a wave, (2, frames), as float32, (frames, 2)."""
    return np.ascontiguousarray(wave.T.float().cpu().numpy())
