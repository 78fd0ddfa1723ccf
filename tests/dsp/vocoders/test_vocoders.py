"""Both neural vocoders: exact in time, independent of chunks, and closed as loops."""

import math

import pytest
import torch

from msanii_live.dsp.device import override_precision
from msanii_live.dsp.mel import MelSpec, log_mel, stft_magnitudes
from msanii_live.dsp.phase import linear_grid
from msanii_live.dsp.vocoders import multiband
from msanii_live.dsp.vocoders.multiband import MultibandConfig, MultibandVocoder
from msanii_live.dsp.vocoders.registry import LOADERS, SHIPPED_WEIGHTS
from msanii_live.dsp.vocoders.vocos import Vocos, VocosConfig
from msanii_live.dsp.vocoding import MAX_SPAN_SAMPLES, VocoderSettings, vocode_line, vocode_loop

SPEC = MelSpec(mels=16)
HOP = SPEC.hop


def small_bands():
    torch.manual_seed(4)
    return MultibandVocoder(MultibandConfig(width=16, least=8, filters=4, taps=31), SPEC).eval()


def small_vocos():
    torch.manual_seed(4)
    net = Vocos(VocosConfig(width=16, blocks=1), SPEC).eval()
    torch.nn.init.normal_(net.leave.weight, std=0.5)  # else all phases are alike
    return net


@pytest.fixture(params=[small_bands, small_vocos], ids=["bands", "vocos"])
def net(request):
    return request.param()


