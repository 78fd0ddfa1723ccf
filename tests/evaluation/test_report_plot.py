import io
import json
from dataclasses import asdict

import numpy as np
import pytest
from matplotlib.image import imread

from msanii_live.evaluation.continuation import BeatOffset, ContextSwap, Harmony
from msanii_live.evaluation.long_runs import ChainLink, InterpolationPath
from msanii_live.evaluation.music_features import MusicFigures
from msanii_live.evaluation.report_plot import PLOTS, draw_page, plot_evaluation
from msanii_live.evaluation.seams import SeamFit, SeamJump
from msanii_live.evaluation.vocoders import VocoderFigures

NAMES = ("4 steps", "16 steps", "the true continuation")
# Title of each plot, and the fields whose values it must show.
SHOWN = {
    "Fresh clips: heard by musicnn": ("distances", ["heard_frechet"]),
    "Fresh clips: simple features": ("distances", ["frechet"]),
    "Largest step at the seam": ("seams", ["typical", "loud"]),
    "Seams whose answer is known": ("fits", ["convergence", "near", "elsewhere"]),
    "Largest step at the loop point": ("loops", ["typical", "loud"]),
    "Beat across the seam (dashed: chance)": ("beats", ["median_ms"]),
    "Likeness of chroma across the seam": ("harmonies", ["adjacent", "others"]),
    "Own continuation told from a swapped one": ("swaps", ["area", "chroma", "timbre", "onsets"]),
    "Drift: level": ("drift", ["level_db"]),
    "Drift: centroid": ("drift", ["centroid"]),
    "Drift: mean mel": ("drift", ["mel"]),
    "Interpolation": ("ways", ["to_a", "to_b"]),
    "Vocoders on true mels": ("voices", ["log_distance", "convergence", "mel"]),
    "Time of the vocoders (dashed: real time)": ("voices", ["ratio"]),
    "Clarity, harmony and repetition": ("music", ["tonal", "harmony", "repeats"]),
}


@pytest.fixture
def figures():
    """Every section, with a value of its own in every field of every row."""
    counter = iter(range(1, 1_000))

    def distinct():
        return 1.0 + next(counter) / 64

    def jumps():
        return [SeamJump(name, distinct(), distinct(), 8) for name in NAMES]

    def fields(count):
        return [distinct() for _ in range(count)]

    rows = {
        "seams": jumps(),
        "loops": jumps(),
        "fits": [SeamFit("mel", join, *fields(4), 4) for join in ("projected", "spliced")],
        "beats": [BeatOffset(name, *fields(2), 130.0, 8) for name in NAMES],
        "harmonies": [Harmony(name, *fields(3), 8) for name in NAMES],
        "swaps": [ContextSwap(name, *fields(7), 8) for name in NAMES],
        "drift": [ChainLink(n, k, *fields(4), 4) for n in NAMES for k in (1, 2)],
        "ways": [
            InterpolationPath(
                "a", "b", steps, (0, 0.5, 1), tuple(fields(3)), tuple(fields(3)), True
            )
            for steps in (4, 16)
        ],
        "music": [MusicFigures(name, *fields(4), 8) for name in NAMES],
        "voices": [VocoderFigures(n, *fields(5), None, None, None, 4) for n in ("Vocos", "Bands")],
    }
    found = {name: [asdict(row) for row in some] for name, some in rows.items()}
    found["distances"] = [
        {"name": name, "steps": steps, "frechet": distinct(), "heard_frechet": distinct()}
        for name, steps in (("floor", 0), ("generated, 1 step", 1), ("generated, 4 steps", 4))
    ]
    return json.loads(json.dumps(found | {"settings": {"windows": 40}}))


def size(png):
    return imread(io.BytesIO(png)).shape[:2]


def visible(page):
    return {axes.get_title(loc="left"): axes for axes in page.axes if axes.axison}


def drawn_values(axes):
    """Every number that the bars and lines of a plot show."""
    bars = [patch.get_width() for patch in axes.patches]
    lines = [value for line in axes.lines for value in np.atleast_1d(line.get_ydata())]
    return np.array([*bars, *lines], dtype=float)


def test_every_plot_shows_the_values_of_its_fields(figures):
    plots = visible(draw_page(figures))
    assert set(plots) == set(SHOWN)
    assert len(SHOWN) == len(PLOTS)
    for title, (section, fields) in SHOWN.items():
        values = drawn_values(plots[title])
        for row in figures[section]:
            for field in fields:
                for wanted in np.atleast_1d(row[field]):
                    assert np.abs(values - wanted).min() < 1e-9, (title, field, wanted)


def test_rows_are_named_and_levels_are_labelled(figures):
    plots = visible(draw_page(figures))
    ticks = [label.get_text() for label in plots["Largest step at the seam"].get_yticklabels()]
    assert ticks == list(NAMES)
    texts = [text.get_text() for text in plots["Fresh clips: simple features"].texts]
    assert texts == [f"floor: {figures['distances'][0]['frechet']:.3g}"]
    legend = plots["Drift: level"].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == list(NAMES)


def test_all_sections_are_drawn_in_two_columns_with_ink_in_each(figures):
    png = plot_evaluation(figures)
    assert size(png) == (-(-len(PLOTS) // 2) * 320, 1_200)
    picture = imread(io.BytesIO(png))[..., :3].mean(-1)
    for number in range(len(PLOTS)):
        top, left = number // 2 * 320, number % 2 * 600
        panel = picture[top : top + 320, left : left + 600]
        assert 0.01 < (panel < 0.95).mean() < 0.6, number


@pytest.mark.parametrize("name", sorted({name for name, _, _ in PLOTS}))
def test_each_section_may_stand_alone_and_its_picture_follows_its_figures(figures, name):
    plots = sum(name == other for other, _, _ in PLOTS)
    alone = {"settings": {}, "seams": [], "voices": None, name: figures[name]}
    before = plot_evaluation(alone)
    assert size(before) == (-(-plots // 2) * 320, 1_200)
    assert plot_evaluation(alone) == before
    field = next(field for other, field, _ in PLOTS if other == name)
    row = alone[name][0]
    row[field] = [2 * x for x in row[field]] if isinstance(row[field], list) else 2 * row[field]
    assert plot_evaluation(alone) != before


def test_rows_without_a_figure_are_left_out(figures):
    for row in figures["distances"]:
        row["heard_frechet"] = None
    assert "Fresh clips: heard by musicnn" not in visible(draw_page(figures))
    assert size(plot_evaluation(figures)) == (-(-(len(PLOTS) - 1) // 2) * 320, 1_200)
    only = [{"name": "odd", "unknown": 1.0}]
    page = visible(draw_page({"seams": only, "voices": figures["voices"]}))
    assert len(page) == 2


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="no section"):
        plot_evaluation({"settings": {}})
