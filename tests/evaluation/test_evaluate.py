import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from matplotlib.image import imread

from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.mel_flow.network import FlowConfig, FlowNet
from msanii_live.engines.mel_flow.weights import FlowModel
from msanii_live.engines.vocabulary import STYLES
from msanii_live.evaluation import metrics
from msanii_live.evaluation.evaluate import EvalSettings, evaluate, report_markdown
from msanii_live.evaluation.gallery import write_pictures
from msanii_live.evaluation.validation_windows import (
    draw_windows,
    repeat_last_beats,
    sample_windows,
    without_beat,
)
from msanii_live.training.data.dataset import DataSet, Entry
from msanii_live.web.plots import hertz_to_mel, mel_decibels, mel_to_hertz, spectrogram_png

SETTINGS = EvalSettings(windows=6, choices=4, fresh=8, few=1, many=2, batch=4)
CONFIG = FlowConfig(mels=64, width=16, blocks=2, heads=2, window=64)
FRAME = 512 / 44_100


def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def data():
    spec = MelSpec(mels=64)
    entries, parts = [], []
    for i in range(9):
        entries.append(
            Entry(
                seed=i,
                style=STYLES[i % 8],
                key=i,
                tempo=120.0,
                beat_seconds=0.5,
                start=400 * i,
                mel_frames=400,
                onsets=tuple(k / 8 for k in range(37)),
                split=("train", "validation", "test")[i % 3],
            )
        )
        frames = np.random.default_rng(i).normal(-5, 1, (400, 2, 64))
        frames[(np.arange(0, 37) / 8 / FRAME).round().astype(int)] += 4  # a sixteenth's onsets
        parts.append(frames + i / 4)
    mels = np.concatenate(parts).astype(np.float16)
    flat = mels.astype(np.float32)
    nothing = np.zeros((0, 2), np.int16)
    return DataSet(spec, mels, flat.mean(0), flat.std(0), tuple(entries), nothing)


def model_of(data, net):
    return FlowModel(
        net.eval(),
        data.spec,
        torch.from_numpy(data.mean)[..., None],
        torch.from_numpy(data.deviation)[..., None],
    )


class Oracle(FlowNet):
    """A network that returns the true window, which it recognises by the known frames."""

    def __init__(self, windows):
        super().__init__(CONFIG)
        self.windows = windows

    def forward(self, x, t, known, mask, conditions, to=None):
        frames = int(mask[0].sum())
        return torch.stack(
            [
                self.windows[int((self.windows - k)[..., :frames].square().sum((1, 2, 3)).argmin())]
                for k in known
            ]
        )


def test_identical_sets_are_near_and_noise_is_far():
    x = rng().normal(size=(200, 10))
    again = rng().permutation(x)
    noise = rng().normal(2, 3, size=(200, 10))
    assert metrics.frechet_distance(x, again) == pytest.approx(0, abs=1e-6)
    # The unbiased estimate leaves out each point's match with itself, so it falls below 0.
    assert abs(metrics.kernel_distance(x, again)) < 0.1
    assert metrics.frechet_distance(x, noise) > 10
    assert metrics.kernel_distance(x, noise) > 10


def test_frechet_distance_of_known_normals():
    x = rng().normal(size=(20_000, 3))
    assert metrics.frechet_distance(x, 2 * x + 1) == pytest.approx(3 + 3, rel=0.05)


def test_onsets_are_found_where_they_are():
    mel = np.full((8, 200), -8.0)
    mel[:, 100:] = -2.0
    envelope = metrics.onset_envelope(mel, np.full(8, -10.0), FRAME)
    assert envelope.argmax() == 100
    assert metrics.onsets_a_second(envelope, 0.1, FRAME) == pytest.approx(1 / (200 * FRAME))
    quiet = metrics.onset_envelope(mel, np.full(8, 0.0), FRAME)
    assert quiet.max() == 0


def test_salience_and_fold_tell_the_grid():
    bars = np.arange(800) * FRAME / 2
    on_grid = np.cos(2 * math.pi * 16 * bars) + 1
    assert metrics.salience(on_grid, bars) > 3
    assert metrics.salience(on_grid, bars + 1 / 32) < 1 / 3
    assert metrics.salience(np.ones(800), bars) == pytest.approx(1)
    downbeat = np.exp(-(((bars + 0.5) % 1 - 0.5) ** 2) * 2_000)
    folded = metrics.fold(downbeat, bars)
    assert folded.argmax() == 0
    assert np.isnan(metrics.fold(downbeat[:100], bars[:100])).any()
    assert metrics.correlation(folded, metrics.fold(downbeat[:100], bars[:100])) > 0.9
    assert metrics.correlation(folded, np.ones(16)) == 0


def test_a_splice_stands_out_and_a_smooth_join_does_not():
    time = np.arange(44_100) / 44_100
    sine = np.sin(2 * math.pi * 220 * time)[:, None].astype(np.float32)
    typical, loud = metrics.seam_steps(sine, 20_000)
    assert typical == pytest.approx(1, abs=0.01)
    sine[20_000:] *= -1  # where it is near its trough
    assert metrics.seam_steps(sine, 20_000)[0] > 10 * max(loud, 1)


