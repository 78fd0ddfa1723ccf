import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from msanii_live.engines.composer.network import ComposerNet, NetworkConfig
from msanii_live.engines.composer.weights import FORMAT, Composer, read_weights, write_weights


@pytest.fixture
def written(tmp_path):
    config = NetworkConfig(styles=("a", "b"), width=32, blocks=1, heads=2, hidden=64)
    composer = Composer(ComposerNet(config), {"plans": [[1, 2]]})
    path = tmp_path / "composer.safetensors"
    write_weights(path, composer)
    return path, composer


def test_weights_come_back(written):
    path, composer = written
    back = read_weights(path)
    assert back.net.config == composer.net.config
    assert back.tables == {"plans": [[1, 2]]}
    for name, value in composer.net.state_dict().items():
        exact = value.half().float() if value.ndim >= 2 else value
        assert torch.equal(back.net.state_dict()[name], exact)
    assert not list(path.parent.glob("*.part"))


def test_the_file_says_what_it_is(written):
    with safe_open(written[0], framework="pt") as file:
        metadata = file.metadata()
    assert metadata["format"] == FORMAT == "msanii-live/composer/1"
    assert '"width": 32' in metadata["config"]


def test_bad_files_are_clear_errors(written, tmp_path):
    path, _ = written
    with pytest.raises(FileNotFoundError):
        read_weights(tmp_path / "none.safetensors")
    other = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(1)}, other)
    with pytest.raises(ValueError, match="format 'none', not the composer's"):
        read_weights(other)
    other.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="cut short or damaged"):
        read_weights(other)
    save_file({"x": torch.zeros(1)}, other, {"format": FORMAT, "config": '{"styles": ["a"]}'})
    with pytest.raises(ValueError, match="does not fit its own configuration"):
        read_weights(other)
