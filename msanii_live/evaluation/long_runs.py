"""Measure drift over chained continuations, and the path of an interpolation of two clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msanii_live.audio import Clip, Samples, make_clip, rms_dbfs
from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.base import Engine
from msanii_live.engines.vocabulary import BEATS_PER_BAR
from msanii_live.evaluation.audio_features import centroid, mel_of
from msanii_live.evaluation.metrics import rms_distance
from msanii_live.evaluation.validation_clips import (
    Report,
    ValidationClip,
    continue_clip,
    markdown_table,
    run_command,
)
from msanii_live.protocol.commands import Interpolate

MIXES = (0.0, 0.25, 0.5, 0.75, 1.0)
MONOTONE_TOLERANCE = 0.02  # of the whole distance: a smaller step back does not count
TRUE = "the true continuation"

# -- drift -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChainLink:
    """One link of a chain of continuations compared with the first clip; medians over clips.

    link: from 1. level_db: level over the clip's. centroid: spectral centroid over the clip's.
    mel: root mean square difference of the mean ln mels, nats. quietest_db: least level_db.
    """

    name: str
    link: int
    level_db: float
    centroid: float
    mel: float
    quietest_db: float
    clips: int


def measure_drift(
    engine: Engine,
    clips: Sequence[ValidationClip],
    steps: Sequence[int] = (4, 16),
    *,
    links: int = 10,
    seconds: float = 3.0,
    seed: int = 0,
    report: Report = lambda _: None,
) -> tuple[ChainLink, ...]:
    """Continue the result again and again, and compare each link with the first clip.

    The context of each link is as long as the clip. The true continuation is measured as far as
    every clip's `after` reaches.
    """
    rows = []
    for count in steps:
        chains = []
        for number, reference in enumerate(clips):
            chains.append(
                continue_repeatedly(
                    engine, reference.clip, links, seconds, count, seed + links * number
                )
            )
            report(f"drift in {count} steps: {number + 1} of {len(clips)}")
        rows += _links(f"{count} steps", clips, chains)
    true = [
        _cut(reference.after, seconds, reference.clip.info.sample_rate, links)
        for reference in clips
    ]
    return (*rows, *_links(TRUE, clips, true))


def continue_repeatedly(
    engine: Engine, clip: Clip, links: int, seconds: float, steps: int, seed: int
) -> list[Samples]:
    """Return the new audio of each link, (frames, channels); link k has the seed `seed` + k."""
    info, made, past = clip.info, [], clip
    rate, length = info.sample_rate, info.frames
    for link in range(links):
        longer = continue_clip(engine, past, seconds, steps, seed + link)
        new = len(longer) - length
        made.append(longer[length:])
        bars = new / rate * info.bpm / 60 / BEATS_PER_BAR
        past = make_clip(
            np.array(longer[new:], np.float32),
            rate,
            name=info.name,
            bpm=info.bpm,
            bar_offset=(past.info.bar_offset + bars) % 1.0,
            style=info.style,
            key=info.key,
        )
    return made


def _cut(samples: Samples, seconds: float, rate: int, most: int) -> list[Samples]:
    frames = round(seconds * rate)
    count = min(most, len(samples) // frames)
    return [samples[i * frames : (i + 1) * frames] for i in range(count)]


def _links(
    name: str, clips: Sequence[ValidationClip], chains: Sequence[list[Samples]]
) -> list[ChainLink]:
    rows = []
    for link in range(min(len(made) for made in chains)):
        found = []
        for reference, made in zip(clips, chains, strict=True):
            source, part, rate = reference.clip.samples, made[link], reference.clip.info.sample_rate
            found.append(
                (
                    rms_dbfs(part) - rms_dbfs(source),
                    centroid(part, rate) / max(centroid(source, rate), 1e-9),
                    rms_distance(mel_of(part).mean(1), mel_of(source).mean(1)),
                )
            )
        level, brightness, mel = (float(x) for x in np.median(found, axis=0))
        quietest = min(row[0] for row in found)
        rows.append(ChainLink(name, link + 1, level, brightness, mel, quietest, len(clips)))
    return rows


# -- interpolation -----------------------------------------------------------------------------


@dataclass(frozen=True)
class InterpolationPath:
    """The distances to both clips along one interpolation.

    to_a, to_b: root mean square difference of ln mels, frame by frame, nats, at each mix.
    monotone: to_a never falls and to_b never rises, but for 2 % of the whole distance.
    """

    a: str
    b: str
    steps: int
    mixes: tuple[float, ...]
    to_a: tuple[float, ...]
    to_b: tuple[float, ...]
    monotone: bool


def measure_interpolations(
    engine: Engine,
    clips: Sequence[ValidationClip],
    steps: Sequence[int] = (4, 16),
    *,
    strength: float = 0.5,
    mixes: Sequence[float] = MIXES,
    seed: int = 0,
    report: Report = lambda _: None,
) -> tuple[InterpolationPath, ...]:
    """Interpolate between each clip and the next, at several mixes; one seed a pair.

    mixes: ascending.
    """
    rows = []
    for count in steps:
        for number in range(len(clips) - 1):
            a, b = clips[number].clip, clips[number + 1].clip
            made = []
            for mix in mixes:
                command = Interpolate(
                    a=a.info.name, b=b.info.name, mix=mix, strength=strength, steps=count
                )
                made.append(run_command(engine, command, [a, b], seed + number).samples)
            rows.append(compare_with_ends(a, b, count, mixes, made))
            report(f"interpolated in {count} steps: {number + 1} of {len(clips) - 1}")
    return tuple(rows)


def compare_with_ends(
    a: Clip, b: Clip, steps: int, mixes: Sequence[float], made: Sequence[Samples]
) -> InterpolationPath:
    """Compare the result at each mix with both clips."""
    spec = MelSpec(sample_rate=a.info.sample_rate)
    to_a, to_b = ([_distance(samples, clip.samples, spec) for samples in made] for clip in (a, b))
    slack = MONOTONE_TOLERANCE * max(*to_a, *to_b)
    monotone = bool((np.diff(to_a) >= -slack).all() and (np.diff(to_b) <= slack).all())
    names = (a.info.style or a.info.name, b.info.style or b.info.name)
    return InterpolationPath(*names, steps, tuple(mixes), tuple(to_a), tuple(to_b), monotone)


def _distance(a: Samples, b: Samples, spec: MelSpec) -> float:
    frames = min(len(a), len(b))
    return rms_distance(mel_of(a[:frames], spec), mel_of(b[:frames], spec))


# -- words -------------------------------------------------------------------------------------


def drift_markdown(rows: Sequence[ChainLink]) -> str:
    """Return the section on drift: the first, the fifth and the last link of each chain."""
    last = max(r.link for r in rows)
    chosen = [r for r in rows if r.link in (1, (last + 1) // 2, last)]
    return (
        "### Drift\n\n"
        f"{rows[0].clips} clips, continued {last} times in a row, each time from the end of what "
        "was made so far. Each link against the clip that it all began from: level, spectral "
        "centroid (1 is the same) and root mean square difference of the mean ln mels (nats); "
        "medians, and the quietest clip.\n\n"
        + markdown_table(
            ("", "link", "level (dB)", "centroid", "mel", "quietest (dB)"),
            [
                (
                    r.name,
                    str(r.link),
                    f"{r.level_db:+.1f}",
                    f"{r.centroid:.2f}",
                    f"{r.mel:.2f}",
                    f"{r.quietest_db:+.1f}",
                )
                for r in chosen
            ],
        )
    )


def interpolations_markdown(rows: Sequence[InterpolationPath]) -> str:
    """Return the section on interpolation: means over pairs, and how many are monotone."""
    lines = []
    for steps in sorted({r.steps for r in rows}):
        some = [r for r in rows if r.steps == steps]
        for end in ("a", "b"):
            distances = [r.to_a if end == "a" else r.to_b for r in some]
            mean = np.mean(distances, axis=0)
            lines.append((f"{steps} steps, to {end}", *(f"{x:.2f}" for x in mean)))
    counts = ", ".join(
        f"{sum(r.monotone for r in rows if r.steps == steps)} of "
        f"{sum(r.steps == steps for r in rows)} in {steps} steps"
        for steps in sorted({r.steps for r in rows})
    )
    return (
        "### Interpolation\n\n"
        "Root mean square difference of ln mels (nats) to either clip against the mix, means over "
        f"pairs. Ways on which neither distance turns back by more than 2 %: {counts}.\n\n"
        + markdown_table(("mix", *(f"{m:g}" for m in rows[0].mixes)), lines)
    )
