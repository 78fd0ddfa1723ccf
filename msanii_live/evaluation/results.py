"""The results of an evaluation, and their report as Markdown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from msanii_live.evaluation.settings import EvalSettings

if TYPE_CHECKING:
    from msanii_live.evaluation.audio_measures import AudioFigures


@dataclass(frozen=True)
class Continuation:
    """How well the second halves of windows follow from the first halves.

    hits: number of `windows` whose true second half was the nearest of `choices` from other pieces.
    hits_same_piece: the same among other places of the same piece. to_true, to_other: mean root
    mean square distance of normalised mels. onsets, onsets_wrong: correlation of the onset envelope
    with the true one and with that of another piece. folded, folded_wrong: the same after folding
    each onto the sixteenths of its own bar. salience: onsets near sixteenths over those between.
    """

    name: str
    hits: int
    hits_same_piece: int
    windows: int
    to_true: float
    to_other: float
    onsets: float
    onsets_wrong: float
    folded: float
    folded_wrong: float
    salience: float


@dataclass(frozen=True)
class Distance:
    """The distance of a set of windows from the held-out ones.

    steps: number of denoising steps, 0 for none. frechet, kernel: distances of simple features of
    mels. contrast: standard deviation of the mels over that of real ones. heard_frechet,
    heard_kernel: distances of musicnn's embeddings of the audio. diversity: mean pairwise distance
    of the embeddings over that of real ones. The last three are None where musicnn is missing.
    """

    name: str
    steps: int
    frechet: float
    kernel: float
    contrast: float
    heard_frechet: float | None = None
    heard_kernel: float | None = None
    diversity: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """All figures of an evaluation.

    real_salience: of the true second halves. sound: None without engine.
    """

    settings: EvalSettings
    real_salience: float
    continuations: tuple[Continuation, ...]
    distances: tuple[Distance, ...]
    sound: AudioFigures | None

    def as_dict(self) -> dict[str, object]:
        """Return the figures in a form that `json.dumps` accepts."""
        return asdict(self)


def report_markdown(results: Evaluation) -> str:
    """Return the section of docs/benchmarks.md with the figures and the method."""
    s = results.settings
    parts = [
        "### Continuing held-out music",
        f"Each of {s.windows} windows of pieces that training never saw is shown up to its middle, "
        "less the one token whose mel frames would see past the seam, and the network makes the "
        f"rest. Hits: how often the true second half is the nearest of {s.choices} by root mean "
        "square distance of normalised mels, the others drawn from other pieces or from other "
        f"places of the same piece; chance is {s.windows / s.choices:g}. The network knows style, "
        "key, tempo and density, which alone tell many pieces apart, so compare with the last row, "
        "which knows only the first half and the tempo.",
        _table(
            ("", "hits", "same piece", "to the true", "to another"),
            [
                (
                    c.name,
                    f"{c.hits} of {c.windows}",
                    f"{c.hits_same_piece} of {c.windows}",
                    f"{c.to_true:.2f}",
                    f"{c.to_other:.2f}",
                )
                for c in results.continuations
            ],
        ),
        "### Onsets of the continuation",
        "Correlation of onset envelopes (rise of ln mel bands, smoothed over 50 ms) with the true "
        "second half and with one of another piece, mel frame by mel frame, and folded: after "
        "averaging each over the sixteenths of its own bar. Beat salience: onsets near sixteenths "
        f"over those between; the true second halves have {results.real_salience:.2f}, and 1.00 "
        "is no beat at all.",
        _table(
            ("", "true", "another", "folded, true", "folded, another", "salience"),
            [
                (
                    c.name,
                    f"{c.onsets:.2f}",
                    f"{c.onsets_wrong:.2f}",
                    f"{c.folded:.2f}",
                    f"{c.folded_wrong:.2f}",
                    f"{c.salience:.2f}",
                )
                for c in results.continuations
            ],
        ),
        *_fresh(results),
    ]
    if results.sound is not None:
        parts += results.sound.markdown()
    return "\n\n".join(parts) + "\n"


def few_step_ratio(
    distances: tuple[Distance, ...], few: int, many: int, by_embedding: bool
) -> float | None:
    """Return the kernel distance at few steps over that at many.

    by_embedding: use the distance of musicnn's embeddings. Returns None where a figure is missing,
    or where the distance at many steps is not above 0, which an unbiased estimate can be.
    """
    kernels = {row.steps: row.heard_kernel if by_embedding else row.kernel for row in distances}
    above, below = kernels.get(few), kernels.get(many)
    return above / below if above is not None and below is not None and below > 0 else None


def _fresh(results: Evaluation) -> list[str]:
    """Return the paragraphs and the table about windows generated from noise."""
    s, rows = results.settings, results.distances
    by_embedding = any(row.heard_frechet is not None for row in rows)
    parts = [
        "### Fresh clips",
        f"{s.fresh} windows made from nothing with the conditions of validation windows, against "
        f"{s.fresh} windows of the test pieces; the floor is those validation windows themselves. "
        "The features are simple (level and movement of 32 bands of mid and side, onset "
        "statistics), scaled by training windows; the Fréchet distance is taken in their first 16 "
        "directions. Contrast: deviation of the normalised mels over that of real ones. The kernel "
        "distance of two sets of one distribution is about 0.",
    ]
    head: tuple[str, ...] = ("", "Fréchet", "kernel", "contrast")
    if by_embedding:
        head = ("", "musicnn Fréchet", "musicnn kernel", "diversity", *head[1:])
        parts.append(
            "musicnn: the same distances of the audio that the vocoder makes of the windows, by "
            "the mean penultimate layer of a published tagger (MTT_musicnn), which hears nothing "
            "above 8 kHz. The real windows are their own audio, and once more what the vocoder "
            "makes of their mels. The Fréchet distance grows as the number of windows falls: "
            "compare it with the floor alone. Diversity: mean distance of the embeddings from one "
            "another, over that of real ones."
        )
    table = []
    for row in rows:
        cells = [f"{row.frechet:.1f}", f"{row.kernel:.3f}", f"{row.contrast:.2f}"]
        if by_embedding:
            figures = zip((row.heard_frechet, row.heard_kernel, row.diversity), "132", strict=True)
            cells = ["" if x is None else f"{x:.{places}f}" for x, places in figures] + cells
        table.append((row.name, *cells))
    parts.append(_table(head, table))
    for name, of_audio in (("musicnn kernel", True), ("kernel", False)):
        known = by_embedding or not of_audio
        if known and {s.few, s.many} <= {row.steps for row in rows}:
            ratio = few_step_ratio(rows, s.few, s.many, of_audio)
            words = "no figure, as that is not above 0" if ratio is None else f"{ratio:.2f}"
            parts.append(f"The {name} distance at {s.few} steps over that at {s.many}: {words}.")
    return parts


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) + ("---:",) * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
