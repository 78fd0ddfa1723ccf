"""Attacks as sharp as they were before a mel spread them over its window.

A frame of a mel covers 46 ms, and a vocoder puts a hit anywhere in it: a drum rises in 9 ms and is
heard before it begins. But neighbouring frames overlap, and each weighs the hit by another place of
its window, so that their energies tell where it begins to about a millisecond. Here an onset is
fitted to the energies of eight frames in each of four bands, and the band follows the fitted level
around it: silent before, loudest at once.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import torch
import torch.nn.functional as F

from msanii_live.dsp.mel import MelSpec, filter_bank, hann_window

EDGES = (250.0, 1_000.0, 4_000.0)  # Hz, between the bands
SMOOTHING = (0.003, 0.002, 0.0015, 0.001)  # s over which the level of each band is taken
BEFORE, AFTER = 3, 4  # frames around the one in which an onset is looked for
LEAST_RISE = math.log(8.0)  # of the energy within three frames
DECAYS = (0.002, 0.006, 0.015, 0.04, 0.12, 0.5)  # s, of the power to 1 / e
FLOORS = (0.0, 1e-4, 1e-3, 1e-2, 0.1)  # power before an onset, relative to that at it
PLACES = 32  # samples from one place of an onset to the next
WORST_FIT = 0.6  # RMS error of ln energies, beyond which it is no single onset
MOST = 4.0  # gain
REACH = 2_048  # samples on either side that are looked at
EARLY, LATE = 1_700, 1_400  # samples around an onset, outside which nothing changes
BEGIN, END = 1_792, 1_472  # the same, with what levels around there are taken over
TURN = 12  # frames that a loop is continued by at either end
_QUIET = 1e-4  # of the loudest frame's energy, below which frames count as equal


def sharpen_attacks(
    wave: torch.Tensor, mel: torch.Tensor, centres: torch.Tensor, spec: MelSpec
) -> torch.Tensor:
    """Return what a vocoder made of a mel with the attacks that the mel tells.

    wave: float32, (channels, frames). mel: ln magnitudes, (channels, mels, mel_frames). centres:
    samples of the wave on which mel frames are centred, int, (mel_frames,).
    """
    if mel.shape[-1] <= BEFORE + AFTER:
        return wave
    found = _onsets(mel.float(), spec)
    if found is None:
        return wave
    channel, band, frame, fitted = found
    places, decays, floors = _fitted_shapes(spec, wave.device)[1].unbind(-1)
    onset = centres[frame] + places[fitted].long()
    padded = F.pad(wave, (REACH, REACH))
    inside = (onset >= 0) & (onset < wave.shape[-1])
    if not inside.any():
        return wave
    onset, channel, band, fitted = (each[inside] for each in (onset, channel, band, fitted))
    around = padded.unfold(-1, 2 * REACH, 1)[channel, onset]  # with the onset in the middle
    spectra = torch.fft.rfft(around) * _band_masks(spec, wave.device)[band]
    parts = torch.fft.irfft(spectra)[:, REACH - BEGIN : REACH + END]
    change = parts * (_gains(parts, band, decays[fitted], floors[fitted], spec) - 1)
    first = channel * padded.shape[-1] + onset + REACH - BEGIN
    flat = first[:, None] + torch.arange(BEGIN + END, device=wave.device)
    padded.view(-1).index_add_(0, flat.flatten(), change.flatten())
    return padded[:, REACH:-REACH]


def sharpen_loop(
    wave: torch.Tensor, mel: torch.Tensor, centres: torch.Tensor, spec: MelSpec
) -> torch.Tensor:
    """Return a loop with the attacks that its mel tells; see `sharpen_attacks`."""
    length, count = wave.shape[-1], mel.shape[-1]
    room, turn = 2 * REACH, TURN
    if length < room or count < turn:
        return wave
    around = F.pad(mel, (turn, turn), mode="circular")
    places = torch.cat([centres[-turn:] - length, centres, centres[:turn] + length]) + room
    # An onset near an end is in what is added at the other end as well, where its rest changes.
    turned = sharpen_attacks(F.pad(wave, (room, room), mode="circular"), around, places, spec)
    return turned[:, room:-room]


def _onsets(
    mel: torch.Tensor, spec: MelSpec
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor] | None:
    """Return the channel, band, frame and fitted shape of each onset, (onsets,); None for none."""
    energy = torch.einsum("bm,cmt->cbt", _bands_of_mels(spec, mel.device), (2 * mel).exp())
    around = F.pad(energy, (BEFORE, AFTER), mode="replicate").unfold(-1, BEFORE + AFTER + 1, 1)
    level = (around / around.amax(-1, keepdim=True) + _QUIET / 10).log()
    rise = level[..., BEFORE + 1] - level[..., BEFORE - 2]
    steepest = F.max_pool1d(rise, 2 * BEFORE + 1, 1, BEFORE)
    place = ((rise > LEAST_RISE) & (rise >= steepest)).nonzero()
    if not len(place):
        return None
    channel, band, frame = place.unbind(-1)
    wanted = around[channel, band, frame]
    wanted = (wanted / wanted.amax(-1, keepdim=True) + _QUIET).log()
    shapes, _ = _fitted_shapes(spec, mel.device)
    error, fitted = torch.cdist(wanted, shapes).min(-1)
    good = error < WORST_FIT * math.sqrt(shapes.shape[-1])
    if not good.any():
        return None
    return channel[good], band[good], frame[good], fitted[good]


def _gains(
    parts: torch.Tensor,
    band: torch.Tensor,
    decay: torch.Tensor,
    floor: torch.Tensor,
    spec: MelSpec,
) -> torch.Tensor:
    """Return the gain of each band around its onset, (onsets, BEGIN + END); its power is kept."""
    place = torch.arange(-BEGIN, END, device=parts.device)
    widths = [round(seconds * spec.sample_rate) | 1 for seconds in SMOOTHING]
    made = torch.empty_like(parts)
    for number, width in enumerate(widths):
        here = (band == number).nonzero()[:, 0]
        if len(here):
            made[here] = _running_mean(parts[here].square(), width)
    wanted = floor[:, None].repeat(1, BEGIN + END)
    wanted[:, BEGIN:] += torch.exp(-place[BEGIN:] / (decay[:, None] * spec.sample_rate))
    near = slice(BEGIN - LATE, BEGIN + LATE)
    scale = made[:, near].sum(-1) / wanted[:, near].sum(-1)
    gain = wanted.mul_(scale[:, None]).div_(made.clamp_min_(1e-12)).sqrt_().clamp_max_(MOST)
    gain[:, :BEGIN].clamp_max_(1.0)
    begins = ((place + EARLY) / 300).clamp(0, 1)
    ends = ((LATE - place) / 900).clamp(0, 1)
    return _running_mean(gain.sub_(1).mul_(begins * ends).add_(1), 21)


def _running_mean(wave: torch.Tensor, width: int) -> torch.Tensor:
    """Return the mean over an odd number of samples around each, (n, frames)."""
    half = width // 2
    padded = F.pad(wave, (half + 1, half), mode="replicate").double()
    total = padded.cumsum_(-1)
    return (total[:, width:] - total[:, :-width]).div_(width).float()


@lru_cache(maxsize=4)
def _bands_of_mels(spec: MelSpec, device: torch.device) -> torch.Tensor:
    """Return 1 where a mel belongs to a band, (bands, mels)."""
    with torch.inference_mode(False):
        bank = filter_bank(spec)
        hertz = torch.arange(len(bank)) * spec.sample_rate / spec.n_fft
        centres = (bank * hertz[:, None]).sum(0) / bank.sum(0).clamp_min(1e-9)
        band = torch.bucketize(centres, torch.tensor(EDGES))
        return F.one_hot(band, len(EDGES) + 1).T.float().contiguous().to(device)


@lru_cache(maxsize=4)
def _band_masks(spec: MelSpec, device: torch.device) -> torch.Tensor:
    """Return the gain of each bin in each band, (bands, REACH + 1); they sum to 1."""
    with torch.inference_mode(False):
        octave = torch.log2((torch.arange(REACH + 1) * spec.sample_rate / (2 * REACH)).clamp_min(1))
        above = [((octave - math.log2(edge)) * 2 + 0.5).clamp(0, 1) for edge in EDGES]
        ones, zeros = torch.ones_like(octave), torch.zeros_like(octave)
        steps = [ones, *above, zeros]
        return torch.stack([a - b for a, b in pairwise(steps)]).to(device)


@lru_cache(maxsize=4)
def _fitted_shapes(spec: MelSpec, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ln energies of frames for each onset that is tried, and what it is.

    Returns (shapes, BEFORE + AFTER + 1), relative to the loudest frame, and (shapes, 3): samples
    from the middle frame's centre to the onset, decay in s, floor.
    """
    with torch.inference_mode(False):
        window, hop = hann_window(spec.n_fft, torch.device("cpu")).square(), spec.hop
        half = spec.n_fft // 2
        place = torch.arange(-BEFORE * hop - half, AFTER * hop + half)
        onset = torch.arange(-hop, hop, PLACES)[:, None, None]
        decay = torch.tensor(DECAYS)[:, None]
        fall = torch.exp(-(place - onset).clamp_min(0) / (decay * spec.sample_rate))
        power = torch.where(place >= onset, fall, 0.0)
        energy = power.unfold(-1, spec.n_fft, hop) @ window  # (onsets, decays, mel_frames)
        floor = torch.tensor(FLOORS)
        shapes = (energy[:, :, None] + floor[:, None] * window.sum()).flatten(0, 2)
        told = torch.cartesian_prod(onset.flatten().float(), decay.flatten(), floor)
        shapes = (shapes / shapes.amax(-1, keepdim=True) + _QUIET).log()
        return shapes.to(device), told.to(device)
