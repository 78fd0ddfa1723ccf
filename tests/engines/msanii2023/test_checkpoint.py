"""Check that checkpoints are read as they are and that nothing in a file is ever run."""

import os
import pickle
import sys
import types
from collections import OrderedDict, defaultdict
from pathlib import Path

import pytest
import torch

from msanii_live.engines.msanii2023 import CheckpointError, load, write
from msanii_live.engines.msanii2023.checkpoint import SAFE, WEIGHTS, CheckpointParts
from msanii_live.engines.msanii2023.features import Features2023, Features2023Config
from msanii_live.engines.msanii2023.unet import UNet2023, UNet2023Config
from msanii_live.engines.msanii2023.vocoder import Vocoder2023, Vocoder2023Config
from tests.engines.msanii2023.reference import CHECKPOINT, arrays, reference, relative_error


class Attack:
    def __init__(self, target: Path):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


def outputs(model):
    x, t, wave, mel = arrays("unet_x", "unet_t", "wave", "mel")
    noise, low = arrays("ddim_noise", "ddim04_noise")
    with torch.no_grad():
        return {
            "unet_y": model.unet(x, t),
            "mel": model.features.mel(wave),
            "mag": model.vocoder(mel),
            "inv_mel": model.features.inverse_mel(mel),
            "ddim_x0": model.sample(noise, 10, 1.0),
            "ddim04_x0": model.sample(low, 10, 0.4),
        }


def test_the_release_format_gives_the_2023_outputs() -> None:
    for name, actual in outputs(reference()).items():
        (expected,) = arrays(name)
        assert actual.dtype == torch.float32
        assert relative_error(actual, expected) <= 1e-5, name


def test_our_folder_gives_the_very_same(tmp_path) -> None:
    write(tmp_path, reference().parts)
    assert [path.name for path in tmp_path.iterdir()] == [WEIGHTS]
    before = outputs(reference())
    for model in (load(tmp_path), load(tmp_path / WEIGHTS), load(str(tmp_path))):
        assert model.unet.config == reference().unet.config
        assert model.features.config == reference().features.config
        for name, actual in outputs(model).items():
            assert torch.equal(actual, before[name]), name


def test_published_configurations_have_the_published_parameter_counts() -> None:
    with torch.device("meta"):
        networks = UNet2023(UNet2023Config()), Vocoder2023(Vocoder2023Config())
    counts = [sum(p.numel() for p in network.parameters()) for network in networks]
    assert counts == [49_878_016, 1_412_097]


def test_a_malicious_pickle_is_refused_and_not_run(tmp_path) -> None:
    target = tmp_path / "made-by-the-attack"
    saved = {"unet_config": Attack(target)}
    torch.save(saved, tmp_path / "zip.pt")
    (tmp_path / "bare.pt").write_bytes(pickle.dumps(saved, protocol=2))
    for name in ("zip.pt", "bare.pt"):
        with pytest.raises(CheckpointError, match=r"may be an attack|damaged") as refused:
            load(tmp_path / name)
        assert "weights_only=False" not in str(refused.value)  # torch's advice, which is bad here
    assert not target.exists()


def test_the_refusal_names_what_the_file_asked_for(tmp_path) -> None:
    torch.save({"unet_config": Attack(tmp_path / "no")}, tmp_path / "bad.pt")
    with pytest.raises(CheckpointError, match="mkdir"):
        load(tmp_path / "bad.pt")


