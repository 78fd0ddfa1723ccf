"""Check Spectrogram Diffusion against diffusers' pipeline, at tiny size."""

import importlib
import json
import sys
import types
import warnings
from random import Random
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from msanii_live.engines.base import Context
from msanii_live.engines.registry import EngineRegistry
from msanii_live.engines.spectrogram_diffusion import log_mel
from msanii_live.engines.spectrogram_diffusion.encoders import (
    ContextEncoder,
    EncoderConfig,
    NotesEncoder,
)
from msanii_live.engines.spectrogram_diffusion.pipeline import denormalize, normalize
from msanii_live.engines.spectrogram_diffusion.tokens import (
    VOCABULARY,
    TokenWindows,
    published_program,
    tokens,
)
from msanii_live.engines.spectrogram_diffusion.weights import load
from msanii_live.errors import CommandError
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import Render

pytestmark = pytest.mark.slow

SIZE = {"d_model": 16, "num_layers": 2, "num_heads": 2, "d_kv": 8, "d_ff": 24, "dropout_rate": 0.1}
HOME = "diffusers.pipelines.deprecated.spectrogram_diffusion"


def extended_mask(self, mask, shape):
    """What diffusers asks of its base class, and transformers no longer has since 5.13 or so."""
    return (1.0 - mask[:, None, None].float()) * torch.finfo(torch.float32).min


@pytest.fixture(scope="module")
def theirs():
    """diffusers' modules; its tokenizer asks note_seq for constants and a name, nothing else."""
    constants = types.ModuleType("note_seq")
    limits = {"MIN_MIDI_PITCH": 0, "MIN_MIDI_PROGRAM": 0}
    limits |= {f"MAX_MIDI_{name}": 127 for name in ("PITCH", "PROGRAM", "VELOCITY")}
    vars(constants).update(limits, NoteSequence=object)
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        from diffusers import DDPMScheduler, T5FilmDecoder, utils

        patch.setitem(sys.modules, "note_seq", constants)
        patch.setattr(utils, "is_note_seq_available", lambda: True)
        parts = {
            name: importlib.import_module(f"{HOME}.{name}")
            for name in ("notes_encoder", "continuous_encoder", "midi_utils")
        }
        for kind in (
            parts["notes_encoder"].SpectrogramNotesEncoder,
            parts["continuous_encoder"].SpectrogramContEncoder,
        ):
            if not hasattr(kind, "get_extended_attention_mask"):
                patch.setattr(kind, "get_extended_attention_mask", extended_mask, raising=False)
        pipeline = importlib.import_module(f"{HOME}.pipeline_spectrogram_diffusion")
        yield SimpleNamespace(
            **parts, pipeline=pipeline, DDPMScheduler=DDPMScheduler, T5FilmDecoder=T5FilmDecoder
        )


def build(theirs, kind="gated-gelu", **schedule):
    torch.manual_seed(3)
    encoder = {**SIZE, "feed_forward_proj": kind}
    notes = theirs.notes_encoder.SpectrogramNotesEncoder(
        max_length=2_048, vocab_size=VOCABULARY + 10, **encoder
    )
    context = theirs.continuous_encoder.SpectrogramContEncoder(
        input_dims=128, targets_context_length=256, **encoder
    )
    decoder = theirs.T5FilmDecoder(max_decoder_noise_time=20_000.0, **SIZE)
    for module in (notes, context, decoder):
        module.eval()
        for parameter in module.parameters():  # so that no layer is nothing at the start
            torch.nn.init.normal_(parameter, std=0.2)
    settings = {"beta_schedule": "squaredcos_cap_v2", "variance_type": "fixed_large", **schedule}
    return theirs.pipeline.SpectrogramDiffusionPipeline(
        notes, context, decoder, theirs.DDPMScheduler(**settings), melgan=None
    )


def music(seconds, drums=False):
    rng = Random(4)
    notes = []
    for _ in range(int(9 * seconds)):
        start = rng.uniform(0, seconds - 0.3)
        end = min(seconds, start + rng.choice((0.1, 0.25, 1.7, 6.0)))
        program, pitch = rng.choice((0, 1, 25, 48, 127)), rng.randint(30, 90)
        notes.append(Note(start, end, pitch, rng.randint(1, 127), program))
    notes.append(Note(0.0, seconds, 40, 90, 19))
    if drums:
        notes += [Note(t / 2, t / 2 + 0.1, 36, 90, 0, drum=True) for t in range(int(2 * seconds))]
    return notes


