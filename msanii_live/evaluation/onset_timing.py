"""How far a clip's onsets are heard from where its notes begin.

The onset is the largest rise of a fine spectral flux near the note, as in Dixon, "Onset Detection
Revisited", DAFx 2006. FluidSynth's playing of the same notes is measured as well: what it shows is
the error of the measure, and of slow attacks. Another piece's notes are the floor.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio import Clip
from msanii_live.engines.base import standalone_context
from msanii_live.engines.composer.engine import ComposerEngine
from msanii_live.errors import ConfigError
from msanii_live.library.library import Library
from msanii_live.notes import Score
from msanii_live.protocol.commands import Generate
from msanii_live.training.data.timbre_set import render_score

RATE = 44_100
STEP = 0.001  # s between two values of the flux
WINDOW = 512  # frames, 12 ms
LAG = 8  # steps over which a rise is taken
REACH = 0.05  # s around a note within which its onset is looked for
SAME = 0.03  # s within which notes are one onset, as a strummed chord
STYLES = ("house", "pop", "funk", "techno", "jazz", "hiphop")
BARS = 4.0

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OnsetTiming:
    """How far onsets are heard from their notes, ms. error: median size. shift: median, signed.

    onsets: how many. within_10: share of them within 10 ms.
    """

    clip: str
    onsets: int
    error: float
    shift: float
    within_10: float


def onset_times(score: Score) -> Array:
    """Return the times at which notes begin, s; notes within `SAME` are one onset."""
    times: list[float] = []
    for note in score.notes:
        if not times or note.start - times[-1] > SAME:
            times.append(note.start)
    return np.array(times)


def spectral_flux(samples: NDArray[np.float32]) -> Array:
    """Return the rise of the spectrum every `STEP`, (steps,). samples: (frames,), at `RATE`.

    The magnitudes are compressed by a square root, so that soft onsets count.
    """
    hop = RATE * STEP
    starts = np.round(np.arange(int(len(samples) / hop)) * hop).astype(int)
    padded = np.pad(samples, WINDOW // 2)
    window = np.hanning(WINDOW)
    flux = np.zeros(len(starts))
    before = np.zeros((LAG, WINDOW // 2 + 1))
    for first in range(0, len(starts), 1_000):  # to bound the memory
        frames = padded[starts[first : first + 1_000, None] + np.arange(WINDOW)]
        levels = np.vstack([before, np.sqrt(np.abs(np.fft.rfft(frames * window, axis=1)))])
        rise = np.maximum(0.0, levels[LAG:] - levels[:-LAG]).sum(axis=1)
        flux[first : first + len(rise)] = rise
        before = levels[-LAG:]
    return flux


def onset_offsets(samples: NDArray[np.float32], times: Array) -> Array:
    """Return how much later than each time its onset is heard, ms; (onsets,).

    samples: (frames,), at `RATE`. The onset is looked for up to half-way to the next time.
    """
    flux = spectral_flux(samples)
    found = []
    for number, time in enumerate(times):
        low = max(time - REACH, (times[number - 1] + time) / 2 if number else 0.0)
        high = min(time + REACH, (time + times[number + 1]) / 2 if time < times[-1] else np.inf)
        # The rise over LAG steps ends LAG / 2 after its middle.
        first = max(0, round(low / STEP)) + LAG // 2
        span = flux[first : round(high / STEP) + LAG // 2 + 1]
        if len(span):
            found.append(1_000 * ((first + int(span.argmax()) - LAG // 2) * STEP - time))
    return np.array(found)


def time_clip(name: str, samples: NDArray[np.float32], score: Score) -> OnsetTiming:
    """Return how well a clip's sound and notes agree. samples: (frames,), at `RATE`."""
    offsets = onset_offsets(samples, onset_times(score))
    sizes = np.abs(offsets)
    return OnsetTiming(
        clip=name,
        onsets=len(offsets),
        error=float(np.median(sizes)),
        shift=float(np.median(offsets)),
        within_10=float(np.mean(sizes <= 10.0)),
    )


def composed_clips(count: int, steps: int | None) -> list[Clip]:
    """Return clips of `BARS` bars that the composer makes, one for each style and seed."""
    engine = ComposerEngine("cpu")
    clips = []
    for seed in range(count):
        style = STYLES[seed % len(STYLES)]
        command = Generate(bars=BARS, bpm=100.0 + 7 * seed, style=style, steps=steps)
        clip = engine.run(command, replace(standalone_context(), seed=seed))
        clips.append(clip.renamed(f"{style} {seed}"))
    return clips


def clips_of_folder(folder: Path) -> list[Clip]:
    """Return the clips of a shared folder whose notes are known, newest first.

    Raises: ConfigError: there is none.
    """
    library = Library(folder)
    clips = [clip for name in library.names() if (clip := library.get(name)).score is not None]
    clips = [clip for clip in clips if clip.info.sample_rate == RATE]
    if not clips:
        raise ConfigError(f"no clip in {folder} has notes beside it: make some with the composer")
    return clips


def report_onsets(
    folder: Path | None, count: int, steps: int | None, out: Path | None = None
) -> int:
    """Print how far onsets are from their notes, in clips of a folder or in new ones.

    steps: of the network that plays; None takes the engine's. Returns the exit status.
    Raises: MissingTool: FluidSynth; ConfigError: as `clips_of_folder`.
    """
    clips = clips_of_folder(folder) if folder is not None else composed_clips(count, steps)
    scores = [clip.score for clip in clips if clip.score is not None and clip.score.notes]
    rows: dict[str, list[OnsetTiming]] = {"clip": [], "FluidSynth": [], "floor": []}
    for number, clip in enumerate(clips):
        score = clip.score
        if score is None or not score.notes:
            continue
        mono = clip.samples.mean(axis=1)
        rows["clip"].append(time_clip(clip.info.name, mono, score))
        rows["FluidSynth"].append(time_clip(clip.info.name, render_score(score), score))
        other = scores[(number + 1) % len(scores)].looped(0.0, score.seconds)
        rows["floor"].append(time_clip(clip.info.name, mono, other))
    print("clip | onsets | error, ms | shift, ms | within 10 ms | FluidSynth, ms | floor, ms")
    for made, played, floor in zip(*rows.values(), strict=True):
        print(
            f"{made.clip} | {made.onsets} | {made.error:.1f} | {made.shift:+.1f} | "
            f"{made.within_10:.2f} | {played.error:.1f} | {floor.error:.1f}"
        )
    medians = [np.median([row.error for row in each]) for each in rows.values()]
    print("median of the clips: " + ", ".join(f"{m:.1f} ms" for m in medians))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        figures = {kind: [asdict(row) for row in each] for kind, each in rows.items()}
        (out / "onsets.json").write_text(json.dumps(figures, indent=1))
    return 0
