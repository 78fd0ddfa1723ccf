"""Measures of clarity, harmony and repetition of clips whose bars are known.

A clip that is clear has a high tonal share and sharp onsets. A clip with a chord progression of
four bars has a positive harmony return. The share of repeated bars shows whether a high harmony
return comes from copying.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import medfilt, stft

from msanii_live.audio import Samples, make_clip
from msanii_live.engines.base import Engine
from msanii_live.engines.vocabulary import BEATS_PER_BAR
from msanii_live.evaluation.audio_features import chroma, mono
from msanii_live.evaluation.metrics import Array
from msanii_live.evaluation.validation_clips import (
    Report,
    ValidationClip,
    markdown_table,
    run_command,
)
from msanii_live.notes import Note
from msanii_live.protocol.commands import Generate, Vocode

TONAL_HZ = (80.0, 2_000.0)  # band of the tonal share
TONAL_FFT = 8_192
TONAL_NEIGHBOURS = 31  # bins whose median is the local noise level
TONAL_DB = 12.0  # above that level a bin counts as tonal
SILENCE = 1e-3  # of the loudest frame's power, below which a frame is left out
ONSET_HZ = (4_000.0, 16_000.0)  # band of the onset sharpness
ONSET_FFT, ONSET_HOP = 512, 128
PHRASE_BARS = 4  # length of the progression that harmony return looks for
SAME_BAR = 1e-3  # RMS of the difference of two bars over that of the bar: -60 dB
STEPS_PER_BAR = 16


def tonal_share(samples: Samples, rate: int) -> float:
    """Return the share of energy between 80 and 2,000 Hz in spectral peaks, 0 to 1.

    samples: float32, (frames, channels). A bin is a peak if it is 12 dB above the median of its 31
    neighbours. The result is the median over frames that are not silent; 0 if there are none.
    """
    hertz, _, bins = stft(mono(samples), rate, nperseg=TONAL_FFT, noverlap=TONAL_FFT * 3 // 4)
    power = np.abs(bins[(hertz > TONAL_HZ[0]) & (hertz < TONAL_HZ[1])]) ** 2 + 1e-12
    total = power.sum(0)
    if total.max() < 1e-8:
        return 0.0
    power = power[:, total > SILENCE * total.max()]
    level = 10 * np.log10(power)
    peaks = level > medfilt(level, (TONAL_NEIGHBOURS, 1)) + TONAL_DB
    return float(np.median((power * peaks).sum(0) / power.sum(0)))


def onset_sharpness(samples: Samples, rate: int) -> float:
    """Return the 99th percentile of the rise of ln magnitude from frame to frame, 4 to 16 kHz.

    samples: float32, (frames, channels).
    """
    hertz, _, bins = stft(mono(samples), rate, nperseg=ONSET_FFT, noverlap=ONSET_FFT - ONSET_HOP)
    band = np.abs(bins[(hertz > ONSET_HZ[0]) & (hertz < ONSET_HZ[1])]).sum(0)
    return float(np.percentile(np.maximum(np.diff(np.log(band + 1e-5)), 0), 99))


def harmony_return(chromas: Array) -> float:
    """Return the chroma similarity four bars later minus the mean of that one to three bars later.

    chromas: one vector per bar, (bars, 12), of length 1; more than four bars. Near 0 for a drone
    and for harmony without order, positive for a progression of four bars.
    """
    if len(chromas) <= PHRASE_BARS:
        raise ValueError(f"harmony return needs more than {PHRASE_BARS} bars, not {len(chromas)}")
    similarity = [
        float((chromas[:-lag] * chromas[lag:]).sum(1).mean()) for lag in range(1, PHRASE_BARS + 1)
    ]
    return similarity[-1] - float(np.mean(similarity[:-1]))


def split_bars(samples: Samples, rate: int, bar_seconds: float) -> list[Samples]:
    """Return the whole bars of a clip that starts on a downbeat, of equal lengths in samples."""
    length = int(bar_seconds * rate)
    count = int(len(samples) / (bar_seconds * rate) + 1e-6)
    starts = [round(bar * bar_seconds * rate) for bar in range(count)]
    return [samples[start : start + length] for start in starts if start + length <= len(samples)]


def repeated_bars(bars: Sequence[Samples]) -> float:
    """Return the share of bars, without the first, that equal an earlier one to -60 dB.

    Silent bars do not count as repeated. Returns 0 for fewer than two bars.
    """
    repeated = 0
    for index, bar in enumerate(bars):
        size = float(np.sqrt(np.mean(bar**2)))
        repeated += size > 1e-6 and any(
            float(np.sqrt(np.mean((bar - other) ** 2))) < SAME_BAR * size for other in bars[:index]
        )
    return repeated / max(1, len(bars) - 1)


def repeated_note_bars(notes: Sequence[Note], bar_seconds: float, bars: int) -> float:
    """Return the share of bars, without the first, whose notes equal those of an earlier bar.

    Notes are compared by program, pitch and onset on a grid of 16 steps. Bars without notes do not
    count as repeated. Returns 0 for fewer than two bars.
    """
    contents: list[set[tuple[int, int, bool, int]]] = [set() for _ in range(bars)]
    for note in notes:
        step = round(note.start / bar_seconds * STEPS_PER_BAR)
        if 0 <= step < bars * STEPS_PER_BAR:
            bar, place = divmod(step, STEPS_PER_BAR)
            contents[bar].add((note.program, note.pitch, note.drum, place))
    repeated = sum(
        bool(content) and content in contents[:index] for index, content in enumerate(contents)
    )
    return repeated / max(1, bars - 1)


@dataclass(frozen=True)
class MusicFigures:
    """The clarity, harmony and repetition of clips; medians over clips.

    tonal: tonal share. onsets: onset sharpness. harmony: harmony return. repeats: share of bars
    that repeat an earlier one exactly, mean over clips.
    """

    name: str
    tonal: float
    onsets: float
    harmony: float
    repeats: float
    clips: int


def music_figures(
    name: str, clips: Sequence[Samples], rate: int, bar_seconds: Sequence[float]
) -> MusicFigures:
    """Return the figures of clips that start on a downbeat and have more than four bars."""
    rows = []
    for samples, seconds in zip(clips, bar_seconds, strict=True):
        bars = split_bars(samples, rate, seconds)
        rows.append(
            (
                tonal_share(samples, rate),
                onset_sharpness(samples, rate),
                harmony_return(np.stack([chroma(bar, rate) for bar in bars])),
                repeated_bars(bars),
            )
        )
    tonal, onsets, harmony, _ = (float(x) for x in np.median(rows, axis=0))
    return MusicFigures(
        name, tonal, onsets, harmony, float(np.mean([row[3] for row in rows])), len(rows)
    )


def measure_music(
    engine: Engine,
    clips: Sequence[ValidationClip],
    steps: Sequence[int] = (4, 16),
    *,
    bars: int = 8,
    seed: int = 0,
    report: Report = lambda _: None,
) -> tuple[MusicFigures, ...]:
    """Measure real clips, the same through the vocoder, clips generated like them, and noise.

    clips: each with its continuation at least `bars` + 1 bars long. Generated clips have the tempo,
    style and key of the real ones.
    """
    rate = clips[0].clip.info.sample_rate
    lengths = [BEATS_PER_BAR * reference.beat for reference in clips]
    real = []
    for reference, length in zip(clips, lengths, strict=True):
        first = round((-reference.clip.info.bar_offset % 1.0) * length * rate)
        real.append(reference.true[first : first + round(bars * length * rate)])
    vocoded = []
    for number, samples in enumerate(real):
        source = make_clip(samples, rate, name="real", bpm=clips[number].clip.info.bpm)
        vocoded.append(
            run_command(engine, Vocode(src="real"), [source], seed + number).samples[: len(samples)]
        )
        report(f"music, vocoder: {number + 1} of {len(clips)}")
    rows = [
        music_figures("real", real, rate, lengths),
        music_figures("real, through the vocoder", vocoded, rate, lengths),
    ]
    for count in steps:
        made = []
        for number, reference in enumerate(clips):
            info = reference.clip.info
            command = Generate(
                bars=bars, bpm=round(info.bpm, 4), style=info.style, key=info.key, steps=count
            )
            made.append(run_command(engine, command, [], seed + number).samples)
            report(f"music in {count} steps: {number + 1} of {len(clips)}")
        rows.append(music_figures(f"generated, {count} steps", made, rate, lengths))
    rng = np.random.default_rng(seed)
    noise = [rng.normal(0, 0.1, samples.shape).astype(np.float32) for samples in real]
    return (*rows, music_figures("white noise", noise, rate, lengths))


def music_markdown(rows: Sequence[MusicFigures]) -> str:
    """Return the section on clarity, harmony and repetition."""
    return (
        "### Clarity, harmony and repetition\n\n"
        "Tonal: share of the energy between 80 and 2,000 Hz in spectral peaks. Onsets: 99th "
        "percentile of the rise of ln magnitude between 4 and 16 kHz. Harmony: chroma similarity "
        "four bars later minus the mean of that one to three bars later; a drone has 0. Repeated: "
        "share of bars that equal an earlier one to -60 dB. "
        f"{rows[0].clips} clips of whole bars; medians, and the mean of repeated bars.\n\n"
        + markdown_table(
            ("", "tonal", "onsets", "harmony", "repeated bars"),
            [
                (
                    r.name,
                    f"{r.tonal:.2f}",
                    f"{r.onsets:.2f}",
                    f"{r.harmony:+.2f}",
                    f"{100 * r.repeats:.0f} %",
                )
                for r in rows
            ],
        )
    )
