"""Train the band-wise vocoder: a generator and a critic an octave, both beside the mel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from msanii_live.models.bands import Bands, BandsConfig, Critics, join, split
from msanii_live.models.device import training_precision
from msanii_live.models.mel import MelSpec, log_mel, magnitudes
from msanii_live.training.loop import (
    Interrupted,
    Interruption,
    Progress,
    Report,
    Schedule,
    follow,
    log_row,
    read_tables,
    write_checkpoint,
)
from msanii_live.training.vocoder import RESOLUTIONS, spectral_losses

CHECKPOINT = "bands.pt"
EDGE = 4  # mel frames at either end of a crop that no loss looks at
Parts = dict[str, torch.nn.Module | torch.optim.Optimizer]
Draw = Callable[[int], torch.Tensor]  # a step's batch of waves, float32, (batch, frames)


@dataclass(frozen=True, kw_only=True)
class BandsRecipe(Schedule):
    """Hold every number that decides a training run.

    crop: mel frames of a window. matching: weight of the feature-matching loss. spectral: weight of
    a loss of magnitudes at several resolutions, which the source has not: without it the generators
    know nothing for as long as the critics do. critics_from: step from which critics count. least:
    root mean square of a crop under which another is drawn: in near silence convergence has no
    bound, and one such crop outweighs its batch.
    """

    crop: int = 32
    matching: float = 10.0
    spectral: float = 5.0
    critics_from: int = 0
    least: float = 3e-3


def read_recipe(path: Path) -> tuple[BandsRecipe, BandsConfig]:
    """Read a recipe file; see `loop.read_tables`."""
    return read_tables(path, BandsRecipe, BandsConfig)


@dataclass(frozen=True)
class Losses:
    """Hold what one batch costs: the generators, the critics, and the parts of the former."""

    generator: torch.Tensor
    critic: torch.Tensor
    matching: float
    spectral: float


def draw_losses(
    net: Bands,
    critics: Critics,
    waves: torch.Tensor,
    recipe: BandsRecipe,
    judged: bool,
    resolutions: Sequence[int] | None = None,
) -> Losses:
    """Return the losses of a batch of waves, (batch, frames).

    judged: whether the critics count; they judge what was made once, and either side takes of it
    the gradients of its own weights alone. resolutions: of the spectral loss, n_fft; all if None.
    Feature matching is the mean absolute difference of what each layer of a critic sees.
    Source: arXiv:1910.06711, eq. 1 to 3.
    """
    spec = net.spec
    mel = log_mel(magnitudes(waves, spec), spec)
    scaled = (mel - net.mean[:, None]) / net.deviation[:, None]
    true = split(waves, net.config.bands)
    with training_precision(waves.device):
        made = net(mel)
    inner = slice(EDGE * spec.hop, -EDGE * spec.hop)
    whole = join(made)
    drawn = RESOLUTIONS if resolutions is None else resolutions
    log_distance, convergence, _ = spectral_losses(whole[:, inner], waves[:, inner], drawn)
    spectral = log_distance + convergence
    total = recipe.spectral * spectral
    critic, matching = total.new_zeros(()), total.new_zeros(())
    if judged:
        with training_precision(waves.device):
            real, fake = critics(true, scaled), critics(made, scaled)
        for (liked, wanted), (disliked, seen) in zip(real, fake, strict=True):
            critic = critic + F.relu(1 - liked).mean() + F.relu(1 + disliked).mean()
            total = total - disliked.mean()
            for a, b in zip(seen, wanted, strict=True):
                matching = matching + (a - b.detach()).abs().mean() / len(seen)
        total = total + recipe.matching * matching
    return Losses(total, critic, float(matching.detach()), float(spectral.detach()))


def train_bands(
    draw: Draw, spec: MelSpec, recipe: BandsRecipe, config: BandsConfig, folder: Path,
    report: Report, on_checkpoint: Callable[[Bands], None] = lambda average: None,
) -> Bands:  # fmt: skip
    """Train, resuming if `folder` holds a checkpoint; return the generators' running average.

    draw: gives the waves of a step, recipe.crop mel frames of them. on_checkpoint: takes the
    average after each checkpoint is on disk.
    Raises: Interrupted: on SIGINT or SIGTERM, after the step under way and a checkpoint.
    """
    torch.manual_seed(recipe.seed)
    folder.mkdir(parents=True, exist_ok=True)
    net, critics = Bands(config, spec), Critics(config, spec)
    makers = torch.optim.Adam(net.parameters(), recipe.rate, betas=(0.5, 0.9))
    judges = torch.optim.Adam(critics.parameters(), recipe.rate, betas=(0.5, 0.9))
    average = Bands(config, spec).requires_grad_(False).eval()
    average.load_state_dict(net.state_dict())
    parts: Parts = {
        "net": net, "average": average, "critics": critics, "makers": makers, "judges": judges,
    }  # fmt: skip
    step, spent = _resume(folder / CHECKPOINT, parts)
    if step:
        report(f"resumed at step {step}")
    progress = Progress(recipe.steps, step, spent, report)
    with Interruption() as interruption:
        while step < recipe.steps:
            for group in (*makers.param_groups, *judges.param_groups):
                group["lr"] = recipe.rate_at(step)
            # Two resolutions a step see as much in the end.
            rng = np.random.default_rng([recipe.seed, step])
            drawn = [int(n) for n in rng.choice(RESOLUTIONS, 2, replace=False)]
            judged = step >= recipe.critics_from
            losses = draw_losses(net, critics, draw(step), recipe, judged, drawn)
            sides = [side_gradients(losses.generator, net)]
            if judged:
                sides.append(side_gradients(losses.critic, critics))
            for gradients, owner, optimiser in zip(
                sides, (net, critics), (makers, judges), strict=False
            ):
                descend(optimiser, gradients, owner, recipe.clip)
            step += 1
            follow(average, net, recipe.ema, step)
            progress.step(step, losses.generator.item())
            if step % recipe.every == 0 or step == recipe.steps or interruption.asked:
                saved = {name: part.state_dict() for name, part in parts.items()}
                numbers = {"step": step, "seconds": progress.seconds, "recipe": asdict(recipe)}
                write_checkpoint(folder / CHECKPOINT, {**saved, **numbers})
                on_checkpoint(average)
                if interruption.asked:
                    raise Interrupted(f"stopped at step {step}; the same command goes on from it")
                row = {
                    "step": step,
                    "spectral": losses.spectral,
                    "matching": losses.matching,
                    "critic": losses.critic.item(),
                }
                log_row(folder, row, progress)
    return average


def side_gradients(loss: torch.Tensor, owner: torch.nn.Module) -> tuple[torch.Tensor, ...]:
    """Return the gradients of one side's weights alone."""
    return torch.autograd.grad(loss, list(owner.parameters()), retain_graph=True)


def descend(
    optimiser: torch.optim.Optimizer,
    gradients: Sequence[torch.Tensor],
    owner: torch.nn.Module,
    clip: float,
) -> None:
    """Take a step of one side."""
    owned = list(owner.parameters())
    for parameter, gradient in zip(owned, gradients, strict=True):
        parameter.grad = gradient
    torch.nn.utils.clip_grad_norm_(owned, clip)
    optimiser.step()


def _resume(path: Path, parts: Parts) -> tuple[int, float]:
    """Read a checkpoint if there is one; return its step and the seconds spent until then."""
    if not path.exists():
        return 0, 0.0
    saved = torch.load(path, weights_only=True)
    saved.setdefault("average", saved["net"])  # the first runs had none
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    return saved["step"], saved.get("seconds", 0.0)
