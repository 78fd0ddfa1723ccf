"""The contract of mel-flow over OSC: lengths, seams, seeds, levels, files."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msanii_live.audio import rms_dbfs
from tests.live import live

pytestmark = pytest.mark.slow

SEAM = 2_048


def read(fields):
    samples, rate = soundfile.read(str(fields[3]), dtype="float32", always_2d=True)
    assert rate == 44_100
    return samples


def distance(a, b):
    """Compare log spectra, which is what ears compare."""

    def spectrum(x):
        frames = np.lib.stride_tricks.sliding_window_view(x.mean(1), 2_048)[::1_024]
        return np.log(np.abs(np.fft.rfft(frames * np.hanning(2_048), axis=1)) + 1e-3)

    return float(np.abs(spectrum(a) - spectrum(b)).mean())


@pytest.fixture(scope="module")
def sources(flow):
    house = flow.job("/msanii/generate", "h", "style", "house", "bpm", 124, "seed", 1, "clip", "h")
    piano = flow.job("/msanii/generate", "p", "style", "piano", "bpm", 124, "seed", 2, "clip", "p")
    return read(house), read(piano)


def test_generate_is_exact_in_length_and_sane_in_level(flow, sources):
    for samples in sources:
        assert samples.shape == (264_600, 2)
        assert -40 < rms_dbfs(samples) < -6
        assert np.abs(samples).max() <= 0.892
    assert flow.count("/msanii/job/progress", "h") >= 1


def test_same_seed_same_audio_other_seed_other_audio(flow):
    make = lambda token, seed: read(  # noqa: E731
        flow.job("/msanii/generate", token, "seconds", 2, "style", "lofi", "seed", seed)
    )
    first, again, other = make("s1", 11), make("s2", 11), make("s3", 12)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("seed", range(3))
def test_outpaint_keeps_the_source_and_does_not_click(flow, sources, seed):
    source = sources[0]
    fields = flow.job("/msanii/outpaint", f"o{seed}", "h", "seconds", 3, "steps", 4, "seed", seed)
    samples = read(fields)
    assert len(samples) == len(source) + 3 * 44_100
    assert np.array_equal(samples[: len(source) - SEAM], source[:-SEAM])
    steps = np.abs(np.diff(samples, axis=0)).max(1)
    assert steps[len(source) - SEAM : len(source) + 64].max() <= 1.5 * steps[: len(source)].max()
    assert np.abs(samples).max() <= 0.892
    assert rms_dbfs(samples[len(source) :]) > -40


def test_outpaint_left_and_new_part_alone(flow, sources):
    source = sources[0]
    left = read(flow.job("/msanii/outpaint", "ol", "h", "seconds", 2, "side", "left"))
    assert len(left) == len(source) + 88_200
    assert np.array_equal(left[88_200 + SEAM :], source[SEAM:])
    alone = flow.job("/msanii/outpaint", "oa", "h", "seconds", 2, "keep", 0, "seed", 3)
    both = flow.job("/msanii/outpaint", "ob", "h", "seconds", 2, "keep", 1, "seed", 3)
    assert np.array_equal(read(alone), read(both)[len(source) :])


def test_inpaint_keeps_all_but_the_span(flow, sources):
    source = sources[0]
    samples = read(flow.job("/msanii/inpaint", "i", "h", 2.0, 4.0, "seed", 4))
    a, b = 88_200, 176_400
    assert samples.shape == source.shape
    assert np.array_equal(samples[: a - SEAM], source[: a - SEAM])
    assert np.array_equal(samples[b + SEAM :], source[b + SEAM :])
    assert not np.allclose(samples[a:b], source[a:b], atol=1e-3)


def test_interpolation_goes_from_a_to_b(flow, sources):
    house, piano = sources
    mixes = (0.0, 0.3, 0.7, 1.0)
    clips = [
        read(flow.job("/msanii/interpolate", f"m{mix}", "h", "p", "mix", mix, "seed", 5))
        for mix in mixes
    ]
    assert all(clip.shape == house.shape for clip in clips)
    assert np.array_equal(clips[0], house)
    assert np.array_equal(clips[-1], piano)
    from_a = [distance(clip, house) for clip in clips]
    from_b = [distance(clip, piano) for clip in clips]
    assert from_a == sorted(from_a)
    assert from_b == sorted(from_b, reverse=True)


def test_audio_to_audio_keeps_more_at_less_strength(flow, sources):
    source = sources[1]
    clips = [
        read(flow.job("/msanii/audio2audio", f"v{s}", "p", "strength", s, "seed", 6))
        for s in (0.0, 0.2, 0.9)
    ]
    assert np.array_equal(clips[0], source)
    away = [distance(clip, source) for clip in clips]
    assert away == sorted(away)


def test_bars_give_a_loop_that_closes(flow):
    fields = flow.job("/msanii/generate", "l", "bars", 2, "bpm", 124, "style", "techno", "seed", 7)
    samples = read(fields)
    assert len(samples) == round(2 * 4 * 60 / 124 * 44_100)
    sidecar = json.loads(Path(str(fields[3])).with_suffix(".json").read_text())
    assert sidecar["loops"] is True
    assert sidecar["bpm"] == 124
    steps = np.abs(np.diff(samples, axis=0)).max(1)
    assert np.abs(samples[0] - samples[-1]).max() <= np.percentile(steps, 99.9)


def test_long_clips_are_chained_to_the_frame(flow):
    samples = read(flow.job("/msanii/generate", "long", "seconds", 20.01, "seed", 8, "steps", 4))
    assert len(samples) == round(20.01 * 44_100)
    quarters = [rms_dbfs(q) for q in np.array_split(samples, 4)]
    assert max(quarters) - min(quarters) < 20


def test_cancel_within_a_step(flow):
    client = flow.client
    client.send("/msanii/generate", "seconds", 60, "steps", 64, "id", "x")
    step = client.wait(("/msanii/job/progress",), "x").args[2]
    client.send("/msanii/job/cancel", "x")
    ending = client.wait(("/msanii/job/done", "/msanii/job/cancelled"), "x")
    assert ending.address == "/msanii/job/cancelled"
    assert ending.args[2] - step <= 12


def test_unknown_words_are_a_warning_that_lists_the_known(flow):
    flow.job("/msanii/generate", "u", "seconds", 0.5, "prompt", "polka", "steps", 1)
    warning = [m for m in flow.client.received if m.address == "/msanii/warn"][-1]
    assert "polka" in warning.args[1]
    assert "house" in warning.args[1]


@pytest.mark.parametrize("seed", range(3))
def test_a_foreign_recording_can_be_gone_on_from(flow, seed):
    rng = np.random.default_rng(0)
    hum = 0.05 * np.sin(2 * np.pi * 110 * np.arange(48_000) / 48_000)[:, None]
    soundfile.write(
        Path(flow.folder) / "take 1.wav", hum + 0.001 * rng.standard_normal((48_000, 1)), 48_000
    )
    words = ("take", "1.wav", "seconds", 1, "steps", 4, "seed", seed)
    fields = flow.job("/msanii/outpaint", f"f{seed}", *words)
    assert fields[4] == pytest.approx(2.0, abs=0.01)
    # Near the source's own level (-29 dBFS), not ours, and never silent.
    assert -50 < rms_dbfs(read(fields)[44_100:]) < -15


def test_render_makes_the_same_audio_again(flow, sources, tmp_path):
    from msanii_live.cli.rerender import render_again

    folder = Path(flow.folder)
    again = render_again(folder / "h.json", tmp_path / "again.wav", "cpu")
    samples, _ = soundfile.read(again, dtype="float32")
    assert np.abs(samples - sources[0]).max() < 1e-3


def test_the_embedded_weights_are_small_and_described():
    from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
    from msanii_live.engines.mel_flow.engine import WEIGHTS

    assert (SHIPPED_WEIGHTS / WEIGHTS).stat().st_size < 40e6
    card = (SHIPPED_WEIGHTS / WEIGHTS).with_suffix(".md").read_text()
    for word in ("licence", "steps", "wall time", "soundfont", "Fréchet"):
        assert word.lower() in card.lower()


def facts(it):
    return {row["name"]: row["value"] for row in it.client.caps()}


def test_sigterm_ends_a_busy_server_in_time_with_whole_files(tmp_path):
    with live(tmp_path, "--device", "cpu", "--engine", "mel-flow", "--precision", "fp32") as it:
        assert facts(it)["precision"] == "fp32"
        it.job("/msanii/generate", "first", "seconds", 1, "clip", "whole")
        it.client.send("/msanii/generate", "seconds", 60, "steps", 100, "id", "cut")
        it.client.wait(("/msanii/job/progress",), "cut")
        sent = time.monotonic()
        it.server.child.terminate()
        assert it.server.child.wait(10) == 0
        assert time.monotonic() - sent < 5
        it.drain(0.1)
        assert it.count("/msanii/job/cancelled", "cut") == 1
    assert sorted(p.name for p in tmp_path.glob("*.wav")) == ["whole.wav"]
    assert soundfile.info(tmp_path / "whole.wav").frames == 44_100


def test_caps_and_the_sidecar_tell_the_precision(flow):
    told = facts(flow)["precision"]
    assert told in ("fp32", "bf16")  # whichever is faster here
    made = flow.job("/msanii/generate", "pr", "seconds", 1, "steps", 1, "clip", "pr")
    assert json.loads(Path(str(made[3])).with_suffix(".json").read_text())["precision"] == told


def test_without_networks_no_precision_is_recorded(tones):
    assert facts(tones)["precision"] == "auto"
    made = tones.job("/msanii/generate", "np", "seconds", 1, "clip", "np")
    assert json.loads(Path(str(made[3])).with_suffix(".json").read_text())["precision"] == ""
