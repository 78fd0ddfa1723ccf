"""What an evaluation is sized by, what it yields, and the words around its figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class EvalSettings:
    """Size the evaluation.

    windows: continued, each told from `choices` - 1 others. fresh: made from nothing. few, many:
    denoising steps. seams: clips outpainted through the engine. batch: windows at once.
    """

    windows: int = 40
    choices: int = 20
    fresh: int = 64
    few: int = 4
    many: int = 16
    seams: int = 8
    guidance: float = 1.0
    batch: int = 8
    seed: int = 0


@dataclass(frozen=True)
class Continuation:
    """Say how well second halves follow from first ones.

    hits: of `windows`, where the true second half was the nearest of `choices`, the others from
    other pieces; hits_same_piece: the others from other places of the same piece. to_true,
    to_other: mean root mean square distance of normalised mels. onsets, onsets_wrong: correlation
    of the onset envelope with the true one, and with that of another piece; folded: the same
    after folding each onto the sixteenths of its own bar. salience: onsets near sixteenths over
    those between.
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
    """Say how far a set of windows lies from held-out ones. contrast: deviation over theirs."""

    name: str
    frechet: float
    kernel: float
    contrast: float


@dataclass(frozen=True)
class Seam:
    """Compare the largest sample step at a seam with stretches as long elsewhere, medians.

    typical: over the median stretch's largest step. loud: over the 95th percentile's.
    """

    name: str
    typical: float
    loud: float
    clips: int


@dataclass(frozen=True)
class Evaluation:
    """Hold all figures. real_salience: of the true second halves."""

    settings: EvalSettings
    real_salience: float
    continuations: tuple[Continuation, ...]
    distances: tuple[Distance, ...]
    seams: tuple[Seam, ...]

    def as_dict(self) -> dict[str, object]:
        """Return what `json.dumps` takes."""
        return asdict(self)


def report_markdown(results: Evaluation) -> str:
    """Return the section of docs/benchmarks.md that tells the figures and how they were made."""
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
        "### Fresh clips",
        f"{s.fresh} windows made from nothing with the conditions of the validation pieces, "
        f"against {s.fresh} windows of the test pieces. The features are simple (level and "
        "movement of 32 bands of mid and side, onset statistics), scaled by training windows; the "
        "Fréchet distance is taken in their first 16 directions. Contrast: deviation of the "
        "normalised mels over that of real ones. The kernel distance of two sets of one "
        "distribution is about 0.",
        _table(
            ("", "Fréchet", "kernel", "contrast"),
            [
                (d.name, f"{d.frechet:.1f}", f"{d.kernel:.3f}", f"{d.contrast:.2f}")
                for d in results.distances
            ],
        ),
    ]
    if results.seams:
        parts += [
            "### The seam",
            f"{results.seams[0].clips} rendered test pieces, outpainted by 3 s through the engine: "
            "the largest step from one sample to the next around the seam, over the median and "
            "over the 95th percentile of the largest steps of stretches as long elsewhere (medians "
            "over clips). A seam that cannot be told has about 1 in the first column.",
            _table(
                ("", "over the median", "over the 95th percentile"),
                [(r.name, f"{r.typical:.2f}", f"{r.loud:.2f}") for r in results.seams],
            ),
        ]
    return "\n\n".join(parts) + "\n"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) + ("---:",) * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