def their_tokens(theirs, notes):
    """Run diffusers' own steps on notes as note_seq would hand them over."""
    m = theirs.midi_utils
    held = [
        SimpleNamespace(
            start_time=n.start, end_time=n.end, pitch=n.pitch, velocity=n.velocity,
            program=n.program if n.drum else m.program_to_slakh_program(n.program),
            is_drum=n.drum,
        )
        for n in notes
    ]  # fmt: skip
    processor = m.MidiProcessor()
    total = max(n.end for n in notes)
    _, frame_times = m.audio_to_frames(np.zeros(int(total * 16_000)), 320, 50)
    times, values = m.note_sequence_to_onsets_and_offsets_and_programs(SimpleNamespace(notes=held))
    windows = m.encode_and_index_events(
        state=m.NoteEncodingState(), event_times=times, event_values=values,
        frame_times=frame_times, codec=processor.codec,
        encode_event_fn=m.note_event_data_to_events,
        encoding_state_to_events_fn=m.note_encoding_state_to_events,
    )  # fmt: skip
    config = processor.note_representation_config
    chained = [m.note_representation_processor_chain(w, processor.codec, config) for w in windows]
    return [processor.tokenizer.encode([int(t) for t in w["inputs"]]) for w in chained]


@pytest.mark.parametrize("drums", [False, True])
@pytest.mark.parametrize("seconds", [1.0, 5.12, 5.3, 16.0])
def test_tokens_are_diffusers_own(theirs, seconds, drums):
    notes = music(seconds, drums)
    assert tokens(notes, seconds, TokenWindows()) == their_tokens(theirs, notes)


def test_a_window_with_too_many_events_is_cut_off():
    crowd = [Note(n / 1_000, n / 1_000 + 0.5, n % 128, 90, n % 128) for n in range(4_000)]
    windows = tokens(crowd, 5.0, TokenWindows(length=256))
    assert [len(w) for w in windows] == [256]
    assert windows[0][-1] == 1


def test_every_program_has_a_published_one():
    assert all(published_program(program) <= program for program in range(128))


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("gated-gelu", {}),
        ("relu", {"beta_schedule": "scaled_linear", "variance_type": "fixed_small_log"}),
        ("relu", {"timestep_spacing": "trailing", "prediction_type": "v_prediction"}),
        ("relu", {"timestep_spacing": "linspace", "prediction_type": "sample"}),
        ("relu", {"clip_sample": False, "steps_offset": 1}),
        ("relu", {"thresholding": True}),
    ],
)
def test_a_folder_gives_the_outputs_of_the_diffusers_pipeline(theirs, tmp_path, kind, settings):
    pipeline = build(theirs, kind, **settings)
    pipeline.set_progress_bar_config(disable=True)
    windows = tokens(music(11.0), 11.0, TokenWindows())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline.save_pretrained(tmp_path)
        generator = torch.Generator().manual_seed(9)
        true = pipeline(windows, generator, num_inference_steps=5, output_type="mel").audios[0]
    model = load(tmp_path, torch.device("cpu"))
    steps = []
    made = model.generate(
        windows, torch.Generator().manual_seed(9), steps=5, on_step=lambda: steps.append(1)
    ).numpy()
    assert made.shape == true.shape == (3 * 256, 128)
    assert np.abs(made - true).max() < 1e-4 * max(1.0, np.abs(true).max())
    assert len(steps) == 3 * 5


