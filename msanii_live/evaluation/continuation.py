"""Measure whether a continuation fits its context: beat, harmony and timbre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msanii_live.audio import Samples
from msanii_live.engines.vocabulary import BEATS_PER_BAR
from msanii_live.evaluation import metrics
from msanii_live.evaluation.audio_features import (
    ONSET_FRAME_SECONDS,
    ONSET_SPEC,
    beat_offset,
    chroma,
    mel_of,
    onsets,
    percentile_rank,
    roc_area,
)
from msanii_live.evaluation.metrics import Array
from msanii_live.evaluation.validation_clips import ContinuedClip, ValidationClip, markdown_table

UNSTEADY_STYLES = ("ambient", "piano")  # styles whose onsets need not lie on the beat
ON_BEAT_SECONDS = 0.025  # an offset below this is inaudible
TRUE, OTHER = "the true continuation", "another piece's"
KINDS = ("chroma", "timbre", "onsets")


@dataclass(frozen=True)
class BeatOffset:
    """The distance of the beat after the seam from the beat before it.

    median_ms: of the absolute offsets. near: share within 25 ms. chance_ms: the median of uniformly
    random offsets, a quarter of a beat. clips: number of clips with a steady beat.
    """

    name: str
    median_ms: float
    near: float
    chance_ms: float
    clips: int


@dataclass(frozen=True)
class Harmony:
    """The chroma similarity of the stretches on either side of the seam.

    similarity: median cosine. adjacent: mean percentile of the cosine among those of adjacent real
    stretches, for which it is 50. others: the same among stretches of different pieces.
    """

    name: str
    similarity: float
    adjacent: float
    others: float
    clips: int


@dataclass(frozen=True)
class ContextSwap:
    """How well continuations are told from those made from another context.

    area: area under the ROC curve of the sum of three similarities of context and continuation,
    each scaled to standard deviation 1 over all pairs. chroma, timbre, onsets: the area of each
    alone. first: share of clips whose own continuation scores higher. onsets_true, onsets_wrong:
    mean correlation of onset envelopes with the true continuation, and with another piece's.
    """

    name: str
    area: float
    chroma: float
    timbre: float
    onsets: float
    first: float
    onsets_true: float
    onsets_wrong: float
    clips: int


def _references(continued: Sequence[ContinuedClip]) -> list[ValidationClip]:
    return list({id(c.reference): c.reference for c in continued}.values())


def _by_steps(continued: Sequence[ContinuedClip]) -> list[tuple[str, list[ContinuedClip]]]:
    steps = sorted({c.steps for c in continued})
    return [(f"{n} steps", [c for c in continued if c.steps == n]) for n in steps]


# -- beat --------------------------------------------------------------------------------------


def beat_offsets(continued: Sequence[ContinuedClip]) -> tuple[BeatOffset, ...]:
    """Return the beat's offset across the seam by steps, and for true and wrong continuations.

    The result is empty if no clip has a steady beat.
    """
    steady = [c for c in continued if c.reference.clip.info.style not in UNSTEADY_STYLES]
    references = _references(steady)
    if not references:
        return ()
    rows = [(name, [(c.reference, c.joined) for c in some]) for name, some in _by_steps(steady)]
    rows += [(TRUE, [(r, r.true) for r in references]), (OTHER, [(r, r.wrong) for r in references])]
    return tuple(_beat_row(name, joined) for name, joined in rows)


def _beat_row(name: str, joined: Sequence[tuple[ValidationClip, Samples]]) -> BeatOffset:
    offsets = []
    for reference, samples in joined:
        seam = round(reference.clip.info.frames / ONSET_SPEC.hop)
        offsets.append(abs(beat_offset(onsets(mel_of(samples)), seam, reference.beat)))
    return BeatOffset(
        name,
        median_ms=1_000 * float(np.median(offsets)),
        near=float(np.mean(np.array(offsets) <= ON_BEAT_SECONDS)),
        chance_ms=1_000 * float(np.mean([reference.beat / 4 for reference, _ in joined])),
        clips=len(joined),
    )


# -- harmony -----------------------------------------------------------------------------------


def harmonies(continued: Sequence[ContinuedClip]) -> tuple[Harmony, ...]:
    """Return the chroma similarity across the seam by steps, and of the true continuation."""
    references = _references(continued)
    past = {id(r): _chroma_before(r) for r in references}
    true = {id(r): chroma(r.after, r.clip.info.sample_rate) for r in references}
    adjacent = np.array([past[id(r)] @ true[id(r)] for r in references])
    # Each clip's partner is from another piece, which another clip's continuation need not be.
    others = np.array(
        [past[id(r)] @ chroma(r.other_after, r.clip.info.sample_rate) for r in references]
    )

    def row(name: str, cosines: Array) -> Harmony:
        return Harmony(
            name,
            similarity=float(np.median(cosines)),
            adjacent=float(np.mean([percentile_rank(x, adjacent) for x in cosines])),
            others=float(np.mean([percentile_rank(x, others) for x in cosines])),
            clips=len(cosines),
        )

    rows = [
        row(
            name,
            np.array(
                [
                    past[id(c.reference)] @ chroma(c.made, c.reference.clip.info.sample_rate)
                    for c in some
                ]
            ),
        )
        for name, some in _by_steps(continued)
    ]
    return (*rows, row(TRUE, adjacent), row(OTHER, others))


def _chroma_before(reference: ValidationClip) -> Array:
    """Return the chroma of the clip's end, as long as the continuation."""
    return chroma(reference.clip.samples[-len(reference.after) :], reference.clip.info.sample_rate)


# -- context -----------------------------------------------------------------------------------


