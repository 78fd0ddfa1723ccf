"""Whether foreign music goes on as it was: recordings continued as a server would continue them.

Four bars of held-out pieces in 4/4, played by a soundfont that no training heard and known as sound
alone, are continued by four bars. Each way is compared with the four bars of the source.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio import Clip, Samples, make_clip, rms_dbfs
from msanii_live.engines.base import Engine, standalone_context
from msanii_live.engines.registry import EngineRegistry
from msanii_live.evaluation import metrics
from msanii_live.evaluation.audio_features import ONSET_FRAME_SECONDS, mel_of, onsets
from msanii_live.evaluation.transcriber import UNSEEN
from msanii_live.protocol.commands import Outpaint
from msanii_live.training.data.composition.compose import compose
from msanii_live.training.data.composition.midi import to_midi
from msanii_live.training.data.dataset import render
from msanii_live.transcription.transcribe import Listener

FIRST_SEED = 3_300_000
RATE = 44_100
BARS = 4
HIGH_HZ = 10_000.0
SAME_BAR = 0.2  # nats, RMS, by which bars of one recording may differ and count as the same
STYLES = ("pop", "house", "hiphop", "bossa", "techno", "lofi", "piano", "jazz")
TRUE, REPEATED, OTHER = "the true continuation", "its last bar repeated", "another piece"
COLUMNS = (
    "spectrum", "bar pattern", "accents shifted", "bars repeated", "level", "width", "above 10 kHz",
)  # fmt: skip


@dataclass(frozen=True)
class ForeignPiece:
    """A piece as sound. source, after: float32, (frames, 2), of BARS bars each. bar: s."""

    source: Samples
    after: Samples
    bar: float


@dataclass(frozen=True)
class Likeness:
    """How near a continuation is to its source; see `COLUMNS`.

    spectrum: RMS difference of mean ln mels, nats. pattern: correlation of the onsets of a mean
    bar, by sixteenths. shifted: 1 if that correlation is higher with the bar shifted. repeated:
    share of bars that equal an earlier one. level, width, high: dB apart.
    """

    spectrum: float
    pattern: float
    shifted: float
    repeated: float
    level: float
    width: float
    high: float


def foreign_pieces(count: int) -> Iterator[ForeignPiece]:
    """Yield pieces that no training saw. Raises: MissingTool: FluidSynth or csound's soundfont."""
    for number in range(count):
        style = STYLES[number % len(STYLES)]
        piece = compose(FIRST_SEED + number, style=style, metre=(4, 4), bars=4 * BARS)
        bar = 240.0 / piece.tempo
        wave = render(to_midi(piece), UNSEEN)
        frames, first = round(BARS * bar * RATE), round(BARS * bar * RATE)
        # From the fifth bar on, where introductions are over.
        source = np.ascontiguousarray(wave[first : first + frames], np.float32)
        after = np.ascontiguousarray(wave[first + frames : first + 2 * frames], np.float32)
        yield ForeignPiece(source, after, bar)


def likeness(piece: ForeignPiece, made: Samples) -> Likeness:
    """Return how near a continuation is to the source. made: float32, (frames, 2)."""
    source, seam = piece.source, len(piece.source)
    mel = mel_of(np.concatenate([source, made]))
    edge = round(seam / RATE / ONSET_FRAME_SECONDS)
    before, after = mel[:, :edge], mel[:, edge:]
    places = np.arange(mel.shape[1]) * ONSET_FRAME_SECONDS / piece.bar
    envelope = onsets(mel)
    first, second = (
        metrics.fold(envelope[part], places[part]) for part in (slice(edge), slice(edge, None))
    )
    lags = [metrics.correlation(first, np.roll(second, lag)) for lag in range(metrics.SIXTEENTHS)]
    return Likeness(
        spectrum=metrics.rms_distance(before.mean(1), after.mean(1)),
        pattern=lags[0],
        shifted=float(int(np.argmax(lags)) != 0),
        repeated=_repeated_bars(mel, piece.bar),
        level=abs(rms_dbfs(made) - rms_dbfs(source)),
        width=abs(_width(made) - _width(source)),
        high=abs(_high_share(made) - _high_share(source)),
    )


