"""How clips of electronic styles are mixed: loudness, balance of bands and parts, stereo below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

from msanii_live.audio import Samples
from msanii_live.benchmarks.peaks import true_peak
from msanii_live.engines.base import standalone_context
from msanii_live.engines.registry import EngineRegistry
from msanii_live.notes import Score
from msanii_live.protocol.commands import Generate, Render
from msanii_live.rack.rigs import is_electronic

RATE = 44_100
BARS, SEED = 8, 100
ORDERS = (
    ("house", 124.0), ("house", 122.0), ("techno", 132.0), ("techno", 130.0),
    ("drum-and-bass", 174.0), ("drum-and-bass", 172.0), ("dub", 76.0), ("dub", 140.0),
    ("trap", 140.0), ("trap", 70.0),
)  # fmt: skip
OCTAVES = (63.0, 125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0)  # Hz, centres
# dB of each octave relative to the first. The density falls by 5 dB an octave from 100 Hz to 4 kHz,
# so the level of an octave by 2 dB, and faster above.
# Source: Pestana et al., "Spectral characteristics of popular commercial recordings 1950-2010", AES
# 135th convention, 2013.
PUBLISHED = (0.0, 0.0, -2.0, -4.0, -6.0, -8.0, -10.0, -14.0)
LOW = 120.0  # Hz, below which a club has one channel


@dataclass(frozen=True)
class MixFigures:
    """What is measured in a clip.

    loudness: LUFS. crest: dB of the true peak above the RMS level. tilt: mean distance of its
    octaves from PUBLISHED, dB. presence: level of 2 and 4 kHz above it, dB. side_below: level of
    the side below LOW relative to the middle, dB. drums_above: dB by which the peak of the drums
    exceeds that of chords, lead and pad; nan where there are none.
    """

    loudness: float
    crest: float
    tilt: float
    presence: float
    side_below: float
    drums_above: float


def integrated_loudness(samples: Samples) -> float:
    """Return the gated loudness, LUFS; -120 for silence. samples: float32, (frames, 2).

    Source: ITU-R BS.1770-5, annex 1; its two filters are designed anew for 44.1 kHz.
    """
    heard = samples.astype(np.float64)
    for coefficients in (_shelf(1_681.97, 4.0, 0.7072), _highpass(38.135, 0.5003)):
        heard = lfilter(*coefficients, heard, axis=0)
    block, hop = round(0.4 * RATE), round(0.1 * RATE)
    starts = range(0, max(1, len(heard) - block + 1), hop)
    power = np.array([(heard[at : at + block] ** 2).mean(0).sum() for at in starts])
    for gate in (lambda _: -70.0, lambda mean: mean - 10.0):
        level = -0.691 + 10 * np.log10(power + 1e-12)
        mean = -0.691 + 10 * np.log10(power.mean() + 1e-12) if len(power) else -120.0
        power = power[level > gate(mean)]
    return float(-0.691 + 10 * np.log10(power.mean())) if len(power) else -120.0


def measure_mix(samples: Samples, stems: Mapping[str, Samples]) -> MixFigures:
    """Return the figures of a clip. samples, stems: float32, (frames, 2)."""
    level = 10 * np.log10((samples**2).mean() + 1e-12)
    octaves = np.array([_band_level(samples, hertz) for hertz in OCTAVES])
    off = octaves - octaves[:2].max() - np.array(PUBLISHED)
    below = sosfilt(butter(4, LOW, "low", fs=RATE, output="sos"), samples, axis=0)
    side, middle = (below[:, 0] - below[:, 1]) / 2, below.mean(1)
    peak = {part: float(np.abs(stem).max()) for part, stem in stems.items()}
    others = [peak[part] for part in ("chords", "lead", "pad") if peak.get(part)]
    above = 20 * np.log10(peak["drums"] / max(others)) if peak.get("drums") and others else np.nan
    return MixFigures(
        integrated_loudness(samples),
        true_peak(samples) - float(level),
        float(np.abs(off[1:]).mean()),
        float(off[5:7].mean()),
        float(10 * np.log10((side.var() + 1e-12) / (middle.var() + 1e-12))),
        float(above),
    )


def report_mix() -> int:
    """Print the figures of composed clips, and of the same notes by General MIDI. Returns 0.

    Raises: CommandError: the weights cannot be read.
    """
    engine = EngineRegistry("cpu", "composer").get("composer")
    engine.load()
    print("| style | bpm | LUFS | crest | tilt | presence | side below | drums above |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    rows: dict[str, list[MixFigures]] = {"rack": [], "General MIDI": []}
    for number, (style, bpm) in enumerate(ORDERS):
        context = replace(standalone_context(), seed=SEED + number)
        clip = engine.run(Generate(style=style, bars=BARS, bpm=bpm, stems=1), context)
        score = clip.score
        assert isinstance(score, Score)
        assert is_electronic(score.style)
        plain = replace(score, style="")
        again = replace(context, score={"notes": plain}.__getitem__)
        midi = engine.run(Render(midi="notes", stems=1), again)
        rows["rack"].append(measure_mix(clip.samples, clip.stems))
        rows["General MIDI"].append(measure_mix(midi.samples, midi.stems))
        print(_row(style, f"{bpm:.0f}", rows["rack"][-1]), flush=True)
    for player, figures in rows.items():
        values = [np.nanmean([each.__dict__[name] for each in figures]) for name in _NAMES]
        print(_row(f"mean, {player}", "", MixFigures(*map(float, values))))
    return 0


_NAMES = tuple(MixFigures.__dataclass_fields__)


def _row(style: str, bpm: str, figures: MixFigures) -> str:
    cells = " | ".join(f"{figures.__dict__[name]:.1f}" for name in _NAMES)
    return f"| {style} | {bpm} | {cells} |"


def _band_level(samples: Samples, centre: float) -> float:
    """Return the level of an octave, dB."""
    edges = (centre / np.sqrt(2), centre * np.sqrt(2))
    band = sosfilt(butter(4, edges, "band", fs=RATE, output="sos"), samples, axis=0)
    return float(10 * np.log10((band**2).mean() + 1e-12))


def _shelf(hertz: float, gain: float, quality: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a high shelf of second order by the bilinear transform. gain: dB."""
    k, high = np.tan(np.pi * hertz / RATE), 10 ** (gain / 20)
    middle = high**0.4997
    down = np.array([1 + k / quality + k * k, 2 * (k * k - 1), 1 - k / quality + k * k])
    up = np.array(
        [
            high + middle * k / quality + k * k,
            2 * (k * k - high),
            high - middle * k / quality + k * k,
        ]
    )
    return up / down[0], down / down[0]


def _highpass(hertz: float, quality: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a highpass of second order by the bilinear transform."""
    k = np.tan(np.pi * hertz / RATE)
    down = np.array([1 + k / quality + k * k, 2 * (k * k - 1), 1 - k / quality + k * k])
    return np.array([1.0, -2.0, 1.0]), down / down[0]