def test_each_network_gives_the_outputs_of_diffusers(theirs, tmp_path):
    pipeline = build(theirs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline.save_pretrained(tmp_path, safe_serialization=False)
    model = load(tmp_path, torch.device("cpu"))
    window = torch.tensor(tokens(music(9.0, drums=True), 9.0, TokenWindows())[1:2])
    mel, mask = torch.randn(1, 256, 128), torch.ones(1, 256, dtype=torch.bool)
    mask[:, 100:] = False
    with torch.no_grad():
        true = pipeline.encode(window.int(), mel, mask)
        made = model.encode(window, mel, mask)
        for (a, _), (b, _) in zip(made, true, strict=True):
            assert torch.allclose(a, b, atol=1e-5)
        noisy = torch.randn(1, 256, 128)
        a = model.decoder(made, noisy, torch.full((1,), 0.37))
        b = pipeline.decode(true, noisy, torch.full((1,), 0.37))
    assert torch.allclose(a, b, atol=1e-4)


def test_an_exception_ends_the_generation_after_a_step(theirs, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        build(theirs).save_pretrained(tmp_path)
    model, steps = load(tmp_path, torch.device("cpu")), []

    def on_step():
        steps.append(1)
        if len(steps) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.generate([[1]], torch.Generator().manual_seed(0), steps=50, on_step=on_step)
    assert len(steps) == 3


def test_folders_that_are_none_are_refused(theirs, tmp_path):
    device = torch.device("cpu")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nowhere", device)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        build(theirs).save_pretrained(tmp_path)
    weights = tmp_path / "decoder" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1_000])
    with pytest.raises(ValueError, match="decoder"):
        load(tmp_path, device)
    index = tmp_path / "model_index.json"
    index.write_text(index.read_text().replace("SpectrogramDiffusionPipeline", "Other"))
    with pytest.raises(ValueError, match="no folder"):
        load(tmp_path, device)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("beta_schedule", "unheard-of"),
        ("variance_type", "learned_range"),
        ("prediction_type", "flow"),
    ],
)
def test_scheduler_settings_that_are_not_supported_are_refused(theirs, tmp_path, name, value):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        build(theirs).save_pretrained(tmp_path)
    path = tmp_path / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    with pytest.raises(ValueError, match=f"{name} is '{value}'"):
        load(tmp_path, torch.device("cpu"))


def test_the_published_size_by_configuration(theirs):
    config = EncoderConfig()
    with torch.device("meta"):
        networks = (
            NotesEncoder(config, vocabulary=1_536, max_length=2_048),
            ContextEncoder(config, mels=128, mel_frames=256),
            theirs.T5FilmDecoder(max_decoder_noise_time=20_000.0),
        )
    count = sum(p.numel() for network in networks for p in network.parameters())
    assert 400e6 < count < 430e6


def test_a_wave_is_found_for_a_log_mel():
    t = torch.arange(32_000) / 16_000
    wave = sum(0.1 * torch.sin(2 * torch.pi * f * t) for f in (220.0, 660.0, 1_500.0))
    mel = log_mel.log_mel(wave)
    assert mel.shape == (100, 128)
    calls = []
    made = log_mel.invert_log_mel(mel, torch.Generator().manual_seed(1), lambda: calls.append(1))
    assert made.shape == wave.shape
    assert len(calls) == log_mel.PHASE_ITERATIONS
    loud = mel[2:-2] > mel.max() - 5
    assert (log_mel.log_mel(made)[2:-2] - mel[2:-2])[loud].abs().mean() < 0.3


def test_a_folder_is_served_as_an_engine(theirs, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        build(theirs).save_pretrained(tmp_path / "mine")
    registry = EngineRegistry("cpu", str(tmp_path / "mine"))
    engine = registry.get()
    assert engine.name == "mine"
    assert registry.serving("", "/msanii/render") is engine
    steps = []
    context = Context(
        clip=lambda name: None, progress=lambda *at: steps.append(at), warn=lambda text: None,
        tempo=120.0, beats=4, seed=5, score=lambda name: Score(tuple(music(6.0)), 6.0, bpm=90.0),
    )  # fmt: skip
    engine.warm()
    clip = engine.run(Render(midi="song", steps=3, timbre="strings"), context)
    assert clip.samples.shape == (6 * 44_100, 2)
    assert np.isfinite(clip.samples).all()
    assert clip.info.bpm == 90.0
    assert steps[-1] == (2 * 3 + log_mel.PHASE_ITERATIONS,) * 2
    with pytest.raises(CommandError, match="kazoo"):
        engine.run(Render(midi="song", timbre="kazoo"), context)


def test_normalization_is_undone_and_clips():
    mel = torch.tensor([-11.0, 0.0, 4.0])
    assert torch.allclose(denormalize(normalize(mel)), mel, atol=1e-6)
    assert normalize(torch.tensor([99.0, -99.0])).tolist() == [1.0, -1.0]
