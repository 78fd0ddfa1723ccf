"""Figures of the engines that play notes.

Measured on unseen pieces for each instrument: the correlation of the mel with FluidSynth's; the F1
score of onsets that basic-pitch transcribes, with FluidSynth's own audio as the ceiling and the
notes of another piece as the floor; the time; and whether a morph's brightness is monotone.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray

from msanii_live.dsp.mel import MelSpec, stft_magnitudes
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.base import Engine, standalone_context
from msanii_live.engines.mel2mel import network as mel2mel
from msanii_live.engines.mel2mel.engine import WEIGHTS, Mel2MelEngine
from msanii_live.engines.mel2mel.network import piano_rolls
from msanii_live.engines.note_diffusion import network as note_diffusion
from msanii_live.engines.note_diffusion.engine import STEPS, NoteDiffusionEngine
from msanii_live.engines.note_diffusion.engine import WEIGHTS as NOTE_DIFFUSION_WEIGHTS
from msanii_live.engines.notes.instruments import INSTRUMENTS
from msanii_live.errors import MissingTool
from msanii_live.evaluation.basic_pitch import (
    OnsetMatch,
    fetch_network,
    match_onsets,
    open_network,
    score_onsets,
    transcribe_onsets,
)
from msanii_live.evaluation.timbre_plot import draw_space
from msanii_live.evaluation.validation_scores import band_scores, solo_scores
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import Render
from msanii_live.training.data import timbre_set
from msanii_live.training.trainers.mel2mel import correlation

MIN_LOG_MAGNITUDE = -9.2  # -80 dB; differences below it do not count
Report = Callable[[str], None]
MelFunction = Callable[[Score, str, int], torch.Tensor]
"""Takes a score, an instrument and a number of mel frames; returns ln magnitudes, (count, mels)."""


@dataclass(frozen=True)
class InstrumentFigures:
    """The figures of one instrument, or of a band.

    correlation: of ln mels; linear: of magnitudes; of instruments alone. ours, ceiling, floor: F1
    of onsets; None where basic-pitch is missing. ratio: time over length.
    """

    instrument: str
    correlation: float | None
    linear: float | None
    ours: float | None
    ceiling: float | None
    floor: float | None
    ratio: float


@dataclass(frozen=True)
class TimbreMorph:
    """The spectral centroid, Hz, along a morph of two instruments, by mix from 0 to 1."""

    instruments: tuple[str, str]
    centroids: tuple[float, ...]

    @property
    def monotone(self) -> bool:
        """Whether brightness only rises or only falls, within 1 %."""
        steps = np.diff(self.centroids) * np.sign(self.centroids[-1] - self.centroids[0])
        return bool((steps > -0.01 * max(self.centroids)).all())


def render_mono(
    engine: Engine, score: Score, *timbres: str, mix: float = 0.5
) -> NDArray[np.float32]:
    """Return an engine's rendering of a score, mono. timbres: one or two."""
    one, other = (*timbres, "")[:2]
    context = standalone_context(score=lambda name: score)
    made = engine.run(Render(midi="piece", timbre=one, timbre2=other, mix=mix), context)
    return made.samples[:, 0]


def mel_to_mel(weights: Path) -> MelFunction:
    """Return the function from a score and an instrument to Mel2Mel's mel."""
    net = mel2mel.load(weights, torch.device("cpu"))

    def mel_of(score: Score, name: str, count: int) -> torch.Tensor:
        drawn = piano_rolls(score.notes, count, net.spec.hop / net.spec.sample_rate)
        made: torch.Tensor = net(drawn[None], net.timbre_of(name)[None])[0]
        return made

    return mel_of


def note_diffusion_mel(weights: Path) -> MelFunction:
    """Return the function from a score and an instrument to Spectrogram Diffusion's mel."""
    net = note_diffusion.load(weights, torch.device("cpu"))

    def mel_of(score: Score, name: str, count: int) -> torch.Tensor:
        notes = [replace(note, program=INSTRUMENTS[name]) for note in score.notes]
        generator = torch.Generator().manual_seed(0)
        return net.generate(notes, count, net.frames_per_second, generator, STEPS).mel

    return mel_of


