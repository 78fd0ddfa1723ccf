"""Fine-tuning on a folder of loops: the data set, a few steps of each training, and an engine."""

import copy
import json
import signal
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file

from msanii_live.cli import main
from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.dsp.vocoders.vocos import Vocos, VocosConfig
from msanii_live.dsp.vocoders.vocos import load as load_vocoder
from msanii_live.dsp.vocoders.vocos import save as save_vocoder
from msanii_live.engines.base import standalone_context
from msanii_live.engines.mel_flow.engine import WEIGHTS, MelFlowEngine
from msanii_live.engines.mel_flow.network import FlowConfig, FlowNet
from msanii_live.engines.mel_flow.weights import FlowModel, save
from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import ConfigError
from msanii_live.protocol.commands import Generate
from msanii_live.training.commands import train
from msanii_live.training.data import dataset, loops
from msanii_live.training.data.batches import Batch
from msanii_live.training.options import TrainingOptions
from msanii_live.training.trainers import shortcut, vocoder
from msanii_live.training.trainers.flow import seeded_batch
from msanii_live.training.trainers.loop import TrainingInterrupted
from tests.dsp.test_beats import clicks

SPEC = MelSpec(mels=8)
TINY = FlowConfig(mels=8, width=32, blocks=2, heads=2, window=64, detail_width=16, detail_blocks=1)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Twelve files: a tempo in a name, another rate, mono, a broken one, and none of ours."""
    source, built = tmp_path_factory.mktemp("loops"), tmp_path_factory.mktemp("set")
    soundfile.write(source / "dub_124bpm_Am.wav", clicks(124.0, 7.742), 44_100)
    soundfile.write(source / "house keys.flac", clicks(120.0, 16.0), 44_100)
    soundfile.write(source / "slow.wav", clicks(90.0, 5.0)[::2, :1], 22_050)
    for number in range(8):
        soundfile.write(source / f"z{number}.wav", clicks(100.0 + number, 4.0), 44_100)
    (source / "broken.wav").write_bytes(b"RIFF not audio")
    (source / "notes.txt").write_text("not a sound")
    torch.manual_seed(0)
    model = FlowModel(FlowNet(TINY), SPEC, torch.full((2, 8, 1), -4.0), torch.full((2, 8, 1), 2.0))
    lines = []
    count = loops.build_from_files(source, built, model, "", lines.append)
    return count, lines, dataset.load(built), model


def test_files_become_entries_with_their_metadata(own):
    count, lines, data, _ = own
    assert count == len(data.entries) == 11
    assert any("left out broken.wav" in line for line in lines)
    named, keys, slow = data.entries[:3]
    assert (named.tempo, named.style) == (124.0, "")
    assert named.key == 21  # A minor
    assert keys.style == "house"
    assert keys.tempo == pytest.approx(120.0, rel=0.01)
    assert slow.tempo == pytest.approx(90.0, rel=0.01)
    assert all(e.frames >= loops.MIN_SECONDS * 44_100 for e in data.entries)  # loops are repeated
    assert [e.split for e in data.entries].count("validation") == 1
    assert data.mels.shape[0] == sum(e.mel_frames for e in data.entries)
    assert data.waves.shape[0] == sum(e.frames for e in data.entries)
    assert len(named.onsets) > 10


def test_a_folder_without_audio_is_refused_with_the_remedy(tmp_path, own):
    with pytest.raises(ConfigError, match=r"put .*\.wav.* files there"):
        loops.build_from_files(tmp_path, tmp_path / "out", own[3], "", lambda _: None)


def test_few_steps_are_learnt_and_plain_flow_is_not_forgotten(own, tmp_path):
    _, _, data, model = own
    torch.manual_seed(0)
    teacher = copy.deepcopy(model.net)
    for parameter in teacher.parameters():  # else its output layer is zero and all jumps are alike
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.3)
    recipe = shortcut.ShortcutRecipe(
        steps=40, decay=10, batch=8, warm_up=4, every=20, rate=3e-3, plain=0.34, ema=0.9
    )
    lines = []
    student = shortcut.train_shortcut(data, recipe, teacher, tmp_path, lines.append)
    assert sum("validation" in line for line in lines) == 2

    batch = seeded_batch(data, recipe, TINY, 999)
    noise = torch.randn(batch.x.shape, generator=torch.Generator().manual_seed(5))
    context, levels = batch.x * batch.mask, (torch.full((8,), 0.9), torch.full((8,), 0.6))
    x = 0.1 * batch.x + 0.9 * noise
    with torch.no_grad():
        target = shortcut.jump_target(teacher, teacher, batch, x, context, 4, levels)

        def errors(net):
            given = (x, levels[0], context, batch.mask, batch.conditions)
            jump = (net(*given, levels[1]) - target).square().mean()
            plain = (net(*given, levels[0]) - batch.x).square().mean()
            return jump.item(), plain.item()

        (jump, plain), (jump_before, plain_before) = errors(student), errors(teacher)
    assert jump < 0.9 * jump_before
    assert plain < plain_before


class LinearFlow:
    """A network that predicts `share * x`; its flow is x(t) = x(now) (t / now) ** (1 - share)."""

    def __init__(self, share):
        self.share, self.ends = share, []

    def __call__(self, x, now, context, mask, conditions, to=None):
        self.ends.append(None if to is None else round(float(to[0]), 4))
        return self.share * x


def test_the_target_of_a_jump_is_where_small_steps_end():
    x, share = torch.randn(2, 1, 1, 4), 0.5
    batch = Batch(x, torch.zeros(2, 1, 1, 4), None)
    now, to = torch.full((2,), 0.9), torch.full((2,), 0.5)
    teacher, average = LinearFlow(share), LinearFlow(share)
    target = shortcut.jump_target(teacher, average, batch, x, x, 4, (now, to))
    end = shortcut.jump_to(x, target, now, to)
    exact = x * (0.5 / 0.9) ** (1 - share)
    one_jump = shortcut.jump_to(x, share * x, now, to)
    assert (end - exact).norm() < 0.4 * (one_jump - exact).norm()
    assert teacher.ends == [None] * 4
    assert not average.ends


def test_the_fewest_steps_are_learnt_from_two_jumps_of_the_average():
    x = torch.randn(2, 1, 1, 4)
    batch = Batch(x, torch.zeros(2, 1, 1, 4), None)
    now, to = torch.ones(2), torch.zeros(2)
    teacher, average = LinearFlow(0.5), LinearFlow(0.5)
    target = shortcut.jump_target(teacher, average, batch, x, x, 1, (now, to))
    assert not teacher.ends
    middle, last = average.ends
    assert 0 < middle < 1
    assert last == 0
    assert torch.allclose(target, 0.5 * (0.5 + 0.5 * middle) * x, atol=1e-4)


def test_a_jump_lands_where_small_steps_of_a_straight_flow_do():
    clean = torch.randn(2, 1, 1, 4)
    x = torch.randn(2, 1, 1, 4)
    now, middle, to = (torch.full((2,), level) for level in (0.9, 0.6, 0.3))
    once = shortcut.jump_to(x, clean, now, to)
    twice = shortcut.jump_to(shortcut.jump_to(x, clean, now, middle), clean, middle, to)
    assert torch.allclose(once, twice, atol=1e-6)


def test_the_vocoder_learns_is_saved_and_serves(own, tmp_path):
    _, _, data, _ = own
    recipe = vocoder.VocoderRecipe(
        steps=12, decay=4, batch=2, crop=32, warm_up=2, every=6, rate=2e-3
    )
    config = VocosConfig(width=16, blocks=2)
    lines = []
    net = vocoder.train_vocoder(data, recipe, config, tmp_path, lines.append)
    values = [float(line.split("validation ")[1].split()[0]) for line in lines if "valid" in line]
    assert values[-1] < values[0]
    save_vocoder(tmp_path / "v.safetensors", net)
    again = load_vocoder(tmp_path / "v.safetensors", torch.device("cpu"))
    mel = torch.randn(1, 8, 40) - 4
    assert again(mel).shape == (1, 40, 1_025)
    assert torch.allclose(again(mel).abs(), net(mel).abs(), rtol=0.05, atol=1e-3)


def test_a_vocoder_chunk_with_context_equals_the_whole():
    torch.manual_seed(0)
    net = Vocos(VocosConfig(width=16, blocks=2), SPEC).eval()
    mel = torch.randn(1, 8, 60) - 4
    with torch.no_grad():
        whole = net(mel)[:, 20:40]
        part = net(mel[:, :, 20 - net.reach : 40 + net.reach])[:, net.reach : -net.reach]
    assert torch.allclose(whole, part, atol=1e-4)


def test_ctrl_c_keeps_the_step_under_way_and_the_same_command_goes_on(own, tmp_path):
    _, _, data, _ = own
    recipe = vocoder.VocoderRecipe(steps=400, decay=1, batch=1, crop=32, warm_up=1, every=400)
    config = VocosConfig(width=16, blocks=1)
    with pytest.raises(TrainingInterrupted, match="stopped at step 50"):
        vocoder.train_vocoder(
            data, recipe, config, tmp_path, lambda line: signal.raise_signal(signal.SIGINT)
        )  # the first line is that of step 50
    step = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"]
    lines = []
    short = vocoder.VocoderRecipe(steps=step + 1, decay=1, batch=1, crop=32, warm_up=1)
    vocoder.train_vocoder(data, short, config, tmp_path, lines.append)
    assert lines[0] == f"resumed at step {step}"


def test_bands_are_trained_from_the_command_line_and_taken_by_an_engine(own, tmp_path, capsys):
    _, _, data, model = own
    recipe, out = tmp_path / "bands.toml", tmp_path / "out"
    recipe.write_text(
        "[training]\nsteps = 3\ndecay = 1\nbatch = 1\nwarm_up = 1\ncrop = 24\nevery = 2\n"
        "critics_from = 1\n[network]\nwidth = 16\nleast = 8\nfilters = 4\ntaps = 31\n"
    )
    folder = Path(data.mels.filename).parent
    words = ["train", "--data", str(folder), "--part", "bands", "--recipe", str(recipe)]
    assert main([*words, "--out", str(out)]) == 0
    assert "--vocoder bands" in capsys.readouterr().out
    trained = load_file(out / "bands.safetensors")
    (out / "bands.safetensors").unlink()
    assert main([*words, "--out", str(out)]) == 0  # at its end already: only the file is missing
    again = load_file(out / "bands.safetensors")
    assert all(torch.equal(again[name], tensor) for name, tensor in trained.items())
    save(out / WEIGHTS, model)
    engine = MelFlowEngine("cpu", out / WEIGHTS, vocoder="bands")
    clip = engine.run(Generate(seconds=0.5, steps=1), standalone_context())
    assert clip.info.frames == 22_050
    assert np.isfinite(clip.samples).all()


def test_the_shipped_weights_and_vocoder_share_their_features():
    from msanii_live.engines.mel_flow.weights import load

    model = load(SHIPPED_WEIGHTS / WEIGHTS, torch.device("cpu"))
    net = load_vocoder(SHIPPED_WEIGHTS / "vocos.safetensors", torch.device("cpu"))
    assert model.spec == net.spec
    assert np.isfinite(model.mean.numpy()).all()


@pytest.mark.parametrize("part", ["flow", "vocoder", "bands"])
def test_a_folder_trained_for_moments_can_be_played_from_the_start(own, tmp_path, part):
    _, _, data, model = own
    network = "width = 16\nleast = 8\nfilters = 4\ntaps = 31\n" if part == "bands" else ""
    network = "width = 16\nblocks = 1\n" if part == "vocoder" else network
    extra = "crop = 32\n" if part in ("vocoder", "bands") else ""
    recipe, begin, out = tmp_path / "r.toml", tmp_path / "begin", tmp_path / "out"
    recipe.write_text(
        f"[training]\nsteps = 10_000\ndecay = 1\nbatch = 3\nwarm_up = 1\n{extra}"
        f"[network]\n{network}"
    )
    begin.mkdir()
    out.mkdir()
    save(begin / WEIGHTS, model)
    save_vocoder(out / "vocos.safetensors", Vocos(VocosConfig(width=16, blocks=1), SPEC))
    options = TrainingOptions(
        Path(data.mels.filename).parent, out, recipe, str(begin), part, minutes=0.01
    )
    assert train(options) == 0
    steps = [json.loads(line)["step"] for line in (out / "log.jsonl").read_text().splitlines()]
    assert len(steps) == 1  # the end by the clock, long before the steps
    assert 0 < steps[0] < 10_000
    if part == "flow":
        samples = sorted(path.name for path in (out / "samples").iterdir())
        assert samples == ["step-000000.wav", f"step-{steps[0]:06}.wav"]
    clip = (
        EngineRegistry("cpu", str(out))
        .get()
        .run(Generate(seconds=0.5, steps=1), standalone_context())
    )
    assert clip.info.frames == 22_050
