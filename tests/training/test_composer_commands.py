"""The composer by the command line, at toy size: train, go on, calibrate, evaluate."""

import json

import pytest
import torch

from msanii_live.cli import main
from msanii_live.engines.composer.network import ComposerNet
from msanii_live.engines.composer.weights import parameters, read_weights, write_weights
from msanii_live.errors import ConfigError
from msanii_live.evaluation.composer import tasks
from msanii_live.evaluation.composer.report import report_composer
from msanii_live.evaluation.composer.tasks import TABLE
from msanii_live.notes import PARTS
from msanii_live.training.commands_composer import ComposerTrainingOptions, train_part
from msanii_live.training.options import RECIPES
from msanii_live.training.trainers.composer.loop import CHECKPOINT
from msanii_live.training.trainers.composer.recipe import read_recipe

MIB = 2**20
SMALLER = {
    "pieces": 3, "held_out": 4, "workers": 1, "minutes": 60, "steps": 6, "batch": 2, "warm_up": 2,
    "width": 32, "blocks": 1, "heads": 2, "hidden": 32, "windows": 2,
}  # fmt: skip


@pytest.fixture
def recipe(tmp_path):
    """The large recipe, with all its keys and small numbers."""
    lines = []
    for line in (RECIPES / "large.toml").read_text().splitlines():
        key = line.split("=")[0].strip()
        lines.append(f"{key} = {SMALLER[key]}" if key in SMALLER else line)
    path = tmp_path / "small.toml"
    path.write_text("\n".join(lines))
    return path


def test_the_large_run_is_trained_in_calls_then_calibrated(recipe, tmp_path, capsys, monkeypatch):
    out = tmp_path / "run"
    command = ["train", "--part", "composer", "--out", str(out), "--recipe", str(recipe)]
    assert main([*command, "--call-minutes", "0.00001"]) == 0
    assert "the same command goes on" in capsys.readouterr().out
    begun = torch.load(out / CHECKPOINT, weights_only=True)["step"]
    assert begun < 6
    pieces = sorted(path.name for path in (out / "pieces").iterdir())
    assert pieces == ["held_out-4.npz", "pieces-3.npz"]

    assert main(command) == 0
    said = capsys.readouterr().out
    assert f"3 pieces, step {begun}" in said
    assert "composed in" not in said
    assert torch.load(out / CHECKPOINT, weights_only=True)["step"] == 6
    composer = read_weights(out / "composer.safetensors")
    assert set(composer.tables["bias"]) == set(PARTS)
    assert len(set(composer.tables["bias"].values())) > 1
    rows = [json.loads(line) for line in (out / "progress.jsonl").read_text().splitlines()]
    assert rows[-1]["step"] == 6
    assert rows[-1]["held_out"] > 0

    plain = type(composer)(composer.net, {**composer.tables, "bias": dict.fromkeys(PARTS, 9.0)})
    write_weights(out / "composer.safetensors", plain)
    command[2] = "composer-calibration"
    assert main(command) == 0
    again = read_weights(out / "composer.safetensors")
    assert again.tables["bias"] == composer.tables["bias"]

    monkeypatch.setattr(tasks, "DENSITIES", (0.1, 0.9))
    assert report_composer(out, tmp_path / "figures", pieces=4, windows=2, clips=0) == 0
    found = json.loads((tmp_path / "figures" / "composer.json").read_text())
    assert set(found["compose"]["real"]) == set(TABLE)
    assert {"another piece", "20 steps", "4 steps", "chords hidden", "own plans"} < set(
        found["compose"]
    )


def test_a_run_begins_with_the_weights_of_another(recipe, tmp_path, capsys):
    first, second = tmp_path / "first", tmp_path / "second"
    command = ["train", "--part", "composer", "--recipe", str(recipe), "--data", str(tmp_path)]
    assert main([*command, "--out", str(first)]) == 0
    weights = first / "composer.safetensors"
    assert (
        main([*command, "--out", str(second), "--from", str(first), "--call-minutes", "1e-5"]) == 0
    )
    begun = torch.load(second / CHECKPOINT, weights_only=True)
    expected = read_weights(weights).net.state_dict()
    assert begun["step"] <= 1
    for name, value in expected.items():
        torch.testing.assert_close(begun["average"][name], value, atol=0.03, rtol=0.0)

    capsys.readouterr()
    assert main([*command, "--out", str(tmp_path / "third"), "--from", str(tmp_path / "no")]) == 2
    assert "cannot begin with" in capsys.readouterr().err


def test_the_recipes_are_read_and_their_weights_are_small():
    usual, large = (read_recipe(RECIPES / f"{name}.toml") for name in ("composer", "large"))
    assert usual.training.minutes == 120
    assert usual.data.pieces == 10_000
    tables = 0.4 * MIB
    sizes = [2 * parameters(ComposerNet(each.network)) + tables for each in (usual, large)]
    assert sizes[0] < sizes[1] < 16 * MIB


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("[training]\nsteps = 1\nspeed = 2", r"unknown key in \[training\]: speed"),
        ("[trainings]\nsteps = 1", "unknown key: trainings"),
        ('precision = "half"', "precision is 'half'"),
        ("[network]\nwidth = 30", "width 30"),
        ('[network]\nstyles = ["polka"]', "styles"),
        ("steps", "cannot read the recipe"),
    ],
)
def test_a_wrong_recipe_is_refused(tmp_path, wrong, said):
    path = tmp_path / "wrong.toml"
    path.write_text(wrong)
    with pytest.raises(ConfigError, match=said):
        read_recipe(path)


def test_what_is_missing_is_named(recipe, tmp_path, capsys):
    options = ComposerTrainingOptions(out=tmp_path, recipe=recipe, only_calibrate=True)
    with pytest.raises(ConfigError, match="holds no composer"):
        train_part(options)
    with pytest.raises(ConfigError, match="cannot read the composer's weights"):
        report_composer(tmp_path, None)
    assert main(["eval"]) != 0
    assert "--data" in capsys.readouterr().err
    assert main(["train", "--part", "vocoder"]) != 0
    assert "--data" in capsys.readouterr().err
