"""The verbs of the composer engine: from a command to notes, and from notes to a clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from msanii_live.audio import Clip, Samples, make_clip, rms_dbfs
from msanii_live.engines.base import Context, check_span
from msanii_live.engines.composer.complete import CompletionOptions
from msanii_live.engines.composer.constraints import Constraints
from msanii_live.engines.composer.continuation import plan_continuation
from msanii_live.engines.composer.long_pieces import composing_steps
from msanii_live.engines.composer.morph import fitted, morphed
from msanii_live.engines.composer.playing import (
    RATE,
    Performer,
    Play,
    as_played,
    cut_out,
    is_recording,
    level_between,
    playing_steps,
    recorded_between,
    staged,
)
from msanii_live.engines.composer.read_piece import ReadPiece, read_piece, recent_bars
from msanii_live.engines.composer.sources import (
    accompanied,
    joined,
    lacking_parts,
    silent_source,
    source_of,
    surely_heard,
)
from msanii_live.engines.composer.span_join import LEAD, TAIL
from msanii_live.engines.composer.stems import with_kept, with_stems
from msanii_live.engines.composer.variation import (
    Variation,
    drawn_chords,
    open_cells,
    other_sound,
    plan_variation,
)
from msanii_live.engines.composer.weights import Composer
from msanii_live.engines.composer.whole_pieces import (
    MAX_SECONDS,
    checked_frames,
    compose_plan,
    plan_command,
)
from msanii_live.engines.early_source import EarlySource
from msanii_live.engines.notes.played_parts import PlayedParts
from msanii_live.engines.scores import requested_score
from msanii_live.engines.verbs import run_verb
from msanii_live.notes import Score
from msanii_live.protocol.commands import (
    Accompany,
    AudioToAudio,
    Generate,
    GenerationCommand,
    Inpaint,
    Interpolate,
    Outpaint,
    Render,
)

MAX_WITH_SOURCE = 600.0  # s of a clip together with its source
ALL_NEW = 0.95  # strength from which a variation has chords of its own
BLENDED = 0.6  # amount that is composed anew in the middle between two pieces, at strength 1


@dataclass(frozen=True)
class ComposerTasks:
    """One command of the composer engine, with what carries it out.

    play: see `Play`. steps: of the player.
    """

    composer: Composer
    play: Play
    command: GenerationCommand
    context: Context
    constraints: Constraints
    options: CompletionOptions
    steps: int

    def run(self) -> Clip:
        """Run the method of the command's verb."""
        return run_verb(self, self.command, "composer")

    def generate(self, command: Generate) -> Clip:
        """Compose a piece and play it, as a loop if it has whole bars."""
        plan = plan_command(self.composer, command, self.constraints, self.context)
        composing = composing_steps(plan.conditions, self.options)
        advance, context = staged(self.context, composing, self._playing(plan.seconds))
        score = compose_plan(self.composer, plan, self.context.seed, self.options, advance)
        return self._clip(self._performer(context).whole(score), score)

    def outpaint(self, command: Outpaint) -> Clip:
        """Continue a clip at either end; it stays bit for bit up to the seam."""
        source, score = source_of(self.context, command.src)
        surely = surely_heard(score) if is_recording(source) else ()
        heard, leftwards = score.only(surely) if surely else score, command.side == "left"
        piece = self._read(heard if leftwards else recent_bars(heard, self.context.beats))
        metre = self.constraints.metre or piece.grid.metre
        seconds = command.seconds
        if command.bars is not None:
            seconds = command.bars * replace(piece.grid, metre=metre).bar
        new = checked_frames(seconds)
        old = source.info.frames
        checked_frames((old * command.keep + new) / RATE, MAX_WITH_SOURCE)
        is_first = bool(command.keep) and not leftwards
        early = EarlySource(self.context.spans, source, old, old + new, is_first)
        plan = plan_continuation(
            self.composer, piece, self.constraints, new / RATE, self.context.seed,
            leftwards=leftwards,
        )  # fmt: skip
        plan = replace(plan, is_heard=is_recording(source))
        span = self._playing(LEAD + new / RATE + (TAIL if leftwards else 0.0))
        advance, context = staged(self.context, plan.steps(self.options), span)
        fresh = plan.compose(self.composer, self.context.seed, self.options, advance)
        whole = joined(fresh, score) if leftwards else joined(score, fresh)
        source = self._with_stems(source, score, context) if command.keep else source
        start, end = (0, new) if leftwards else (old, old + new)
        canvas = silent_source(source, new, leftwards)
        played = self._performer(context).span(canvas, whole, start, end)
        early.add_rest(played.clip.samples)
        if not command.keep:
            whole = replace(fresh, is_loop=False)
            played = cut_out(played, start, end)
        return self._clip(played, whole, (source,))

    def inpaint(self, command: Inpaint) -> Clip:
        """Compose a span of a clip anew, or some parts of it."""
        source, score = source_of(self.context, command.src)
        check_span(command, source.info.seconds)
        start = round(command.start * RATE)
        end = min(round(command.end * RATE), source.info.frames)
        checked_frames(LEAD + (end - start) / RATE)
        is_kept = self.constraints.is_all or not (source.stems or command.stems)  # else mixed anew
        early = EarlySource(self.context.spans, source, start, end, is_kept)
        piece = self._read(score, with_tempo=False)
        cells = open_cells(piece, start / RATE, end / RATE, self.constraints.parts)
        variation = plan_variation(self.composer, piece, self.constraints, cells, self.context.seed)
        span = self._playing(LEAD + (end - start) / RATE + TAIL)
        advance, context = staged(self.context, variation.steps(self.options), span)
        whole = variation.compose(self.composer, self.context.seed, self.options, advance)
        source = self._with_stems(source, score, context)
        played = self._performer(context, source).span(source, whole, start, end)
        early.add_rest(played.clip.samples)
        played = self._kept_parts(played, source)
        whole = replace(
            whole,
            key=score.key or whole.key,
            style=score.style or whole.style,
            is_loop=score.is_loop and start > 0 and end < source.info.frames,
        )
        return self._clip(played, whole, (source,))

    def audio_to_audio(self, command: AudioToAudio) -> Clip:
        """Vary the notes of a clip, its sound, or both, at its level; at strength 0 neither."""
        source, score = source_of(self.context, command.src)
        if command.strength < 1e-3:
            source = self._with_stems(source, score, self.context)
            self.context.progress(1, 1)
            return self._clip(as_played(source), score, (source,))
        checked_frames(score.seconds)
        piece = self._read(score, with_tempo=False)
        seconds, whole = score.seconds, score
        advance, context = staged(self.context, 0, self._playing(seconds))
        if command.hold != "notes":
            variation, options = self._variation(piece, command.strength, command.hold == "none")
            advance, context = staged(
                self.context, variation.steps(options), self._playing(seconds)
            )
            whole = variation.compose(self.composer, self.context.seed, options, advance)
        if command.hold == "notes" or (command.hold == "none" and command.strength > 0.8):
            whole = other_sound(
                self.composer, whole, whole.style or None, command.strength, self.context.seed
            )
        like = None if command.hold == "notes" else source
        played = self._performer(context, source).whole(whole, rms_dbfs(source.samples), like)
        return self._clip(self._kept_parts(played, source), whole, (source,))

    def interpolate(self, command: Interpolate) -> Clip:
        """Play notes between those of two clips, at the tempo of the first."""
        (a, first), (b, second) = (source_of(self.context, n) for n in (command.a, command.b))
        frames, mix = min(a.info.frames, b.info.frames), command.mix
        seconds = frames / RATE
        checked_frames(seconds)
        first = first if frames == a.info.frames else first.cut(0.0, seconds)
        piece = self._read(first, with_tempo=False)
        same_tempo = abs(second.tempo - piece.grid.bpm) < 1e-3
        other = fitted(second, piece, seconds)
        if mix <= 0.0 or (mix >= 1.0 and same_tempo):
            source = a if mix <= 0.0 else b
            closes = second.is_loop and frames == b.info.frames
            score = first if mix <= 0.0 else replace(other, is_loop=closes)
            source = self._with_stems(source, score, self.context)
            self.context.progress(1, 1)
            kept = cut_out(as_played(source), 0, frames)
            return self._clip(kept, score, (a, b))
        whole = morphed(piece, other, mix, self.context.seed, self.constraints.parts)
        amount = BLENDED * command.strength * 4 * mix * (1 - mix)
        advance, context = staged(self.context, 0, self._playing(seconds))
        if amount >= 0.02:
            variation, options = self._variation(self._read(whole, with_tempo=False), amount)
            advance, context = staged(
                self.context, variation.steps(options), self._playing(seconds)
            )
            varied = variation.compose(self.composer, self.context.seed, options, advance)
            whole = replace(varied, key=whole.key, style=whole.style)
        level = level_between(a.samples, b.samples, mix)
        played = self._performer(context).whole(whole, level, recorded_between(a, b, mix))
        return self._clip(played, whole, (a, b))

    def render(self, command: Render) -> Clip:
        """Play notes; if parts are named, compose these to the notes, in place of their own."""
        score = requested_score(command, self.context, MAX_SECONDS)
        seconds = score.seconds
        if not command.parts:
            performer = self._performer(self.context)
            return self._clip(performer.whole(score), score)
        piece = self._read(score, with_tempo=False)
        variation, options = self._variation(piece, 1.0)
        advance, context = staged(self.context, variation.steps(options), self._playing(seconds))
        whole = variation.compose(self.composer, self.context.seed, options, advance)
        return self._clip(self._performer(context).whole(whole), whole)

    def accompany(self, command: Accompany) -> Clip:
        """Compose parts to a clip, those that it lacks if none are named, and play them alone."""
        source, score = accompanied(self.context, command.src)
        checked_frames(score.seconds)
        piece = self._read(score, with_tempo=False)
        parts = self.constraints.parts if command.parts else lacking_parts(score)
        constraints = replace(self.constraints, parts=parts)
        cells = open_cells(piece, -1e9, 1e9, parts)
        variation = plan_variation(self.composer, piece, constraints, cells, self.context.seed)
        span = self._playing(score.seconds)
        advance, context = staged(self.context, variation.steps(self.options), span)
        whole = variation.compose(self.composer, self.context.seed, self.options, advance)
        answer = whole.only(parts)
        played = self._performer(context).whole(answer, rms_dbfs(source.samples))
        return self._clip(played, answer, (source,))

    # -- parts ---------------------------------------------------------------------------------

    def _read(self, score: Score, with_tempo: bool = True) -> ReadPiece:
        """Read a score; with_tempo: at the command's tempo, if it names one."""
        tempo = self.constraints.tempo
        if tempo and with_tempo:
            score = score.at_tempo(tempo)
        elif len({segment.bpm for segment in score.tempo_map}) > 1:
            self.context.warn(
                "the tempo of the notes changes: the composer counts in that of their end, "
                f"{score.tempo_map[-1].bpm:g} bpm"
            )
        return read_piece(score, tempo or self.context.tempo, self.context.beats)

    def _variation(
        self, piece: ReadPiece, amount: float, with_chords: bool = False
    ) -> tuple[Variation, CompletionOptions]:
        """Plan other notes in all bars of the named parts. amount: see `CompletionOptions`.

        with_chords: if all is to be new, the chords are too.
        """
        seed, constraints = self.context.seed, self.constraints
        cells = open_cells(piece, -1e9, 1e9, constraints.parts)
        if with_chords and amount >= ALL_NEW and constraints.is_all and not constraints.chords:
            chords = drawn_chords(self.composer, piece, constraints, seed)
            constraints = replace(constraints, chords=chords)
        variation = plan_variation(self.composer, piece, constraints, cells, seed)
        return variation, replace(self.options, amount=amount)

    def _playing(self, seconds: float) -> int:
        return playing_steps(seconds, self.steps)

    def _performer(self, context: Context, source: Clip | None = None) -> Performer:
        render = Render(midi="composed", steps=self.command.steps)
        if isinstance(self.command, Render):
            asked = self.command
            render = replace(render, timbre=asked.timbre, timbre2=asked.timbre2, mix=asked.mix)
        with_them = bool(self.command.stems) or (source is not None and self._keeps_parts(source))
        return Performer(self.play, render, context, with_them)

    def _with_stems(self, source: Clip, score: Score, context: Context) -> Clip:
        """Return a source with stems, if the command wants any; see `stems.with_stems`."""

        def play() -> Mapping[str, Samples]:
            quiet = replace(
                context,
                skip_normalization=True,
                warn=lambda text: None,
                progress=lambda done, steps: context.progress(0, 1),  # it can be cancelled
            )
            whole = replace(score, seconds=source.info.seconds)
            return self.play(whole, Render(midi="source"), quiet, True).stems

        return with_stems(source, score, play) if self.command.stems else source

    def _keeps_parts(self, source: Clip) -> bool:
        """Return whether the sound of the parts that stay can be taken from the source."""
        return bool(source.stems) and not self.constraints.is_all

    def _kept_parts(self, played: PlayedParts, source: Clip) -> PlayedParts:
        """Return what was played with the source's own sound of the parts that are not named."""
        if not self._keeps_parts(source):
            return played
        return with_kept(played, source, self.constraints.parts, bool(self.command.stems))

    def _clip(self, played: PlayedParts, score: Score, parents: tuple[Clip, ...] = ()) -> Clip:
        """Return a clip of what was played, with its notes."""
        if not score.notes:
            self.context.warn(
                "there are no notes here: try another seed, a higher density or other parts"
            )
        parent = parents[0].info if parents else None
        clip = make_clip(
            played.clip.samples,
            RATE,
            seed=self.context.seed,
            bpm=round(score.bpm, 4),
            bar_offset=round(score.bar, 9) % 1.0,
            loops=score.is_loop,
            style=score.style or (parent.style if parent else ""),
            key=score.key or (parent.key if parent else ""),
            parents=tuple(each.info.name for each in parents),
        )
        return replace(clip, score=score, stems=played.stems if self.command.stems else {})
