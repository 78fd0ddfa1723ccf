"""The client's commands: what the table says, with types that a type checker holds to."""

import inspect
import subprocess
import sys
import typing
from pathlib import Path

import pytest

from msanii_live.client import AsyncClient, Client, MadeClip
from msanii_live.protocol.commands import COMMANDS, GenerationCommand, JobCommand
from msanii_live.protocol.schema import arguments

ROOT = Path(__file__).parents[2]

SAMPLE = """
import asyncio

from msanii_live.client import AsyncClient, Client

with Client() as client:
    clip = client.generate(bars=4, bpm=124, style="house", at=2.5)
    longer = client.outpaint(clip.name, seconds=6, side="left")
    rate: int = longer.sample_rate
    running: int = client.status()[0]["jobs-running"]
    client.play(longer.name, loop=1, at="bar")
    client.job_cancel(client.job_list()[0]["job"])
    mix: float = client.param_stream_mix()[0]["value"]


async def main() -> None:
    async with AsyncClient() as client:
        clips = await asyncio.gather(client.generate(), client.vocode("a"))
        name: str = clips[0].name


asyncio.run(main())
"""

WRONG = """
from msanii_live.client import Client

client = Client()
client.generate(bars="four")
client.generate(second=4)
client.outpaint()
client.outpaint("a", side="up")
client.status()[0]["jobs"]
client.genrate()
client.play("a", gain="loud")
"""


def method_name(command):
    return command.address.removeprefix("/msanii/").replace("/", "_").replace(".", "_")


def test_the_modules_are_what_the_generator_writes(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import generate_client

    for name, content in generate_client.modules().items():
        current = (generate_client.TARGET / name).read_text("utf-8")
        assert current == content, f"{name} is stale: run `make generated`"


@pytest.mark.parametrize("client", [Client, AsyncClient])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_a_method_with_its_arguments(command, client):
    method = getattr(client, method_name(command))
    hints = typing.get_type_hints(method)
    makes = issubclass(command, JobCommand)
    assert hints.pop("return") is MadeClip if makes else "list[" in str(hints.pop("return"))
    options = hints.pop("options", None)
    if issubclass(command, GenerationCommand):
        (keys,) = typing.get_args(options)
        hints |= typing.get_type_hints(keys)
    assert hints.keys() == {argument.name for argument in arguments(command)}
    assert typing.Any not in hints.values()
    for argument in arguments(command):
        parameter = inspect.signature(method).parameters.get(argument.name)
        if parameter is not None and not argument.required:
            assert parameter.default == argument.default


@pytest.fixture(scope="module")
def type_errors(tmp_path_factory):
    """What mypy says of both samples and of the examples, as {file name: {line: text}}: one run.

    It runs as `make lint` does, so that it finds that run's cache: torch's types take a minute.
    """
    folder = tmp_path_factory.mktemp("samples")
    (folder / "right.py").write_text(SAMPLE)
    (folder / "wrong.py").write_text(WRONG)
    files = [*folder.glob("*.py"), *(ROOT / "examples").glob("*.py")]
    run = subprocess.run(
        [sys.executable, "-m", "mypy", *map(str, files)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert f"(checked {len(files)} source files)" in run.stdout, run.stdout + run.stderr
    found = {path.name: {} for path in files}
    for line in run.stdout.splitlines():
        if ": error:" in line:
            path, number, text = line.split(":", 2)
            found.setdefault(Path(path).name, {})[int(number)] = text
    return found


def test_a_type_checker_takes_right_calls_and_refuses_wrong_ones(type_errors):
    assert type_errors["right.py"] == {}
    assert set(type_errors["wrong.py"]) == set(range(5, 12)), type_errors["wrong.py"]


def test_the_examples_have_right_types(type_errors):
    examples = {path.name for path in (ROOT / "examples").glob("*.py")}
    assert len(examples) >= 3
    assert {name: type_errors[name] for name in examples} == {name: {} for name in examples}


def test_the_package_says_that_it_has_types():
    assert (ROOT / "msanii_live" / "py.typed").is_file()
