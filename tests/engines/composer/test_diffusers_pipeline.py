"""The composer as a pipeline of diffusers: saved, loaded, composed and played as it is served."""

from dataclasses import replace

import numpy as np
import torch

from msanii_live.engines.base import standalone_context
from msanii_live.engines.composer.diffusers_pipeline import ComposerPipeline
from msanii_live.engines.composer.engine import ComposerEngine
from msanii_live.protocol.commands import Generate


def test_a_saved_folder_composes_and_plays_as_the_engine_does(tmp_path):
    ComposerPipeline.shipped().save_pretrained(tmp_path / "saved")
    assert (tmp_path / "saved" / "model_index.json").exists()
    pipeline = ComposerPipeline.from_pretrained(tmp_path / "saved", local_files_only=True)
    made = pipeline(
        "jazz in A minor", bpm=124, seconds=2.0, num_inference_steps=2,
        generator=torch.Generator().manual_seed(3), output_type="np",
    )  # fmt: skip
    assert made.audios.shape == (1, 2, 88_200)
    engine = ComposerEngine("cpu", precision="fp32")
    command = Generate(prompt="jazz in A minor", bpm=124, seconds=2.0, steps=2)
    wanted = engine.run(command, replace(standalone_context(), seed=3))
    assert made.score.notes == wanted.score.notes
    assert np.abs(made.audios[0].T - wanted.samples).max() <= 0.02 * np.abs(wanted.samples).max()
