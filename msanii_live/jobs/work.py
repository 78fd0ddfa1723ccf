"""Carry out one job: engine, then folder, then player."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from msanii_live.audio import Clip, as_stereo
from msanii_live.engines.base import Context
from msanii_live.engines.registry import Shelf
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.job import Finished, Job
from msanii_live.player.folder import Library
from msanii_live.player.joining import continuation
from msanii_live.player.player import Player, Sounding
from msanii_live.player.transport import Transport
from msanii_live.protocol.commands import MakingCommand, Outpaint


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
            return self.sounding().clip
        if name == "input":
            return self.player.input_clip()
        return self.library.get(name)

    def sounding(self) -> Sounding:
        """Return what sounds now, up to the end of what is scheduled.

        Raises: CommandError: ENOCLIP, nothing does.
        """
        sounding = self.player.sounding()
        if sounding is None:
            raise CommandError(
                Code.ENOCLIP, "nothing is sounding: play a clip first, or name one, or say last"
            )
        return sounding


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
    heard: list[Sounding] = []

    def source(name: str) -> Clip:
        if name in job.sources:
            return job.sources[name]
        if name == "current":
            heard.append(workshop.sounding())
            return heard[-1].clip
        return workshop.source(name)

    context = Context(
        clip=source,
        progress=lambda step, steps: job.advance(step, steps, report),
        warn=lambda text: warn(job, text),
        tempo=workshop.transport.bpm,
        beats=workshop.transport.beats,
        seed=job.seed,
    )
    made = engine.run(command, context)
    info = replace(made.info, name=job.clip, engine=engine.name, command=command.as_dict())
    clip = Clip(made.samples, info)
    if job.deliver is not None:
        job.deliver(clip)
        return Finished(clip.info, Path(), time.monotonic() - started)
    try:
        path = workshop.library.add(clip)
    finally:  # a full disk keeps no one from hearing it
        if command.play:
            _sound(workshop.player, command, clip, heard)
    return Finished(workshop.library.info(job.clip), path, time.monotonic() - started)


def _sound(player: Player, command: MakingCommand, clip: Clip, heard: list[Sounding]) -> None:
    """Play a result: what was made of what sounds, where that ends; else when it was asked for."""
    if (
        not isinstance(command, Outpaint)
        or not (heard and command.src == "current" and command.side == "right")
        or command.at != "none"
    ):
        player.play(clip, at=command.at)
        return
    source = as_stereo(heard[0].clip.samples)
    samples, overlap = continuation(source, clip.samples, kept=bool(command.keep))
    rest = Clip(samples, replace(clip.info, frames=len(samples)))
    before = source[: len(source) - overlap]
    player.join(rest, heard[0].part, overlap=overlap, before=before, deck=clip.info.name)
