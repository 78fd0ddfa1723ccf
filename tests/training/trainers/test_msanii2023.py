"""The 2023 system's training at toy size: the loss falls, and the folder serves."""

import json
import math
import shutil
import signal
from dataclasses import fields, replace
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
import torch

from msanii_live.cli import main
from msanii_live.engines.base import Context
from msanii_live.engines.msanii2023 import load
from msanii_live.engines.msanii2023.checkpoint import WEIGHTS
from msanii_live.engines.msanii2023.schedule import cosine_alpha_bars
from msanii_live.engines.msanii2023.unet import UNet2023Config
from msanii_live.engines.msanii2023.vocoder import Vocoder2023Config
from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import ConfigError
from msanii_live.protocol.commands import Generate
from msanii_live.training import commands2023
from msanii_live.training.data.audio_files import find_audio
from msanii_live.training.trainers.losses2023 import log_magnitude, noise_loss, spectral_convergence
from msanii_live.training.trainers.msanii2023 import RECIPES, _precision, train
from msanii_live.training.trainers.recipe2023 import (
    AudioConfig,
    EmaConfig,
    OptimiserConfig,
    read_recipe,
)

DATA = "sample_rate = 44100\naudio_length = {frames}\nchannels = 2\n"
FEATURES = (
    "n_fft = 512\nhop = 256\nmels = 16\nmomentum = 0.001\nmomentum_decay = 0.99\niterations = 8\n"
)
TRAINING = (
    "steps = {steps}\nbatch = 4\nrate = {rate}\nbetas = [0.5, 0.999]\nwarm_up = 5\n"
    "warm_up_factor = 0.333\nprecision = {precision}\nloss = '{loss}'\nevery = 20\n"
)
UNET = (
    "width = 16\ntimestep_width = 16\nheads = 2\nmultipliers = [1, 1]\nblock_layers = [1, 1]\n"
    "has_attention = [false, true]\nhas_resampling = [true, false]\n"
)


def recipe(path: Path, part: str, steps: int, precision: int = 32, rate: float = 3e-3) -> Path:
    loss = {"vocoder": "spectral", "unet": "squared"}[part]
    tables = {
        "data": DATA.format(frames=256 * 31),
        "features": FEATURES,
        "network": "width = 16\n" if part == "vocoder" else UNET,
        "training": TRAINING.format(steps=steps, precision=precision, loss=loss, rate=rate),
    }
    if part == "unet":
        tables["diffusion"] = 'schedule = "cosine"\ntimesteps = 1000\nsampling_steps = 4\n'
        tables["ema"] = "start = 10\ndecay = 0.9\nevery = 2\n"
    path.write_text("".join(f"[{name}]\n{text}" for name, text in tables.items()))
    return path


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """Three short FLAC files of chords that swell."""
    folder = tmp_path_factory.mktemp("sounds")
    seconds = np.arange(30_000) / 44_100
    for n, root in enumerate((110.0, 220.0, 330.0)):
        wave = sum(np.sin(2 * np.pi * root * k * seconds) / k for k in (1, 2, 3, 5))
        wave *= 0.2 * (1 + np.sin(2 * np.pi * 3 * seconds))
        soundfile.write(folder / f"{n}.flac", np.stack([wave, 0.7 * wave], 1), 44_100)
    return folder


def losses(out: Path, part: str) -> list[float]:
    lines = (out / f"log-2023-{part}.jsonl").read_text().splitlines()
    return [json.loads(line)["loss"] for line in lines]


def test_it_trains_end_to_end_and_the_folder_serves(sounds, tmp_path):
    out, said = tmp_path / "toy", []
    train("vocoder", sounds, out, said.append, recipe(tmp_path / "v.toml", "vocoder", 80), "cpu")
    train("unet", sounds, out, said.append, recipe(tmp_path / "u.toml", "unet", 80), "cpu")
    for part in ("vocoder", "unet"):
        seen = losses(out, part)
        assert len(seen) == 4
        assert seen[-1] < 0.9 * seen[0], (part, seen)
    model = load(out)
    assert bool(model.features.standard.fitted)
    assert model.unet.config.width == 16
    # What it learnt is there: better than no vocoder and than no noise predicted.
    wave = find_audio(
        sounds, AudioConfig(sample_rate=44100, audio_length=256 * 31, channels=2)
    ).draw(4, np.random.default_rng(9))
    with torch.no_grad():
        mel = model.features.mel(wave)
        error = noise_loss(
            model.unet,
            mel,
            cosine_alpha_bars().float(),
            torch.Generator().manual_seed(0),
            "squared",
        )
        made = model.vocoder(mel)
        convergence = spectral_convergence(made, model.features.magnitude(wave))
    assert error < 0.9
    assert convergence < 1.0

    engine = EngineRegistry("cpu", str(out)).get()
    steps = []
    context = Context(
        clip=lambda name: pytest.fail(name),
        progress=lambda step, of: steps.append((step, of)),
        warn=lambda text: None,
        tempo=120.0,
        beats=4,
        seed=1,
    )
    clip = engine.run(Generate(seconds=0.5, steps=4), context)
    assert clip.samples.shape == (22_050, 2)
    assert np.isfinite(clip.samples).all()
    assert np.abs(clip.samples).max() > 1e-3
    assert steps[-1][0] == steps[-1][1]


