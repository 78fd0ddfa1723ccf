"""Vocoders by name: over OSC with an engine that has its own, and errors where one is missing."""

import shutil

import numpy as np
import pytest
import soundfile
import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.vocoders import multiband, registry
from msanii_live.dsp.vocoders.multiband import MultibandConfig, MultibandVocoder
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.base import standalone_context
from msanii_live.engines.mel2mel import engine as mel2mel_engine
from msanii_live.engines.mel_flow.engine import WEIGHTS, MelFlowEngine
from msanii_live.engines.note_diffusion import engine as note_diffusion_engine
from msanii_live.engines.note_diffusion.network import NoteDiffusion, NoteDiffusionConfig
from msanii_live.engines.note_diffusion.network import save as save_notes
from msanii_live.errors import CommandError
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import Generate, Render
from tests.engines.mel_flow.tiny import write_untrained
from tests.live import live

SPEC = MelSpec(mels=16)
SEAM = 2_048


def save_bands(folder, spec=SPEC):
    torch.manual_seed(1)
    net = MultibandVocoder(MultibandConfig(width=16, least=8, filters=4, taps=31), spec)
    multiband.save(folder / "bands.safetensors", net)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """A small untrained engine with vocoders of its own features."""
    folder = tmp_path_factory.mktemp("engine")
    write_untrained(folder, SPEC)
    save_bands(folder)
    return folder


@pytest.fixture
def nothing_ships(tmp_path, monkeypatch):
    """An installation without vocoders."""
    (tmp_path / "shipped").mkdir()
    monkeypatch.setattr(registry, "SHIPPED_WEIGHTS", tmp_path / "shipped")


def fails(call):
    with pytest.raises(CommandError) as failed:
        call()
    assert failed.value.code == "EENGINE"
    return str(failed.value)


# -- over OSC --------------------------------------------------------------------------------------


def read(fields):
    samples, _ = soundfile.read(str(fields[3]), dtype="float32", always_2d=True)
    return samples


@pytest.fixture(scope="module")
def server(engine, tmp_path_factory):
    flags = ("--device", "cpu", "--engine", str(engine), "--vocoder", "bands")
    with live(tmp_path_factory.mktemp("shared"), *flags) as it:
        rng = np.random.default_rng(0)
        chord = np.sin(np.arange(66_150)[:, None] * np.array([[0.03, 0.04]])) * 0.2
        noise = chord + 0.02 * rng.standard_normal((66_150, 2))
        soundfile.write(it.folder / "chord.wav", noise, 44_100, subtype="FLOAT")
        yield it


@pytest.mark.slow
def test_vocoders_sound_different_and_keep_the_length(server):
    made = {
        name: read(server.job("/msanii/vocode", f"v-{name}", "chord.wav", "vocoder", name))
        for name in ("bands", "vocos", "griffin-lim")
    }
    assert all(samples.shape == (66_150, 2) for samples in made.values())
    assert all(np.isfinite(samples).all() and samples.any() for samples in made.values())
    own = read(server.job("/msanii/vocode", "own", "chord.wav"))
    again = read(server.job("/msanii/vocode", "again", "chord.wav", "vocoder", "bands"))
    assert np.abs(own - again).max() < 0.01  # the server was started with it
    for other in ("vocos", "griffin-lim"):
        assert np.abs(own - made[other]).max() > 0.01


@pytest.mark.slow
def test_a_continuation_keeps_its_source_and_a_loop_its_bars(server):
    source, _ = soundfile.read(server.folder / "chord.wav", dtype="float32", always_2d=True)
    words = ("chord.wav", "seconds", 1, "steps", 2, "seed", 1)
    longer = read(server.job("/msanii/outpaint", "o", *words))
    assert longer.shape == (66_150 + 44_100, 2)
    assert np.array_equal(longer[: 66_150 - SEAM], source[:-SEAM])
    assert longer[66_150 + SEAM :].any()
    loop = read(server.job("/msanii/generate", "l", "bars", 1, "bpm", 121, "steps", 2, "seed", 1))
    assert loop.shape == (round(240 / 121 * 44_100), 2)


@pytest.mark.slow
def test_a_word_that_is_no_vocoder_is_answered_with_those_there_are(server):
    server.client.send("/msanii/vocode", "chord.wav", "vocoder", "wavenet", "id", "w")
    failed = server.client.wait(("/msanii/fail", "/msanii/job/done"), "w")
    assert failed.address == "/msanii/fail"
    assert "vocos, bands, griffin-lim" in failed.args[-1]


# -- where it is read, and where it cannot be ------------------------------------------------------


def test_only_what_is_asked_for_is_read(engine, tmp_path):
    for path in engine.iterdir():
        shutil.copy(path, tmp_path)
    (tmp_path / "bands.safetensors").write_bytes(b"broken")
    loaded = MelFlowEngine("cpu", tmp_path / WEIGHTS)
    loaded.load()
    text = fails(lambda: loaded.vocoder("bands"))
    assert "cannot load" in text
    assert "vocos or griffin-lim" in text
    assert loaded.vocoder("vocos").net is loaded.vocoder().net
    assert loaded.vocoder("griffin-lim").net is None
    (tmp_path / "vocos.safetensors").write_bytes(b"broken")
    MelFlowEngine("cpu", tmp_path / WEIGHTS, vocoder="griffin-lim").load()