def mels(count, seed=0, channels=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(channels, 16, count, generator=generator) - 3


def on_line(net, mel, frames, iterations=0, seam_iterations=0):
    """Make a line of so many samples from nothing but its mel."""
    with torch.inference_mode():
        return vocode_line(
            mel,
            torch.zeros(len(mel), frames),
            0,
            frames,
            SPEC,
            vocoder=VocoderSettings(net, iterations=iterations, seam_iterations=seam_iterations),
            on_iteration=lambda: None,
            on_span=lambda: None,
        )


def in_loop(net, mel, frames, iterations=0):
    with torch.inference_mode():
        return vocode_loop(
            mel,
            frames,
            SPEC,
            vocoder=VocoderSettings(net, loop_iterations=iterations),
            generator=torch.Generator(),
            on_iteration=lambda: None,
        )


def near(a, b, part=1e-3):
    """Tell whether two signals differ by less than 60 dB under the second."""
    return (a - b).norm() < part * b.norm()


def test_a_mel_that_comes_later_sounds_as_much_later_to_the_sample(net):
    mel, late = mels(120), 7
    moved = torch.cat([mels(late, 9), mel], dim=2)
    first = on_line(net, mel, 120 * HOP)
    second = on_line(net, moved, (120 + late) * HOP)
    inner = slice(net.reach * HOP, (120 - net.reach) * HOP)
    # Not quite the same: Vocos works in bfloat16 where the processor has it.
    assert near(second[:, late * HOP :][:, inner], first[:, inner], 0.03)
    # A single sample beside it is another sound.
    assert not near(second[:, late * HOP + 1 :][:, inner], first[:, inner], 0.03)


def test_a_line_of_bands_is_what_the_network_made_from_its_first_sample_on():
    net, mel = small_bands(), mels(80, channels=2)
    grid = linear_grid(SPEC, 80 * HOP, 80, mel.device)
    with torch.inference_mode():
        heard, bins = grid.analyse(net.wave(mel)), net.bins(mel)
    # Levels are the mel's, all else is as it was made: the same phases at the same samples.
    assert (bins * heard.conj()).angle().abs().max() < 1e-3
    made = grid.synthesise(bins)[:, : 80 * HOP - 100]
    assert near(on_line(net, mel, 80 * HOP - 100)[:, :-HOP], made[:, :-HOP], 0.02)


@pytest.mark.parametrize("name", LOADERS)
def test_silence_stays_silent(name):
    spec, net = (
        MelSpec(),
        LOADERS[name](SHIPPED_WEIGHTS / f"{name}.safetensors", torch.device("cpu")),
    )
    grid = linear_grid(spec, 80 * HOP, 80, torch.device("cpu"))
    with torch.inference_mode():
        made = grid.synthesise(net.bins(torch.full((1, spec.mels, 80), math.log(spec.floor))))
    assert 20 * math.log10(made.square().mean().sqrt()) < -90


def test_a_span_has_the_sound_of_the_whole(net):
    frames = MAX_SPAN_SAMPLES + 40 * HOP  # two spans
    mel = mels(frames // HOP)
    both = on_line(net, mel, frames)
    with torch.inference_mode():
        whole = torch.istft(
            net.bins(mel).transpose(1, 2), SPEC.n_fft, HOP,
            window=torch.hann_window(SPEC.n_fft), length=frames,
        )  # fmt: skip
    inner = slice(4 * HOP, -4 * HOP)
    assert near(both[:, inner], whole[:, inner], 0.03)


def test_a_long_mel_is_made_in_pieces_that_no_one_hears(monkeypatch):
    net, mel = small_bands(), mels(150)
    with torch.inference_mode():
        whole = net.wave(mel)
        monkeypatch.setattr(multiband, "CHUNK_MEL_FRAMES", 64)
        assert net.wave(mel).shape == whole.shape
        assert near(net.wave(mel), whole, 1e-4)


def test_a_loop_has_no_start(net):
    mel = mels(96)
    made = in_loop(net, mel, 96 * HOP)
    turned = in_loop(net, mel.roll(31, dims=2), 96 * HOP)
    assert near(turned, made.roll(31 * HOP, dims=1), 0.03)


@pytest.mark.parametrize("frames", [96 * HOP + 211, 40 * HOP - 97])
def test_a_loop_of_any_length_closes_without_a_step(net, frames):
    made = in_loop(net, mels(round(frames / HOP)), frames, iterations=2)
    assert made.shape == (1, frames)
    steps = torch.diff(torch.cat([made, made[:, :1]], dim=1)).abs()[0]
    assert steps[-1] <= steps.max()
    assert steps[-1] < 6 * steps.median()


def test_the_search_after_it_brings_the_mel_nearer(net):
    wave = 0.3 * torch.sin(2 * torch.pi * 440 * torch.arange(60 * HOP) / SPEC.sample_rate)[None]
    mel = log_mel(stft_magnitudes(wave, SPEC), SPEC)

    def error(made):
        return (log_mel(stft_magnitudes(made, SPEC), SPEC) - mel)[..., 8:-8].abs().mean()

    raw, refined = (error(on_line(net, mel, 60 * HOP, iterations=n)) for n in (0, 8))
    # The levels of bands are fitted once already.
    assert refined < (0.75 if isinstance(net, multiband.MultibandVocoder) else 0.5) * raw


@pytest.mark.parametrize("name", LOADERS)
def test_a_vocoder_that_ships_plays_a_click_when_it_comes(name):
    spec, net = (
        MelSpec(),
        LOADERS[name](SHIPPED_WEIGHTS / f"{name}.safetensors", torch.device("cpu")),
    )
    noise = torch.randn(400, generator=torch.Generator().manual_seed(1))
    wave = torch.zeros(1, 80 * HOP)
    wave[:, 40 * HOP + 200 :][:, :400] = 0.5 * torch.exp(-torch.arange(400) / 80) * noise
    grid = linear_grid(spec, 80 * HOP, 80, wave.device)
    with torch.inference_mode():
        made = grid.synthesise(net.bins(log_mel(stft_magnitudes(wave, spec), spec)))

    def centre(sound):
        power = sound[0].square()
        return (power * torch.arange(len(power))).sum() / power.sum()

    # 3 ms; one that takes a mel frame for its neighbour is out by 512 samples.
    assert abs(centre(made) - centre(wave)) < 128


def test_weights_that_are_fixed_give_the_same_bins():
    net, mel = small_vocos(), mels(40, channels=2)
    with torch.inference_mode(), override_precision(torch.float32):
        wanted = net.bins(mel)
        net.fix()
        made = net.bins(mel)
    # The network's GELU is exact in either form, so that only sums are rounded anew.
    torch.testing.assert_close(made, wanted, atol=1e-4, rtol=1e-3)
