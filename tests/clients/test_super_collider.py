"""The Quark in sclang itself, which needs no sound: its classes, its tests, its help."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from msanii_live.protocol.commands import COMMANDS
from max_patches.making.quark import method_name

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

HELP = """
[\\Msanii, \\MsaniiPlayer].do { |name|
    var path = "QUARK/HelpSource/Classes/%.schelp".format(name);
    var page = SCDoc.parseFileFull(path);
    "PARSED % %".format(name, page.notNil).postln;
};
"KNOWN %".format(Msanii.methods.collect(_.name).includesAll([METHODS])).postln;
"SCRIPT %".format("QUARK/examples/set.scd".load.notNil or: { true }).postln;
0.exit;
"""


def sclang(script, tmp_path, seconds=280, **environment):
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


def test_the_tests_of_the_quark_pass(flow, tmp_path):
    said = sclang(TESTS, tmp_path, MSANII_PORT=str(flow.server.osc_port))
    assert "FAILED 0" in said, said
    passed = int(said.split("PASSED ")[1].split()[0])
    assert passed >= 15, said
    assert "ERROR" not in said, said


def test_each_command_is_a_method_and_the_help_is_read(tmp_path):
    names = ", ".join(f"\\{method_name(command.address)}" for command in COMMANDS)
    said = sclang(HELP.replace("QUARK", QUARK.as_posix()).replace("METHODS", names), tmp_path)
    assert "PARSED Msanii true" in said, said
    assert "PARSED MsaniiPlayer true" in said, said
    assert "KNOWN true" in said, said
    assert "ERROR" not in said, said
    help_page = (QUARK / "HelpSource" / "Classes" / "Msanii.schelp").read_text()
    for command in COMMANDS:
        assert f"METHOD:: {method_name(command.address)}\n" in help_page
