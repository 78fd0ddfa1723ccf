"""`msanii-live` itself: its commands, exit statuses, and what it does not import."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

from msanii_live import __version__, cli
from msanii_live.errors import MsaniiError


def test_every_command_module_is_listed():
    modules = [
        importlib.import_module(f"msanii_live.cli.{found.name}")
        for found in pkgutil.iter_modules(cli.__path__)
        if found.name != "__main__"
    ]
    assert {module for module in modules if hasattr(module, "add")} == set(cli.COMMANDS)


@pytest.mark.parametrize(
    ("raised", "status"), [(MsaniiError("no such thing"), 2), (KeyboardInterrupt(), 130)]
)
def test_errors_end_with_their_status(monkeypatch, capsys, raised, status):
    def fail():
        raise raised

    monkeypatch.setattr("msanii_live.protocol.reference.render_markdown", fail)
    assert cli.main(["spec"]) == status
    assert capsys.readouterr().err == (f"msanii-live: {raised}\n" if status == 2 else "")


def test_spec_prints_the_page_of_messages(capsys):
    assert cli.main(["spec"]) == 0
    assert "### /msanii/generate" in capsys.readouterr().out


def test_it_runs_as_a_module_and_imports_nothing_heavy():
    program = (
        "import runpy, sys\n"
        "sys.argv = ['msanii-live', '--version']\n"
        "try: runpy.run_module('msanii_live.cli', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "heavy = ('torch', 'numpy', 'aiohttp', 'soundfile', 'matplotlib', 'pythonosc', 'psutil')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=180, check=True
    )
    assert done.stdout == f"msanii-live {__version__}\n[]\n"
