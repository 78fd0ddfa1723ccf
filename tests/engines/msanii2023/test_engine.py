"""The 2023 system over OSC, as a patch meets it."""

import re

import numpy as np
import pytest
import soundfile
import torch

from msanii_live.cli import _parser, main
from msanii_live.config import Config, read_config
from msanii_live.engines.msanii2023 import load
from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import CommandError, ConfigError
from tests.engines.msanii2023.reference import CHECKPOINT
from tests.live import live

SEAM = 2_048
PAPER = "tiny-as-in-the-paper"


def read(fields):
    samples, rate = soundfile.read(str(fields[3]), dtype="float32", always_2d=True)
    assert rate == 44_100
    return samples


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The reference checkpoint as `msanii-live convert` writes it."""
    folder = tmp_path_factory.mktemp("engines") / "tiny"
    assert main(["convert", str(CHECKPOINT), str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def server(folder, tmp_path_factory):
    shared = tmp_path_factory.mktemp("shared")
    with live(shared, "--device", "cpu", "--engine", str(folder)) as it:
        it.job("/msanii/generate", "first", "seconds", 1.5, "seed", 1, "clip", "a")
        it.job("/msanii/generate", "second", "seconds", 2, "seed", 2, "clip", "b")
        yield it


def test_convert_says_what_it_wrote(folder, tmp_path, capsys) -> None:
    assert main(["convert", str(CHECKPOINT), str(tmp_path / "again")]) == 0
    out = capsys.readouterr().out
    assert re.search(r"U-Net: [\d,]+ parameters", out)
    assert str(tmp_path / "again") in out
    before, after = (load(path).unet.state_dict() for path in (CHECKPOINT, folder))
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_convert_refuses_what_is_no_checkpoint(tmp_path, capsys) -> None:
    (tmp_path / "bad.pt").write_bytes(b"not a checkpoint")
    assert main(["convert", str(tmp_path / "bad.pt"), str(tmp_path / "out")]) == 2
    assert "bad.pt" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["convert", str(tmp_path / "none.pt"), str(tmp_path / "out")]) == 2


def test_generate_is_exact_repeatable_and_level(server) -> None:
    make = lambda token, seed: read(  # noqa: E731
        server.job("/msanii/generate", token, "seconds", 1.234, "seed", seed)
    )
    first, again, other = make("g1", 5), make("g2", 5), make("g3", 6)
    assert first.shape == (round(1.234 * 44_100), 2)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert 0.05 < np.abs(first).max() <= 0.892
    assert server.count("/msanii/job/progress", "g1") >= 1


def test_whole_bars_close_as_a_loop(server) -> None:
    fields = server.job("/msanii/generate", "l", "bars", 1, "bpm", 140, "seed", 7)
    samples = read(fields)
    assert len(samples) == round(4 * 60 / 140 * 44_100)
    steps = np.abs(np.diff(samples, axis=0)).max(1)
    assert np.abs(samples[0] - samples[-1]).max() <= np.percentile(steps, 99.9)


def test_outpaint_and_inpaint_keep_the_source(server) -> None:
    source = read(server.job("/msanii/audio2audio", "same", "a", "strength", 0))
    right = read(server.job("/msanii/outpaint", "o", "a", "seconds", 1, "steps", 4))
    assert len(right) == len(source) + 44_100
    assert np.array_equal(right[: len(source) - SEAM], source[:-SEAM])
    left = read(server.job("/msanii/outpaint", "ol", "a", "seconds", 1, "side", "left", "steps", 4))
    assert np.array_equal(left[44_100 + SEAM :], source[SEAM:])
    alone = server.job("/msanii/outpaint", "k", "a", "seconds", 1, "keep", 0, "steps", 4)
    assert len(read(alone)) == 44_100
    inside = read(server.job("/msanii/inpaint", "i", "a", 0.5, 1.0, "steps", 4))
    assert inside.shape == source.shape
    assert np.array_equal(inside[: 22_050 - SEAM], source[: 22_050 - SEAM])
    assert np.array_equal(inside[44_100 + SEAM :], source[44_100 + SEAM :])


def test_interpolation_goes_from_a_to_b(server) -> None:
    a = read(server.job("/msanii/interpolate", "m0", "a", "b", "mix", 0))
    b = read(server.job("/msanii/interpolate", "m1", "a", "b", "mix", 1))
    half = read(server.job("/msanii/interpolate", "m5", "a", "b", "mix", 0.5, "steps", 4))
    assert a.shape == b.shape == half.shape == (66_150, 2)
    same = read(server.job("/msanii/audio2audio", "sa", "a", "strength", 0))
    assert np.array_equal(a, same)
    assert not np.array_equal(half, a)


def test_vocode_and_its_vocoders(server) -> None:
    for vocoder in ("", "griffin-lim"):
        words = ("vocoder", vocoder) if vocoder else ()
        assert read(server.job("/msanii/vocode", f"v{vocoder}", "a", *words)).shape == (66_150, 2)
    for vocoder in ("vocos", "bands"):
        server.client.send("/msanii/vocode", "a", "vocoder", vocoder, "id", f"no-{vocoder}")
        failed = server.client.wait(("/msanii/fail", "/msanii/job/done"), f"no-{vocoder}")
        assert failed.address == "/msanii/fail"
        assert "EENGINE" in failed.args
        assert f"not those of {vocoder}" in failed.args[-1]


def test_the_papers_way_can_be_asked_for(server) -> None:
    made = read(
        server.job("/msanii/inpaint", "p", "a", 0.5, 1.0, "steps", 2, "seed", 3, "engine", PAPER)
    )
    source = read(server.job("/msanii/audio2audio", "ps", "a", "strength", 0))
    assert made.shape == source.shape
    assert not np.array_equal(made[:10_000], source[:10_000])  # all of it is made anew


def test_words_are_a_warning(server) -> None:
    words = ("style", "house", "prompt", "dark")
    server.job("/msanii/generate", "w", "seconds", 0.5, "steps", 1, *words)
    texts = [m.args[1] for m in server.client.received if m.address == "/msanii/warn"][-2:]
    assert "does not follow style" in texts[0]
    assert "without words" in texts[1]


def test_cancel_within_a_step(server) -> None:
    client = server.client
    client.send("/msanii/generate", "seconds", 20, "steps", 500, "id", "x")
    step = client.wait(("/msanii/job/progress",), "x").args[2]
    client.send("/msanii/job/cancel", "x")
    ending = client.wait(("/msanii/job/done", "/msanii/job/cancelled"), "x")
    assert ending.address == "/msanii/job/cancelled"
    assert ending.args[2] - step <= 60  # reports come ten times a second


def test_a_checkpoint_that_is_refused_is_a_clear_failure(tmp_path) -> None:
    (tmp_path / "evil.pt").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    engine = EngineRegistry("cpu", str(tmp_path / "evil.pt")).get()
    with pytest.raises(CommandError, match=r"evil\.pt") as refused:
        engine.load()
    assert refused.value.code == "EENGINE"


def test_both_engines_share_one_model(folder) -> None:
    registry = EngineRegistry("cpu", str(folder))
    assert registry.names()[:2] == ["tiny", PAPER]
    registry.get().load()
    assert registry.get(PAPER).loaded
    registry.get(PAPER).free()
    assert not registry.get().loaded


def test_compile_is_a_switch() -> None:
    parse = _parser().parse_args
    assert parse(["serve", "--compile"]).compile == "on"
    assert parse(["serve", "--compile", "off"]).compile == "off"
    assert Config().compile == "off"
    with pytest.raises(ConfigError, match="compile is 'yes'"):
        read_config({"compile": "yes"})
