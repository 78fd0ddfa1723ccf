"""Settings from file, environment and flags, and the command line around them."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from msanii_live.cli import main
from msanii_live.config import Config, read_config
from msanii_live.errors import ConfigError

SERVER = str(Path(__file__).parents[1] / "server.py")


def test_later_sources_win(tmp_path, monkeypatch):
    file = tmp_path / "c.toml"
    file.write_text('port = 1\nhttp-port = 2\nengine = "tones"\nallow = ["10.0.0.0/8"]\n')
    monkeypatch.setenv("MSANII_LIVE_HTTP_PORT", "3")
    config = read_config({"engine": "mel-flow"}, file)
    assert (config.port, config.http_port, config.engine) == (1, 3, "mel-flow")
    assert config.allow == ("10.0.0.0/8",)
    monkeypatch.setenv("MSANII_LIVE_CONFIG", str(file))
    assert read_config({}).port == 1


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"port": "x"}, "whole number"),
        ({"port": "70000"}, "0 to 65535"),
        ({"device": "tpu"}, "auto, cpu, cuda, mps"),
        ({"precision": "fp8"}, "auto, fp32, bf16, fp16"),
        ({"bind": "0.0.0.0"}, "--allow"),
        ({"bind": "here"}, "IP address"),
        ({"allow": ["nonsense"]}, "nonsense"),
    ],
)
def test_bad_values_are_told_with_what_is_legal(flags, words):
    with pytest.raises(ConfigError, match=words):
        read_config(flags)


def test_the_precision_comes_from_file_environment_and_flag(tmp_path, monkeypatch):
    file = tmp_path / "c.toml"
    file.write_text('precision = "fp32"\n')
    assert read_config({}).precision == "auto"
    assert read_config({}, file).precision == "fp32"
    monkeypatch.setenv("MSANII_LIVE_PRECISION", "bf16")
    assert read_config({}, file).precision == "bf16"
    assert read_config({"precision": "fp16"}, file).precision == "fp16"


@pytest.mark.parametrize("command", [["serve"], ["demo"], ["render", "a.json"]])
def test_a_precision_that_there_is_not_is_refused(command, capsys):
    with pytest.raises(SystemExit):
        main([*command, "--precision", "fp8"])
    assert "fp32" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "passed"),
    [([], []), (["--precision", "fp32"], ["--precision", "fp32"]), (["--precision", "auto"],) * 2],
)
def test_the_demo_passes_a_precision_on_only_when_it_is_given(tmp_path, monkeypatch, flags, passed):
    seen = []

    def stopped(folder, *told, log):
        seen.extend(told)
        raise ConfigError("no further")

    monkeypatch.setattr("msanii_live.bench.demo.running_server", stopped)
    assert main(["demo", "--out", str(tmp_path), *flags]) == 2
    assert seen == ["--audio", "default", "--device", "auto", *passed]


def test_unknown_keys_in_a_file_are_an_error(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(ConfigError, match=r"unknown key prot; known are .*port"):
        read_config({}, file)
    with pytest.raises(ConfigError, match="cannot read"):
        read_config({}, tmp_path / "none.toml")


def test_binding_beyond_loopback_with_a_network_is_allowed():
    config = read_config({"bind": "0.0.0.0", "allow": ["192.168.1.0/24"]})
    assert not config.is_loopback
    assert Config().is_loopback


def test_help_and_import_load_no_torch():
    code = (
        "import sys, msanii_live, msanii_live.cli\n"
        "try: msanii_live.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_every_setting_has_a_flag(capsys):
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    text = capsys.readouterr().out
    for flag in [
        "--port",
        "--http-port",
        "--bind",
        "--allow",
        "--folder",
        "--audio",
        "--device",
        "--precision",
        "--engine",
        "--config",
        "--log-level",
    ]:
        assert flag in text


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--port", "99999"], "port is 99999"),
        (["--engine", "nope"], "tones"),
        (["--bind", "0.0.0.0"], "--allow"),
        (["--device", "cpu", "--precision", "fp16"], "try --precision auto"),
        (["--bind", "203.0.113.1", "--allow", "10.0.0.0/8"], "203.0.113.1"),
    ],
)
def test_serve_refuses_with_status_2_and_the_remedy(tmp_path, flags, words):
    run = subprocess.run(
        [sys.executable, SERVER, "--audio", "none", "--folder", str(tmp_path), *flags],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 2
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_a_port_in_use_names_port_and_flag(tmp_path):
    quick = ["--http-port", "0", "--audio", "none", "--engine", "tones", "--folder", str(tmp_path)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        run = subprocess.run(
            [sys.executable, SERVER, "--port", str(port), *quick],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert run.returncode == 2
    assert str(port) in run.stderr
    assert "--port" in run.stderr
