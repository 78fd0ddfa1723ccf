"""Check that the doctor finds what is wrong here, says what mends it, and ends with 1."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path

import mido
import pytest

from msanii_live.cli.doctor.folder import check_folder, check_save_format
from msanii_live.cli.doctor.network import check_network, check_ports, check_server
from msanii_live.cli.doctor.port_owner import find_port_owner
from msanii_live.cli.doctor.report import (
    check_model,
    check_torch,
    describe_settings,
    doctor,
    examine,
)
from msanii_live.cli.doctor.sound import check_midi, check_sound, silenced_libraries
from msanii_live.config import Config
from msanii_live.dsp import cpu_precision
from msanii_live.dsp.cpu_precision import Timings
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.mel_flow.engine import WEIGHTS
from msanii_live.errors import ConfigError
from msanii_live.library.audio_encoding import parse_format
from msanii_live.midi import input as midi_input
from msanii_live.web.zeroconf import own_addresses
from tests.live import live


@contextmanager
def taken(kind):
    with socket.socket(socket.AF_INET, kind) as it:
        it.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            it.listen()
        yield it.getsockname()[1]


def config(folder, **settings):
    free = {"port": 0, "http_port": 0, "audio": "none", "engine": "tones", "device": "cpu"}
    return Config(folder=str(folder), **{**free, **settings})


def states(findings):
    return {finding.what: finding.state for finding in findings}


# -- ports -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_who_holds_a_port_is_named(kind):
    with taken(kind) as port:
        owner = find_port_owner(kind, port)
        if owner is None:
            pytest.skip("this system does not tell who holds a port")
        assert owner.process == os.getpid()
        assert "pytest" in owner.command or "python" in owner.command
    assert find_port_owner(kind, port) is None


@pytest.mark.parametrize(
    ("kind", "setting", "what", "flag"),
    [
        (socket.SOCK_DGRAM, "port", "UDP port {}", "--port"),
        (socket.SOCK_STREAM, "port", "TCP port {}", "--port"),
        (socket.SOCK_STREAM, "http_port", "HTTP port {}", "--http-port"),
    ],
)
def test_a_port_that_another_program_has_is_to_be_mended(tmp_path, kind, setting, what, flag):
    with taken(kind) as port:
        found = list(check_ports(config(tmp_path, **{setting: port}), runs=False))
    wrong = [finding for finding in found if finding.state != "ok"]
    assert [finding.what for finding in wrong] == [what.format(port)]
    assert "held by" in wrong[0].found
    assert f"pick another port with {flag}" in wrong[0].remedy
    if sys.platform == "linux":
        assert f"kill {os.getpid()}" in wrong[0].remedy


def test_an_address_of_another_machine_is_to_be_mended(tmp_path):
    settings = {"bind": "192.0.2.1", "allow": ("192.0.2.0/24",), "port": 40_001}
    found = next(check_ports(config(tmp_path, **settings), runs=False))
    assert found.state == "mend"
    assert "--bind" in found.remedy


# -- who reaches the server ------------------------------------------------------------------------


def test_a_running_server_is_reached_each_way(tones, tmp_path):
    ports = {"port": tones.server.osc_port, "http_port": tones.server.http_port}
    found = list(check_network(config(tmp_path, **ports)))
    assert set(states(found).values()) == {"ok"}
    assert states(found).keys() >= {"client over UDP", "client over TCP", "page over HTTP"}
    if sys.platform == "linux":
        assert f"process {tones.server.child.pid}" in found[0].found
    assert "msanii-live runs" in found[0].found


def test_without_one_a_server_of_its_own_is_asked(tmp_path):
    found = {finding.what: finding for finding in check_network(config(tmp_path))}
    assert set(states(found.values()).values()) == {"ok"}
    assert "started for this" in found["client over UDP"].found
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_answer_is_to_be_mended():
    with taken(socket.SOCK_DGRAM) as port, taken(socket.SOCK_STREAM) as http:
        found = list(check_server("127.0.0.1", port, http, "nobody"))
    assert set(states(found).values()) == {"mend"}
    assert all(finding.remedy for finding in found)


def test_a_network_that_this_machine_is_not_on_is_noted(tmp_path):
    allow = strange_network()
    with live(tmp_path, "--engine", "tones", "--bind", "0.0.0.0", "--allow", allow) as it:
        settings = {
            "bind": "0.0.0.0", "allow": (allow,), "announce": "off",
            "port": it.server.osc_port, "http_port": it.server.http_port,
        }  # fmt: skip
        found = {f.what: f for f in check_network(config(tmp_path, **settings))}
    assert found["client over UDP"].state == "ok"
    assert found["network"].state == "note"
    assert "--allow" in found["network"].remedy


def strange_network():
    """Return one of the networks for examples that this machine has no address in."""
    own = [ip_address(text) for text in own_addresses()]
    networks = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
    return next(n for n in networks if not any(each in ip_network(n) for each in own))


# -- the folder ------------------------------------------------------------------------------------


@contextmanager
def as_nobody():
    """Give root's rights up for a while: root may write anywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="rights are not modes there")
