"""Measure seams sample by sample: of continuations, of reconstructions, and of loops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from msanii_live.audio import Samples, crossfade
from msanii_live.dsp.mel import MelSpec, left_right, log_mel, mid_side, stft_magnitudes
from msanii_live.dsp.phase import griffin_lim, linear_grid
from msanii_live.dsp.vocoding import FADE_SAMPLES, VocoderSettings, vocode_line
from msanii_live.engines.base import Engine
from msanii_live.evaluation.audio_features import convergence_at
from msanii_live.evaluation.metrics import seam_steps
from msanii_live.evaluation.validation_clips import (
    ContinuedClip,
    Report,
    ValidationClip,
    markdown_table,
    run_command,
)
from msanii_live.protocol.commands import Generate

NEAR_SECONDS = 0.1  # to either side of a seam, for the wider convergence
PAST_SECONDS, NEXT_SECONDS = (
    2.0,
    1.5,
)  # known and reconstructed audio around a seam
CROSSFADE_SECONDS = 0.04
TOKEN_FRAMES = 2_048  # a seam lies on the network's token grid
NOISE_LEVEL = 1e-2  # of the noise from which Griffin-Lim starts

# -- continuations -----------------------------------------------------------------------------


@dataclass(frozen=True)
class SeamJump:
    """The largest sample step at a seam over that of stretches elsewhere; medians over clips.

    typical: over the median stretch's largest step. loud: over the 95th percentile's.
    """

    name: str
    typical: float
    loud: float
    clips: int


def _jumps(name: str, joined: Sequence[tuple[Samples, int]]) -> SeamJump:
    found = np.median([seam_steps(samples, seam) for samples, seam in joined], axis=0)
    return SeamJump(name, float(found[0]), float(found[1]), len(joined))


def seam_jumps(continued: Sequence[ContinuedClip]) -> tuple[SeamJump, ...]:
    """Return the seams of continuations by steps, and those of the true and a wrong one."""
    rows = []
    for steps in sorted({c.steps for c in continued}):
        made = [(c.joined, c.reference.clip.info.frames) for c in continued if c.steps == steps]
        rows.append(_jumps(f"{steps} steps", made))
    references = list({id(c.reference): c.reference for c in continued}.values())
    true = [(r.true, r.clip.info.frames) for r in references]
    wrong = [(r.wrong, r.clip.info.frames) for r in references]
    return (*rows, _jumps("the true continuation", true), _jumps("hard splice", wrong))


# -- known answers -----------------------------------------------------------------------------


@dataclass(frozen=True)
class SeamFit:
    """The agreement of the samples at a seam with the true ones, where these are known.

    source: of the magnitudes, "true" or "mel". join: how the made samples meet the known ones; one
    row is of the true audio itself, for its jump.
    convergence: median over the STFT frames whose window the seam cuts. near: over those within
    0.1 s of it. elsewhere: as near, half-way through what was made, which is the vocoder's own
    error. jump: as SeamJump.typical.
    """

    source: str
    join: str
    convergence: float
    near: float
    elsewhere: float
    jump: float
    clips: int


def measure_seam_fits(
    vocoder: VocoderSettings,
    clips: Sequence[ValidationClip],
    spec: MelSpec,
    *,
    iterations: int = 60,
    seed: int = 0,
    report: Report = lambda _: None,
) -> tuple[SeamFit, ...]:
    """Reconstruct samples after true samples from their magnitudes, joined in three ways.

    vocoder: the shipped settings, used with true mels. iterations: of Griffin-Lim from true
    magnitudes.
    """
    cut = (spec.n_fft / 2 - spec.hop) / spec.sample_rate  # seconds: frames that the seam cuts
    found: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for number, reference in enumerate(clips):
        true, seam = _around_seam(reference, spec.sample_rate)
        generator = torch.Generator().manual_seed(seed + number)
        noise = NOISE_LEVEL * torch.randn(true.shape, generator=generator)
        with torch.inference_mode():
            for source, search in (
                ("true", lambda x, y, s: _from_magnitudes(x, y, s, spec, iterations)),
                ("mel", lambda x, y, s: _from_mel(x, y, s, spec, vocoder)),
            ):
                for join, made in _joined(true, noise, seam, spec.sample_rate, search).items():
                    place = (seam + true.shape[-1]) // 2
                    a, b = _samples(made), _samples(true)
                    row = (
                        convergence_at(a, b, seam, spec, cut),
                        convergence_at(a, b, seam, spec, NEAR_SECONDS),
                        convergence_at(a, b, place, spec, NEAR_SECONDS),
                        seam_steps(a, seam)[0],
                    )
                    found.setdefault((source, join), []).append(row)
        jump = seam_steps(_samples(true), seam)[0]
        found.setdefault(("true", "nothing made"), []).append((0.0, 0.0, 0.0, jump))
        report(f"known answers: {number + 1} of {len(clips)}")
    fits = []
    for (source, join), rows in found.items():
        at, near, elsewhere, jump = (float(x) for x in np.median(rows, axis=0))
        fits.append(SeamFit(source, join, at, near, elsewhere, jump, len(rows)))
    return tuple(fits)


def _around_seam(reference: ValidationClip, rate: int) -> tuple[torch.Tensor, int]:
    """Return mid and side, (2, frames), and the sample of the seam."""
    seam = (
        min(round(PAST_SECONDS * rate), reference.clip.info.frames) // TOKEN_FRAMES * TOKEN_FRAMES
    )
    both = [reference.clip.samples[-seam:], reference.after[: round(NEXT_SECONDS * rate)]]
    return mid_side(torch.from_numpy(np.concatenate(both).T.copy())), seam


def _samples(wave: torch.Tensor) -> Samples:
    return np.ascontiguousarray(left_right(wave).T.numpy())


Search = Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]


def _joined(
    true: torch.Tensor, noise: torch.Tensor, seam: int, rate: int, search: Search
) -> dict[str, torch.Tensor]:
    """Reconstruct the samples after the seam, with and without the past, and join them."""
    fade = round(CROSSFADE_SECONDS * rate)
    alone = search(true, noise, 0)
    faded, spliced = true.clone(), true.clone()
    faded[:, seam:] = spliced[:, seam:] = alone[:, seam:]
    span = slice(seam - fade, seam)
    mixed = crossfade(true[:, span].T.numpy(), alone[:, span].T.numpy())
    faded[:, span] = torch.from_numpy(mixed.T.copy())
    return {
        "projected": search(true, noise, seam),
        "40 ms crossfade": faded,
        "hard splice": spliced,
    }


def _from_mel(
    true: torch.Tensor, noise: torch.Tensor, start: int, spec: MelSpec, vocoder: VocoderSettings
) -> torch.Tensor:
    mel = log_mel(stft_magnitudes(true, spec), spec)
    canvas = torch.cat([true[:, :start], noise[:, start:]], dim=1)
    return vocode_line(
        mel,
        canvas,
        start,
        true.shape[-1],
        spec,
        vocoder=vocoder,
        on_iteration=lambda: None,
        on_span=lambda: None,
    )


def _from_magnitudes(
    true: torch.Tensor, noise: torch.Tensor, start: int, spec: MelSpec, iterations: int
) -> torch.Tensor:
    frames = true.shape[-1]
    grid = linear_grid(spec, frames, spec.mel_frames(frames), true.device)
    place = torch.arange(frames)
    kept = ((start - place - 0.5) / FADE_SAMPLES).clamp(0, 1)  # as the engine's own seam
    made = griffin_lim(
        grid.analyse(true).abs(),
        grid,
        start=torch.where(place < start, true, noise),
        kept=kept if start else None,
        iterations=iterations,
    )
    return torch.lerp(made, true, kept) if start else made


# -- loops -------------------------------------------------------------------------------------


def measure_loops(
    engine: Engine,
    clips: Sequence[ValidationClip],
    steps: Sequence[int] = (4, 16),
    *,
    bars: int = 2,
    seed: int = 0,
    report: Report = lambda _: None,
) -> tuple[SeamJump, ...]:
    """Generate loops with the clips' tempi, styles and keys, and measure the seam of two passes.

    The rows named "inside" measure the middle of the same loops, where nothing was joined.
    """
    rows = []
    for count in steps:
        joined, inside = [], []
        for number, reference in enumerate(clips):
            info = reference.clip.info
            command = Generate(
                bars=bars, bpm=round(info.bpm, 4), style=info.style, key=info.key, steps=count
            )
            loop = run_command(engine, command, [], seed + number).samples
            twice = np.concatenate([loop, loop])
            joined.append((twice, len(loop)))
            inside.append((twice, len(loop) // 2))
            report(f"loops in {count} steps: {number + 1} of {len(clips)}")
        rows += [
            _jumps(f"{count} steps", joined),
            replace(_jumps("", inside), name=f"{count} steps, inside"),
        ]
    return tuple(rows)


# -- words -------------------------------------------------------------------------------------


def seams_markdown(rows: Sequence[SeamJump]) -> str:
    """Return the section on the seams of continuations."""
    return (
        "### The seam\n\n"
        "The largest step from one sample to the next around the seam, over the median and over "
        "the 95th percentile of the largest steps of stretches as long elsewhere; medians over "
        f"{rows[0].clips} clips. A seam that cannot be told has about 1 in the first column.\n\n"
        + _jump_table(rows)
    )


def loops_markdown(rows: Sequence[SeamJump]) -> str:
    """Return the section on loop points."""
    return (
        "### The loop point\n\n"
        f"{rows[0].clips} generated loops, each played twice: the same measure where the loop "
        "meets itself, and in its middle, where nothing was joined.\n\n" + _jump_table(rows)
    )


def _jump_table(rows: Sequence[SeamJump]) -> str:
    return markdown_table(
        ("", "over the median", "over the 95th percentile"),
        [(r.name, f"{r.typical:.2f}", f"{r.loud:.2f}") for r in rows],
    )


def seam_fits_markdown(rows: Sequence[SeamFit]) -> str:
    """Return the section on seams whose answer is known."""
    return (
        "### The seam where the answer is known\n\n"
        "The true past, and what follows made from its true magnitudes or from its true mel. "
        "Spectral convergence to the true samples (0 is the same, 1 is silence) in the frames that "
        "the seam cuts, in those within 0.1 s of it, and half-way through what was made, where "
        "only the vocoder errs; jump as above. "
        f"Medians over {rows[0].clips} clips.\n\n"
        + markdown_table(
            ("magnitudes, join", "at the seam", "near it", "elsewhere", "jump"),
            [
                (
                    f"{r.source}, {r.join}",
                    f"{r.convergence:.3f}",
                    f"{r.near:.3f}",
                    f"{r.elsewhere:.3f}",
                    f"{r.jump:.2f}",
                )
                for r in rows
            ],
        )
    )
