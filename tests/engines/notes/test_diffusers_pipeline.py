"""Engines that play notes, as pipelines of diffusers: saved, loaded, played as they play."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from msanii_live.engines.base import standalone_context
from msanii_live.engines.mel2mel.diffusers_pipeline import Mel2MelPipeline
from msanii_live.engines.note_diffusion.diffusers_pipeline import NoteDiffusionPipeline
from msanii_live.midi.files import to_midi
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import Render

SONG = Score((Note(0.0, 0.4, 60, 90), Note(0.4, 0.8, 67, 70)), 1.0, bpm=120.0)


@pytest.mark.parametrize("kind", [Mel2MelPipeline, NoteDiffusionPipeline])
def test_a_saved_folder_plays_as_the_engine_does(kind, tmp_path):
    kind.shipped().save_pretrained(tmp_path / "saved")
    pipeline = kind.from_pretrained(tmp_path / "saved", local_files_only=True)
    made = pipeline(SONG, num_inference_steps=1, generator=torch.Generator().manual_seed(3)).audios
    assert made.shape == (1, 2, 44_100)
    engine = kind.engine_class("cpu", precision="fp32")
    context = replace(standalone_context(score=lambda name: SONG), seed=3)
    wanted = engine.run(Render(midi="notes", steps=1), context).samples
    difference = np.abs(made[0].T.numpy() - wanted).max()
    assert difference < 0.02 * np.abs(wanted).max()
    (tmp_path / "song.mid").write_bytes(to_midi(SONG))
    again = pipeline(
        tmp_path / "song.mid", num_inference_steps=1, generator=torch.Generator().manual_seed(3),
        output_type="np",
    ).audios  # fmt: skip
    assert again.shape[1] == 2
    assert np.isfinite(again).all()