def test_a_folder_that_may_not_be_written_is_to_be_mended():
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o555)
        with as_nobody():
            (found,) = check_folder(folder)
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
    assert found.state == "mend"
    assert "Permission denied" in found.found
    assert "--folder" in found.remedy


def test_a_file_in_the_folders_place_is_to_be_mended(tmp_path):
    (tmp_path / "clips").write_text("")
    (found,) = check_folder(tmp_path / "clips")
    assert found.state == "mend"


@pytest.mark.parametrize("name", ["new", "new/deeper", "."])
def test_a_folder_with_room_is_fine_and_left_as_it_was(tmp_path, name):
    (found,) = check_folder(tmp_path / name)
    assert found.state in ("ok", "note")  # as much is free as is free
    assert "GiB free" in found.found
    assert ("will create" in found.found) == (name != ".")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("midi_in", ["none", "virtual", "no such port"])
def test_a_machine_without_a_virtual_midi_port_is_told(monkeypatch, midi_in):
    def refuse(call):
        raise ConfigError("MIDI cannot be opened here")

    monkeypatch.setattr(midi_input, "_with_backend", refuse)
    found = check_midi(midi_in)
    assert "MIDI cannot be opened here" in found.found
    assert found.state == ("ok" if midi_in == "none" else "mend")
    assert (found.state == "ok") == (not found.remedy)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no virtual ports")
def test_the_missing_package_of_midi_is_told_in_plain_words(monkeypatch):
    def refuse(*_, **how):
        raise ModuleNotFoundError("No module named 'rtmidi'", name="rtmidi")

    monkeypatch.setattr(mido, "open_input", refuse)
    found = check_midi("none")
    assert found.state == "ok"
    assert "No module named" not in found.found
    assert found.found.endswith(
        "no virtual port is possible: python-rtmidi, the Python package for MIDI ports, is not "
        "installed; get it by pip install 'msanii-live[midi]'"
    )


def test_what_libraries_of_c_write_to_the_terminal_is_discarded(capfd):
    with silenced_libraries():
        os.write(2, b"ALSA lib seq_hw.c:466\n")
        subprocess.run([sys.executable, "-c", "import os; os.write(2, b'JACK')"], check=True)
    os.write(2, b"heard again")
    assert capfd.readouterr().err == "heard again"


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_is_not_asked_for_this_machine(tones, monkeypatch, variable):
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    found = check_server("127.0.0.1", tones.server.osc_port, tones.server.http_port, "it")
    assert set(states(found).values()) == {"ok"}


def test_the_doctor_keeps_no_measurement(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with cpu_precision.saving_nothing():
        cpu_precision._save(cpu_precision.cache_file(), "here", Timings(1.0, 2.0))
    assert list(tmp_path.iterdir()) == []
    cpu_precision._save(cpu_precision.cache_file(), "here", Timings(1.0, 2.0))
    assert cpu_precision.cache_file().exists() or sys.platform != "linux"


def test_a_folder_that_a_server_has_is_noted(tmp_path):
    with live(tmp_path, "--engine", "tones") as it:
        first = next(check_folder(tmp_path))
    assert first.state == "note"
    assert str(it.server.child.pid) in first.found


# -- the precision ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "took", "state", "found"),
    [
        (
            "auto",
            Timings(10.0, 6.0),
            "ok",
            "bf16: the same blocks take 10.0 ms in fp32 and 6.0 ms in",
        ),
        ("auto", Timings(10.0, 50.0), "ok", "fp32: .* bf16, 5.00 of it"),
        ("bf16", Timings(10.0, 50.0), "note", "bf16: .* bf16, 5.00 of it"),
        ("fp32", Timings(10.0, 9.9), "ok", "fp32: "),
        ("auto", None, "ok", "fp32: this CPU has no bf16"),
        ("bf16", None, "mend", "this cpu device has none"),
        ("fp16", Timings(1.0, 1.0), "mend", "hundreds of times slower"),
    ],
)
def test_the_precision_and_both_times_are_told(tmp_path, monkeypatch, asked, took, state, found):
    monkeypatch.setattr(cpu_precision, "has_bf16", lambda: took is not None)
    monkeypatch.setattr(cpu_precision, "timings", lambda: took)
    told = {f.what: f for f in check_torch(config(tmp_path, precision=asked))}["precision"]
    assert told.state == state
    assert re.search(found, told.found)
    assert (state == "ok") == (not told.remedy)
    assert "--precision auto" in (told.remedy or "--precision auto")


# -- the model -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n"),
        lambda path: path.write_bytes((SHIPPED_WEIGHTS / WEIGHTS).read_bytes()[:500_000]),
        lambda path: path.unlink(),
    ],
    ids=["empty", "pointer", "cut short", "missing"],
)
def test_weights_that_do_not_load_are_to_be_mended(tmp_path, damage):
    path = tmp_path / "mine.safetensors"
    path.touch()
    damage(path)
    found = list(check_model(config(tmp_path, engine=str(path))))
    assert states(found) == {"model": "mend", "vocoder": "ok"}
    assert str(path) in found[0].found
    assert found[0].remedy


