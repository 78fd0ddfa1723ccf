import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from msanii_live.dsp.mel import MelSpec, log_mel, mid_side, stft_magnitudes
from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.engines.mel_flow.engine import MelFlowEngine
from msanii_live.engines.mel_flow.network import FlowConfig, FlowNet
from msanii_live.engines.mel_flow.weights import FlowModel
from msanii_live.engines.vocabulary import STYLES
from msanii_live.errors import MissingTool
from msanii_live.evaluation import musicnn
from msanii_live.evaluation.evaluate import evaluate
from msanii_live.evaluation.results import Distance, few_step_ratio, report_markdown
from msanii_live.evaluation.settings import EvalSettings
from msanii_live.evaluation.unconditional import (
    AudioDecoder,
    diversity,
    load_audio_decoder,
    measure_distances,
)
from msanii_live.evaluation.validation_windows import (
    draw_windows,
    normalised_mels,
    sample_windows,
    window_audio,
)
from msanii_live.training.data.dataset import DataSet, Entry

CONFIG = FlowConfig(mels=64, width=16, blocks=1, heads=2, window=264)  # 3 s, what musicnn needs
SETTINGS = EvalSettings(fresh=4, steps=(1, 9), few=1, many=9, batch=4)
SPEC = MelSpec(mels=64)
FRAMES = 400 * SPEC.hop
VOICE = VocoderSettings(iterations=2)


@pytest.fixture(scope="module")
def data():
    """Nine pieces of three tones each that swell twice a second, in a little noise."""
    time = np.arange(FRAMES) / SPEC.sample_rate
    entries, mels, waves = [], [], []
    for i in range(9):
        rng = np.random.default_rng(i)
        tones = sum(np.sin(2 * np.pi * f * time) for f in rng.uniform(100, 5_000, 3))
        wave = 0.1 * tones * (1 - time * 2 % 1) + rng.normal(0, 0.01, (2, FRAMES))
        kept = np.round(wave.T * 32_767).astype(np.int16)
        by_embedding = torch.from_numpy(kept.T.astype(np.float32) / 32_767)
        mels.append(
            log_mel(stft_magnitudes(mid_side(by_embedding), SPEC), SPEC).permute(2, 0, 1).numpy()
        )
        waves.append(kept)
        entries.append(
            Entry(
                seed=i,
                style=STYLES[i % 8],
                key=i,
                tempo=120.0,
                beat_seconds=0.5,
                start=400 * i,
                mel_frames=400,
                onsets=tuple(k / 2 for k in range(9)),
                split=("train", "validation", "test")[i % 3],
                wave=FRAMES * i,
                frames=FRAMES,
            )
        )
    flat = np.concatenate(mels)
    return DataSet(
        SPEC,
        flat.astype(np.float16),
        flat.mean(0),
        flat.std(0),
        tuple(entries),
        np.concatenate(waves),
    )


def model_of(data, net):
    mean, deviation = (torch.from_numpy(x)[..., None] for x in (data.mean, data.deviation))
    return FlowModel(net.eval(), SPEC, mean, deviation)


@pytest.fixture(scope="module")
def weights():
    try:
        return musicnn.load(musicnn.fetch_wheel())
    except MissingTool as missing:
        pytest.skip(str(missing))


class RecordingNetwork(FlowNet):
    """A network that records the levels of each step."""

    def forward(self, x, t, known, mask, conditions, to=None):
        self.levels = [
            *getattr(self, "levels", []),
            None if to is None else (float(t[0]), float(to[0])),
        ]
        return super().forward(x, t, known, mask, conditions, to)


def test_few_steps_are_jumps_and_many_are_not(data):
    net = RecordingNetwork(CONFIG)
    windows = draw_windows(data, data.split("test"), 1, CONFIG.window, 0)
    with torch.inference_mode():
        for steps in (2, 9):
            sample_windows(
                model_of(data, net), windows.mels, 0, windows.conditions, steps=steps, seed=0
            )
    assert net.levels[:2] == [(1.0, pytest.approx(5 / 6)), (pytest.approx(5 / 6), 0.0)]
    assert net.levels[2:] == [None] * 9


def test_the_audio_of_a_window_has_its_mel(data):
    windows = draw_windows(data, data.split("test"), 3, CONFIG.window, 1)
    waves = window_audio(data, windows)
    assert waves.shape == (3, 2, CONFIG.window * SPEC.hop)
    assert len(set(windows.firsts)) > 1
    again = normalised_mels(model_of(data, FlowNet(CONFIG)), waves)
    inside = slice(2, -2)  # at the edges the window does not see the rest of the piece
    torch.testing.assert_close(again[..., inside], windows.mels[..., inside], atol=0.05, rtol=0)


