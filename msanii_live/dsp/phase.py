"""Phase reconstruction: fast Griffin-Lim that can close a loop and keep samples that are known."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import torch
import torch.nn.functional as F

from msanii_live.dsp.mel import MelSpec, hann_window

# Analysis frames that are changed at a time on a CPU. A cache of the processor holds them, and they
# keep it busy for so long that two threads, a channel each, seldom wait for the interpreter's lock.
CACHED_FRAMES = 256


class FrameGrid:
    """A placement of analysis frames on a signal; see `LinearGrid` and `CircularGrid`.

    window: float32, (n_fft,). length: samples of the signal. count: mel frames.
    """

    def __init__(self, window: torch.Tensor, length: int, count: int) -> None:
        self.window, self.length, self.count = window, length, count

    @property
    def centres(self) -> torch.Tensor:
        """Samples on which frames are centred, int, (mel_frames,)."""
        raise NotImplementedError

    def analyse(self, wave: torch.Tensor) -> torch.Tensor:
        """Return the STFT. wave: (..., length) → complex (..., mel_frames, bins)."""
        bins: torch.Tensor = torch.fft.rfft(self._frame_signal(wave) * self.window)
        return bins

    def synthesise(self, bins: torch.Tensor) -> torch.Tensor:
        """Return the least-squares signal. bins: complex (..., mel_frames, bins) → (..., length).

        Source: Griffin & Lim 1984, eq. 6.
        """
        pieces = torch.fft.irfft(bins, n=len(self.window)).mul_(self.window)
        return self._overlap_add(pieces).div_(self._window_sum)

    def change(
        self,
        wave: torch.Tensor,
        change: Callable[[torch.Tensor, slice], torch.Tensor],
        analysed: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Analyse a signal, change its bins, and synthesise them, some frames at a time.

        change: takes the bins of a slice of the frames, (..., frames, bins), and returns as many.
        analysed: the signal's STFT, if it is known.
        """
        framed, out = self._frame_signal(wave), self._empty_sum(wave)
        size = CACHED_FRAMES if wave.device.type == "cpu" else self.count
        for first in range(0, self.count, size):
            rows = slice(first, min(first + size, self.count))
            if analysed is None:
                bins = torch.fft.rfft(framed[..., rows, :] * self.window)
            else:
                bins = analysed[..., rows, :]
            pieces = torch.fft.irfft(change(bins, rows), n=len(self.window)).mul_(self.window)
            self._add_frames(out, pieces, rows)
        return self._cut_sum(out).div_(self._window_sum)

    def frames_inside(self, span: torch.Tensor, beyond: bool) -> torch.Tensor:
        """Return which frames cover only samples of a span.

        span: bool, (length,). beyond: whether samples outside the signal count as inside the span.
        Returns bool, (mel_frames,).
        """
        raise NotImplementedError

    @cached_property
    def _window_sum(self) -> torch.Tensor:
        squared = (self.window**2).expand(self.count, -1)
        return self._overlap_add(squared).clamp_min(1e-3)

    def _frame_signal(self, wave: torch.Tensor) -> torch.Tensor:
        """Cut a signal into frames. wave: (..., length) → (..., mel_frames, n_fft)."""
        raise NotImplementedError

    def _overlap_add(self, pieces: torch.Tensor) -> torch.Tensor:
        """Overlap and add frames. pieces: (..., mel_frames, n_fft) → (..., length)."""
        out = self._empty_sum(pieces[..., 0, :])
        self._add_frames(out, pieces, slice(0, self.count))
        return self._cut_sum(out)

    def _empty_sum(self, like: torch.Tensor) -> torch.Tensor:
        """Return zeros to which frames are added; all dimensions but the last as of `like`."""
        raise NotImplementedError

    def _add_frames(self, out: torch.Tensor, pieces: torch.Tensor, rows: slice) -> None:
        """Add the frames of a slice where they belong. pieces: (..., frames, n_fft)."""
        raise NotImplementedError

    def _cut_sum(self, out: torch.Tensor) -> torch.Tensor:
        """Return the signal in what frames were added to, (..., length)."""
        raise NotImplementedError


