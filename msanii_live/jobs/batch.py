"""A batch: several clips of one command, in one pass where the engine can."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from msanii_live.audio import Clip
from msanii_live.engines.base import Context, Engine, is_batching
from msanii_live.jobs.job import Finished, Job
from msanii_live.jobs.services import Services
from msanii_live.library.trash import TrashedClip
from msanii_live.playback.player import NOTHING_IS_HEARD
from msanii_live.protocol.commands import GenerationCommand


def make_batch(engine: Engine, command: GenerationCommand, context: Context) -> tuple[Clip, ...]:
    """Return the clips of a command with a count: of the context's seed and the next ones.

    Raises: as `Engine.run`.
    """
    seeds = [(context.seed + number) % 2**31 for number in range(command.count)]
    if is_batching(engine):
        return tuple(engine.run_batch(command, context, seeds))
    return tuple(
        engine.run(
            command, replace(context, seed=seed, progress=progress_of_part(context, number, seeds))
        )
        for number, seed in enumerate(seeds)
    )


def progress_of_part(
    context: Context, number: int, parts: Sequence[object]
) -> Callable[[int, int], None]:
    """Return a report of progress of one of several parts that follow each other."""
    return lambda step, steps: context.progress(number * steps + step, len(parts) * steps)


def finish_clips(
    services: Services,
    job: Job,
    clips: Sequence[Clip],
    warn: Callable[[str], None],
    made: Callable[[str, Path], object],
) -> Finished:
    """Name the clips of a job, write them to the library, and play the first if asked for.

    warn: called with a sentence on what could not be written. made: called with the name and the
    file of each clip once it is on disk. Returns the first.
    Raises: CommandError: EPATH, a clip cannot be written; those before it are kept.
    """
    paths = []
    replaced: list[TrashedClip] = []
    for name, clip in zip(job.names, clips, strict=True):
        path = services.library.add(clip.renamed(name), warn, replaced.append)
        paths.append(path)
        made(name, path)
    if job.command.play:
        if services.player.lacks_device:
            warn(NOTHING_IS_HEARD)
        at = getattr(job.command, "at", "none")
        services.player.play(replace(clips[0].renamed(job.names[0]), stems={}), at=at)
    started = job.handle.started if job.handle else time.monotonic()
    info, took = services.library.info(job.names[0]), time.monotonic() - started
    return Finished(info, paths[0], took, tuple(replaced))
