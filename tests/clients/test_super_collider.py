"""The Quark in sclang itself, which needs no sound: its classes, its tests, its help."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from max_patches.generators.quark import method_name
from msanii_live.protocol.commands import COMMANDS
from tests.clients.test_pd_player import tone

pytestmark = [pytest.mark.clients, pytest.mark.slow]

QUARK = Path(__file__).parents[2] / "max_patches" / "supercollider" / "Msanii"

TESTS = """
fork {
    TestMsanii.findTestMethods.do { |method|
        TestMsanii.new.runTestMethod(method);
    };
    "FAILED %".format(UnitTest.failures.size).postln;
    "PASSED %".format(UnitTest.passes.size).postln;
    UnitTest.failures.do { |f| f.message.postln };
    0.exit;
};
"""

RENDER = """
    ~score = Score([
        [0] ++ [1, 2].collect { |n| [\\d_recv, MsaniiPlayer.synthDef(n).asBytes] },
        [0, [\\b_allocRead, 0, "A"], [\\b_allocRead, 1, "B"]],
        [0.1, [\\s_new, \\msaniiDeck2, 1000, 0, 0, \\buf, 0, \\amp, 1]],
        [0.7, [\\s_new, \\msaniiDeck1, 1001, 0, 0, \\buf, 1, \\amp, 1], [\\n_set, 1000, \\gate, 0]],
        [2, [\\c_set, 0, 0]]
    ]);
    ~score.recordNRT("ORDERS", "OUT", sampleRate: 44100, headerFormat: "WAV", sampleFormat: "float",
        options: ServerOptions.new.numOutputBusChannels_(2), action: { "RENDERED".postln; 0.exit });
"""

HELP = """
[\\Msanii, \\MsaniiPlayer].do { |name|
    var path = "QUARK/HelpSource/Classes/%.schelp".format(name);
    var page = SCDoc.parseFileFull(path);
    "PARSED % %".format(name, page.notNil).postln;
};
"KNOWN %".format(Msanii.methods.collect(_.name).includesAll([METHODS])).postln;
PathName("BLOCKS").files.do { |file|
    "BLOCK %".format(File.readAllString(file.fullPath).compile.notNil).postln;
};
0.exit;
"""


def sclang(script, tmp_path, seconds=60, **environment):
    found = shutil.which("sclang")
    if found is None:
        pytest.skip("sclang is not installed: apt-get install supercollider-language")
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"includePaths:\n    - {QUARK}\nexcludePaths: []\n")
    path = tmp_path / "script.scd"
    path.write_text(f"({script})\n")
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    headless = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}
    done = subprocess.run(
        [found, "-i", "none", "-l", str(settings), str(path)],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        env={**os.environ, **home, **headless, **environment},
    )
    return done.stdout + done.stderr


def test_the_tests_of_the_quark_pass(shipped, tmp_path):
    said = sclang(TESTS, tmp_path, seconds=280, MSANII_PORT=str(shipped.server.osc_port))
    assert "FAILED 0" in said, said
    passed = int(said.split("PASSED ")[1].split()[0])
    assert passed >= 15, said
    assert "ERROR" not in said, said


def test_each_command_is_a_method_and_the_help_is_read(tmp_path):
    names = ", ".join(f"\\{method_name(command.address)}" for command in COMMANDS)
    blocks = (QUARK / "examples" / "set.scd").read_text().split("\n\n")  # as they are run by hand
    (tmp_path / "blocks").mkdir()
    for place, block in enumerate(blocks):
        (tmp_path / "blocks" / f"{place}.scd").write_text(block)
    script = HELP.replace("QUARK", QUARK.as_posix()).replace("METHODS", names)
    said = sclang(script.replace("BLOCKS", (tmp_path / "blocks").as_posix()), tmp_path)
    assert said.count("BLOCK true") == len(blocks) == 7, said
    assert "PARSED Msanii true" in said, said
    assert "PARSED MsaniiPlayer true" in said, said
    assert "KNOWN true" in said, said
    assert "ERROR" not in said, said
    help_page = (QUARK / "HelpSource" / "Classes" / "Msanii.schelp").read_text()
    for command in COMMANDS:
        assert f"METHOD:: {method_name(command.address)}\n" in help_page


def test_the_player_crosses_over_without_a_click(tmp_path):
    if shutil.which("scsynth") is None:
        pytest.skip("scsynth is not installed: apt-get install supercollider-server")
    tone(tmp_path / "a.wav", 220, 0.5)
    tone(tmp_path / "b.wav", 330, 0.5, channels=1)
    files = {"A": "a.wav", "B": "b.wav", "OUT": "out.wav", "ORDERS": "orders.osc"}
    script = RENDER
    for hole, name in files.items():
        script = script.replace(f'"{hole}"', f'"{(tmp_path / name).as_posix()}"')
    said = sclang(script, tmp_path)
    assert "RENDERED" in said, said
    sound, _ = soundfile.read(tmp_path / "out.wav")
    assert np.abs(sound[-40_000:]).max() > 0.4  # the second one goes round
    assert np.array_equal(sound[:, 0], sound[:, 1])
    assert np.abs(np.diff(sound, axis=0)).max() < 0.035
