import io
import json
from dataclasses import asdict

import pytest
from matplotlib.image import imread

from msanii_live.evaluation.continuation import BeatOffset, ContextSwap, Harmony
from msanii_live.evaluation.long_runs import ChainLink, InterpolationPath
from msanii_live.evaluation.report_plot import PLOTS, plot_evaluation
from msanii_live.evaluation.seams import SeamFit, SeamJump
from msanii_live.evaluation.vocoders import VocoderFigures

NAMES = ("4 steps", "16 steps", "the true continuation")


@pytest.fixture
def figures():
    jumps = [SeamJump(name, 1.2, 0.5, 8) for name in NAMES]
    rows = {
        "seams": jumps,
        "loops": jumps,
        "fits": [SeamFit("mel", "projected", 0.1, 0.1, 0.1, 1.0, 4)],
        "beats": [BeatOffset(name, 12.0, 0.6, 130.0, 8) for name in NAMES],
        "harmonies": [Harmony(name, 0.9, 40.0, 70.0, 8) for name in NAMES],
        "swaps": [ContextSwap(name, 0.9, 0.8, 0.7, 0.6, 0.9, 0.5, 0.0, 8) for name in NAMES],
        "drift": [ChainLink(n, k, -0.3 * k, 1.0, 0.1 * k, -9.0, 4) for n in NAMES for k in (1, 2)],
        "ways": [
            InterpolationPath("a", "b", n, (0, 0.5, 1), (0, 1, 2), (2, 1, 0), True) for n in (4, 16)
        ],
        "voices": [VocoderFigures("Vocos", 0.5, 0.3, 0.2, 0.1, 0.05, None, None, None, 4)],
    }
    found = {name: [asdict(row) for row in some] for name, some in rows.items()}
    found["distances"] = [
        {"name": name, "steps": steps, "frechet": 30.0 + steps, "heard_frechet": 3.0 + steps}
        for name, steps in (("floor", 0), ("generated, 1 step", 1), ("generated, 4 steps", 4))
    ]
    return json.loads(json.dumps(found | {"settings": {"windows": 40}}))


def size(png):
    return imread(io.BytesIO(png)).shape[:2]


def test_all_sections_are_drawn_in_two_columns(figures):
    png = plot_evaluation(figures)
    assert size(png) == (-(-len(PLOTS) // 2) * 320, 1_200)


@pytest.mark.parametrize("name", sorted({name for name, _, _ in PLOTS}))
def test_each_section_may_stand_alone(figures, name):
    plots = sum(name == other for other, _, _ in PLOTS)
    alone = {"settings": {}, "seams": [], "voices": None, name: figures[name]}
    assert size(plot_evaluation(alone)) == (-(-plots // 2) * 320, 1_200)


def test_rows_without_a_figure_are_left_out(figures):
    for row in figures["distances"]:
        row["heard_frechet"] = None
    assert size(plot_evaluation(figures)) == (-(-(len(PLOTS) - 1) // 2) * 320, 1_200)
    only = [{"name": "odd", "unknown": 1.0}]
    assert plot_evaluation({"seams": only, "voices": figures["voices"]}) == plot_evaluation(
        {"voices": figures["voices"]}
    )


def test_the_same_figures_give_the_same_page(figures):
    few = {"drift": figures["drift"]}
    assert plot_evaluation(few) == plot_evaluation(few)


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="no section"):
        plot_evaluation({"settings": {}})
