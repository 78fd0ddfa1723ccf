"""Vocode a stretch of a mel as though the whole had been vocoded.

A neural vocoder and a few iterations of the phase search look no further than some ten thousand
samples to either side. A span that is made with as much context is the same as in the whole, but
for rounding. So spans need no seams, and the first one can be heard while the next is made.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from msanii_live.dsp.attacks import sharpen_attacks
from msanii_live.dsp.mel import MelSpec, hann_window
from msanii_live.dsp.parallel import Relay, each_channel, is_split_by_channel
from msanii_live.dsp.phase import FrameGrid, griffin_lim, linear_grid
from msanii_live.dsp.vocoding import (
    VocoderSettings,
    estimate_span,
    fit_to_mel,
    vocode_loop,
)

# The error of a span of 16 iterations at its edges, under its level: 3 windows -50 dB, 4 -91 dB, 6
# -123 dB.
CONTEXT_WINDOWS = 5
ATTACK_WINDOWS = 3  # that `attacks` looks at


def context_samples(vocoder: VocoderSettings, spec: MelSpec, is_loop: bool = False) -> int:
    """Return how many samples to either side decide on a sample, but for the network's reach.

    Each iteration of the phase search looks one window further; the first signal and the
    magnitudes look one further still. Beyond CONTEXT_WINDOWS hardly anything is left of it.
    """
    iterations = vocoder.loop_iterations if is_loop else vocoder.iterations
    return min(max(iterations + 1, ATTACK_WINDOWS), CONTEXT_WINDOWS) * spec.n_fft


def lookahead_samples(vocoder: VocoderSettings, spec: MelSpec) -> int:
    """Return how far beyond a span of a line the mel must be known. The vocoder has a network."""
    assert vocoder.net is not None
    return context_samples(vocoder, spec) + (vocoder.net.reach + 1) * spec.hop


def vocode_span(
    mel: torch.Tensor,
    start: int,
    end: int,
    frames: int,
    spec: MelSpec,
    *,
    vocoder: VocoderSettings,
    on_iteration: Callable[[], None],
) -> torch.Tensor:
    """Make samples [start, end) of a canvas of which nothing is known but the mel.

    mel: ln magnitudes, float32, (channels, mels, mel_frames); what lies more than
    `lookahead_samples` after `end` is not looked at. frames: of the canvas. vocoder: has a network.
    Returns float32, (channels, end - start).
    """
    if is_split_by_channel(mel):

        def work(channel: slice, relay: Relay) -> torch.Tensor:
            return vocode_span(
                mel[channel], start, end, frames, spec,
                vocoder=vocoder, on_iteration=relay(on_iteration),
            )  # fmt: skip

        return each_channel(work, mel)
    around = context_samples(vocoder, spec)
    first = max(0, start - around) // spec.hop * spec.hop
    last = min(frames, end + around)
    grid = linear_grid(spec, last - first, spec.mel_frames(last - first), mel.device)
    wanted, signal, analysed = estimate_span(mel, first // spec.hop, grid, spec, vocoder)
    assert signal is not None
    if vocoder.iterations:
        signal = griffin_lim(
            wanted,
            grid,
            start=signal,
            analysed=analysed,
            iterations=vocoder.iterations,
            on_iteration=lambda _: on_iteration(),
        )
    if vocoder.makes_attacks:
        at = first // spec.hop
        signal = sharpen_attacks(signal, mel[:, :, at : at + grid.count], grid.centres, spec)
    return signal[:, start - first : end - first]


class ArcGrid(FrameGrid):
    """Frames of a stretch of a loop: those of `CircularGrid` whose centres lie in it, unrolled.

    turn: samples of the loop. count: of its mel frames. Stretches may begin before 0 and end after
    the turn.
    """

    def __init__(self, window: torch.Tensor, first: int, last: int, turn: int, count: int) -> None:
        step = turn / count
        numbers = torch.arange(int(first // step) - 1, int(last // step) + 2, device=window.device)
        whole = numbers.div(count, rounding_mode="floor")
        places = ((numbers - whole * count).double() * step).round().long() + whole * turn
        inside = (places >= first) & (places < last)
        self.numbers, self._places = numbers[inside], places[inside]
        super().__init__(window, last - first, len(self.numbers))
        half = len(window) // 2
        reach = torch.arange(len(window), device=window.device)
        self._index = (self._places - first)[:, None] + reach  # in the signal with half a window
        self._padded = last - first + 2 * half

    @property
    def centres(self) -> torch.Tensor:
        """Samples of the loop on which frames are centred; see `FrameGrid.centres`."""
        return self._places

    def _frame_signal(self, wave: torch.Tensor) -> torch.Tensor:
        half = len(self.window) // 2
        return F.pad(wave, (half, half))[..., self._index]

    def _empty_sum(self, like: torch.Tensor) -> torch.Tensor:
        return like.new_zeros(*like.shape[:-1], self._padded)

    def _add_frames(self, out: torch.Tensor, pieces: torch.Tensor, rows: slice) -> None:
        out.index_add_(-1, self._index[rows].reshape(-1), pieces.flatten(-2))

    def _cut_sum(self, out: torch.Tensor) -> torch.Tensor:
        half = len(self.window) // 2
        return out[..., half:-half]


def vocode_loop_span(
    mel: torch.Tensor,
    start: int,
    end: int,
    frames: int,
    spec: MelSpec,
    *,
    vocoder: VocoderSettings,
    generator: torch.Generator,
    on_iteration: Callable[[], None],
) -> torch.Tensor:
    """Make samples [start, end) of what `vocode_loop` makes, whose arguments it has.

    The span may begin before 0 and end after the loop does. The partials, if any, are those of
    notes of the rounds before and after, too.
    Returns float32, (channels, end - start). A loop that is hardly longer than the context is made
    as a whole.
    """
    around = context_samples(vocoder, spec, is_loop=True)
    first, last = start - around, end + around
    if vocoder.net is None or last - first >= frames:
        whole = vocode_loop(
            mel, frames, spec, vocoder=vocoder, generator=generator, on_iteration=on_iteration
        )
        return whole[:, torch.arange(start, end, device=whole.device) % frames]
    count, reach = mel.shape[-1], vocoder.net.reach
    grid = ArcGrid(hann_window(spec.n_fft, mel.device), first, last, frames, count)
    lowest = int(grid.numbers[0])
    numbers = torch.arange(lowest - reach, lowest + grid.count + reach, device=mel.device)
    around_mel = mel[:, :, numbers % count]
    bins = vocoder.net.bins(around_mel)[:, reach:-reach]
    own = around_mel[:, :, reach:-reach]
    wanted, signal, analysed = fit_to_mel(bins, own, grid, grid.centres, spec, vocoder)
    made = griffin_lim(
        wanted,
        grid,
        start=signal,
        analysed=analysed,
        iterations=vocoder.loop_iterations,
        on_iteration=lambda _: on_iteration(),
    )
    if vocoder.makes_attacks:
        made = sharpen_attacks(made, own, grid.centres - first, spec)
    return made[:, start - first : end - first]
