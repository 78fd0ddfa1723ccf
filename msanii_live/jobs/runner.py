"""What a task does: run its engine; and what a client's job does with the clip."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from msanii_live.audio import Clip, as_stereo
from msanii_live.audio.resampling import at_rate
from msanii_live.engines.base import Context, Engine, is_composing
from msanii_live.engines.builtin import TEXTURE_ENGINE
from msanii_live.engines.effects import gets_drive_and_space, with_drive_and_space
from msanii_live.engines.registry import EngineRegistry
from msanii_live.engines.scores import requested_score
from msanii_live.engines.spans import NoReceiver, SpanReceiver, SpanReceivers
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.accompaniment import INPUT_SECONDS, answered_bars, play_answer
from msanii_live.jobs.batch import make_batch
from msanii_live.jobs.early_sound import EarlySound
from msanii_live.jobs.executor import Executor, InProcessExecutor
from msanii_live.jobs.heard_sources import HeardSources, engine_for
from msanii_live.jobs.job import Finished, Job
from msanii_live.jobs.lengths import check_lengths
from msanii_live.jobs.services import Services
from msanii_live.jobs.task import Inputs, NewNotes, Result, Task, TaskHandle
from msanii_live.jobs.transcription import (
    finish_transcription,
    transcribe_source,
)
from msanii_live.library.trash import TrashedClip
from msanii_live.notes import Score
from msanii_live.playback.crossfade import splice
from msanii_live.playback.now_playing import NowPlaying
from msanii_live.playback.player import NOTHING_IS_HEARD, Player
from msanii_live.protocol.commands import (
    Accompany,
    Generate,
    GenerationCommand,
    Outpaint,
    Render,
    Transcribe,
)

IN_PROCESS = InProcessExecutor()


def run_task(
    services: Services, task: Task, handle: TaskHandle, executor: Executor = IN_PROCESS
) -> Result:
    """Return the clip or clips of a task, without names, or the notes of one that composes.

    Raises: CommandError, Cancelled, and whatever else an engine may raise.
    """
    command = task.command
    if isinstance(command, Transcribe):
        source = task.inputs.clip(command.src)
        return transcribe_source(
            services.transcriber, services.library, command, source, handle.advance
        )
    assert isinstance(command, GenerationCommand)
    return _run_engine(services, command, task, handle, executor)


def _run_engine(
    services: Services,
    command: GenerationCommand,
    task: Task,
    handle: TaskHandle,
    executor: Executor,
) -> Result:
    """Return what an engine makes of a command; see `run_task`."""
    transport = services.transport

    @cache  # an engine may ask for a source several times
    def source(name: str) -> Clip:
        clip = task.inputs.clip(name)
        return services.with_stems(clip) if command.stems or command.parts else clip

    named = services.engine(command.engine, command.address)
    check_lengths(command, source, named, (transport.bpm, transport.beats))
    heard = HeardSources(services, source, handle)
    engine = engine_for(services, command, source, heard.is_music)
    if engine.name == TEXTURE_ENGINE and not command.engine:
        heard.warn_of_texture(command)
    for text in ignored_keys_warnings(services.registry, engine, command):
        handle.warn(text)

    @cache
    def source_at_rate(name: str) -> Clip:
        if isinstance(command, Accompany) and name == "input":
            return _heard_input(services, command, task.inputs, handle)
        needs_notes = engine.capabilities.needs_source_notes
        clip = heard.with_notes(name) if needs_notes else source(name)
        for text in source_warnings(clip, name, command):
            handle.warn(text)
        return at_rate(clip, engine.capabilities.sample_rate)

    engine = executor.engine(engine, handle)
    context = Context(
        clip=source_at_rate,
        progress=handle.advance,
        warn=handle.warn,
        tempo=transport.bpm,
        beats=transport.beats,
        seed=task.seed,
        score=cache(task.inputs.score),  # the engine reads it, and so does the clip
        skip_normalization=task.skip_normalization,
        spans=_receiver(task, command, engine, executor),
    )
    if task.notes is not None:
        return compose_notes(engine, command, context, task.notes)
    if command.count == 1:
        return _described(services, engine, command, context, engine.run(command, context))
    made = make_batch(engine, command, context)
    return tuple(_described(services, engine, command, context, clip) for clip in made)


def _heard_input(
    services: Services, command: Accompany, inputs: Inputs, handle: TaskHandle
) -> Clip:
    """Return the last bars of the input with their notes; note when they began."""
    recent = services.player.recent_input(INPUT_SECONDS)
    found = answered_bars(services.transcriber, recent, command.bars, command.bpm, handle.advance)
    inputs.input_began = found.start
    return found.clip


def _receiver(
    task: Task, command: GenerationCommand, engine: Engine, executor: Executor
) -> SpanReceiver:
    """Return what takes the clip's audio while it is made, if that is all that is done to it."""
    if command.count > 1 or gets_drive_and_space(engine, command):
        return NoReceiver()
    receivers: list[SpanReceiver] = []
    if task.early is not None:
        task.early.engine = engine.name
        receivers.append(task.early)
    partial = task.partial
    # A worker sends spans besides the whole clip: only if they are wanted when it begins.
    if partial is not None and (receivers or partial.is_awaited or not executor.workers):
        receivers.append(partial)
    return SpanReceivers(receivers) if receivers else NoReceiver()


