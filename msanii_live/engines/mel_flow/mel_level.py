"""The level of a fresh clip, from its mel: known before the samples are, and while more follow."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from msanii_live.audio.slow_gain import EVEN_FROM, EVEN_LIMIT, limit_slope
from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.mel_power import MelPowers, mel_powers
from msanii_live.engines.mel_flow.model_level import MODEL_LOUDNESS

BLOCK = 8  # mel frames of which a gain is kept
SLOPE = 0.1  # dB a block: about 1 dB a second
WIDTH = 80  # blocks around a block that say how loud the music is there
LIMIT = 40.0  # dB that a clip is raised or lowered by at most
BIAS = 0.24  # dB by which the samples are louder than their mel tells, in the mean
_SILENCE = 1e-9


def clip_powers(mel: torch.Tensor, spec: MelSpec) -> MelPowers:
    """Return the mean square of left and right, as a mel of mid and side tells it.

    mel: ln magnitudes, float32, (2, mels, mel_frames). On mel-flow's clips the samples are louder
    than `mel_powers` by BIAS, with a standard deviation of 0.5 dB over ten styles.
    """
    return mel_powers(mel, spec) * 10 ** (BIAS / 10)


class FreshLevel:
    """The gain of a fresh clip, which is settled up to where the clip is made.

    A clip whose mel is known as a whole gets its mean level right. Of a longer one the gain follows
    what is known, by at most 1 dB a second, so that its level stays even.
    """

    def __init__(self, frames: int, hop: float, is_loop: bool) -> None:
        """Take the frames of the clip, and from one mel frame to the next."""
        self._frames, self._size = frames, BLOCK * hop
        self._is_loop = is_loop
        self._blocks = max(1, round(frames / self._size))
        self._gains: list[float] = []  # dB, of the blocks that are settled

    def gain(self, start: int, end: int, powers: MelPowers, is_all: bool) -> NDArray[np.float32]:
        """Return the factors of frames [start, end), which follow those of the last call.

        powers: of all mel frames that are known. is_all: no more will follow. Returns (frames,).
        """
        needed = self._blocks if is_all else min(self._blocks, int(end / self._size) + 2)
        self._settle(needed, powers, is_all)
        if min(self._gains) == max(self._gains):
            return np.full(end - start, 10 ** (self._gains[0] / 20), "f4")
        centres = (np.arange(len(self._gains)) + 0.5) * self._size
        at = np.arange(start, end) + 0.5
        period = self._frames if self._is_loop else None
        return np.asarray(10 ** (np.interp(at, centres, self._gains, period=period) / 20), "f4")

    def _settle(self, needed: int, powers: MelPowers, is_all: bool) -> None:
        if needed <= len(self._gains):
            return
        mean = 10 * np.log10(powers.mean() + _SILENCE)
        base = float(np.clip(MODEL_LOUDNESS - mean, -LIMIT, LIMIT))
        if is_all and not self._gains and self._frames < EVEN_FROM:
            self._gains = [base] * self._blocks
            return
        wanted = base + np.clip(mean - self._levels(powers), -EVEN_LIMIT, EVEN_LIMIT)
        if is_all and not self._gains:
            gains = limit_slope(wanted, SLOPE, self._is_loop)
            blocks = _in_blocks(powers)[: self._blocks]  # a loop's half block may have no gain
            after = 10 * np.log10((blocks * 10 ** (gains[: len(blocks)] / 10)).mean() + _SILENCE)
            self._gains = list(gains + (base + mean - after))
            return
        for value in wanted[len(self._gains) : needed]:
            last = self._gains[-1] if self._gains else value
            self._gains.append(float(np.clip(value, last - SLOPE, last + SLOPE)))
        self._gains += self._gains[-1:] * (needed - len(self._gains))

    def _levels(self, powers: MelPowers) -> NDArray[np.float64]:
        """Return the level around each block, dB, (blocks,)."""
        blocks = _in_blocks(powers)
        window, half = np.hanning(WIDTH + 2)[1:-1], WIDTH // 2
        mode = "wrap" if self._is_loop else "constant"
        sums = [
            np.convolve(np.pad(values, (half, WIDTH - 1 - half), mode=mode), window, "valid")  # type: ignore[call-overload]
            for values in (blocks, np.ones(len(blocks)))
        ]
        levels = 10 * np.log10(sums[0] / sums[1] + _SILENCE)
        return np.resize(levels, self._blocks) if self._is_loop else levels


def _in_blocks(powers: MelPowers) -> MelPowers:
    """Return the mean power of each block of mel frames; the last block may be short."""
    starts = np.arange(0, len(powers), BLOCK)
    sizes = np.minimum(BLOCK, len(powers) - starts)
    return np.asarray(np.add.reduceat(powers, starts) / sizes)