def test_an_engine_that_is_freed_reads_its_vocoder_anew(engine):
    loaded = MelFlowEngine("cpu", engine / WEIGHTS, vocoder="bands")
    before = loaded.vocoder().net
    loaded.free()
    assert loaded.vocoder().net is not before


def test_one_beside_the_weights_comes_before_the_one_that_ships(engine, tmp_path, nothing_ships):
    save_bands(registry.SHIPPED_WEIGHTS)
    own = MelFlowEngine("cpu", engine / WEIGHTS, vocoder="bands")
    assert own.files == (engine / WEIGHTS, engine / "bands.safetensors")
    shutil.copy(engine / WEIGHTS, tmp_path)
    shipped = MelFlowEngine("cpu", tmp_path / WEIGHTS, vocoder="bands")
    assert shipped.files[1].parent == registry.SHIPPED_WEIGHTS
    shipped.load()
    assert MelFlowEngine("cpu", tmp_path / WEIGHTS, vocoder="griffin-lim").files == (
        tmp_path / WEIGHTS,
    )


def test_a_missing_one_fails_with_the_remedy(engine, tmp_path, nothing_ships):
    shutil.copy(engine / WEIGHTS, tmp_path)
    text = fails(MelFlowEngine("cpu", tmp_path / WEIGHTS, vocoder="bands").load)
    assert "bands.safetensors" in text
    assert str(tmp_path) in text
    assert "vocos or griffin-lim" in text


def test_one_for_other_features_fails_with_the_remedy(engine, tmp_path):
    shutil.copy(engine / WEIGHTS, tmp_path)
    save_bands(tmp_path, MelSpec(mels=24))
    text = fails(MelFlowEngine("cpu", tmp_path / WEIGHTS, vocoder="bands").load)
    assert "other features" in text
    assert "beside it as bands.safetensors" in text


@pytest.mark.skipif(
    not (SHIPPED_WEIGHTS / mel2mel_engine.WEIGHTS).exists(), reason="the weights are not there"
)
def test_notes_are_played_with_it(tmp_path):
    shutil.copy(SHIPPED_WEIGHTS / mel2mel_engine.WEIGHTS, tmp_path)
    save_bands(tmp_path, MelSpec())
    note = Note(0.1, 0.9, 60, 90)
    made = {}
    for name in ("bands", "griffin-lim"):
        player = mel2mel_engine.Mel2MelEngine(
            "cpu", tmp_path / mel2mel_engine.WEIGHTS, vocoder=name
        )
        context = standalone_context(score=lambda name: Score((note,), 1.5))
        made[name] = player.run(Render(midi="one", timbre="piano"), context).samples
    assert made["bands"].shape == made["griffin-lim"].shape
    assert np.isfinite(made["bands"]).all()
    assert np.abs(made["bands"] - made["griffin-lim"]).max() > 0.01
    (tmp_path / "bands.safetensors").unlink()
    save_bands(tmp_path, SPEC)
    text = fails(
        mel2mel_engine.Mel2MelEngine("cpu", tmp_path / mel2mel_engine.WEIGHTS, vocoder="bands").load
    )
    assert "other features" in text


def test_a_band_of_notes_is_played_with_it(tmp_path):
    torch.manual_seed(0)
    config = NoteDiffusionConfig(
        window=40, width=16, heads=2, inner=16, blocks=2, context_blocks=1, lane=2, detail=8,
        detail_blocks=1,
    )  # fmt: skip
    save_notes(tmp_path / note_diffusion_engine.WEIGHTS, NoteDiffusion(config, SPEC))
    save_bands(tmp_path)
    notes = (Note(0.1, 0.9, 60, 90), Note(0.2, 0.4, 38, 90, drum=True))
    made = {}
    for name in ("bands", "griffin-lim"):
        player = note_diffusion_engine.NoteDiffusionEngine(
            "cpu", tmp_path / note_diffusion_engine.WEIGHTS, vocoder=name
        )
        context = standalone_context(score=lambda name: Score(notes, 1.5))
        made[name] = player.run(Render(midi="two", steps=1), context).samples
    assert made["bands"].shape == made["griffin-lim"].shape == (66_150, 2)
    assert np.isfinite(made["bands"]).all()
    assert np.abs(made["bands"] - made["griffin-lim"]).max() > 0.01
    save_bands(tmp_path, MelSpec(mels=24))
    player = note_diffusion_engine.NoteDiffusionEngine(
        "cpu", tmp_path / note_diffusion_engine.WEIGHTS, vocoder="bands"
    )
    assert "other features" in fails(player.load)


@pytest.mark.slow
def test_the_one_that_ships_fits_the_engines_that_ship():
    flow = MelFlowEngine("cpu", vocoder="bands")
    clip = flow.run(Generate(seconds=1.0, steps=1, seed=1), standalone_context())
    assert clip.info.frames == 44_100
    mel2mel_engine.Mel2MelEngine("cpu", vocoder="bands").load()
