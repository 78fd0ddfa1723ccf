"""What a newcomer meets first: documents, the settings file, the units, and what make installs."""

import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from msanii_live.cli import COMMANDS, _parser, main
from msanii_live.cli.docs import find_documents
from msanii_live.config import Config, read_config
from msanii_live.protocol.request import parse_request

ROOT = Path(__file__).parents[1]
PACKAGING = ROOT / "packaging"
SAMPLE = (PACKAGING / "config.toml").read_text("utf-8")
UNIT = (PACKAGING / "msanii-live.service").read_text("utf-8")
PLIST = PACKAGING / "local.msanii-live.plist"
SETTING = re.compile(r"^#(?=[a-z_]+ = )", re.MULTILINE)
PAGES = (
    "README.md", "docs/install.md", "docs/tutorial.md", "docs/troubleshooting.md",
    "docs/clients.md",
)  # fmt: skip
COMMAND = re.compile(r"^(?:    |.*?`)(?:\S*/)?(?:python server\.py|msanii-live)((?: [^`\n#|>&]+)?)")


def test_the_sample_of_settings_has_every_setting_with_its_default(tmp_path):
    everything = SETTING.sub("", SAMPLE)
    names = [f.name for f in fields(Config)]
    assert sorted(tomllib.loads(everything)) == sorted(names)
    file = tmp_path / "config.toml"
    file.write_text(everything, "utf-8")
    assert read_config({}, file) == Config()
    file.write_text(SAMPLE, "utf-8")
    assert read_config({}, file) == Config()


@pytest.mark.parametrize("field", fields(Config), ids=lambda field: field.name)
def test_the_sample_explains_every_setting(field):
    paragraph = next(p for p in SAMPLE.split("\n\n") if f"\n#{field.name} = " in p)
    words = paragraph.rsplit("\n#", 1)[0]
    assert words.startswith("# ")
    for choice in field.metadata["choices"]:
        assert re.search(rf"\b{re.escape(choice)}\b", words), f"{choice} is not explained"


@pytest.mark.parametrize(
    ("key", "value"),
    [("port", "7790"), ("audio", '"none"'), ("allow", '["10.0.0.0/8"]'), ("keep_gb", "2.5")],
)
def test_a_setting_of_the_sample_can_be_changed(key, value, tmp_path, monkeypatch):
    file = tmp_path / "config.toml"
    file.write_text(re.sub(rf"(?m)^#{key} = .*$", f"{key} = {value}", SAMPLE), "utf-8")
    changed = tomllib.loads(f"{key} = {value}")[key]
    wanted = tuple(changed) if isinstance(changed, list) else changed
    assert getattr(read_config({}, file), key) == wanted
    monkeypatch.setenv("MSANII_LIVE_CONFIG", str(file))
    assert getattr(read_config({}), key) == wanted


def parse(words):
    """Parse the words after `msanii-live`; an unknown command or flag ends the test."""
    return _parser().parse_args(words)


def test_the_unit_of_systemd_starts_a_command_that_exists():
    (line,) = re.findall(r"^ExecStart=(.+)$", UNIT, re.MULTILINE)
    program, *words = line.split()
    assert program.endswith("/bin/msanii-live")
    assert parse(words).config is None
    assert parse([*words, "--config", "x.toml"]).config == Path("x.toml")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_accepts_the_unit(tmp_path):
    program = tmp_path / "msanii-live"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "msanii-live.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={program}", UNIT))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(unit)],
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "Failed to" in done.stderr:
        pytest.skip(f"systemd-analyze does not run here: {done.stderr.strip()}")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_agent_of_launchd_starts_a_command_that_exists():
    agent = plistlib.loads(PLIST.read_bytes())
    assert f"{agent['Label']}.plist" == PLIST.name
    *shell, script = agent["ProgramArguments"]
    assert shell == ["/bin/sh", "-c"]
    word, program, *words = shlex.split(script.split(" 2>>")[0])
    assert (word, program.rsplit("/", 1)[1]) == ("exec", "msanii-live")
    assert parse(words).config is None
    assert agent["KeepAlive"] == {"SuccessfulExit": False}


def test_documents_are_listed_and_printed(capsys):
    documents = find_documents()
    assert {"install", "osc", "tutorial", "troubleshooting", "config.toml"} <= set(documents)
    assert main(["docs"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(documents)
    for name in ("osc", "osc.md", "docs/osc.md"):
        assert main(["docs", name]) == 0
        assert capsys.readouterr().out == (ROOT / "docs" / "osc.md").read_text("utf-8")
    assert main(["docs", "config.toml"]) == 0
    assert capsys.readouterr().out == SAMPLE
    assert main(["docs", "nothing"]) == 2
    assert "tutorial" in capsys.readouterr().err


def commands_of(page):
    """Return the words of each `msanii-live` command of a page, up to a comment or a pipe."""
    found = [COMMAND.match(line) for line in (ROOT / page).read_text("utf-8").splitlines()]
    return [match.group(1).split() for match in found if match]


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_the_documents_exist(page):
    names = {module.__name__.rsplit(".", 1)[1] for module in COMMANDS}
    commands = commands_of(page)
    assert commands
    for words in commands:
        if words and not words[0].startswith("-"):
            assert words[0] in names, words


def test_what_the_readme_sends_is_understood():
    text = (ROOT / "README.md").read_text("utf-8")
    lines = re.findall(r"msanii-live send ([^`\n]+?)(?:`|$)", text, re.MULTILINE)
    assert len(lines) >= 14
    for line in lines:
        address, *words = shlex.split(line)
        request = parse_request(f"/msanii/{address}", words)
        assert not request.warnings, line


@pytest.mark.parametrize("page", [*PAGES, "docs/README.md"])
def test_links_between_the_documents_lead_somewhere(page):
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), target


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
@pytest.mark.parametrize("user", ["0", "1000"])
def test_make_installs_nothing_that_was_refused(user, tmp_path):
    called = tmp_path / "called"
    for name, script in (
        ("id", f"echo {user}"),
        ("dpkg-query", "exit 1"),
        ("apt-get", f'echo "$@" >> {called}'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    def install(**more):
        env = {"PATH": f"{tmp_path}:{os.defpath}"} | more
        return subprocess.run(
            ["sh", str(ROOT / "tools" / "system-packages.sh"), "libportaudio2"],
            env=env, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    said = install(NO_SYSTEM="1")
    assert not called.exists()
    assert "apt-get install" in said
    said = install()
    assert called.exists() == (user == "0")
    assert "libportaudio2" in said
    assert ("NO_SYSTEM=1" in said) == (user == "0")
