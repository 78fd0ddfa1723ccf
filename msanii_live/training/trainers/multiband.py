"""Train the multi-band vocoder: a generator and a discriminator for each octave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from msanii_live.dsp.device import training_precision
from msanii_live.dsp.mel import MelSpec, log_mel, stft_magnitudes
from msanii_live.dsp.vocoders.multiband import (
    Discriminators,
    MultibandConfig,
    MultibandVocoder,
    join_bands,
    split_bands,
)
from msanii_live.training.trainers.loop import (
    InterruptHandler,
    Report,
    Schedule,
    TrainingInterrupted,
    TrainingProgress,
    log_row,
    read_recipe_tables,
    update_average,
    write_checkpoint,
)
from msanii_live.training.trainers.run_clock import RunClock
from msanii_live.training.trainers.vocoder import RESOLUTIONS, spectral_losses

CHECKPOINT = "bands.pt"
EDGE = 4  # mel frames at either end of a crop, excluded from the losses
CheckpointParts = dict[str, torch.nn.Module | torch.optim.Optimizer]
WaveSource = Callable[[int], torch.Tensor]  # a step's batch of waves, float32, (batch, frames)


@dataclass(frozen=True, kw_only=True)
class MultibandRecipe(Schedule):
    """The hyperparameters of a training run.

    crop: mel frames of a window. matching: weight of the feature-matching loss. spectral: weight of
    a spectral loss at several resolutions, an addition to the source: it trains the generators
    while the discriminators know nothing yet. critics_from: first step with discriminators. least:
    root mean square of a crop below which another is drawn, because spectral convergence is
    unbounded near silence.
    """

    crop: int = 32
    matching: float = 10.0
    spectral: float = 5.0
    critics_from: int = 0
    least: float = 3e-3


def read_recipe(path: Path) -> tuple[MultibandRecipe, MultibandConfig]:
    """Read a recipe file; see `loop.read_recipe_tables`."""
    return read_recipe_tables(path, MultibandRecipe, MultibandConfig)


@dataclass(frozen=True)
class MultibandLosses:
    """The losses of one batch: generators', discriminators', and parts of the former."""

    generator: torch.Tensor
    critic: torch.Tensor
    matching: float
    spectral: float


def batch_losses(
    net: MultibandVocoder,
    critics: Discriminators,
    waves: torch.Tensor,
    recipe: MultibandRecipe,
    adversarial: bool,
    resolutions: Sequence[int] | None = None,
) -> MultibandLosses:
    """Return the losses of a batch of waves, (batch, frames).

    adversarial: whether the discriminators are used. They run once on the generated bands, and each
    side takes the gradients of its own weights. resolutions: n_fft of the spectral loss; None for
    all. Feature matching is the mean absolute difference of the discriminators' activations.
    Source: arXiv:1910.06711, eq. 1 to 3.
    """
    spec = net.spec
    mel = log_mel(stft_magnitudes(waves, spec), spec)
    scaled = (mel - net.mean[:, None]) / net.deviation[:, None]
    true = split_bands(waves, net.config.bands)
    with training_precision(waves.device):
        made = net(mel)
    inner = slice(EDGE * spec.hop, -EDGE * spec.hop)
    whole = join_bands(made)
    drawn = RESOLUTIONS if resolutions is None else resolutions
    log_distance, convergence, _ = spectral_losses(whole[:, inner], waves[:, inner], drawn)
    spectral = log_distance + convergence
    total = recipe.spectral * spectral
    critic, matching = total.new_zeros(()), total.new_zeros(())
    if adversarial:
        with training_precision(waves.device):
            real, fake = critics(true, scaled), critics(made, scaled)
        for (liked, wanted), (disliked, seen) in zip(real, fake, strict=True):
            critic = critic + F.relu(1 - liked).mean() + F.relu(1 + disliked).mean()
            total = total - disliked.mean()
            for a, b in zip(seen, wanted, strict=True):
                matching = matching + (a - b.detach()).abs().mean() / len(seen)
        total = total + recipe.matching * matching
    return MultibandLosses(total, critic, float(matching.detach()), float(spectral.detach()))


def train_multiband(
    draw: WaveSource, spec: MelSpec, recipe: MultibandRecipe, config: MultibandConfig, folder: Path,
    report: Report, on_checkpoint: Callable[[MultibandVocoder], None] = lambda average: None,
) -> MultibandVocoder:  # fmt: skip
    """Train, resuming if `folder` holds a checkpoint; return the generators' running average.

    draw: returns the waves of a step, recipe.crop mel frames long. on_checkpoint: called with the
    average before the first step and after each checkpoint is on disk.
    Raises: TrainingInterrupted: on SIGINT or SIGTERM, after the step under way and a checkpoint.
    """
    torch.manual_seed(recipe.seed)
    folder.mkdir(parents=True, exist_ok=True)
    net, critics = MultibandVocoder(config, spec), Discriminators(config, spec)
    makers = torch.optim.Adam(net.parameters(), recipe.rate, betas=(0.5, 0.9))
    judges = torch.optim.Adam(critics.parameters(), recipe.rate, betas=(0.5, 0.9))
    average = MultibandVocoder(config, spec).requires_grad_(False).eval()
    average.load_state_dict(net.state_dict())
    parts: CheckpointParts = {
        "net": net, "average": average, "critics": critics, "makers": makers, "judges": judges,
    }  # fmt: skip
    step, spent = _resume(folder / CHECKPOINT, parts)
    if step:
        report(f"resumed at step {step}")
    clock = RunClock(recipe, spent)
    clock.report_if_over(step, report)
    progress = TrainingProgress(recipe.steps, step, clock, report)
    if step == 0:
        on_checkpoint(average)
    with InterruptHandler() as interruption:
        while (share := clock.share(step)) < 1:
            for group in (*makers.param_groups, *judges.param_groups):
                group["lr"] = recipe.rate_at(step, share)
            # Two random resolutions a step are enough.
            rng = np.random.default_rng([recipe.seed, step])
            drawn = [int(n) for n in rng.choice(RESOLUTIONS, 2, replace=False)]
            adversarial = step >= recipe.critics_from
            losses = batch_losses(net, critics, draw(step), recipe, adversarial, drawn)
            sides = [gradients_of(losses.generator, net)]
            if adversarial:
                sides.append(gradients_of(losses.critic, critics))
            for gradients, owner, optimiser in zip(
                sides, (net, critics), (makers, judges), strict=False
            ):
                optimiser_step(optimiser, gradients, owner, recipe.clip)
            step += 1
            update_average(average, net, recipe.ema, step)
            progress.step(step, losses.generator.item())
            is_due = clock.is_checkpoint_due(step) or clock.share(step) >= 1
            if not is_due and not interruption.requested:
                continue
            with clock.checkpoint():
                saved = {name: part.state_dict() for name, part in parts.items()}
                numbers = {"step": step, "seconds": clock.seconds, "recipe": asdict(recipe)}
                write_checkpoint(folder / CHECKPOINT, {**saved, **numbers})
                on_checkpoint(average)
                if interruption.requested:
                    raise TrainingInterrupted(
                        f"stopped at step {step}; the same command goes on from it"
                    )
                row = {
                    "step": step,
                    "spectral": losses.spectral,
                    "matching": losses.matching,
                    "critic": losses.critic.item(),
                }
                log_row(folder, row, progress)
    return average


def gradients_of(loss: torch.Tensor, owner: torch.nn.Module) -> tuple[torch.Tensor, ...]:
    """Return the gradients with respect to one module's weights."""
    return torch.autograd.grad(loss, list(owner.parameters()), retain_graph=True)


def optimiser_step(
    optimiser: torch.optim.Optimizer,
    gradients: Sequence[torch.Tensor],
    owner: torch.nn.Module,
    clip: float,
) -> None:
    """Apply gradients to one module, after clipping their norm."""
    owned = list(owner.parameters())
    for parameter, gradient in zip(owned, gradients, strict=True):
        parameter.grad = gradient
    torch.nn.utils.clip_grad_norm_(owned, clip)
    optimiser.step()


def _resume(path: Path, parts: CheckpointParts) -> tuple[int, float]:
    """Read a checkpoint if there is one; return its step and the seconds spent until then."""
    if not path.exists():
        return 0, 0.0
    saved = torch.load(path, weights_only=True)
    saved.setdefault("average", saved["net"])  # the first runs had none
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    return saved["step"], saved.get("seconds", 0.0)
