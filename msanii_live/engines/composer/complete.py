"""The composer's one verb: complete a piece of which some bars of some parts are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from msanii_live.engines.composer.balance import decided, silenced, wanted_notes
from msanii_live.engines.composer.conditions import ConditionBatch, PieceConditions, batch_of
from msanii_live.engines.composer.denoising import SHARPEN, clean_guess, per_channel
from msanii_live.engines.composer.lengths import with_lengths
from msanii_live.engines.composer.network import ComposerNet
from msanii_live.engines.composer.note_choice import draw_arpeggios
from msanii_live.engines.composer.notes import AnyNote, PartNote, in_order, steps_per_bar
from msanii_live.engines.composer.roll import BITS, WIDTH, decode, encode, to_array
from msanii_live.engines.composer.sampling import SHIFT, sample_euler, shifted_levels
from msanii_live.engines.composer.weights import Composer
from msanii_live.notes import PARTS

LONGEST = 256  # steps of a window
# More come no nearer to real music: docs/benchmarks.md, "Whole clips beside real music".
STEPS = 4
Mask = npt.NDArray[np.bool_]  # (bars, parts), True where the notes are known


@dataclass(frozen=True, kw_only=True)
class CompletionOptions:
    """How to sample.

    steps: of the sampler. guidance: see `clean_guess`. amount: 1 composes from noise alone; less,
    down to 0, varies the given notes where they are not kept.
    balance, sharpen: write as many notes as are asked for, see `balanced`. shift: how long the
    sampler dwells where the noise is high. bfloat16: compute in half the precision, where the
    processor has it.
    """

    steps: int = STEPS
    guidance: float = 1.0
    amount: float = 1.0
    balance: bool = True
    sharpen: float = SHARPEN
    shift: float = SHIFT
    bfloat16: bool = False


def nothing_known(bars: int) -> Mask:
    """Return the mask of a piece that is to be composed from nothing."""
    return np.zeros((bars, len(PARTS)), np.bool_)


def complete(
    composer: Composer,
    known_notes: Iterable[AnyNote],
    mask: Mask,
    conditions: PieceConditions,
    seed: int,
    options: CompletionOptions | None = None,
    progress: Callable[[int, int], None] = lambda done, steps: None,
    held: Mask | None = None,
) -> list[PartNote]:
    """Compose what the mask leaves open.

    known_notes: of the window, steps counted from its first bar. mask: bool, (bars, parts); notes
    of known bars and parts come back as they are. held: bool, (steps, parts); so do those of these
    steps, though their bar is open. progress: called with the steps done and all of
    them; an exception from it ends the work. The same seed gives the same notes.
    Raises: ValueError: more than LONGEST steps, or the mask is of another shape.
    """
    options = options or CompletionOptions()
    if conditions.steps > LONGEST:
        raise ValueError(f"{conditions.bars} bars are {conditions.steps} steps, above {LONGEST}")
    if mask.shape != (conditions.bars, len(PARTS)):
        raise ValueError(f"the mask is {mask.shape}, not {(conditions.bars, len(PARTS))}")
    given = [_plain(note) for note in known_notes]
    per_step = np.repeat(mask, steps_per_bar(conditions.metre), 0)
    if held is not None:
        per_step |= held

    def is_kept(note: PartNote) -> bool:
        return bool(per_step[note.step, PARTS.index(note.part)])

    kept = [note for note in given if 0 <= note.step < conditions.steps and is_kept(note)]
    swing = conditions.swing or 0.0
    array = to_array(given if options.amount < 1 else kept, conditions.tonic, swing)
    roll = as_tensor(*encode(array, conditions.steps))[None]
    rolls = sample_rolls(
        composer,
        roll,
        torch.from_numpy(mask)[None].float(),
        batch_of([conditions], composer.net.config.styles),
        [seed],
        options,
        progress,
        None if held is None else torch.from_numpy(held)[None],
    )
    composed = [n for n in from_tensor(rolls[0], conditions.tonic, swing) if not is_kept(n)]
    return in_order(kept + composed)


def sample_rolls(
    composer: Composer,
    rolls: torch.Tensor,
    known: torch.Tensor,
    conditions: ConditionBatch,
    seeds: Sequence[int],
    options: CompletionOptions,
    progress: Callable[[int, int], None] = lambda done, steps: None,
    held: torch.Tensor | None = None,
) -> torch.Tensor:
    """Sample several windows at once, float32, (batch, steps, WIDTH).

    rolls: given notes, (batch, steps, WIDTH). known: float32, (batch, bars, parts). seeds: one a
    window; what a window becomes does not depend on the others, up to rounding. held: bool,
    (batch, steps, parts), further steps at which the given notes stay.
    """
    noise = torch.stack(
        [
            torch.randn(rolls.shape[1:], generator=torch.Generator().manual_seed(seed))
            for seed in seeds
        ]
    )
    amount = min(max(options.amount, 0.02), 1.0)
    levels = shifted_levels(options.steps, amount_to_level(amount), options.shift)
    fixed = per_channel(known, rolls.shape[1]).bool()
    start = (1 - levels[0]) * rolls + levels[0] * noise
    net: ComposerNet = composer.net
    with (
        torch.inference_mode(),
        torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16),
    ):
        denoise = clean_guess(
            net,
            conditions,
            known,
            rolls,
            usual=_usual_bias(composer),
            guidance=options.guidance,
            balance=options.balance,
            sharpen=options.sharpen,
            held=None if held is None else per_channel(held, rolls.shape[1]),
            noise=noise,
        )
        guesses: list[torch.Tensor] = []

        def denoise_and_keep(x: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
            guess = denoise(x, level)
            guesses.append(guess)
            return guess

        made = sample_euler(
            denoise_and_keep,
            torch.where(fixed, rolls, start),
            levels,
            lambda done: progress(done, options.steps),
        )
    open_ = 1.0 - known.repeat_interleave(rolls.shape[1] // known.shape[1], 1)
    made = silenced(made, conditions, open_)
    if options.balance:
        given = torch.where(fixed, rolls, -1.0) if options.amount >= 1 else rolls
        early = guesses[len(guesses) // 4]
        names = (*composer.net.config.styles, "")  # the last for none
        broken = [
            draw_arpeggios(names[style], seed)
            for style, seed in zip(conditions.style.tolist(), seeds, strict=True)
        ]
        wanted = wanted_notes(conditions, known, rolls)
        made = decided(made, open_, wanted, given, early, broken)
    return with_lengths(made, open_, guesses[0])


def amount_to_level(amount: float, shift: float = 3.0) -> float:
    """Return the noise level at which about this share of the notes can no longer be seen."""
    return shift * amount / (1 + (shift - 1) * amount)


def as_tensor(bits: npt.NDArray[np.bool_], values: npt.NDArray[np.float32]) -> torch.Tensor:
    """Return rolls as the network reads them, bits as -1 and 1, float32, (..., steps, WIDTH)."""
    roll = torch.empty(*bits.shape[:-1], WIDTH)
    roll[..., :BITS] = torch.from_numpy(bits)
    roll[..., :BITS].mul_(2.0).sub_(1.0)
    roll[..., BITS:] = torch.from_numpy(values)
    return roll


def from_tensor(roll: torch.Tensor, tonic: int, swing: float) -> list[PartNote]:
    """Read the notes off a sampled roll, (steps, WIDTH)."""
    numbers = roll.float().numpy()
    return decode(numbers[:, :BITS] > 0, numbers[:, BITS:], tonic, swing)


def _usual_bias(composer: Composer) -> torch.Tensor:
    table = composer.tables.get("bias", {})
    return torch.tensor([float(table.get(part, 0.0)) for part in PARTS])


def _plain(note: AnyNote) -> PartNote:
    if isinstance(note, PartNote):
        return note
    return PartNote(note.part, note.step, note.start, note.length, note.pitch, note.velocity)


def moved(notes: Iterable[PartNote], steps: int) -> list[PartNote]:
    """Return notes later by some steps, or earlier."""
    return [replace(note, step=note.step + steps, start=note.start + steps) for note in notes]
