"""Check that starting with the engines that ship imports none of the slow libraries."""

import subprocess
import sys

import pytest

SLOW = ("diffusers", "transformers", "huggingface_hub")
SHIPPED = (
    "msanii_live.engines.mel_flow.engine",
    "msanii_live.engines.mel2mel.engine",
    "msanii_live.engines.note_diffusion.engine",
    "msanii_live.engines.registry",
    "msanii_live.app",
    # The two that use diffusers import it when their weights are loaded, and not before.
    "msanii_live.engines.msanii2023.engine",
    "msanii_live.engines.spectrogram_diffusion.engine",
)


def imported_by(code: str) -> set[str]:
    """Return which of the slow libraries a new interpreter has imported after running code."""
    code += f"\nimport sys; print(*(set({SLOW!r}) & set(sys.modules)))"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def test_no_module_of_the_start_imports_them() -> None:
    code = f"""
import importlib, sys

for module in {SHIPPED!r}:
    importlib.import_module(module)
    found = set({SLOW!r}) & set(sys.modules)
    assert not found, f"{{module}} imports {{found}}"
"""
    assert imported_by(code) == set()


@pytest.mark.slow
def test_the_default_engine_plays_without_them() -> None:
    code = """
from msanii_live.engines.registry import EngineRegistry

engine = EngineRegistry("cpu", "mel-flow").get()
assert engine.name == "mel-flow"
engine.warm()  # generates a short clip
"""
    assert imported_by(code) == set()


@pytest.mark.slow
def test_the_2023_engine_imports_diffusers_when_it_is_loaded() -> None:
    code = """
from pathlib import Path
from msanii_live.engines.msanii2023.engine import engines_of

engines_of(Path("tests/parity/msanii-tiny.pt"), "tiny", "cpu")[0].load()
"""
    assert imported_by(code) == {"diffusers", "huggingface_hub"}


def test_a_server_of_tones_starts_without_the_libraries_of_other_engines() -> None:
    code = "import sys, msanii_live.app, msanii_live.engines.tones\n"
    code += "print(*({'torch', 'scipy.signal', 'matplotlib', 'zeroconf'} & set(sys.modules)))"
    assert imported_by(code) == set()