def test_audio_past_the_end_is_silence_and_audio_not_kept_is_refused(data):
    windows = draw_windows(data, data.split("test"), 1, CONFIG.window, 0)
    late = window_audio(data, replace(windows, firsts=(399,)))
    assert late[..., : SPEC.hop].abs().max() > 0
    assert late[..., SPEC.hop :].abs().max() == 0
    lacking = replace(windows, pieces=(replace(windows.pieces[0], wave=-1),))
    with pytest.raises(ValueError, match="no audio"):
        window_audio(data, lacking)


def test_diversity_of_known_sets():
    corners = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])
    assert diversity(corners) == pytest.approx((3 + 4 + 5) / 3)
    assert diversity(np.ones((5, 8))) == 0


def test_real_music_is_near_and_noise_far_by_embedding_and_by_mel(data, weights):
    torch.manual_seed(0)
    messages = []
    with torch.inference_mode():
        rows = measure_distances(
            data,
            model_of(data, FlowNet(CONFIG)),
            SETTINGS,
            messages.append,
            AudioDecoder(VOICE, weights),
        )
    floor, vocoded, many, few, noise = rows
    assert [row.steps for row in rows] == [0, 0, 9, 1, 0]
    assert (floor.diversity, floor.contrast) == (1, 1)
    # The last layer starts at zero, so that every predicted mel is the mean.
    assert few.contrast == pytest.approx(0, abs=1e-5)
    assert few.diversity < 0.2 < vocoded.diversity
    for made in (many, few, noise):
        assert made.heard_kernel > floor.heard_kernel
    assert noise.heard_frechet > 2 * floor.heard_frechet
    assert vocoded.heard_frechet < noise.heard_frechet
    assert vocoded.kernel < noise.kernel
    assert any("listening" in line for line in messages)


def test_without_musicnn_its_columns_are_left_out(data, weights):
    model = model_of(data, FlowNet(CONFIG))
    settings = replace(SETTINGS, steps=(1,))
    messages = []
    silent = replace(data, entries=tuple(replace(entry, wave=-1) for entry in data.entries))
    with torch.inference_mode():
        deaf = measure_distances(data, model, settings, messages.append, AudioDecoder(VOICE, None))
        mute = measure_distances(
            silent, model, settings, messages.append, AudioDecoder(VOICE, weights)
        )
    assert "musicnn is left out: the data set holds no audio of its held-out pieces" in messages
    for rows in (deaf, mute):
        assert [row.name for row in rows][1] == "those through the vocoder"
        assert all(row.heard_frechet is None and row.diversity is None for row in rows)


def test_an_engine_without_the_wheel_still_has_its_vocoder(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    messages = []
    ear = load_audio_decoder(MelFlowEngine("cpu"), tmp_path, messages.append)
    assert ear.weights is None
    assert ear.vocoder.net is not None
    assert "pip download" in messages[0]


def rows_of(*kernels):
    return tuple(
        Distance(f"{steps}", steps, 1.0, kernel, 1.0, 20.0, by_embedding, 0.5)
        for steps, kernel, by_embedding in kernels
    )


def test_the_ratio_of_few_to_many_steps():
    rows = rows_of((4, 0.6, 0.3), (16, 0.2, 0.2))
    assert few_step_ratio(rows, 4, 16, by_embedding=False) == pytest.approx(3)
    assert few_step_ratio(rows, 4, 16, by_embedding=True) == pytest.approx(1.5)
    assert few_step_ratio(rows, 2, 16, by_embedding=True) is None
    # The unbiased estimate may fall below 0: then no ratio means anything.
    assert (
        few_step_ratio(rows_of((4, 0.6, 0.3), (16, -0.1, 0.2)), 4, 16, by_embedding=False) is None
    )


def test_the_report_has_the_figures(data):
    model = model_of(data, FlowNet(CONFIG))
    found = evaluate(data, model, replace(SETTINGS, windows=3, choices=2, few=4, many=16, steps=()))
    by_embedding = replace(found, distances=rows_of((4, 0.6, 0.3), (16, 0.2, 0.2)))
    text = report_markdown(by_embedding)
    assert "| 4 | 20.0 | 0.300 | 0.50 | 1.0 | 0.600 | 1.00 |" in text
    assert "| musicnn Fréchet | musicnn kernel | diversity |" in text
    assert "The musicnn kernel distance at 4 steps over that at 16: 1.50." in text
    assert "The kernel distance at 4 steps over that at 16: 3.00." in text
    level = replace(found, distances=rows_of((4, 0.6, 0.3), (16, 0.2, -0.1)))
    assert "musicnn kernel distance at 4 steps over that at 16: no figure" in report_markdown(level)
    assert "musicnn" not in report_markdown(found)
    assert "at 4 steps over" not in report_markdown(found)
