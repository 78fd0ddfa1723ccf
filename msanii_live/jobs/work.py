"""Carry out one job: engine, then folder, then player."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from msanii_live.audio import Clip
from msanii_live.engines.base import Context
from msanii_live.engines.registry import Shelf
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.job import Finished, Job
from msanii_live.player.folder import Library
from msanii_live.player.player import Player
from msanii_live.player.transport import Transport


@dataclass(frozen=True)
class Workshop:
    """Hold what jobs work with."""

    shelf: Shelf
    library: Library
    player: Player
    transport: Transport

    def source(self, name: str) -> Clip:
        """Return the clip that a command names.

        Raises: CommandError: ENOCLIP, EPATH.
        """
        if name == "current":
            sounding = self.player.current()
            if sounding is None:
                raise CommandError(
                    Code.ENOCLIP, "nothing is sounding: play a clip first, or name one, or say last"
                )
            return sounding
        if name == "input":
            raise CommandError(Code.ENOCLIP, "this version does not listen to the audio input")
        return self.library.get(name)


def carry_out(
    job: Job,
    workshop: Workshop,
    report: Callable[[Job], None],
    warn: Callable[[Job, str], None],
) -> Finished:
    """Make the job's clip, write it, and play it if asked.

    Raises: CommandError, Cancelled; what else an engine may raise is for the caller.
    """
    started = time.monotonic()
    command = job.command
    engine = workshop.shelf.get(command.engine)
    if command.address not in engine.capabilities.verbs:
        raise CommandError(
            Code.EENGINE,
            f"engine {engine.name} cannot {command.address}; it can "
            f"{', '.join(engine.capabilities.verbs)}",
        )
    context = Context(
        clip=workshop.source,
        progress=lambda step, steps: job.advance(step, steps, report),
        warn=lambda text: warn(job, text),
        tempo=workshop.transport.bpm,
        beats=workshop.transport.beats,
        seed=job.seed,
    )
    made = engine.run(command, context)
    info = replace(made.info, name=job.clip, engine=engine.name, command=command.as_dict())
    clip = Clip(made.samples, info)
    try:
        path = workshop.library.add(clip)
    finally:  # a full disk keeps no one from hearing it
        if command.play:
            workshop.player.play(clip, at=command.at, loop=False, gain_db=0.0, fade=0.02)
    return Finished(workshop.library.info(job.clip), path, time.monotonic() - started)
