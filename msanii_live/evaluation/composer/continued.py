"""Clips of an engine of notes that are continued: the seam, the beat, the harmony, the context.

The clips are held-out pieces, played by the engine's own player. Their true continuations, played
by it too, are the ceiling; those of another piece of the same style and tempo are the floor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from msanii_live.audio import Clip, as_stereo
from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.base import standalone_context
from msanii_live.engines.composer.engine import ComposerEngine
from msanii_live.engines.composer.playing import PartsPlayer, Performer
from msanii_live.engines.composer.sources import silent_source
from msanii_live.engines.note_spectra.engine import NoteSpectraEngine
from msanii_live.engines.prompt_parser import key_name
from msanii_live.evaluation.audio_features import convergence_at
from msanii_live.evaluation.composer.real_music import RATE, cut_window
from msanii_live.evaluation.composer.tasks import Scores
from msanii_live.evaluation.continuation import beat_offsets, context_swaps, harmonies
from msanii_live.evaluation.metrics import seam_steps
from msanii_live.evaluation.seams import seam_jumps
from msanii_live.evaluation.validation_clips import ContinuedClip, ValidationClip, continue_clips
from msanii_live.midi import files
from msanii_live.notes import Score
from msanii_live.protocol.commands import Render
from msanii_live.training.data.composition.compose import compose
from msanii_live.training.data.composition.midi import to_midi
from msanii_live.training.data.composition.model import STYLES, Composition
from msanii_live.training.trainers.composer.data import HELD_OUT

FIRST_SEED = HELD_OUT + 3_000
BARS, AFTER_BARS = 4, 2  # of a clip and of its continuation
STEPS = 4
CONTINUED_TABLE = (
    "jump at the seam", "beat across the seam, ms", "chroma across the seam", "context area",
    "chroma area", "timbre area", "onsets area",
)  # fmt: skip


def validation_clips(player: PartsPlayer, seeds: Iterable[int]) -> list[ValidationClip]:
    """Return held-out pieces as clips that a player of parts has made, with their notes."""
    clips = []
    for number in seeds:
        style = STYLES[number % len(STYLES)]
        piece, other = (
            compose(FIRST_SEED + seed, style=style, bars=8, metre=(4, 4))
            for seed in (number, number + 500)
        )
        played, scores = [], []
        for each in (piece, replace(other, tempo=piece.tempo)):
            score = _score(each)
            clip = player.render_parts(score, Render(midi="piece"), standalone_context()).clip
            played.append(clip)
            scores.append(score)
        seam = round(scores[0].seconds * BARS / (BARS + AFTER_BARS) * RATE)
        key = key_name(piece.tonic + 12 * piece.minor)
        first, second = (
            replace(
                clip,
                samples=clip.samples[:seam],
                info=replace(
                    clip.info,
                    name=name,
                    frames=seam,
                    engine="composer",
                    style=style,
                    bpm=piece.tempo,
                    key=key,
                ),
                score=score.cut(0.0, seam / RATE),
            )
            for clip, score, name in zip(played, scores, ("clip", "other"), strict=True)
        )
        after, other_after = (clip.samples[seam:] for clip in played)
        clips.append(ValidationClip(first, after, second, other_after))
    return clips


def _score(piece: Composition) -> Score:
    bars = cut_window(piece, 0, BARS + AFTER_BARS)
    seconds = (BARS + AFTER_BARS) * 240.0 / piece.tempo
    return files.score_from_midi(to_midi(bars)).cut(0.0, seconds)


def continued_columns(count: int, report: Callable[[str], None]) -> dict[str, Scores]:
    """Return the measures of CONTINUED_TABLE: of the composer, and of true and other pieces."""
    player = NoteSpectraEngine("cpu")
    clips = validation_clips(player, range(count))
    continued = continue_clips(ComposerEngine("cpu", player=player), clips, (STEPS,), report=report)
    made, true, wrong = (_by_name(continued, place) for place in range(3))
    return {"true": true, f"composer, {STEPS} steps": made, "another piece": wrong}


def _by_name(continued: Sequence[ContinuedClip], place: int) -> Scores:
    """Return one column. place: 0 for what was made, 1 for true and 2 for other continuations."""
    swaps = context_swaps(continued)
    swap = swaps[min(place, 1)] if place < 2 else None
    areas = (swap.area, swap.chroma, swap.timbre, swap.onsets) if swap else (0.5,) * 4
    values = (
        seam_jumps(continued)[place].typical,
        beat_offsets(continued)[place].median_ms,
        harmonies(continued)[place].similarity,
        *areas,
    )
    return dict(zip(CONTINUED_TABLE, values, strict=True))


def known_answers(count: int) -> Scores:
    """Play the true notes after a clip: how far the sound is from that of the piece played whole.

    Spectral convergence (0 is the same, 1 is silence), in the frames that the seam cuts and far
    from it, and the largest step at the seam over the typical one. Medians over clips.
    """
    player, spec = NoteSpectraEngine("cpu"), MelSpec()
    cut = (spec.n_fft / 2 - spec.hop) / spec.sample_rate  # s: frames that the seam cuts
    rows: list[tuple[float, ...]] = []
    for clip in validation_clips(player, range(count)):
        whole = np.concatenate([clip.clip.samples, clip.after])
        piece = compose(FIRST_SEED + len(rows), style=clip.clip.info.style, bars=8, metre=(4, 4))
        seam = clip.clip.info.frames
        performer = Performer(
            lambda s, r, c, w: player.render_parts(s, r, c, w),
            Render(midi="piece"), standalone_context(), with_stems=False,
        )  # fmt: skip
        canvas: Clip = silent_source(clip.clip, len(clip.after), False)
        made = as_stereo(performer.span(canvas, _score(piece), seam, len(whole)).clip.samples)
        middle = (seam + len(whole)) // 2
        rows.append(
            (
                convergence_at(made, whole, seam, spec, cut),
                convergence_at(made, whole, middle, spec, 0.5),
                seam_steps(made, seam)[0],
                seam_steps(whole, seam)[0],
            )
        )
    names = ("at the seam", "elsewhere", "jump", "jump of the whole")
    return dict(zip(names, map(float, np.median(rows, axis=0)), strict=True))
