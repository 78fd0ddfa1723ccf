"""Features of audio and statistics of scores: convergence, chroma, centroid, onsets, beat, ROC."""

from __future__ import annotations

import numpy as np
import torch

from msanii_live.audio import Samples
from msanii_live.dsp.mel import MelSpec, log_mel, stft_magnitudes
from msanii_live.evaluation import metrics
from msanii_live.evaluation.metrics import Array

# A hop of 3 ms resolves beat offsets far below the 50 ms over which onsets are smoothed.
ONSET_SPEC = MelSpec(n_fft=1_024, hop=128, mels=40, f_min=40.0, f_max=16_000.0)
ONSET_FRAME_SECONDS = ONSET_SPEC.hop / ONSET_SPEC.sample_rate  # seconds
ONSET_DYNAMIC_RANGE = 50 / 8.686  # nats (50 dB) below the loudest band; less counts as silence
BEAT_DIVISIONS = 96  # of a beat
CHROMA_FFT = 8_192  # bins 5.4 Hz apart: less than a semitone above CHROMA_MIN_HZ
CHROMA_MIN_HZ, CHROMA_MAX_HZ = 100.0, 2_000.0  # range of the bins that count


def mono(samples: Samples) -> Array:
    """Return the mean of the channels, float32, (frames,)."""
    return np.asarray(samples.mean(axis=1), dtype=np.float32)


def mel_of(samples: Samples, spec: MelSpec = ONSET_SPEC) -> Array:
    """Return ln mel magnitudes of the mean of the channels, (mels, mel_frames)."""
    wave = torch.from_numpy(mono(samples))
    return np.asarray(log_mel(stft_magnitudes(wave, spec), spec).numpy())


def onsets(mel: Array) -> Array:
    """Return the onset envelope, (mel_frames,), of a mel with the parameters of `ONSET_SPEC`.

    See `metrics.onset_envelope`.
    The floor is the same for all bands, 50 dB under the loudest value.
    """
    floor = np.full(len(mel), float(mel.max()) - ONSET_DYNAMIC_RANGE)
    return metrics.onset_envelope(mel, floor, ONSET_FRAME_SECONDS)


def convergence(made: Array, true: Array) -> float:
    """Return the spectral convergence of magnitudes: 0 for the same, 1 for silence.

    made, true: of one shape. ‖true - made‖ / ‖true‖, Frobenius norms.
    Source: Yamamoto et al. 2020, arXiv:1910.11480, eq. 5.
    """
    size = float(np.linalg.norm(true))
    return float(np.linalg.norm(np.asarray(made, np.float64) - true)) / max(size, 1e-9)


def convergence_at(made: Samples, true: Samples, place: int, spec: MelSpec, reach: float) -> float:
    """Return the convergence over STFT frames centred within `reach` seconds of a sample.

    made, true: (frames, channels), of one shape. place: sample.
    """
    first = max(0, round((place - reach * spec.sample_rate) / spec.hop))
    last = round((place + reach * spec.sample_rate) / spec.hop) + 1
    parts = [
        stft_magnitudes(torch.from_numpy(np.array(x.T, np.float32)), spec)[..., first:last].numpy()
        for x in (made, true)
    ]
    return convergence(parts[0], parts[1])


def chroma(samples: Samples, rate: int) -> Array:
    """Return the mean magnitude of each pitch class, C first, (12,), of length 1; 0 if silent."""
    spec = MelSpec(sample_rate=rate, n_fft=CHROMA_FFT, hop=CHROMA_FFT // 4)
    mean = stft_magnitudes(torch.from_numpy(mono(samples)), spec).mean(-1).numpy()
    hertz = np.fft.rfftfreq(CHROMA_FFT, 1 / rate)
    inside = (hertz >= CHROMA_MIN_HZ) & (hertz <= CHROMA_MAX_HZ)
    pitch = np.round(69 + 12 * np.log2(hertz[inside] / 440.0)).astype(int) % 12
    total = np.bincount(pitch, weights=mean[inside], minlength=12)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9))


def centroid(samples: Samples, rate: int) -> float:
    """Return the spectral centroid, Hz, of the mean magnitudes; 0 if silent."""
    spec = MelSpec(sample_rate=rate)
    mean = stft_magnitudes(torch.from_numpy(mono(samples)), spec).mean(-1).numpy()
    hertz = np.fft.rfftfreq(spec.n_fft, 1 / rate)
    return float(hertz @ mean / max(float(mean.sum()), 1e-9))


def beat_offset(envelope: Array, seam: int, beat: float) -> float:
    """Return how much later, seconds, the beat falls after the seam than before it.

    envelope: onsets of `ONSET_SPEC`, (mel_frames,). seam: mel frame. beat: seconds per beat. Both
    sides are folded onto one beat, counted from mel frame 0. The result is the lag at which the two
    profiles correlate best, between -beat / 2 and beat / 2.
    """
    place = np.arange(len(envelope)) * ONSET_FRAME_SECONDS / beat
    before, after = (
        np.nan_to_num(metrics.fold(envelope[part], place[part], BEAT_DIVISIONS))
        for part in (slice(None, seam), slice(seam, None))
    )
    spectra = [np.fft.rfft(x - x.mean()) for x in (before, after)]
    agree = np.fft.irfft(np.conj(spectra[0]) * spectra[1], BEAT_DIVISIONS)
    best = int(np.argmax(agree))
    left, middle, right = (float(agree[(best + step) % BEAT_DIVISIONS]) for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    lag = best + (0.5 * (left - right) / bend if bend < -1e-12 else 0.0)
    return float((lag / BEAT_DIVISIONS + 0.5) % 1.0 - 0.5) * beat


def roc_area(positives: Array, negatives: Array) -> float:
    """Return the area under the ROC curve: how often a positive scores above a negative.

    Ties count half. positives, negatives: scores, (n,) and (m,).
    """
    gap = np.asarray(positives)[:, None] - np.asarray(negatives)[None]
    return float((gap > 0).mean() + 0.5 * (gap == 0).mean())


def percentile_rank(value: float, values: Array) -> float:
    """Return the share of values below a value, 0 to 100; equal ones count half."""
    return 100.0 * roc_area(np.array([value]), np.asarray(values))