def test_an_interrupted_run_ends_where_an_unbroken_one_does(sounds, tmp_path):
    toml = recipe(tmp_path / "v.toml", "vocoder", 12)
    train("vocoder", sounds, tmp_path / "whole", lambda line: None, toml, "cpu")
    short = recipe(tmp_path / "short.toml", "vocoder", 5)
    train("vocoder", sounds, tmp_path / "cut", lambda line: None, short, "cpu")
    said = []
    train("vocoder", sounds, tmp_path / "cut", said.append, toml, "cpu")
    assert "resumed at step 5" in said
    whole, cut = (load(tmp_path / name) for name in ("whole", "cut"))
    for name in ("vocoder", "features"):
        a, b = (getattr(model, name).state_dict() for model in (whole, cut))
        assert all(torch.equal(a[key], b[key]) for key in a), name


def test_ctrl_c_leaves_a_checkpoint_that_is_gone_on_from(sounds, tmp_path, capsys, monkeypatch):
    toml = recipe(tmp_path / "v.toml", "vocoder", 100_000)
    words = ["train", "--part", "2023-vocoder", "--data", str(sounds)]
    words += ["--out", str(tmp_path / "out"), "--recipe", str(toml)]
    lines = []

    def stop_at_the_first(line):
        if not lines:
            signal.raise_signal(signal.SIGINT)
        lines.append(line)

    with monkeypatch.context() as patched:
        patched.setattr(commands2023, "_print_line", stop_at_the_first)
        assert main(words) == 130
    assert "goes on from it" in lines[-1]
    assert (tmp_path / "out" / WEIGHTS).exists()
    checkpoint = tmp_path / "out" / "checkpoint-2023-vocoder.pt"
    stopped = torch.load(checkpoint, weights_only=True)["step"]
    assert stopped == 20
    assert main([*words, "--minutes", "0.0001"]) == 0  # all of them are over
    assert "more --minutes" in capsys.readouterr().out
    assert torch.load(checkpoint, weights_only=True)["step"] == stopped
    seconds = torch.load(checkpoint, weights_only=True)["seconds"]
    assert main([*words, "--minutes", str(2 * seconds / 60)]) == 0
    assert stopped < torch.load(checkpoint, weights_only=True)["step"] < 100_000


def test_16_bit_training_falls_as_well(sounds, tmp_path):
    toml = recipe(tmp_path / "v.toml", "vocoder", 40, precision=16)
    train("vocoder", sounds, tmp_path / "out", lambda line: None, toml, "cpu")
    seen = losses(tmp_path / "out", "vocoder")
    assert seen[-1] < seen[0]
    with _precision(torch.device("cpu"), 32):
        product = torch.ones(4, 4) @ torch.ones(4, 4)
    assert product.dtype == torch.float32


def test_the_recipes_hold_the_papers_numbers():
    vocoder = read_recipe(RECIPES / "msanii2023-vocoder.toml", "vocoder")
    unet = read_recipe(RECIPES / "msanii2023-unet.toml", "unet")
    assert vocoder.network == Vocoder2023Config()
    assert unet.network == UNet2023Config()
    assert vocoder.audio == AudioConfig(sample_rate=44_100, audio_length=523_264, channels=2)
    assert unet.audio == AudioConfig(sample_rate=44_100, audio_length=8_387_584, channels=2)
    assert unet.ema == EmaConfig(start=2000, decay=0.995, every=10)
    same = {"rate": 2e-4, "betas": (0.5, 0.999), "warm_up": 500, "precision": 16}
    expected = OptimiserConfig(steps=40_000, batch=8, warm_up_factor=1 / 3, loss="spectral", **same)
    assert vocoder.training == expected
    assert unet.training == replace(expected, steps=110_000, batch=4, loss="squared")
    assert vocoder.features.hop == 1024
    assert unet.features == vocoder.features


@pytest.mark.parametrize("part", ["vocoder", "unet"])
def test_the_small_recipes_can_be_read(part):
    small = read_recipe(RECIPES / f"msanii2023-small-{part}.toml", part)
    assert small.training.steps < 2_000
    assert small.audio.audio_length == 127 * small.features.hop


