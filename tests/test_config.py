"""Settings from file, environment and flags, and the command line around them."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from msanii_live.cli import main
from msanii_live.client.server_process import running_server
from msanii_live.config import Config, read_config
from msanii_live.config_file import default_settings_path
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
        ({"allow": [7]}, "list of texts"),
        ({"allow_origin": ["*"]}, "http://localhost:3000"),
        ({"allow_origin": ["localhost:3000"]}, "http://localhost:3000"),
        ({"allow_origin": ["http://localhost:3000/page"]}, "http://localhost:3000"),
        ({"port": [1]}, "whole number"),
        ({"port": True}, "whole number"),
        ({"port": 10**5_000}, "whole number"),
        ({"keep_gb": "nan"}, "keep_gb is nan"),
        ({"keep_gb": 1e308}, "0 to 1000000000"),
        ({"keep_gb": -1}, "0 to"),
        ({"threads": -1}, "0 to 1024"),
        ({"threads": 10**9}, "0 to 1024"),
        ({"folder": ""}, "folder is empty"),
        ({"folder": "a\0b"}, "NUL"),
        ({"engine": "a\0"}, "NUL"),
        ({"audio": "\0"}, "NUL"),
        ({"folder": {"a": 1}}, "must be text"),
        ({"folder": 7}, "must be text"),
        ({"folder": "~nosuchuser/x"}, "no user nosuchuser"),
        ({"folder": "x" * 700}, "--folder"),
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

    monkeypatch.setattr("msanii_live.client.server_process.running_server", stopped)
    assert main(["demo", "--out", str(tmp_path), *flags]) == 2
    assert seen == ["--audio", "default", "--device", "auto", *passed]


def test_unknown_keys_in_a_file_are_an_error(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(ConfigError, match=r"unknown key prot; known are .*port"):
        read_config({}, file)
    with pytest.raises(ConfigError, match="cannot read"):
        read_config({}, tmp_path / "none.toml")


FOLDER = 'folder = "M\u00fczik"\n'


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (FOLDER.encode("latin-1"), "line 1 is not in UTF-8"),
        (b"port = 1\n" + FOLDER.encode("latin-1"), "line 2 is not in UTF-8"),
        (FOLDER.encode("utf-16"), "UTF-16"),
        (FOLDER.encode("utf-16-be"), "cannot read"),
        (FOLDER.encode("latin-1") + b"nosuch = 1", "unknown key nosuch;.* line 1 is not"),
        (b"folder = 'a\0b'", "cannot read"),
        (b"port = " + b"[" * 20_000, "nested too deep"),
        (b"port = " + b"9" * 9_000, "cannot read"),
        (b"port = 1\nport = 2", "cannot read"),
        (b"[port]\nnumber = 1", "whole number"),
        (b"folder = 2026-11-26", "must be text"),
        (b"#" * (2**20 + 1), "1 MiB"),
        (b'"\\u001b[31m" = 1', r"unknown key \\x1b"),
    ],
)
def test_a_file_that_is_none_of_settings_is_refused_in_words(tmp_path, raw, words):
    file = tmp_path / "c.toml"
    file.write_bytes(raw)
    with pytest.raises(ConfigError, match=words):
        read_config({}, file)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_may_begin_with_a_byte_order_mark(tmp_path, mark):
    file = tmp_path / "c.toml"
    file.write_bytes(mark + FOLDER.encode() + b"port = 5\r\n")
    config = read_config({}, file)
    assert (config.folder, config.port) == ("M\u00fczik", 5)


@pytest.mark.parametrize("path", ["~nosuchuser/c.toml", "/", "none.toml", "x" * 300, "a\0b"])
def test_a_path_that_is_no_file_of_settings_is_refused_in_words(path):
    with pytest.raises(ConfigError, match=r"config|cannot read"):
        read_config({}, Path(path))


def test_without_a_home_a_folder_must_be_named(tmp_path, monkeypatch):
    def unknown(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", unknown)
    with pytest.raises(ConfigError, match=r"home folder of this user is unknown.*--folder"):
        read_config({})
    monkeypatch.undo()
    monkeypatch.delenv("HOME", raising=False)
    assert read_config({"folder": str(tmp_path)}).folder_path == tmp_path


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        ("http://localhost:3000", ("http://localhost:3000",)),
        (["http://a.example", "https://b.example"], ("http://a.example", "https://b.example")),
        ("http://[::1]:3000, http://c", ("http://[::1]:3000", "http://c")),
    ],
)
def test_allowed_origins_can_be_repeated(origins, expected):
    assert read_config({"allow_origin": origins}).allow_origin == expected


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
    own = ["--port", "0", "--http-port", "0", "--audio", "none", "--folder", str(tmp_path)]
    run = subprocess.run(
        [sys.executable, SERVER, *own, *flags],
        capture_output=True,
        text=True,
        timeout=180,
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
            timeout=180,
        )
    assert run.returncode == 2
    assert str(port) in run.stderr
    assert "--port" in run.stderr


@pytest.mark.parametrize("form", ["wav", "wav16", "wav24", "flac", "flac16", "aiff24"])
def test_a_form_of_the_folder_is_taken(form):
    config = read_config({"save_format": form, "save_rate": 48_000})
    assert (config.save_format, config.save_rate) == (form, 48_000)


@pytest.mark.parametrize(
    "flags",
    [{"save_format": "mp3"}, {"save_format": "flac32"}, {"save_rate": 8_000}, {"save_rate": -1}],
)
def test_a_form_that_there_is_not_is_refused(flags):
    with pytest.raises(ConfigError, match="it must be"):
        read_config(flags)


# -- the usual place of the file -------------------------------------------------------------------


@pytest.fixture
def usual(tmp_path, monkeypatch):
    """The usual place of the settings of a user who has none yet."""
    monkeypatch.delenv("MSANII_LIVE_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "msanii-live" / "config.toml"
    path.parent.mkdir()
    return path


def test_the_file_at_the_usual_place_counts_if_no_other_is_named(usual, tmp_path, monkeypatch):
    assert read_config({}) == Config()
    usual.write_text("port = 7790\n")
    other = tmp_path / "other.toml"
    other.write_text("http_port = 7791\n")
    assert read_config({}) == Config(port=7790)
    assert read_config({"port": "7792"}).port == 7792
    assert read_config({}, Path("none")) == Config()
    assert read_config({}, other) == Config(http_port=7791)
    monkeypatch.setenv("MSANII_LIVE_CONFIG", "none")
    assert read_config({}) == Config()
    assert read_config({}, usual) == Config(port=7790)
    monkeypatch.setenv("MSANII_LIVE_CONFIG", str(other))
    assert read_config({}) == Config(http_port=7791)


@pytest.mark.parametrize(
    ("system", "environment", "place"),
    [
        ("linux", {}, ".config/msanii-live/config.toml"),
        ("linux", {"XDG_CONFIG_HOME": "relative"}, ".config/msanii-live/config.toml"),
        ("linux", {"XDG_CONFIG_HOME": "/etc/own"}, "/etc/own/msanii-live/config.toml"),
        ("darwin", {}, "Library/Application Support/msanii-live/config.toml"),
        ("win32", {"APPDATA": "/roaming"}, "/roaming/msanii-live/config.toml"),
        ("win32", {}, "AppData/Roaming/msanii-live/config.toml"),
    ],
)
def test_each_system_has_its_usual_place(system, environment, place):
    assert default_settings_path(environment, system) == Path.home() / place


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"port = ", "cannot read"),
        (b"\xff\xfep\0", "UTF-16"),
        (b"prot = 1\n", "unknown key prot"),
        (b'port = "many"\n', "it must be a whole number"),
        (b"port = 70000\n", "0 to 65535"),
        (None, "Is a directory"),
    ],
)
def test_a_broken_file_at_the_usual_place_is_told_in_words(usual, content, words, capsys):
    if content is None:
        usual.mkdir()
    else:
        usual.write_bytes(content)
    for command in ("serve", "doctor"):
        assert main([command]) == 2
        told = capsys.readouterr().err
        assert told.startswith("msanii-live: ")
        assert words in told
        assert str(usual) in told


def test_a_link_that_leads_nowhere_at_the_usual_place_is_said(usual):
    usual.symlink_to(usual.with_name("gone"))
    with pytest.raises(ConfigError, match="No such file"):
        read_config({})


def test_a_wrong_variable_is_named(monkeypatch):
    monkeypatch.setenv("MSANII_LIVE_KEEP_GB", "lots")
    with pytest.raises(ConfigError, match="the variable MSANII_LIVE_KEEP_GB has it"):
        read_config({})
    with pytest.raises(ConfigError) as caught:
        read_config({"keep_gb": "more"})
    assert "MSANII" not in str(caught.value)


def test_a_server_reads_the_usual_place_and_none_ignores_it(usual, tmp_path):
    usual.write_text("save_rate = 12\n")
    words = ["--port", "0", "--http-port", "0", "--audio", "none", "--engine", "tones"]
    words += ["--folder", str(tmp_path / "clips")]
    run = subprocess.run(
        [sys.executable, SERVER, *words], capture_output=True, text=True, timeout=180, check=False
    )
    assert run.returncode == 2
    assert "save_rate is 12" in run.stderr
    assert str(usual) in run.stderr
    with running_server(tmp_path / "clips", "--config", "none", "--engine", "tones") as server:
        assert server.osc_port > 0


def test_the_help_names_the_usual_place(usual, capsys):
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    assert str(usual) in "".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("workers", ["0", "4", "auto", "ray://10.0.0.2:10001", "ray://box:10001/2"])
def test_workers_are_a_number_auto_or_an_address(workers):
    assert Config(workers=workers).workers == workers


@pytest.mark.parametrize(
    "workers", ["-1", "257", "many", "ray://host", "ray://host:1/0", "http://host:1", "1.5"]
)
def test_other_workers_are_refused_with_what_is_legal(workers):
    with pytest.raises(ConfigError, match="worker --head"):
        Config(workers=workers)
