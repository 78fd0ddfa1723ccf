"""Several new clips of one command in one pass of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from msanii_live.audio import Clip, Samples
from msanii_live.dsp import torch_runtime
from msanii_live.engines.base import Context
from msanii_live.engines.pipelines.family import Family
from msanii_live.engines.pipelines.tasks import PipelineTasks, as_samples
from msanii_live.errors import Code, CommandError
from msanii_live.protocol.commands import Generate, GenerationCommand


def run_batch(
    family: Family,
    command: GenerationCommand,
    context: Context,
    licence: str,
    seeds: Sequence[int],
) -> list[Clip]:
    """Return a clip for each seed.

    New clips that fit one pass are denoised together; tempo, key and loop are then each clip's own.
    Others, and those for which the memory is too small, are made one after another.
    Raises: as `PipelineTasks.run`.
    """
    steps = command.steps or family.steps

    def part(number: int) -> Context:
        """Return the context of one part of the work, which begins with the common pass."""

        def progress(step: int, of: int) -> None:
            context.progress(number * steps + round(step / of * steps), (1 + len(seeds)) * steps)

        return replace(context, progress=progress, seed=seeds[max(0, number - 1)])

    made: dict[int, Samples] = {}
    if isinstance(command, Generate):
        made = _make_together(PipelineTasks(family, command, part(0), licence), command, seeds)
    clips = []
    for number in range(1, len(seeds) + 1):
        each = part(number)
        if number > 1:  # what the musician was told of the first goes for all
            each = replace(each, warn=_only_measured(context.warn))
        with torch_runtime.inference(torch.float32):
            clips.append(PipelineTasks(family, command, each, licence, made).run())
    return clips


def _make_together(
    tasks: PipelineTasks, command: Generate, seeds: Sequence[int]
) -> dict[int, Samples]:
    """Return new audio by its seed; nothing if it does not fit one pass or the memory."""
    frames, editor = tasks.new_frames(command), tasks.editor(command)
    if frames > editor.longest:
        return {}
    try:
        with torch_runtime.inference(torch.float32):
            waves = editor.generate_several(frames, seeds)
    except CommandError as error:
        if error.code != Code.EOOM:
            raise
        tasks.context.warn("too little memory for one pass: the clips are made one by one")
        return {}
    return {seed: as_samples(wave) for seed, wave in zip(seeds, waves, strict=True)}


def _only_measured(warn: Callable[[str], object]) -> Callable[[str], object]:
    """Return a way to warn that passes on what was measured of a clip."""
    return lambda text: warn(text) if "the tempo is" in text or "the key sounds" in text else None