def measure_instruments(
    engine: Engine, mel_of: MelFunction, pieces: Sequence[Score], session: object, report: Report
) -> list[InstrumentFigures]:
    """Return a row for each instrument. mel_of: the mels of the engine's network."""
    rows = []
    for name, program in INSTRUMENTS.items():
        near, linear, took = [], [], 0.0
        scorer = _OnsetScorer(session)
        for number, score in enumerate(pieces):
            true = timbre_set.render_score(score, program)
            began = time.perf_counter()
            made = render_mono(engine, score, name)
            took += time.perf_counter() - began
            b = torch.from_numpy(timbre_set.analyse(true, MelSpec()).astype(np.float32))
            with torch.inference_mode():
                a = mel_of(score, name, len(b))
            near.append(correlation(a.clamp_min(MIN_LOG_MAGNITUDE), b.clamp_min(MIN_LOG_MAGNITUDE)))
            linear.append(correlation(a.exp(), b.exp()))
            scorer.compare(score, made, true, pieces[number - 1])
        ratio = took / sum(score.seconds for score in pieces)
        rows.append(
            InstrumentFigures(
                name, float(np.mean(near)), float(np.mean(linear)), *scorer.f1_scores, ratio
            )
        )
        report(f"{rows[-1]}")
    return rows


def measure_bands(engine: Engine, pieces: Sequence[Score], session: object) -> InstrumentFigures:
    """Return a row for pieces of several instruments with drums, by their own programs."""
    scorer, took = _OnsetScorer(session), 0.0
    for number, score in enumerate(pieces):
        began = time.perf_counter()
        made = render_mono(engine, score, "")
        took += time.perf_counter() - began
        scorer.compare(score, made, timbre_set.render_score(score), pieces[number - 1])
    return InstrumentFigures(
        "a band", None, None, *scorer.f1_scores, took / sum(score.seconds for score in pieces)
    )


class _OnsetScorer:
    """A scorer of onsets over pieces: ours, FluidSynth's, and ours against another piece."""

    def __init__(self, session: object) -> None:
        self._session = session
        self._ours = self._ceiling = self._floor = OnsetMatch(0, 0, 0)

    def compare(
        self, score: Score, made: NDArray[np.float32], true: NDArray[np.float32], other: Score
    ) -> None:
        """Add a piece. made, true: our rendering and FluidSynth's."""
        if self._session is None:
            return
        wanted, onsets = score_onsets(score.notes), transcribe_onsets(self._session, made, 44_100)
        self._ours += match_onsets(onsets, wanted)
        self._ceiling += match_onsets(
            transcribe_onsets(self._session, _level(true), 44_100), wanted
        )
        self._floor += match_onsets(onsets, score_onsets(other.notes))

    @property
    def f1_scores(self) -> tuple[float | None, float | None, float | None]:
        """F1 of ours, the ceiling and the floor."""
        if self._session is None:
            return None, None, None
        return self._ours.f1, self._ceiling.f1, self._floor.f1


