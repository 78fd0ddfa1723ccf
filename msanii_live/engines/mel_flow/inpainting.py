"""Fill unknown mel tokens window by window: one procedure behind every verb."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from msanii_live.dsp.device import precision
from msanii_live.dsp.samplers import sample_euler, shifted_times
from msanii_live.engines.mel_flow.conditions import Conditions
from msanii_live.engines.mel_flow.network import FlowNet

MOST_JUMPS = 8  # steps; with more, each is small enough to be the flow's own


@dataclass(frozen=True)
class InpaintingWindow:
    """Name the tokens the network sees at once and those it fills.

    first, last: unwrapped token numbers, last excluded; in a loop they may pass its end.
    fill_from, fill_to: the tokens that are taken from the result.
    """

    first: int
    last: int
    fill_from: int
    fill_to: int


def plan_line(tokens: int, start: int, end: int, size: int) -> list[InpaintingWindow]:
    """Plan windows that fill tokens [start, end) of a line from left to right.

    Each window but the first sees half of itself already filled; the last sees what is known
    beyond `end`, up to a quarter of itself.
    """
    windows = []
    ahead = min(size // 4, tokens - end)
    position = start
    while position < end:
        first = max(0, position - size // 2)
        last = min(first + size, tokens)
        reach = min(end, last)
        if reach == end and last - end < ahead:
            if end - position <= size - size // 2 - ahead:
                first = max(0, end + ahead - size)
                last = min(first + size, tokens)
            else:
                reach = position + (end - position + 1) // 2
        windows.append(InpaintingWindow(first, last, position, reach))
        position = reach
    return windows


def plan_left(tokens: int, start: int, end: int, size: int) -> list[InpaintingWindow]:
    """Plan windows that fill [start, end) of a line from right to left."""
    mirrored = plan_line(tokens, tokens - end, tokens - start, size)
    return [
        InpaintingWindow(
            tokens - w.last, tokens - w.first, tokens - w.fill_to, tokens - w.fill_from
        )
        for w in mirrored
    ]


def plan_loop(tokens: int, size: int) -> list[InpaintingWindow]:
    """Plan windows that fill a loop: most of it as a line, then a bridge from end to start."""
    bridge = max(1, min(tokens // 4, size // 2))
    seen = min(size, tokens)
    first = tokens - bridge - (seen - bridge) // 2
    line = plan_line(tokens - bridge, 0, tokens - bridge, size)
    return [*line, InpaintingWindow(first, first + seen, tokens - bridge, tokens)]


@dataclass(frozen=True)
class SamplingOptions:
    """Say how to paint.

    bar_position: maps mel frame numbers, float64 (n,), to bars since a downbeat, or None where the
    beat is unknown. conditions: batch of one; its phase is replaced window by window.
    strength: 1 starts from noise, less starts from the mel given, noised to that level.
    guidance: weight of the conditions against none of them; 1 leaves them as they are.
    """

    conditions: Conditions
    phase: Callable[[torch.Tensor], torch.Tensor]
    steps: int
    strength: float = 1.0
    guidance: float = 1.0

    @property
    def jumps(self) -> bool:
        """Tell whether the steps are so few that each is to be a jump; see `FlowNet.forward`."""
        return self.steps <= MOST_JUMPS


def inpaint_windows(
    net: FlowNet,
    mel: torch.Tensor,
    known: Sequence[bool],
    windows: Sequence[InpaintingWindow],
    brush: SamplingOptions,
    generator: torch.Generator,
    on_step: Callable[[int], None],
) -> torch.Tensor:
    """Fill the windows in turn; each sees what the ones before it made.

    mel: normalised, float32, (channels, mels, mel_frames), with something everywhere: known mels,
    or what `brush.strength` starts from. known: one flag a token.
    on_step: called after each denoising step with the number done so far, over all windows.
    Returns the mel with every window's tokens filled.
    """
    patch = net.config.patch
    tokens = mel.shape[-1] // patch
    out, done = mel.clone(), list(known)
    times = shifted_times(brush.steps, brush.strength)
    for number, window in enumerate(windows):
        token_index = torch.arange(window.first, window.last)
        frame_index = (token_index[:, None] * patch + torch.arange(patch)).flatten()
        wrapped = (frame_index % (tokens * patch)).to(mel.device)
        seen = torch.tensor([done[int(t) % tokens] for t in token_index], dtype=torch.float32)
        mask = seen.repeat_interleave(patch).to(mel.device)[None, None, None]
        current = out[None, :, :, wrapped]
        noise = torch.randn(current.shape, generator=generator).to(mel.device)
        x = (1 - brush.strength) * current + brush.strength * noise
        conditions = replace(
            brush.conditions, phase=brush.phase(frame_index.double())[None].to(mel.device)
        )

        def denoise(
            x: torch.Tensor,
            t: torch.Tensor,
            to: torch.Tensor,
            current: torch.Tensor = current,
            mask: torch.Tensor = mask,
            conditions: Conditions = conditions,
        ) -> torch.Tensor:
            reach = to if brush.jumps else None
            return predict_with_guidance(
                net, x, t, current, mask, conditions, brush.guidance, reach
            )

        result = sample_euler(denoise, x, times, _after(on_step, number * brush.steps))[0]
        take = slice(
            (window.fill_from - window.first) * patch, (window.fill_to - window.first) * patch
        )
        out[:, :, wrapped[take]] = result[:, :, take]
        for token in range(window.fill_from, window.fill_to):
            done[token % tokens] = True
    return out


def _after(on_step: Callable[[int], None], before: int) -> Callable[[int], None]:
    return lambda step: on_step(before + step)


def predict_with_guidance(
    net: FlowNet,
    x: torch.Tensor,
    t: torch.Tensor,
    known: torch.Tensor,
    mask: torch.Tensor,
    conditions: Conditions,
    guidance: float,
    to: torch.Tensor | None = None,
) -> torch.Tensor:
    """Predict the clean mel, pushed away from what would be predicted with no conditions.

    Source: Ho & Salimans 2022, arXiv:2207.12598, eq. 6, on the predicted data.
    """
    with precision(x.device):  # the network alone: features and phases stay float32
        if guidance == 1.0:
            plain: torch.Tensor = net(x, t, known, mask, conditions, to)
            return plain
        steered, unsteered = _both(net, x, t, known, mask, conditions, to)
    return unsteered + guidance * (steered - unsteered)


def _both(
    net: FlowNet,
    x: torch.Tensor,
    t: torch.Tensor,
    known: torch.Tensor,
    mask: torch.Tensor,
    conditions: Conditions,
    to: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the predictions with conditions and without any but the beat, in one pass."""
    free = Conditions(
        style=torch.full_like(conditions.style, -1),
        key=torch.full_like(conditions.key, -1),
        tempo=torch.zeros_like(conditions.tempo),
        density=torch.full_like(conditions.density, -1.0),
        phase=conditions.phase,
    )
    both = Conditions(
        style=torch.cat([conditions.style, free.style]),
        key=torch.cat([conditions.key, free.key]),
        tempo=torch.cat([conditions.tempo, free.tempo]),
        density=torch.cat([conditions.density, free.density]),
        phase=torch.cat([conditions.phase, free.phase]),
    )
    twice = (x.repeat(2, 1, 1, 1), t.repeat(2), known.repeat(2, 1, 1, 1), mask.repeat(2, 1, 1, 1))
    steered, unsteered = net(*twice, both, None if to is None else to.repeat(2)).chunk(2)
    return steered, unsteered
