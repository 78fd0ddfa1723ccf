"""Window-by-window inpainting of mel tokens: the sampling procedure behind every verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from msanii_live.dsp.device import precision
from msanii_live.dsp.samplers import Denoiser, sample_euler, shifted_times
from msanii_live.engines.mel_flow.conditions import Conditions
from msanii_live.engines.mel_flow.cpu_network import CpuFlowNet
from msanii_live.engines.mel_flow.network import FlowNet

_CONTEXT = 66  # tokens, 3 s
MAX_JUMPS = 8  # most steps for which the network predicts jumps; more are steps of the flow


@dataclass(frozen=True)
class InpaintingWindow:
    """The tokens that the network sees in one pass, and those of them that it fills.

    first, last: token numbers, last excluded; in a loop they may exceed its length and wrap.
    fill_from, fill_to: the tokens that are taken from the result, fill_to excluded.
    """

    first: int
    last: int
    fill_from: int
    fill_to: int


def context_tokens(size: int) -> int:
    """Return how many tokens next to what it fills a window of `size` tokens sees: 3 s at most."""
    return min(size // 2, _CONTEXT)


def plan_line(tokens: int, start: int, end: int, size: int) -> list[InpaintingWindow]:
    """Plan windows that fill tokens [start, end) of a line from left to right.

    Each window but the first sees `context_tokens` that are already filled; the last sees what is
    known beyond `end`, at least up to a quarter of `size`. Where several fill a line of which
    nothing is known, the first is short, so that its sound is there early.
    """
    windows = []
    context = context_tokens(size)
    ahead = min(size // 4, tokens - end)
    position = start
    while position < end:
        first = max(0, position - context)
        last = min(first + size, end + context, tokens)
        if not position and end > size:
            last = 2 * context
        reach = min(end, last)
        if reach == end and last - end < ahead:
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
    bridge = max(1, min(tokens // 4, context_tokens(size)))
    length = min(size, tokens)
    first = tokens - bridge - (length - bridge) // 2
    line = plan_line(tokens - bridge, 0, tokens - bridge, size)
    return [*line, InpaintingWindow(first, first + length, tokens - bridge, tokens)]


@dataclass(frozen=True)
class SamplingOptions:
    """How windows are sampled.

    conditions: batch of one; its phase is replaced for each window. phase: maps mel frame numbers,
    float64, (n,), to `bar_phase_features`. steps: denoising steps per window. strength: 1 starts
    from noise; less starts from the given mel, noised to that level. guidance: scale of
    classifier-free guidance; 1 is none.
    """

    conditions: Conditions
    phase: Callable[[torch.Tensor], torch.Tensor]
    steps: int
    strength: float = 1.0
    guidance: float = 1.0

    @property
    def jumps(self) -> bool:
        """Whether the network is told where each step goes to; see `FlowNet.forward`."""
        return self.steps <= MAX_JUMPS


def fill_windows(
    net: FlowNet,
    mel: torch.Tensor,
    known: Sequence[bool],
    windows: Sequence[InpaintingWindow],
    options: SamplingOptions,
    generator: torch.Generator,
    on_step: Callable[[int], None],
    cpu_net: CpuFlowNet | None = None,
) -> Iterator[torch.Tensor]:
    """Fill the windows in turn; each sees the tokens that earlier ones have filled.

    mel: normalised, float32, (channels, mels, mel_frames): known mels, and elsewhere what
    `options.strength` starts from. known: one flag per token. on_step: called after each denoising
    step with the number of steps done over all windows. cpu_net: is used in place of `net` where
    there is no guidance.
    Yields the mel after each window; it is the same tensor each time.
    """
    patch = net.config.patch
    tokens = mel.shape[-1] // patch
    out, done = mel.clone(), list(known)
    times = shifted_times(options.steps, options.strength)
    for number, window in enumerate(windows):
        token_index = torch.arange(window.first, window.last)
        frame_index = (token_index[:, None] * patch + torch.arange(patch)).flatten()
        wrapped = (frame_index % (tokens * patch)).to(mel.device)
        is_known = torch.tensor([done[int(t) % tokens] for t in token_index], dtype=torch.float32)
        mask = is_known.repeat_interleave(patch).to(mel.device)[None, None, None]
        current = out[None, :, :, wrapped]
        noise = torch.randn(current.shape, generator=generator).to(mel.device)
        x = (1 - options.strength) * current + options.strength * noise
        conditions = replace(
            options.conditions, phase=options.phase(frame_index.double())[None].to(mel.device)
        )
        denoise = _denoiser(net, cpu_net, current, mask, conditions, times, options)
        result = sample_euler(denoise, x, times, _after(on_step, number * options.steps))[0]
        take = slice(
            (window.fill_from - window.first) * patch, (window.fill_to - window.first) * patch
        )
        out[:, :, wrapped[take]] = result[:, :, take]
        for token in range(window.fill_from, window.fill_to):
            done[token % tokens] = True
        yield out


def _denoiser(
    net: FlowNet,
    cpu_net: CpuFlowNet | None,
    known: torch.Tensor,
    mask: torch.Tensor,
    conditions: Conditions,
    times: torch.Tensor,
    options: SamplingOptions,
) -> Denoiser:
    if cpu_net is not None and options.guidance == 1.0:
        return cpu_net.denoiser(known, mask, conditions, times, options.jumps)

    def denoise(x: torch.Tensor, t: torch.Tensor, to: torch.Tensor) -> torch.Tensor:
        reach = to if options.jumps else None
        return predict_with_guidance(net, x, t, known, mask, conditions, options.guidance, reach)

    return denoise


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
    """Predict the clean mel with classifier-free guidance.

    guidance: 1 is the conditional prediction. The rest as `FlowNet.forward`.
    Source: Ho & Salimans 2022, arXiv:2207.12598, eq. 6, applied to the predicted mel.
    """
    with precision(x.device):  # only the network: features and phases stay float32
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
    """Return predictions with all conditions and with the bar phase alone, from one pass."""
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
