"""The evaluation of the composer for the command line: print the table, write JSON."""

from __future__ import annotations

import json
from pathlib import Path

from msanii_live.engines.composer.engine import WEIGHTS
from msanii_live.engines.composer.weights import read_weights
from msanii_live.errors import ConfigError, MissingTool
from msanii_live.evaluation.composer.clips import CLIP_TABLE, clip_columns
from msanii_live.evaluation.composer.continued import (
    CONTINUED_TABLE,
    continued_columns,
    known_answers,
)
from msanii_live.evaluation.composer.evaluate import evaluate, table_of, to_stderr
from msanii_live.training.trainers.composer.data import compose_held_out

PIECES = 240
WINDOWS = 48
CLIPS = 12


def report_composer(
    weights: Path,
    out: Path | None,
    *,
    pieces: int = PIECES,
    windows: int = WINDOWS,
    clips: int = CLIPS,
) -> int:
    """Measure weights on held-out pieces; print the tables. Returns the exit status.

    weights: a file, or the folder of a run. out: folder for composer.json. pieces: to compose.
    windows: at most, of 16 bars in 4/4, cut out of them. clips: windows that are played as well;
    twice as many clips are continued, and compared with real music.
    Raises: ConfigError: the weights cannot be read.
    """
    path = weights / WEIGHTS if weights.is_dir() else weights
    try:
        composer = read_weights(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read the composer's weights: {error}") from None
    to_stderr(f"composing {pieces} held-out pieces")
    found = evaluate(composer, compose_held_out(pieces), windows, clips)
    if clips:
        continued = continued_columns(2 * clips, to_stderr)
        print(table_of(continued, CONTINUED_TABLE))
        answers = known_answers(max(1, clips // 2))
        print("true notes after a clip: " + ", ".join(f"{k} {v:.3f}" for k, v in answers.items()))
        found |= {"continued": continued, "known answers": answers}
        try:
            heard = clip_columns(path, 2 * clips, to_stderr)
        except MissingTool as error:
            to_stderr(f"clips are not compared with real music: {error}")
        else:
            print(table_of(heard, CLIP_TABLE))
            found["clips"] = heard
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "composer.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0