def test_an_oracle_hits_every_time(data):
    windows = draw_windows(data, data.split("test"), SETTINGS.windows, CONFIG.window, SETTINGS.seed)
    result = evaluate(data, model_of(data, Oracle(windows.mels)), SETTINGS)
    perfect = result.continuations[1]
    assert (perfect.hits, perfect.hits_same_piece) == (6, 6)
    assert perfect.to_true == pytest.approx(0, abs=1e-6)
    assert perfect.onsets == pytest.approx(1)
    assert perfect.folded == pytest.approx(1)
    assert perfect.salience == pytest.approx(result.real_salience)
    assert perfect.to_other > 0.5


def test_an_untrained_network_is_scored(data):
    torch.manual_seed(0)
    result = evaluate(data, model_of(data, FlowNet(CONFIG)), SETTINGS)
    by_name = {row.name: row for row in result.distances}
    floor, noise = by_name["real, other pieces (floor)"], by_name["white noise (ceiling)"]
    assert noise.kernel > floor.kernel
    assert floor.contrast == 1
    # The last layer starts at zero, so that the predicted mel is the mean.
    assert by_name["generated, 1 step"].contrast == pytest.approx(0, abs=1e-6)
    assert json.loads(json.dumps(result.as_dict()))["settings"]["windows"] == 6
    text = report_markdown(result)
    assert "chance is 1.5" in text
    assert "The seam" not in text


def test_an_empty_split_is_refused(data):
    lacking = replace(data, entries=data.split("train"))
    with pytest.raises(ValueError, match="split"):
        evaluate(lacking, model_of(data, FlowNet(CONFIG)), SETTINGS)


def test_samples_do_not_depend_on_the_batch_or_on_what_is_hidden(data):
    torch.manual_seed(1)
    net = FlowNet(CONFIG)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    model = model_of(data, net)
    windows = draw_windows(data, data.split("test"), 5, CONFIG.window, 0)
    spoilt = windows.mels.clone()
    spoilt[..., 32:] = 9
    with torch.inference_mode():
        one, two, blind = (
            sample_windows(model, shown, 32, conditions, steps=2, seed=0, batch=batch)
            for shown, conditions, batch in (
                (windows.mels, windows.conditions, 5),
                (spoilt, windows.conditions, 2),
                (windows.mels, without_beat(windows.conditions), 5),
            )
        )
    torch.testing.assert_close(one, two, atol=1e-4, rtol=1e-4)
    assert torch.equal(one[..., :32], windows.mels[..., :32])
    assert (one - blind).abs().max() > 1e-3


def test_repeating_continues_a_period_exactly(data):
    windows = draw_windows(data, data.split("test"), 1, CONFIG.window, 0)
    wave = torch.sin(torch.arange(64) * 2 * math.pi / 16).expand(1, 2, 64, 64).contiguous()
    periodic = type(windows)(wave, windows.conditions, windows.bars, windows.pieces)
    torch.testing.assert_close(repeat_last_beats(periodic, 32, [8.0]), wave, atol=1e-5, rtol=0)


def test_the_spectrogram_shows_a_tone_at_its_frequency_and_level():
    time = np.arange(44_100) / 44_100
    mel = mel_decibels(np.sin(2 * math.pi * 1_000 * time), 44_100)[:, 10:-10]
    low, high = hertz_to_mel(np.array([20.0, 20_000.0]))
    peak = mel_to_hertz(low + (high - low) * (mel.mean(1).argmax() + 1) / 161)
    assert peak == pytest.approx(1_000, rel=0.03)
    assert mel.max() == pytest.approx(0, abs=3)


@pytest.mark.parametrize(("frames", "channels"), [(1, 1), (44_100, 2)])
def test_a_picture_is_deterministic_and_of_the_stated_size(frames, channels):
    samples = rng().normal(0, 0.1, (frames, channels)).astype(np.float32)
    first = spectrogram_png(samples, 44_100, "noise", seam_seconds=0.5)
    assert first == spectrogram_png(samples, 44_100, "noise", seam_seconds=0.5)
    assert imread(io.BytesIO(first)).shape[:2] == (400, 900)
    if frames > 1:
        assert spectrogram_png(samples / 100, 44_100, "noise", seam_seconds=0.5) != first


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="no samples"):
        spectrogram_png(np.zeros((0, 2), np.float32), 44_100, "nothing")


def test_the_gallery_is_written(data, tmp_path):
    torch.manual_seed(0)
    paths = write_pictures(tmp_path / "new", data, model_of(data, FlowNet(CONFIG)), SETTINGS)
    assert [path.name for path in paths] == ["continuation.png", "styles.png"]
    assert all(0 < path.stat().st_size < 400_000 for path in paths)
    assert all(imread(path)[..., :3].std() > 0.1 for path in paths)
    other = replace(data, mels=data.mels + np.float16(2) * (np.arange(64) % 2 == 0))
    model = model_of(data, FlowNet(CONFIG))
    for path, again in zip(
        paths, write_pictures(tmp_path / "other", other, model, SETTINGS), strict=True
    ):
        assert path.read_bytes() != again.read_bytes()
