"""Carry out one job: engine, then folder, then player."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from msanii_live.audio import Clip, as_stereo
from msanii_live.engines.base import LIVE_TAKE, Context, Engine
from msanii_live.engines.registry import Shelf
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.job import Finished, Job
from msanii_live.notes import Score
from msanii_live.player import midi_files
from msanii_live.player.folder import Library
from msanii_live.player.joining import continuation
from msanii_live.player.midi_in import MidiIn
from msanii_live.player.names import reason
from msanii_live.player.player import Player, Sounding
from msanii_live.player.takes import Takes
from msanii_live.player.transport import Transport
from msanii_live.protocol.commands import MakingCommand, Outpaint, Render

LIVE_BARS = 4.0  # of what was played last, where a command does not say how many


@dataclass(frozen=True)
class Workshop:
    """Hold what jobs work with."""

    shelf: Shelf
    library: Library
    player: Player
    transport: Transport
    takes: Takes = field(default_factory=Takes)
    midi: MidiIn = field(default_factory=MidiIn)

    def played(self, command: MakingCommand) -> Score | None:
        """Return what was played last, for a command that is to play it; None for any other.

        Raises: CommandError: ENOCLIP, nothing was.
        """
        if not isinstance(command, Render) or command.midi != LIVE_TAKE:
            return None
        return self.takes.last(command.bars or LIVE_BARS, self.transport)

    def engine(self, name: str, address: str) -> Engine:
        """Return the engine for a command: the one named, the default, or one that can do it.

        Raises: CommandError: EENGINE, no engine has the name, or it cannot do that.
        """
        engine = self.shelf.serving(name, address)
        if address not in engine.capabilities.verbs:
            raise CommandError(
                Code.EENGINE,
                f"engine {engine.name} cannot {address}; it can "
                f"{', '.join(engine.capabilities.verbs)}",
            )
        return engine

    def score(self, name: str) -> Score:
        """Return a recorded take, or a MIDI file of the folder.

        Raises: CommandError: ENOCLIP, EPATH.
        """
        take = self.takes.recorded(name)
        if take is not None:
            return take
        return midi_files.read(midi_files.find(self.library.folder, name), name)

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
    engine = workshop.engine(command.engine, command.address)
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
        score=lambda name: workshop.score(name) if job.score is None else job.score,
        raw=job.deliver is not None,
    )
    made = engine.run(command, context)
    told = command.as_dict()
    if job.score is not None and job.deliver is None:
        told |= _kept(job, job.score, workshop, context.warn)
    info = replace(
        made.info, name=job.clip, engine=engine.name, command=told, precision=engine.precision
    )
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


def _kept(
    job: Job, score: Score, workshop: Workshop, warn: Callable[[str], None]
) -> dict[str, int | float | str]:
    """Write what was played beside the clip; return how its command is made again."""
    try:
        path = midi_files.write_new(workshop.library.folder, job.clip, score)
    except OSError as error:
        warn(f"the notes of {job.clip} could not be written: {reason(error)}")
        return {}
    return {"midi": path.name}


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