def _described(
    services: Services, engine: Engine, command: GenerationCommand, context: Context, clip: Clip
) -> Clip:
    """Return a clip as it goes into the library, but for its name."""
    made = with_drive_and_space(engine, command, context, clip)
    # What makes this clip again, by its own seed: one clip, in one try.
    again = replace(command, count=1, tries=1)
    info = replace(
        made.info,
        name="",
        engine=engine.name,
        command=again.as_dict(),
        precision=engine.precision,
        licence=made.info.licence or services.registry.licence(engine.name),
    )
    score = made.score or _rendered_score(engine, command, context)
    return replace(made, info=info, score=score)


def _rendered_score(engine: Engine, command: GenerationCommand, context: Context) -> Score | None:
    """Return the notes that a render command played, None for other commands."""
    if not isinstance(command, Render):
        return None
    unwarned = replace(context, warn=lambda text: None)
    return requested_score(command, unwarned, engine.capabilities.max_seconds)


def compose_notes(
    engine: Engine, command: GenerationCommand, context: Context, notes: NewNotes
) -> Score:
    """Return notes that an engine composes.

    Raises: CommandError: EENGINE, the engine writes none; and as the engine.
    """
    if not is_composing(engine):
        raise CommandError(Code.EENGINE, f"engine {engine.name} composes no notes")
    if notes.before is not None:
        return engine.continue_score(notes.before, notes.bars, command, context)
    assert isinstance(command, Generate)
    return engine.compose(command, context)


def ignored_keys_warnings(
    registry: EngineRegistry, engine: Engine, command: GenerationCommand
) -> tuple[str, ...]:
    """Return what a user should know of keys that an engine does not follow: one text or none.

    It names an engine that follows them all, if there is one.
    """
    keys = engine.capabilities.ignored_keys(command)
    if not keys:
        return ()
    listed = " and ".join(filter(None, (", ".join(keys[:-1]), keys[-1])))
    text = f"{engine.name} does not follow {listed}: the clip was made without"
    others = registry.followers(command, keys)
    return (f"{text} (engine {others[0]} does)" if others else text,)


def source_warnings(clip: Clip, name: str, command: GenerationCommand) -> tuple[str, ...]:
    """Return what a user should know of a source clip: of its file, and of its tempo."""
    bars = None if isinstance(command, Accompany) else getattr(command, "bars", None)
    tempo = clip.info.bpm or (clip.score.tempo if clip.score else 0.0)
    is_unknown = bars is not None and command.bpm is None and not tempo
    if not is_unknown or name in ("current", "input"):
        return clip.warnings
    text = f"nothing gives the tempo of {name}, so bars may have another length: set the key bpm"
    return (*clip.warnings, text)


def finish_job(
    services: Services,
    job: Job,
    made: Clip,
    inputs: Inputs,
    live_score: Score | None,
    warn: Callable[[str], None],
    early: EarlySound | None = None,
) -> Finished:
    """Name a job's clip, write it to the library, and play it if the command asks for that.

    live_score: what was played on MIDI, which the clip plays; None for other commands.
    warn: called with a sentence on notes and stems that could not be written. early: what may have
    begun to play it.
    Raises: CommandError: EPATH, the clip cannot be written; it plays all the same.
    """
    if isinstance(job.command, Transcribe):
        return finish_transcription(services.library, job, made, warn)
    clip = replace(made.renamed(job.clip), score=live_score or made.score)
    replaced: list[TrashedClip] = []
    try:
        path = services.library.add(clip, warn, replaced.append)
    finally:  # it plays even if the disk is full
        if job.command.play:
            if services.player.lacks_device:
                warn(NOTHING_IS_HEARD)
            assert isinstance(job.command, GenerationCommand)
            dry = replace(clip, stems={})
            if early is not None and early.finish(dry):
                pass  # it sounds already
            elif inputs.input_began is not None:
                play_answer(services.player, dry, job.command.at, inputs.input_began)
            else:
                _play(services.player, job.command, dry, inputs.now_playing)
    started = job.handle.started if job.handle else time.monotonic()
    info, took = services.library.info(job.clip), time.monotonic() - started
    return Finished(info, path, took, tuple(replaced))


def _play(
    player: Player, command: GenerationCommand, clip: Clip, source: NowPlaying | None
) -> None:
    """Play a clip; one that continues what sounds follows it without a gap.

    source: what `current` stood for, if the command named it.
    """
    if (
        not isinstance(command, Outpaint)
        or not (source and command.src == "current" and command.side == "right")
        or command.at != "none"
    ):
        player.play(clip, at=command.at)
        return
    before = as_stereo(at_rate(source.clip, clip.info.sample_rate).samples)
    samples, overlap = splice(before, clip.samples, kept=bool(command.keep))
    score = clip.score
    if score is not None:
        score = score.cut(clip.info.seconds - len(samples) / clip.info.sample_rate, score.seconds)
    rest = Clip(samples, replace(clip.info, frames=len(samples)), score=score)
    before = before[: len(before) - overlap]
    player.play_after(rest, source.region, overlap=overlap, before=before, track=clip.info.name)