class LinearGrid(FrameGrid):
    """Frames every `hop` samples: mel frame i is centred on i * hop, zeros beyond the ends.

    The window's length must be a multiple of the hop.
    """

    def __init__(self, window: torch.Tensor, length: int, count: int, hop: int) -> None:
        super().__init__(window, length, count)
        self.hop = hop

    @property
    def centres(self) -> torch.Tensor:
        """Samples on which frames are centred; see `FrameGrid.centres`."""
        return torch.arange(self.count, device=self.window.device) * self.hop

    def frames_inside(self, span: torch.Tensor, beyond: bool) -> torch.Tensor:
        """Return which frames cover only samples of a span; see `FrameGrid.frames_inside`."""
        misses = self._pad((~span).long(), int(not beyond)).cumsum(0)
        upto = F.pad(misses, (1, 0))
        first = torch.arange(self.count, device=span.device) * self.hop
        return upto[first + len(self.window)] == upto[first]

    def _frame_signal(self, wave: torch.Tensor) -> torch.Tensor:
        return self._pad(wave, 0).unfold(-1, len(self.window), self.hop)

    def _pad(self, wave: torch.Tensor, value: int) -> torch.Tensor:
        before = len(self.window) // 2
        needed = (self.count - 1) * self.hop + len(self.window)
        padded = F.pad(wave, (before, max(0, needed - before - self.length)), value=value)
        return padded[..., :needed]

    def _empty_sum(self, like: torch.Tensor) -> torch.Tensor:
        overlap, before = len(self.window) // self.hop, len(self.window) // 2
        blocks = max(self.count + overlap - 1, -(-(before + self.length) // self.hop))
        return like.new_zeros(*like.shape[:-1], blocks, self.hop)

    def _add_frames(self, out: torch.Tensor, pieces: torch.Tensor, rows: slice) -> None:
        parts = pieces.reshape(*pieces.shape[:-1], -1, self.hop)  # (..., frames, parts, hop)
        for part in range(parts.shape[-2]):
            out[..., rows.start + part : rows.stop + part, :] += parts[..., part, :]

    def _cut_sum(self, out: torch.Tensor) -> torch.Tensor:
        before = len(self.window) // 2
        return out.flatten(-2)[..., before : before + self.length].contiguous()


class CircularGrid(FrameGrid):
    """Frames spread evenly around a loop whose end flows into its start.

    The hop is length / mel frames rounded frame by frame, so that a loop may be any length.
    """

    def __init__(self, window: torch.Tensor, length: int, count: int) -> None:
        super().__init__(window, length, count)
        places = torch.arange(count, device=window.device).double() * length / count
        reach = torch.arange(len(window), device=window.device) - len(window) // 2
        self._places = places.round().long()
        self.index = (self._places[:, None] + reach) % length

    @property
    def centres(self) -> torch.Tensor:
        """Samples on which frames are centred; see `FrameGrid.centres`."""
        return self._places

    def frames_inside(self, span: torch.Tensor, beyond: bool) -> torch.Tensor:
        """Return which frames cover only samples of a span; `beyond` has no meaning in a loop."""
        return span[self.index].all(-1)

    def _frame_signal(self, wave: torch.Tensor) -> torch.Tensor:
        return wave[..., self.index]

    def _empty_sum(self, like: torch.Tensor) -> torch.Tensor:
        return like.new_zeros(*like.shape[:-1], self.length)

    def _add_frames(self, out: torch.Tensor, pieces: torch.Tensor, rows: slice) -> None:
        out.index_add_(-1, self.index[rows].reshape(-1), pieces.flatten(-2))

    def _cut_sum(self, out: torch.Tensor) -> torch.Tensor:
        return out


def linear_grid(spec: MelSpec, length: int, mel_frames: int, device: torch.device) -> LinearGrid:
    """Return the linear grid of a spec."""
    return LinearGrid(hann_window(spec.n_fft, device), length, mel_frames, spec.hop)


def circular_grid(
    spec: MelSpec, length: int, mel_frames: int, device: torch.device
) -> CircularGrid:
    """Return the circular grid of a spec."""
    return CircularGrid(hann_window(spec.n_fft, device), length, mel_frames)


def squared(bins: torch.Tensor) -> torch.Tensor:
    """Return squared magnitudes; their root is 3 times as fast as `abs` on a CPU."""
    real, imaginary = torch.view_as_real(bins).unbind(-1)
    return torch.addcmul(real * real, imaginary, imaginary)


def griffin_lim(
    magnitude: torch.Tensor,
    frames: FrameGrid,
    *,
    start: torch.Tensor,
    kept: torch.Tensor | None = None,
    iterations: int = 32,
    momentum: float = 0.99,
    on_iteration: Callable[[int], None] = lambda _: None,
    analysed: torch.Tensor | None = None,
) -> torch.Tensor:
    """Find a signal whose STFT magnitudes are the given ones.

    magnitude: float32, (channels, mel_frames, bins). start: first guess of the signal, float32,
    (channels, length): noise, or a signal whose phases are a good start. kept: float32, (length,),
    the share of `start` that is restored after each iteration but the last: 1 where samples are
    known, falling smoothly to 0 where they are wanted, because a hard edge would leave a click.
    analysed: the STFT of `start`, if it is known; it is overwritten.
    Returns float32, (channels, length).
    Source: Perraudin et al. 2013, "A fast Griffin-Lim algorithm", algorithm 2.
    """
    wave, previous = start, list[torch.Tensor]()  # the bins before, by slice of the frames
    for iteration in range(iterations):
        is_first, is_last = iteration == 0, iteration == iterations - 1

        def set_magnitudes(
            bins: torch.Tensor,
            rows: slice,
            before: list[torch.Tensor] = previous,
            is_first: bool = is_first,
            is_last: bool = is_last,
        ) -> torch.Tensor:
            # Real and imaginary parts side by side: fewer passes over memory than complex numbers.
            parts = torch.view_as_real(bins)
            ahead = parts if is_first else before.pop(0).lerp_(parts, 1 + momentum)
            if not is_last:
                before.append(parts)
            made = torch.view_as_complex(ahead)
            gain = squared(made).clamp_min_(1e-18).rsqrt_().mul_(magnitude[:, rows])
            return made * gain if is_first else made.mul_(gain)

        wave = frames.change(wave, set_magnitudes, analysed if is_first else None)
        if kept is not None and not is_last:
            wave = torch.lerp(wave, start, kept)
        on_iteration(iteration + 1)
    return wave
