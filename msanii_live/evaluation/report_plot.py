"""Draw the figures of an evaluation on one page."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

# Sections are lists of rows as `dataclasses.asdict` returns them; any may be missing or empty:
# distances (results.Distance), seams and loops (seams.SeamJump), fits (seams.SeamFit), beats,
# harmonies and swaps (continuation), drift (long_runs.ChainLink), ways
# (long_runs.InterpolationPath), voices (vocoders.VocoderFigures), music
# (music_features.MusicFigures). The keys are those of eval.json.
Rows = Sequence[Mapping[str, Any]]
Figures = Mapping[str, Any]

DPI = 100
WIDTH, HEIGHT = 12.0, 3.2  # inches of the page and of each row of plots
LINE = {"linewidth": 0.8, "color": "0.4", "linestyle": "--"}
TRUE_COLOUR = "0.3"
TITLE_PAD = 20  # points over the plot, so that the legend has room between


def plot_evaluation(figures: Figures) -> bytes:
    """Draw every section that the figures hold, two plots a row.

    figures: the content of eval.json. Returns a PNG, 1,200 pixels wide; the same figures give the
    same bytes. Raises: ValueError: there is nothing to draw.
    """
    out = io.BytesIO()
    # No date and no version in the file, so that the page can be compared.
    draw_page(figures).savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def draw_page(figures: Figures) -> Figure:
    """Return the page of `plot_evaluation` as a matplotlib figure, one axes a plot.

    Raises: ValueError: there is nothing to draw.
    """
    plots = []
    for name, field, draw in PLOTS:
        rows = [row for row in figures.get(name) or () if row.get(field) is not None]
        plots += [(draw, rows)] if rows else []
    if not plots:
        raise ValueError("the figures hold no section that can be drawn")
    lines = -(-len(plots) // 2)
    figure = Figure(figsize=(WIDTH, HEIGHT * lines), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(lines, 2, squeeze=False)
    for axes, (draw, rows) in zip(grid.flat, plots, strict=False):
        draw(axes, rows)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in grid.flat[len(plots) :]:
        axes.set_axis_off()
    return figure


def _bars(
    axes: Axes,
    rows: Rows,
    fields: Mapping[str, str],
    title: str,
    unit: str,
    *,
    label: Callable[[Mapping[str, Any]], str] = lambda row: str(row.get("name", "")),
    line: float | None = None,
    logarithmic: bool = False,
) -> None:
    """Draw groups of horizontal bars, the first row on top. fields: labels in the legend."""
    height = 0.8 / len(fields)
    shown = [name for name in fields if any(name in row for row in rows)]
    for number, name in enumerate(shown):
        places = [i + (number - (len(shown) - 1) / 2) * height for i in range(len(rows))]
        values = [float("nan") if row.get(name) is None else float(row[name]) for row in rows]
        bars = axes.barh(places, values, height * 0.9, label=fields[name])
        axes.bar_label(bars, [_short(value) for value in values], fontsize=7, padding=2)
    axes.set_yticks(range(len(rows)), [label(row) for row in rows])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    if logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    if line is not None:
        axes.axvline(line, **LINE)  # type: ignore[arg-type]
    axes.set_title(title, fontsize=10, loc="left", pad=TITLE_PAD)
    axes.set_xlabel(unit, fontsize=8)
    if len(shown) > 1:
        _legend(axes, len(shown))


def _legend(axes: Axes, columns: int) -> None:
    """Place the legend between the title and the plot, where it covers nothing."""
    axes.legend(
        fontsize=7,
        frameon=False,
        ncols=columns,
        columnspacing=1.0,
        loc="lower left",
        borderaxespad=0.0,
        handlelength=1.2,
        bbox_to_anchor=(0.0, 1.02),
    )


def _short(value: float) -> str:
    return "" if value != value else f"{value:.3g}"


def _distances_of(field: str, title: str) -> Callable[[Axes, Rows], None]:
    """Draw distance against steps; rows without steps are drawn as reference levels."""

    def draw(axes: Axes, rows: Rows) -> None:
        made = sorted((row["steps"], row[field]) for row in rows if row.get("steps"))
        if made:
            steps, values = zip(*made, strict=True)
            axes.plot(steps, values, marker="o", markersize=3)
            axes.set_xscale("log")
            axes.set_xticks(steps, [str(n) for n in steps])
            axes.xaxis.set_minor_formatter(NullFormatter())
        levels = [row for row in rows if not row.get("steps")]
        for number, row in enumerate(levels):
            axes.axhline(row[field], **LINE)  # type: ignore[arg-type]
            # Labels alternate between right and left, because levels may lie close together.
            axes.text(
                1 - number % 2,
                row[field],
                f"{row.get('name', '')}: {_short(row[field])}",
                transform=axes.get_yaxis_transform(),
                ha="left" if number % 2 else "right",
                va="bottom",
                fontsize=7,
            )
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_title(title, fontsize=10, loc="left", pad=TITLE_PAD)
        axes.set_xlabel("denoising steps", fontsize=8)
        axes.set_ylabel("Fréchet distance", fontsize=8)

    return draw


def _seams(axes: Axes, rows: Rows) -> None:
    fields = {"typical": "over the median", "loud": "over the 95th percentile"}
    _bars(axes, rows, fields, "Largest step at the seam", "times that of stretches elsewhere",
          line=1.0, logarithmic=True)  # fmt: skip


def _loops(axes: Axes, rows: Rows) -> None:
    fields = {"typical": "over the median", "loud": "over the 95th percentile"}
    _bars(axes, rows, fields, "Largest step at the loop point",
          "times that of stretches elsewhere", line=1.0)  # fmt: skip


def _fits(axes: Axes, rows: Rows) -> None:
    fields = {"convergence": "cut by the seam", "near": "near it", "elsewhere": "away"}
    _bars(axes, rows, fields, "Seams whose answer is known", "spectral convergence",
          label=lambda row: f"{row.get('source')}: {row.get('join')}")  # fmt: skip


def _beats(axes: Axes, rows: Rows) -> None:
    chance = rows[0].get("chance_ms")
    _bars(axes, rows, {"median_ms": "median"}, "Beat across the seam (dashed: chance)",
          "offset, ms", line=chance)  # fmt: skip


def _harmonies(axes: Axes, rows: Rows) -> None:
    fields = {"adjacent": "among real neighbours", "others": "among different pieces"}
    _bars(axes, rows, fields, "Likeness of chroma across the seam", "mean percentile", line=50)


def _swaps(axes: Axes, rows: Rows) -> None:
    fields = {"area": "all", "chroma": "chroma", "timbre": "timbre", "onsets": "onsets"}
    _bars(axes, rows, fields, "Own continuation told from a swapped one",
          "area under the ROC curve", line=0.5)  # fmt: skip


def _drift_of(field: str, title: str, unit: str, none: float) -> Callable[[Axes, Rows], None]:
    def draw(axes: Axes, rows: Rows) -> None:
        for name in dict.fromkeys(str(row["name"]) for row in rows):
            some = [row for row in rows if row["name"] == name]
            colour = TRUE_COLOUR if "true" in name else None
            links, values = [r["link"] for r in some], [r[field] for r in some]
            axes.plot(links, values, marker="o", markersize=3, label=name, color=colour)
        axes.axhline(none, **LINE)  # type: ignore[arg-type]
        axes.set_title(title, fontsize=10, loc="left", pad=TITLE_PAD)
        axes.set_xlabel("link of the chain", fontsize=8)
        axes.set_ylabel(unit, fontsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _legend(axes, 3)

    return draw


def _interpolations(axes: Axes, rows: Rows) -> None:
    """Draw the means over pairs, and each pair faintly behind them."""
    for number, steps in enumerate(sorted({row["steps"] for row in rows})):
        some = [row for row in rows if row["steps"] == steps]
        for field, style in (("to_a", "-"), ("to_b", "--")):
            colour, mixes = f"C{number}", some[0]["mixes"]
            for row in some:
                axes.plot(row["mixes"], row[field], style, color=colour, alpha=0.2, linewidth=0.7)
            mean = [sum(row[field][i] for row in some) / len(some) for i in range(len(mixes))]
            label = f"{steps} steps, to {field[-1]}"
            axes.plot(mixes, mean, style, color=colour, marker="o", markersize=3, label=label)
    axes.set_title("Interpolation", fontsize=10, loc="left", pad=TITLE_PAD)
    axes.set_xlabel("mix", fontsize=8)
    axes.set_ylabel("distance of ln mels, nats", fontsize=8)
    _legend(axes, 4)


def _vocoders(axes: Axes, rows: Rows) -> None:
    fields = {"log_distance": "log distance", "convergence": "convergence", "mel": "mel distance"}
    _bars(axes, rows, fields, "Vocoders on true mels", "nats; convergence has no unit")


def _speeds(axes: Axes, rows: Rows) -> None:
    _bars(axes, rows, {"ratio": "time"}, "Time of the vocoders (dashed: real time)",
          "time over length", line=1.0, logarithmic=True)  # fmt: skip


def _music(axes: Axes, rows: Rows) -> None:
    fields = {"tonal": "tonal share", "harmony": "harmony's return", "repeats": "repeated bars"}
    _bars(axes, rows, fields, "Clarity, harmony and repetition", "share; difference of cosines",
          line=0.0)  # fmt: skip


# Section, the figure that a row must have to be drawn, and the function that draws it.
PLOTS: tuple[tuple[str, str, Callable[[Axes, Rows], None]], ...] = (
    ("distances", "heard_frechet", _distances_of("heard_frechet", "Fresh clips: heard by musicnn")),
    ("distances", "frechet", _distances_of("frechet", "Fresh clips: simple features")),
    ("seams", "typical", _seams),
    ("fits", "convergence", _fits),
    ("loops", "typical", _loops),
    ("beats", "median_ms", _beats),
    ("harmonies", "adjacent", _harmonies),
    ("swaps", "area", _swaps),
    ("drift", "level_db", _drift_of("level_db", "Drift: level", "dB over the clip's", 0.0)),
    ("drift", "centroid", _drift_of("centroid", "Drift: centroid", "times the clip's", 1.0)),
    ("drift", "mel", _drift_of("mel", "Drift: mean mel", "distance, nats", 0.0)),
    ("ways", "to_a", _interpolations),
    ("voices", "convergence", _vocoders),
    ("voices", "ratio", _speeds),
    ("music", "tonal", _music),
)
