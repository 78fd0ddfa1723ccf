"""What a task does: run its engine; and what a client's job does with the clip."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from msanii_live.audio import Clip, as_stereo
from msanii_live.engines.base import Context, Engine
from msanii_live.jobs.job import Finished, Job
from msanii_live.jobs.services import Services
from msanii_live.jobs.task import Inputs, Task, TaskHandle
from msanii_live.library import midi_files
from msanii_live.library.naming import error_reason
from msanii_live.notes import Score
from msanii_live.playback.crossfade import splice
from msanii_live.playback.now_playing import NowPlaying
from msanii_live.playback.player import Player
from msanii_live.protocol.commands import GenerationCommand, Outpaint


def run_task(services: Services, task: Task, handle: TaskHandle) -> Clip:
    """Return the clip of a task, without a name.

    Raises: CommandError, Cancelled, and whatever else an engine may raise.
    """
    command, transport = task.command, services.transport
    engine = services.engine(command.engine, command.address)
    for text in ignored_keys_warnings(engine, command):
        handle.warn(text)

    warned: set[str] = set()  # an engine may ask for a source several times

    def source(name: str) -> Clip:
        clip = task.inputs.clip(name)
        for text in source_warnings(clip, name, command):
            if text not in warned:
                warned.add(text)
                handle.warn(text)
        return clip

    context = Context(
        clip=source,
        progress=handle.advance,
        warn=handle.warn,
        tempo=transport.bpm,
        beats=transport.beats,
        seed=task.seed,
        score=task.inputs.score,
        skip_normalization=task.skip_normalization,
    )
    made = engine.run(command, context)
    info = replace(
        made.info,
        name="",
        engine=engine.name,
        command=command.as_dict(),
        precision=engine.precision,
    )
    return replace(made, info=info)


def ignored_keys_warnings(engine: Engine, command: GenerationCommand) -> tuple[str, ...]:
    """Return what a user should know of keys that an engine does not follow: one text or none."""
    keys = engine.capabilities.ignored_keys(command)
    if not keys:
        return ()
    listed = " and ".join(filter(None, (", ".join(keys[:-1]), keys[-1])))
    return (f"{engine.name} does not follow {listed}: the clip was made without",)


def source_warnings(clip: Clip, name: str, command: GenerationCommand) -> tuple[str, ...]:
    """Return what a user should know of a source clip: of its file, and of its tempo."""
    bars = getattr(command, "bars", None)
    is_unknown = bars is not None and command.bpm is None and not clip.info.bpm
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
) -> Finished:
    """Name a job's clip, write it to the library, and play it if the command asks for that.

    live_score: what was played on MIDI, to be written beside the clip; None for other commands.
    Raises: CommandError: EPATH, the clip cannot be written; it plays all the same.
    """
    arguments = dict(made.info.command)
    if live_score is not None:
        arguments |= _write_notes(services, job.clip, live_score, warn)
    clip = replace(made, info=replace(made.info, name=job.clip, command=arguments))
    try:
        path = services.library.add(clip)
    finally:  # it plays even if the disk is full
        if job.command.play:
            _play(services.player, job.command, clip, inputs.now_playing)
    started = job.handle.started if job.handle else time.monotonic()
    return Finished(services.library.info(job.clip), path, time.monotonic() - started)


def _write_notes(
    services: Services, name: str, score: Score, warn: Callable[[str], None]
) -> dict[str, int | float | str]:
    """Write live notes beside the clip; return the argument by which a command finds them."""
    try:
        path = midi_files.write_new(services.library.folder, name, score)
    except OSError as error:
        warn(f"the notes of {name} could not be written: {error_reason(error)}")
        return {}
    return {"midi": path.name}


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
    before = as_stereo(source.clip.samples)
    samples, overlap = splice(before, clip.samples, kept=bool(command.keep))
    rest = Clip(samples, replace(clip.info, frames=len(samples)))
    before = before[: len(before) - overlap]
    player.play_after(rest, source.region, overlap=overlap, before=before, track=clip.info.name)
