"""The SuperCollider example of stems, rendered without sound: they start with one sample."""

import shutil

import numpy as np
import pytest
import soundfile

from max_patches.generators.pd_stems import PARTS
from tests.clients.test_pd_stems import stems_of
from tests.clients.test_super_collider import QUARK, sclang

pytestmark = [pytest.mark.clients, pytest.mark.slow]

EXAMPLE = QUARK / "examples" / "stems.scd"
RENDER = """
    var buffers = ~parts.select { |part| File.exists(~stemPath.("CLIP", part)) };
    var score = [[0, [\\d_recv, ~stemDef.(2).asBytes]]];
    buffers.do { |part, n| score = score.add([0, [\\b_allocRead, n, ~stemPath.("CLIP", part)]]) };
    score = score.add([0.1] ++ buffers.collect { |part, n|
        [\\s_new, "msaniiStem2", 1000 + n, 0, 0, \\buf, n, \\amp, 1]
    });
    score = score.add([2, [\\c_set, 0, 0]]);
    "FOUND %".format(buffers).postln;
    Score(score).recordNRT("ORDERS", "OUT", sampleRate: 44100, headerFormat: "WAV",
        sampleFormat: "float", options: ServerOptions.new.numOutputBusChannels_(2),
        action: { "RENDERED".postln; 0.exit });
"""
COMPILE = """
    PathName("BLOCKS").files.do { |file|
        "BLOCK %".format(File.readAllString(file.fullPath).compile.notNil).postln;
    };
    0.exit;
"""


@pytest.mark.parametrize("parts", [PARTS, ("drums", "pad")], ids=len)
def test_stems_start_together_and_sum_to_the_clip(tmp_path, parts):
    if shutil.which("scsynth") is None:
        pytest.skip("scsynth is not installed: apt-get install supercollider-server")
    total = stems_of(tmp_path, parts)
    setup = EXAMPLE.read_text().split("(\n", 1)[1].split("\n)\n", 1)[0]
    render = RENDER.replace("ORDERS", (tmp_path / "orders.osc").as_posix())
    render = render.replace("OUT", (tmp_path / "out.wav").as_posix())
    render = render.replace("CLIP", (tmp_path / "a loop.wav").as_posix())
    said = sclang(f"{setup}\n{{ {render} }}.value;", tmp_path)
    assert "RENDERED" in said, said
    assert f"FOUND [ {', '.join(parts)} ]" in " ".join(said.split()), said
    heard, _ = soundfile.read(tmp_path / "out.wav", dtype="float32")
    first = int(np.flatnonzero(heard.any(axis=1))[0])
    assert abs(first - 0.1 * 44_100) <= 64
    twice = np.tile(total, (2, 1))
    span = heard[first - 1 : first - 1 + len(twice)]  # a sine begins with 0
    assert np.abs(span - twice).max() < 1e-5


def test_each_block_compiles(tmp_path):
    blocks = EXAMPLE.read_text().split("\n\n")
    (tmp_path / "blocks").mkdir()
    for place, block in enumerate(blocks):
        (tmp_path / "blocks" / f"{place}.scd").write_text(block)
    said = sclang(COMPILE.replace("BLOCKS", (tmp_path / "blocks").as_posix()), tmp_path)
    assert said.count("BLOCK true") == len(blocks) == 6, said
    assert "ERROR" not in said, said