def test_a_checkpoint_of_2023_that_does_not_load_is_to_be_mended(tmp_path):
    (tmp_path / "old.pt").write_bytes(b"no checkpoint")
    (found,) = check_model(config(tmp_path, engine=str(tmp_path / "old.pt")))
    assert found.state == "mend"
    assert "old.pt" in found.found
    assert found.remedy


def test_a_server_refuses_broken_weights_in_words(tmp_path):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"\x08" + bytes(7) + b"{broken}" + bytes(64))
    run = subprocess.run(
        [sys.executable, "-m", "msanii_live.cli", "serve", "--port", "0", "--http-port", "0",
         "--audio", "none", "--folder", str(tmp_path), "--engine", str(path)],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert f"cannot load {path}" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_broken_vocoder_is_told_from_a_broken_model(tmp_path):
    shutil.copy(SHIPPED_WEIGHTS / WEIGHTS, tmp_path / WEIGHTS)
    (tmp_path / "vocos.safetensors").write_bytes(b"broken")
    found = list(check_model(config(tmp_path, engine=str(tmp_path))))
    assert states(found) == {"model": "ok", "vocoder": "mend"}


def test_an_engine_that_there_is_not_is_to_be_mended(tmp_path):
    (found,) = check_model(config(tmp_path, engine="nope"))
    assert found.state == "mend"
    assert "tones" in found.found


def test_a_sound_card_that_there_is_not_is_to_be_mended(tmp_path):
    *_, found = check_sound(config(tmp_path, audio="no such card"))
    assert found.state in ("mend", "note")  # a note where PortAudio itself is missing
    assert found.remedy
    assert states(check_sound(config(tmp_path))) == {"sound": "ok"}


def test_what_cannot_even_be_looked_at_hides_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("msanii_live.cli.doctor.report.check_torch", lambda config: 1 / 0)
    found = list(examine(config(tmp_path)))
    assert states(found)["torch"] == "mend"
    assert "ZeroDivisionError" in next(each.found for each in found if each.what == "torch")
    assert states(found)["client over UDP"] == "ok"
    assert "none on the path" in found[-1].found


# -- the command -----------------------------------------------------------------------------------


def test_it_ends_with_1_and_says_all_in_json(tmp_path, capsys):
    with taken(socket.SOCK_DGRAM) as port:
        assert doctor(config(tmp_path, port=port), as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    wrong = [finding for finding in told["findings"] if finding["state"] == "mend"]
    assert [finding["what"] for finding in wrong] == [f"UDP port {port}"]
    assert all(finding["remedy"] for finding in told["findings"] if finding["state"] != "ok")


def write_settings(folder):
    path = folder / "own.toml"
    path.write_text('log_level = "error"\n')
    return path


def test_where_the_settings_come_from_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    usual = tmp_path / "msanii-live" / "config.toml"
    assert describe_settings(None).found == f"no file; {usual} would be read"
    usual.parent.mkdir()
    usual.write_text("port = 7790\n")
    assert describe_settings(None).found == f"no file; {usual} is ignored"
    monkeypatch.setenv("MSANII_LIVE_AUDIO", "none")
    assert describe_settings(usual).found == f"from {usual}, from the variables MSANII_LIVE_AUDIO"


@pytest.mark.parametrize(
    ("form", "states", "words"),
    [
        ("wav16", ["ok"], "every client"),
        ("flac", ["note"], "Pure Data"),
        ("aiff24", ["note"], "Chrome"),
        ("aiff32", ["note", "note"], "32-bit floats"),
    ],
)
def test_a_form_of_clips_that_a_program_cannot_read_is_noted(form, states, words):
    found = list(check_save_format(parse_format(form)))
    assert [each.state for each in found] == states
    assert any(words in each.found for each in found)
    assert all("--save-format" in each.remedy for each in found if each.state == "note")


def test_the_command_ends_with_0_where_all_is_well(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "msanii_live.cli", "doctor", "--port", "0", "--http-port", "0",
         "--audio", "none", "--folder", str(tmp_path), "--device", "cpu", "--threads", "3",
         "--save-format", "flac"],
        env=os.environ | {"MSANII_LIVE_CONFIG": str(write_settings(tmp_path))},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"ok   settings: from {tmp_path / 'own.toml'}" in run.stdout
    assert ", on cpu, 3 threads" in run.stdout
    assert "note clip files: FLAC is not read by Pure Data" in run.stdout
    assert "→ take --save-format wav or aiff" in run.stdout
    assert "ok   model: composer loads in" in run.stdout
    assert "ok   precision: " in run.stdout
    assert "ok   client over UDP" in run.stdout
    assert "MEND" not in run.stdout
