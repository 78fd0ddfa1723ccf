"""Train the composer: `python -m msanii_live.training.trainers.composer.train --out DIR --minutes N`.

The folder gets the composed pieces, a checkpoint every few minutes, the averaged weights beside it
and progress.jsonl. The same command goes on from the checkpoint. SIGTERM and Ctrl-C save first.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from msanii_live.engines.composer.network import ComposerNet, NetworkConfig
from msanii_live.engines.composer.notes import PARTS
from msanii_live.engines.composer.weights import Composer, parameters, write_weights
from msanii_live.training.data.composition.model import STYLES
from msanii_live.training.trainers.composer.loop import State, Training, begin, take_step, train
from msanii_live.training.trainers.composer.loss import LossWeights, composer_loss
from msanii_live.training.trainers.composer.pieces import AnyComposition, Pieces, gather
from msanii_live.training.trainers.composer.tables import tables_of
from msanii_live.training.trainers.composer.windows import Windows

WEIGHTS = "composer.safetensors"
HELD_OUT = 10_000_000  # first seed of the pieces that no run trains on
HELD_OUT_PIECES = 240
Compose = Callable[[int], AnyComposition]


@dataclass(frozen=True)
class Sets:
    """The pieces of a run. held_out: never trained on."""

    training: Pieces
    held_out: Pieces


def compose_sets(
    folder: Path, pieces: int, compose: Compose, report: Callable[[str], None]
) -> Sets:
    """Compose the pieces of a run, or read them if the folder has them."""
    sets = []
    for name, first, count in (
        ("pieces", 0, pieces),
        ("held_out", HELD_OUT, min(HELD_OUT_PIECES, pieces)),
    ):
        path = folder / f"{name}-{count}.npz"
        if not path.exists():
            started = time.monotonic()
            made = (compose(first + index) for index in range(count))
            gather(made, STYLES, _every(500, count, report)).save(path)
            report(f"{count} {name} composed in {time.monotonic() - started:.0f} s")
        sets.append(Pieces.load(path))
    return Sets(*sets)


def _every(each: int, count: int, report: Callable[[str], None]) -> Callable[[int], None]:
    def tell(done: int) -> None:
        if done % each == 0:
            report(f"composed {done} of {count}")

    return tell


def held_out_loss(net: ComposerNet, windows: Windows, weights: LossWeights) -> float:
    """Return the loss on 8 batches of 16 windows that are the same every time."""
    losses = []
    with torch.inference_mode():
        for index in range(8):
            examples = windows.draw(16, np.random.default_rng((99, index)))
            generator = torch.Generator().manual_seed(index)
            losses.append(composer_loss(net, examples, weights, generator).item())
    return float(np.mean(losses))


def faster_precision(
    state: State, windows: Windows, training: Training, report: Callable[[str], None]
) -> bool:
    """Time a few steps of a network that is thrown away; return whether bfloat16 is faster."""
    seconds = {}
    for bfloat16 in (False, True):
        net = ComposerNet(state.net.config)
        trial = begin(net, training, Path("/nonexistent"))
        timed = replace(training, bfloat16=bfloat16)
        take_step(trial, windows, timed)
        started = time.process_time()
        for _ in range(3):
            take_step(trial, windows, timed)
        seconds[bfloat16] = (time.process_time() - started) / 3
    plain, half = seconds[False], seconds[True]
    report(f"a step takes {plain:.2f} s of processor in float32, {half:.2f} s in bfloat16")
    return seconds[True] < seconds[False]


def run(
    folder: Path,
    training: Training,
    compose: Compose,
    *,
    pieces: int,
    dtype: str = "auto",
    sizes: dict[str, int] | None = None,
    report: Callable[[str], None] = print,
) -> bool:
    """Compose the pieces, train, and write the averaged weights; return whether it is done.

    dtype: float32, bfloat16, or auto for the faster. sizes: of NetworkConfig.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sets = compose_sets(folder, pieces, compose, report)
    windows = Windows(sets.training, len(STYLES))
    held_out = Windows(sets.held_out, len(STYLES))
    torch.manual_seed(training.seed)
    net = ComposerNet(NetworkConfig(styles=tuple(STYLES), **(sizes or {})))
    state = begin(net, training, folder)
    million = parameters(net) / 1e6
    report(f"{million:.2f} M parameters, {len(sets.training)} pieces, step {state.step}")
    bfloat16 = dtype == "bfloat16"
    if dtype == "auto":
        bfloat16 = faster_precision(state, windows, training, report)
    training = replace(training, bfloat16=bfloat16)
    tables = tables_of(sets.training, tuple(STYLES))
    tables["bias"] = dict.fromkeys(PARTS, math.log(training.weights.onset))  # undoes the weight

    def on_checkpoint(state: State) -> dict[str, float]:
        write_weights(folder / WEIGHTS, Composer(state.average, tables))
        loss = held_out_loss(state.average, held_out, training.weights)
        report(f"step {state.step}  held-out loss {loss:.4f}")
        return {"held_out": loss}

    done = train(state, windows, training, folder, report, on_checkpoint)
    report("done" if done else "stopped; the same command goes on")
    return done


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train the composer.")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pieces", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=Training.batch)
    parser.add_argument("--muon", type=float, default=Training.muon, help="learning rate")
    parser.add_argument("--adam", type=float, default=Training.adam, help="learning rate")
    parser.add_argument("--onset-weight", type=float, default=LossWeights.onset)
    parser.add_argument("--dtype", choices=("auto", "float32", "bfloat16"), default="auto")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(asked.threads)
    from msanii_live.training.data.composition.compose import compose

    training = Training(
        minutes=asked.minutes,
        batch=asked.batch,
        muon=asked.muon,
        adam=asked.adam,
        weights=LossWeights(onset=asked.onset_weight),
    )

    def report(line: str) -> None:
        print(time.strftime("%H:%M:%S"), line, flush=True)

    run(asked.out, training, compose, pieces=asked.pieces, dtype=asked.dtype, report=report)


if __name__ == "__main__":
    main()