def _repeated_bars(mel: NDArray[np.floating], bar: float) -> float:
    """Return the share of the bars after the first BARS that equal an earlier bar."""
    frames = bar / ONSET_FRAME_SECONDS
    size = round(frames) - 2
    loud = np.maximum(mel, mel.max() - 7.0)  # what is 60 dB softer is not heard
    bars = [loud[:, round(n * frames) + 1 :][:, :size] for n in range(2 * BARS)]
    bars = [each for each in bars if each.shape[1] == size]
    new = range(BARS, len(bars))
    same = [min(metrics.rms_distance(bars[n], bars[m]) for m in range(n)) < SAME_BAR for n in new]
    return float(np.mean(same)) if same else 0.0


def _width(samples: Samples) -> float:
    middle, side = samples.sum(1) / 2, (samples[:, 0] - samples[:, 1]) / 2
    return _decibels(float(np.mean(side**2))) - _decibels(float(np.mean(middle**2)))


def _high_share(samples: Samples) -> float:
    power = np.abs(np.fft.rfft(samples.mean(1))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    return _decibels(float(power[hertz > HIGH_HZ].sum() / max(power.sum(), 1e-12)))


def _decibels(power: float) -> float:
    return float(10 * np.log10(max(power, 1e-9)))


def continued(engine: Engine, clip: Clip, seconds: float, seed: int) -> Samples:
    """Return what an engine makes after a clip, float32, (frames, 2)."""
    context = replace(standalone_context(), clip=lambda name: clip, seed=seed)
    made = engine.run(Outpaint(src="source", seconds=seconds, seed=seed, keep=0), context)
    return made.samples


def ways(listener: Listener) -> dict[str, Callable[[ForeignPiece, int], Samples]]:
    """Return how a piece can go on, but for what is other music, by name."""
    registry = EngineRegistry("cpu", "composer")

    def clip_of(piece: ForeignPiece) -> Clip:
        return make_clip(piece.source, RATE, name="source")

    def by_composer(piece: ForeignPiece, seed: int) -> Samples:
        clip = clip_of(piece)
        score = listener.score(clip)
        info = replace(clip.info, bpm=score.bpm, bar_offset=score.bar % 1.0 if score.bpm else 0.0)
        heard = replace(clip, info=info, score=score)
        return continued(registry.get("composer"), heard, BARS * piece.bar, seed)

    def by_mel_flow(piece: ForeignPiece, seed: int) -> Samples:
        return continued(registry.get("mel-flow"), clip_of(piece), BARS * piece.bar, seed)

    def repeated(piece: ForeignPiece, seed: int) -> Samples:
        return np.concatenate([piece.source[-round(piece.bar * RATE) :]] * BARS)

    return {
        TRUE: lambda piece, seed: piece.after,
        REPEATED: repeated,
        "mel-flow": by_mel_flow,
        "as the server does": by_composer,
    }


def report_foreign(pieces: int, out: Path | None) -> int:
    """Measure, and print a table. Returns the exit status. out: folder for foreign.json.

    Raises: MissingTool: as `foreign_pieces`.
    """
    found: dict[str, list[Likeness]] = {}
    chosen = list(foreign_pieces(pieces))
    for name, way in ways(Listener()).items():
        for number, piece in enumerate(chosen):
            found.setdefault(name, []).append(likeness(piece, way(piece, number)))
            print(f"{name}: {number + 1} of {pieces}", file=sys.stderr, flush=True)
    others = [*chosen[1:], *chosen[:1]]
    found[OTHER] = [
        likeness(piece, _as_long(other.after, len(piece.after)))
        for piece, other in zip(chosen, others, strict=True)
    ]
    print(table(found))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        figures = {name: [asdict(each) for each in rows] for name, rows in found.items()}
        (out / "foreign.json").write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def _as_long(samples: Samples, frames: int) -> Samples:
    return np.tile(samples, (-(-frames // len(samples)), 1))[:frames]


def table(found: dict[str, list[Likeness]]) -> str:
    """Return a Markdown table: medians, but means of shares."""
    lines = ["| | " + " | ".join(COLUMNS) + " |", "| --- |" + " ---: |" * len(COLUMNS)]
    for name, rows in found.items():
        cells = []
        for key in vars(rows[0]):
            values = [getattr(row, key) for row in rows]
            is_share = key in ("shifted", "repeated")
            cells.append(f"{float(np.mean(values) if is_share else np.median(values)):.2f}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