def context_swaps(continued: Sequence[ContinuedClip]) -> tuple[ContextSwap, ...]:
    """Return how well continuations are told from those of another context, by steps.

    The last row is the ceiling: true continuations against those of the other piece.
    """
    rows = [
        _swap_row(name, [(c.reference, c.made, c.swapped) for c in some])
        for name, some in _by_steps(continued)
    ]
    real = [(r, r.after, r.other_after) for r in _references(continued)]
    return (*rows, _swap_row("real music", real))


def _swap_row(name: str, pairs: Sequence[tuple[ValidationClip, Samples, Samples]]) -> ContextSwap:
    own = np.array([similarity_features(reference, made) for reference, made, _ in pairs])
    swapped = np.array([similarity_features(reference, made) for reference, _, made in pairs])
    spread = np.maximum(np.concatenate([own, swapped]).std(axis=0), 1e-9)
    sums = [(x / spread).sum(axis=1) for x in (own, swapped)]
    alone = {kind: roc_area(own[:, i], swapped[:, i]) for i, kind in enumerate(KINDS)}
    matched = []
    for reference, made, _ in pairs:
        envelope = _after(reference, made)
        matched.append(
            [
                metrics.correlation(envelope, _after(reference, real))
                for real in (reference.after, reference.other_after)
            ]
        )
    true, wrong = np.mean(matched, axis=0)
    return ContextSwap(
        name,
        area=roc_area(sums[0], sums[1]),
        chroma=alone["chroma"],
        timbre=alone["timbre"],
        onsets=alone["onsets"],
        first=float(np.mean(sums[0] > sums[1])),
        onsets_true=float(true),
        onsets_wrong=float(wrong),
        clips=len(pairs),
    )


def similarity_features(reference: ValidationClip, following: Samples) -> Array:
    """Return the similarity of a clip and its continuation: chroma, timbre, onsets; more is closer.

    Cosine of mean chroma; minus the root mean square difference of mean ln mels, nats;
    correlation of onset envelopes folded onto the sixteenths of the bar.
    """
    past = reference.clip.samples
    seam = round(len(past) / ONSET_SPEC.hop)
    mel = mel_of(np.concatenate([past, following]))
    before, after = mel[:, :seam], mel[:, seam:]
    bars = reference.clip.info.bar_offset + np.arange(mel.shape[1]) * ONSET_FRAME_SECONDS / (
        reference.beat * BEATS_PER_BAR
    )
    envelope = onsets(mel)
    folds = [metrics.fold(envelope[part], bars[part]) for part in (slice(seam), slice(seam, None))]
    return np.array(
        [
            _chroma_before(reference) @ chroma(following, reference.clip.info.sample_rate),
            -metrics.rms_distance(before.mean(1), after.mean(1)),
            metrics.correlation(folds[0], folds[1]),
        ]
    )


def _after(reference: ValidationClip, following: Samples) -> Array:
    """Return the onset envelope of a continuation, computed with the clip before it."""
    seam = round(reference.clip.info.frames / ONSET_SPEC.hop)
    last = seam + len(reference.after) // ONSET_SPEC.hop
    return onsets(mel_of(np.concatenate([reference.clip.samples, following])))[seam:last]


# -- words -------------------------------------------------------------------------------------


def beats_markdown(rows: Sequence[BeatOffset]) -> str:
    """Return the section on the beat; empty without rows."""
    if not rows:
        return ""
    return (
        "### The beat across the seam\n\n"
        "Onset envelopes before and after the seam, each folded onto one beat of the piece's own "
        "tempo; the offset is the lag at which the two profiles agree best. "
        f"{rows[0].clips} clips of styles with a steady beat. Offsets that fall anywhere have a "
        f"median of {rows[0].chance_ms:.0f} ms; the true continuation shows what the measure "
        "itself errs by.\n\n"
        + markdown_table(
            ("", "median offset (ms)", "within 25 ms"),
            [(r.name, f"{r.median_ms:.1f}", f"{100 * r.near:.0f} %") for r in rows],
        )
    )


def harmonies_markdown(rows: Sequence[Harmony]) -> str:
    """Return the section on harmony."""
    return (
        "### Harmony across the seam\n\n"
        "Cosine of mean chroma (12 pitch classes) of the last seconds before the seam and as many "
        "after it, and its mean percentile among those of real neighbours and among those of "
        f"stretches of different pieces of one style. {rows[0].clips} clips; real neighbours have "
        "50 in the third column, different pieces 50 in the fourth.\n\n"
        + markdown_table(
            ("", "cosine (median)", "among neighbours", "among different pieces"),
            [(r.name, f"{r.similarity:.3f}", f"{r.adjacent:.0f}", f"{r.others:.0f}") for r in rows],
        )
    )


def swaps_markdown(rows: Sequence[ContextSwap]) -> str:
    """Return the section on swapped contexts."""
    return (
        "### Whose continuation is it?\n\n"
        "Each clip's continuation against one made with the same words, tempo, bar and seed from "
        "another piece of the same style. Likeness of the clip with what follows: cosine of "
        "chroma, minus the distance of mean ln mels, and correlation of onsets folded onto the "
        "bar, each over its deviation, added up. Area under the ROC curve: how often an own "
        "continuation scores above a swapped one (0.5 is chance); first: the same, clip by clip. "
        "Onsets: correlation of onset envelopes with the true continuation and with the other "
        f"piece's. {rows[0].clips} clips.\n\n"
        + markdown_table(
            ("", "area", "chroma", "timbre", "onsets", "first", "onsets: true", "wrong"),
            [
                (
                    r.name,
                    *(f"{x:.2f}" for x in (r.area, r.chroma, r.timbre, r.onsets)),
                    f"{100 * r.first:.0f} %",
                    f"{r.onsets_true:.2f}",
                    f"{r.onsets_wrong:.2f}",
                )
                for r in rows
            ],
        )
    )
