"""Parts of a piece that note diffusion plays each by itself, in one batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from msanii_live.dsp.samplers import sample_euler, shift_level, uniform_times
from msanii_live.engines.note_diffusion.network import TIME_SHIFT, NoteDiffusion, notes_in_window
from msanii_live.engines.note_diffusion.note_alignment import note_batch
from msanii_live.notes import Note


@torch.inference_mode()
def generate_parts(
    net: NoteDiffusion,
    parts: Sequence[Sequence[Note]],
    mel_frames: int,
    frames_per_second: float,
    generator: torch.Generator,
    steps: int,
    on_step: Callable[[], None] = lambda: None,
    lead: float = 0.0,
) -> torch.Tensor:
    """Generate the mel of each part alone, all from the same noise.

    What a part sounds like does not depend on the others, but for rounding. Nothing is computed
    for windows in which a part is silent, and of the last window only the frames that are needed.
    parts: the notes of each. The other arguments are those of `NoteDiffusion.generate`; `on_step`
    is called `net.windows(mel_frames, lead) * steps` times.
    Returns ln magnitudes, float32, (parts, mel_frames, mels).
    """
    window, patch, device = net.config.window, net.config.patch, net.mean.device
    early = round(lead * net.frames_per_second)
    times = shift_level(uniform_times(steps), TIME_SHIFT)
    silence = net.normalise(torch.full_like(net.mean, math.log(net.spec.floor)))
    made = silence.repeat(len(parts), early + mel_frames, 1)
    before = torch.zeros(len(parts), window, net.spec.mels, device=device)
    there = torch.zeros(len(parts), window, dtype=torch.bool, device=device)
    for number in range(net.windows(mel_frames, lead)):
        begin = number * window
        used = min(window, early + mel_frames - begin)
        frames = -(-used // patch) * patch
        noise = torch.randn(1, window, net.spec.mels, generator=generator)[:, :frames].to(device)
        first, seconds = (begin - early) / frames_per_second, window / frames_per_second
        notes = [notes_in_window(part, first, seconds) for part in parts]
        rows = [row for row, some in enumerate(notes) if some]
        if rows:
            batch = note_batch([notes[n] for n in rows], net.config.programs, frames_per_second)
            context = net.encode(batch.to(device), before[rows], there[rows])
            context = replace(context, aligned=context.aligned[:, :frames])
            clean = sample_euler(
                lambda x, t, to, context=context: net(x, t, context),  # type: ignore[misc]
                noise.expand(len(rows), -1, -1),
                times,
                lambda _: on_step(),
            )
            made[rows, begin : begin + used] = clean[:, :used]
        else:
            for _ in range(steps):
                on_step()
        before, there = made[:, begin : begin + window], torch.ones_like(there)
    return net.denormalise(made[:, early:])
