"""The paper's figures, drawn in small, and the comparison of speeds, at toy size."""

import json

import numpy as np
import torch
from PIL import Image

from msanii_live.benchmarks import msanii2023
from msanii_live.cli import main
from msanii_live.engines.msanii2023.unet import UNet2023Config
from msanii_live.evaluation import paper_figures
from msanii_live.evaluation.paper_sounds import drum_loop, piano_notes

FIGURES = {f"figure-{number}.png" for number in range(2, 9)}


def test_one_command_draws_figures_2_to_8(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(paper_figures, "SECONDS", 1.0)
    monkeypatch.setattr(paper_figures, "SPAN", (0.25, 0.75))
    words = ["paper", "--out", str(tmp_path), "--engine", "random-2023", "--device", "cpu"]
    assert main(words) == 0
    assert {path.name for path in tmp_path.iterdir()} == FIGURES | {"paper.json"}
    about = json.loads((tmp_path / "paper.json").read_text())
    assert about["engines"] == ["random-2023"]
    assert sum(about["bytes"].values()) < 1e6
    pictures = {name: np.asarray(Image.open(tmp_path / name).convert("RGB")) for name in FIGURES}
    for name, picture in pictures.items():
        assert picture.std() > 10, name
        red = (np.abs(picture.astype(int) - (255, 48, 48)).max(-1) < 40).mean()
        # What was made anew is boxed where clips were inpainted and outpainted.
        assert (red > 1e-3) == (name in ("figure-7.png", "figure-8.png")), name
    assert len({picture.tobytes() for picture in pictures.values()}) == len(FIGURES)
    assert "7 figures" in capsys.readouterr().out


def test_an_engine_that_is_not_there_is_refused(tmp_path, capsys) -> None:
    assert main(["paper", "--out", str(tmp_path), "--engine", "nobody"]) == 2
    assert "nobody" in capsys.readouterr().err


def test_the_sources_are_what_they_are_called() -> None:
    drums, piano = drum_loop(88_200), piano_notes(88_200)
    for wave in (drums, piano):
        assert wave.shape == (88_200, 2)
        assert wave.dtype == np.float32
        assert 0.1 < np.abs(wave).max() < 1.0
    # Struck noise has a far flatter spectrum than struck strings.
    flat = []
    for wave in (drums, piano):
        power = np.abs(np.fft.rfft(wave[:, 0])) ** 2 + 1e-12
        flat.append(np.exp(np.log(power).mean()) / power.mean())
    assert flat[0] > 10 * flat[1]


@torch.inference_mode()
def test_the_comparison_measures_and_compares() -> None:
    small = UNet2023Config(
        width=16,
        heads=2,
        timestep_width=16,
        multipliers=(1, 1),
        has_attention=(False, True),
        has_resampling=(True, False),
        block_layers=(1, 1),
    )
    rows = msanii2023.compare(
        30_000, model=msanii2023.random_model(small), rounds=1, iterations=4, measured=2
    )
    assert rows[-1].what.startswith("the same")
    for row in rows:
        assert row.plain > 0
        assert row.ours > 0
        assert row.error is None or row.error <= (0.05 if "bfloat16" in row.what else 1e-3)
    whole = next(row for row in rows if row.what == "20-step generation")
    assert whole.plain > 20 * rows[0].plain