def test_what_is_no_checkpoint_is_refused_with_a_reason(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.pt")
    with pytest.raises(FileNotFoundError, match=WEIGHTS):
        load(tmp_path)
    files = {
        "text.pt": b"hello",
        "empty.pt": b"",
        "half.pt": CHECKPOINT.read_bytes()[:200_000],
        "text.safetensors": b"hello there",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CheckpointError, match=name):
            load(tmp_path / name)
    torch.save({"model": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(CheckpointError, match="no 2023 checkpoint that is understood"):
        load(tmp_path / "other.pt")


def changed(tmp_path: Path, part: str, **values: object) -> Path:
    names = [(kind, name) for kind, name in SAFE if name.endswith("FrozenDict")]
    with torch.serialization.safe_globals(names):
        saved = torch.load(CHECKPOINT, weights_only=True)
    saved[part] = {**saved[part], **values}
    torch.save(saved, tmp_path / "changed.pt")
    return tmp_path / "changed.pt"


def test_configurations_that_are_not_known_are_refused(tmp_path) -> None:
    for part, values, words in (
        ("unet_config", {"dilations": [1, 2]}, "one entry a level"),
        ("unet_config", {"dilations": [1, 0, 1]}, "at least 1"),
        ("unet_config", {"d_base": 64}, "size mismatch"),
        ("transforms_config", {"hop_length": 512}, "hop 512"),
        ("scheduler_config", {"prediction_type": "v_prediction"}, "prediction_type"),
        ("scheduler_config", {"beta_schedule": "linear"}, "beta_schedule"),
    ):
        with pytest.raises(CheckpointError, match=words):
            load(changed(tmp_path, part, **values))


@torch.inference_mode()
def test_dilations_are_those_of_the_checkpoint(tmp_path) -> None:
    """A dilated kernel is a larger one with zeros between its numbers."""
    path = changed(tmp_path, "unet_config", dilations=[1, 3, 2])
    model = load(path)
    assert model.unet.config.dilations == (1, 3, 2)
    (x, t) = arrays("unet_x", "unet_t")
    dilated = model.unet(x, t)
    plain = load(CHECKPOINT).unet
    assert relative_error(dilated, plain(x, t)) > 0.01
    seen = set()
    for name, convolution in model.unet.named_modules():
        if not isinstance(convolution, torch.nn.Conv2d) or convolution.kernel_size != (3, 3):
            continue
        (dilation, _) = convolution.dilation
        seen.add(dilation)
        weight = convolution.weight
        sparse = weight.new_zeros(*weight.shape[:2], 2 * dilation + 1, 2 * dilation + 1)
        sparse[:, :, ::dilation, ::dilation] = weight
        larger = plain.get_submodule(name)
        larger.weight = torch.nn.Parameter(sparse, requires_grad=False)
        larger.padding, larger.kernel_size = (dilation, dilation), sparse.shape[2:]
    assert seen == {1, 2, 3}
    assert plain.middle_block.in_residual_fn.in_fn[1].kernel_size == (3, 3)
    assert relative_error(dilated, plain(x, t)) <= 1e-5
    write(tmp_path, model.parts)
    assert torch.equal(load(tmp_path).unet(x, t), dilated)


def test_lists_of_omegaconf_are_read_as_lists(tmp_path, monkeypatch) -> None:
    """The release trained from omegaconf's configs, whose lists went into its checkpoints."""
    for name in ("omegaconf", "omegaconf.listconfig", "omegaconf.nodes", "omegaconf.base"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))

    def kind(where: str, name: str) -> type:
        made = type(name, (), {"__module__": where})
        setattr(sys.modules[where], name, made)
        return made

    list_config = kind("omegaconf.listconfig", "ListConfig")
    node, metadata = kind("omegaconf.nodes", "AnyNode"), kind("omegaconf.base", "Metadata")

    def omega(values: list[object]) -> object:
        made = list_config()
        made.__dict__.update(_metadata=metadata(), _parent=None, _content=[])
        for value in values:
            item = node()
            item.__dict__.update(_metadata=metadata(), _parent=made, _val=value)
            made._content.append(item)
        return made

    path = changed(tmp_path, "unet_config", d_multipliers=omega([1, 1, 2]))
    assert load(path).unet.config == reference().unet.config


def test_every_safe_name_stands_for_something_that_does_nothing() -> None:
    plain = {OrderedDict, defaultdict, dict, list, tuple, int, float, bool, str}
    for stand_in, name in SAFE:
        if stand_in in plain:
            assert name.rpartition(".")[2] in {stand_in.__name__, "FrozenDict", "long"}
        elif isinstance(stand_in, type):
            assert {"__setstate__", "__init__", "__reduce__"}.isdisjoint(vars(stand_in)), name
            assert stand_in.__init__ is object.__init__
        else:
            assert type(stand_in("import os", ("os",), {})).__dict__.keys() <= {
                *("__module__", "__doc__", "__dict__", "__weakref__")
            }


def test_small_parts_are_written_and_read(tmp_path) -> None:
    parts = CheckpointParts(
        UNet2023(
            UNet2023Config(
                mels=8,
                width=8,
                heads=2,
                multipliers=(1, 1),
                has_attention=(False, True),
                has_resampling=(True, False),
                block_layers=(1, 1),
            )
        ),
        Vocoder2023(Vocoder2023Config(n_fft=64, mels=8, width=8)),
        Features2023(Features2023Config(n_fft=64, mels=8)),
    )
    write(tmp_path / "new" / "folder", parts)
    again = load(tmp_path / "new" / "folder")
    assert again.unet.config == parts.unet.config
    assert not again.unet.training
    assert not any(p.requires_grad for p in again.unet.parameters())