@pytest.mark.parametrize("part", ["vocoder", "unet"])
def test_every_line_of_a_recipe_has_its_source(part):
    lines = (RECIPES / f"msanii2023-{part}.toml").read_text().splitlines()
    ours = {"clip", "every", "seed", "minutes"}
    numbers = {field.name for field in fields(OptimiserConfig)} - ours
    for line in lines:
        key = line.partition(" = ")[0]
        if "=" in line and not line.startswith("#") and key not in ours:
            assert any(word in line for word in ("table 1", "table 2", "2.1,", "2.2.2")), line
            numbers.discard(key)
    assert not numbers


def test_recipes_that_cannot_be_are_refused(tmp_path):
    good = recipe(tmp_path / "good.toml", "unet", 4).read_text()
    for old, new, words in (
        ("[ema]", "[average]", "tables must be"),
        ("width = 16", "breadth = 16", "breadth"),
        ("hop = 256", "hop = 128", "half of n_fft"),
        ("\nsteps = 4\n", "\n", "steps"),
        ("'squared'", "'spectral'", "loss must be"),
        ("precision = 32", "precision = 8", "precision"),
        ('"cosine"', '"linear"', "cosine"),
        ("[data]", "[data", "cannot read"),
    ):
        (tmp_path / "bad.toml").write_text(good.replace(old, new))
        with pytest.raises(ConfigError, match=words):
            read_recipe(tmp_path / "bad.toml", "unet")


def test_data_and_folders_that_do_not_fit_are_refused(sounds, tmp_path):
    toml = recipe(tmp_path / "u.toml", "unet", 4)
    with pytest.raises(ConfigError, match="holds no vocoder"):
        train("unet", sounds, tmp_path / "new", lambda line: None, toml, "cpu")
    with pytest.raises(ConfigError, match="holds no audio"):
        find_audio(tmp_path, AudioConfig(sample_rate=44_100, audio_length=8, channels=2))
    with pytest.raises(ConfigError, match="44100 Hz"):
        find_audio(sounds, AudioConfig(sample_rate=48_000, audio_length=8, channels=2))


def test_short_files_are_followed_by_silence(sounds):
    files = find_audio(sounds, AudioConfig(sample_rate=44_100, audio_length=40_000, channels=2))
    crops = files.draw(2, np.random.default_rng(0))
    assert crops.shape == (2, 2, 40_000)
    assert not crops[..., 30_000:].any()
    assert crops[..., :30_000].any()


def test_losses_have_their_closed_forms():
    true = torch.tensor([[3.0, 4.0]])
    assert spectral_convergence(true * 1.5, true).item() == pytest.approx(0.5)
    assert log_magnitude(true * math.e, true).item() == pytest.approx(1.0, abs=1e-5)
    clean = torch.zeros(64, 1, 4, 4)
    args = (clean, cosine_alpha_bars().float(), torch.Generator().manual_seed(0))
    # Nothing predicted: the error is the noise itself, of mean square 1.
    assert noise_loss(lambda x, t: 0 * x, *args, "squared").item() == pytest.approx(1.0, abs=0.1)
    bars = cosine_alpha_bars().float()
    exact = noise_loss(
        lambda x, t: x / (1 - bars[t]).sqrt()[:, None, None, None], *args, "absolute"
    )
    assert exact.item() < 1e-3


def test_midi_is_rendered_to_flac(tmp_path, capsys):
    if shutil.which("fluidsynth") is None:
        pytest.skip("needs apt-get install fluidsynth")
    found = [Path("/usr/share/sounds/sf2/sf_GMbank.sf2"), *Path("/usr/share/sounds").rglob("*.sf2")]
    soundfont = next((path for path in found if path.exists()), None)
    if soundfont is None:
        pytest.skip("needs a soundfont: apt-get install csound-soundfont")
    midi = mido.MidiFile()
    track = mido.MidiTrack(
        [
            mido.Message("note_on", note=60, velocity=100),
            mido.Message("note_off", note=60, time=480),
        ]
    )
    midi.tracks.append(track)
    (tmp_path / "songs" / "deep").mkdir(parents=True)
    midi.save(tmp_path / "songs" / "deep" / "one.MID")
    (tmp_path / "songs" / "broken.mid").write_bytes(b"MThd nothing of the kind")
    words = ["data", "render", str(tmp_path / "songs"), "--soundfont", str(soundfont)]
    assert main(words) == 1
    wave, rate = soundfile.read(tmp_path / "songs-flac" / "deep" / "one.flac")
    assert rate == 44_100
    assert wave.shape[1] == 2
    assert len(wave) > 22_050
    assert 0.8 < np.abs(wave).max() < 0.9
    assert "broken.mid" in capsys.readouterr().err
    (tmp_path / "songs" / "broken.mid").unlink()
    assert main(words) == 0  # what is there stays
    assert main(["data", "render", str(tmp_path / "songs-flac")]) == 2