def _level(wave: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale audio to the peak level of clips."""
    return np.asarray(wave * (0.89 / max(1e-6, float(np.abs(wave).max()))), np.float32)


def measure_morphs(engine: Engine, report: Report) -> list[TimbreMorph]:
    """Return the brightness along the morph of every pair of instruments."""
    rng = Random(1)
    notes = tuple(
        Note(n / 4, n / 4 + 0.4, rng.choice((48, 55, 60, 64, 67, 72)), 90) for n in range(8)
    )
    score = Score(notes, 2.6, bpm=120.0)
    mixes = np.linspace(0, 1, 5)
    found = []
    for one, other in combinations(INSTRUMENTS, 2):
        line = [centroid(render_mono(engine, score, one, other, mix=float(mix))) for mix in mixes]
        found.append(TimbreMorph((one, other), tuple(line)))
        report(f"{one} to {other}: {' '.join(f'{c:.0f}' for c in line)}")
    return found


def centroid(wave: NDArray[np.float32]) -> float:
    """Return the mean frequency of a sound, Hz, weighted by the magnitudes of its STFT."""
    size = stft_magnitudes(torch.from_numpy(wave.copy()), MelSpec()).sum(-1)
    frequencies = torch.linspace(0, 22_050, len(size))
    return float((size * frequencies).sum() / size.sum().clamp_min(1e-9))


def time_to_audio(engine: Engine) -> float:
    """Return the seconds from the end of four bars at 120 bpm to their audio; best of five."""
    notes = tuple(Note(n / 4, n / 4 + 0.2, 60 + n % 12, 90) for n in range(32))
    score = Score(notes, 8.0, bpm=120.0, is_loop=True)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        render_mono(engine, score, "piano")
        took.append(time.perf_counter() - began)
    return min(took)


def instruments_markdown(rows: Sequence[InstrumentFigures]) -> str:
    """Return the rows as Markdown."""
    head = (
        "instrument",
        "mel correlation",
        "linear",
        "F1",
        "ceiling",
        "floor",
        "of ceiling",
        "ratio",
    )
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        share = row.ours / row.ceiling if row.ours is not None and row.ceiling else None
        cells = (row.correlation, row.linear, row.ours, row.ceiling, row.floor, share, row.ratio)
        shown = ["" if cell is None else f"{cell:.3f}" for cell in cells]
        lines.append("| " + " | ".join([row.instrument, *shown]) + " |")
    return "\n".join(lines)


def mean_row(rows: Sequence[InstrumentFigures]) -> InstrumentFigures:
    """Return the means over all instruments."""
    columns = [
        [getattr(row, name) for row in rows]
        for name in ("correlation", "linear", "ours", "ceiling", "floor", "ratio")
    ]
    means = [None if None in column else float(np.mean(column)) for column in columns]
    return InstrumentFigures("all", *means)  # type: ignore[arg-type]


ENGINES: dict[str, tuple[Callable[[str, Path], Engine], str, Callable[[Path], MelFunction]]] = {
    "mel2mel": (Mel2MelEngine, WEIGHTS, mel_to_mel),
    "note-diffusion": (NoteDiffusionEngine, NOTE_DIFFUSION_WEIGHTS, note_diffusion_mel),
}


def report_notes(
    name: str, weights: Path | None, count: int, with_scores: bool, out: Path | None
) -> int:
    """Measure one of ENGINES, print the table and write it into `out`. Returns the exit status.

    weights: None for those that ship. count: number of pieces of each kind.
    """
    kind, file, mel_of = ENGINES[name]
    weights = weights or SHIPPED_WEIGHTS / file
    engine = kind("cpu", weights)
    engine.warm()
    try:
        session = open_network(fetch_network())
    except MissingTool as missing:
        print(f"onsets are left out: {missing}", file=sys.stderr)
        session = None
    pieces = solo_scores(count, with_scores)
    rows = measure_instruments(engine, mel_of(weights), pieces, session, print)
    mixes = name == "mel2mel"
    morphs = measure_morphs(engine, print) if mixes else []
    delay = time_to_audio(engine)
    rows += [mean_row(rows), measure_bands(engine, band_scores(2 * count), session)]
    print(instruments_markdown(rows))
    if mixes:
        monotone = sum(morph.monotone for morph in morphs)
        print(f"brightness goes one way in {monotone} of {len(morphs)} morphs")
    print(f"four bars at 120 bpm: {delay:.2f} s from the take's end to its audio")
    figures = {
        "rows": [asdict(row) for row in rows],
        "morphs": [asdict(morph) for morph in morphs],
        "first_audio": delay,
        "pieces": len(pieces),
    }
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"notes-{name}.json").write_text(json.dumps(figures, indent=1))
        if mixes:
            draw_space(mel2mel.load(weights, torch.device("cpu")), out / "timbres.png")
    return 0
