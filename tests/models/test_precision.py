"""The choice of precision: from given timings, never from the clock; and the file it is kept in."""

import json
import logging
from pathlib import Path

import pytest
import torch

from msanii_live.errors import ConfigError
from msanii_live.models import cpu_precision
from msanii_live.models.cpu_precision import Timings, cache_file, timings
from msanii_live.models.device import (
    DTYPES,
    name_of,
    network_dtype,
    precision,
    taking,
    training_precision,
)

CPU = torch.device("cpu")
SLOW, FAST = Timings(4.0, 20.0), Timings(4.0, 2.0)


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """Begin with nothing measured, and an empty cache."""
    monkeypatch.setattr(cpu_precision, "_held", {})
    monkeypatch.setattr(cpu_precision, "cache_file", lambda: tmp_path / "cache" / "precision.json")
    monkeypatch.setattr(cpu_precision, "has_bf16", lambda: True)
    return tmp_path / "cache" / "precision.json"


def gives(monkeypatch, found):
    monkeypatch.setattr(cpu_precision, "measure_both", lambda: found)


def again(monkeypatch):
    """Forget what this process has measured, as a new one would."""
    monkeypatch.setattr(cpu_precision, "_held", {})


def refuses():
    raise AssertionError("measured again")


@pytest.mark.parametrize(
    ("fp32", "bf16", "taken"),
    [
        (4.0, 20.0, "fp32"),
        (4.0, 4.0, "fp32"),
        (4.0, 3.8, "fp32"),
        (4.4, 4.0, "bf16"),
        (9, 1, "bf16"),
    ],
)
def test_bf16_is_taken_only_where_it_is_clearly_faster(fresh, monkeypatch, fp32, bf16, taken):
    gives(monkeypatch, Timings(fp32, bf16))
    assert name_of(network_dtype(CPU)) == taken
    assert network_dtype(CPU) == DTYPES[taken]


def test_a_cpu_without_bf16_is_not_measured(fresh, monkeypatch):
    monkeypatch.setattr(cpu_precision, "has_bf16", lambda: False)
    monkeypatch.setattr(cpu_precision, "measure_both", refuses)
    assert network_dtype(CPU) == torch.float32


def test_what_is_asked_for_is_not_measured(fresh, monkeypatch):
    monkeypatch.setattr(cpu_precision, "measure_both", refuses)
    assert network_dtype(CPU, "fp32") == torch.float32
    assert network_dtype(CPU, "bf16") == torch.bfloat16
    assert [network_dtype(torch.device(name)) for name in ("cuda", "mps")] == [torch.float16] * 2


def test_a_measurement_is_made_once_and_kept_for_the_next_start(fresh, monkeypatch):
    assert timings(lambda: SLOW) == SLOW
    assert timings(refuses) == SLOW
    again(monkeypatch)
    assert timings(refuses) == SLOW
    assert [path.name for path in fresh.parent.iterdir()] == ["precision.json"]  # nothing half done


@pytest.mark.parametrize(
    "change",
    [
        ("cpu_name", lambda: "another CPU"),
        ("torch", type("Torch", (), {"__version__": "9.9", "get_num_threads": lambda: 2})),
        ("torch", type("Torch", (), {"__version__": "2.11", "get_num_threads": lambda: 64})),
    ],
)
def test_another_machine_is_measured_and_the_first_not_forgotten(fresh, monkeypatch, change):
    timings(lambda: SLOW)
    with monkeypatch.context() as other:
        other.setattr(cpu_precision, *change)
        assert timings(lambda: FAST) == FAST
    again(monkeypatch)
    assert timings(refuses) == SLOW
    assert len(json.loads(fresh.read_text())["measured"]) == 2


def file_of(row):
    return json.dumps({"version": 1, "measured": {cpu_precision.machine_key(): row}})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        "\x00\xff",
        '{"version": 99, "measured": {}}',
        '{"version": 1, "measured": 5}',
        file_of(None),
        file_of({"fp32_ms": 1.0}),
        file_of({"fp32_ms": 0, "bf16_ms": 1.0}),
        file_of({"fp32_ms": "1", "bf16_ms": 1.0}),
        file_of({"fp32_ms": float("nan"), "bf16_ms": 1.0}),
        file_of({"fp32_ms": True, "bf16_ms": 1.0}),
    ],
)
def test_a_damaged_or_foreign_file_is_ignored_and_written_anew(fresh, monkeypatch, text):
    fresh.parent.mkdir()
    fresh.write_text(text, encoding="latin-1")
    assert timings(lambda: FAST) == FAST
    again(monkeypatch)
    assert timings(refuses) == FAST


def test_a_cache_that_cannot_be_written_is_told_and_harmless(fresh, caplog):
    fresh.parent.write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        assert timings(lambda: FAST) == FAST
    assert "could not be kept" in caplog.text


def test_without_a_home_it_is_measured_again(fresh, monkeypatch, caplog):
    monkeypatch.setattr(cpu_precision, "cache_file", lambda: None)
    with caplog.at_level(logging.WARNING):
        assert timings(lambda: FAST) == FAST
        again(monkeypatch)
        assert timings(lambda: SLOW) == SLOW
    assert "no home folder" in caplog.text


def nobody():
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize(
    ("system", "environment", "folder"),
    [
        ("linux", {}, "/home/me/.cache"),
        ("linux", {"XDG_CACHE_HOME": "/var/mine"}, "/var/mine"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/me/.cache"),
        ("darwin", {"XDG_CACHE_HOME": "/var/mine"}, "/home/me/Library/Caches"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local"),
        ("win32", {}, "/home/me/AppData/Local"),
    ],
)
def test_the_file_is_in_the_users_cache(monkeypatch, system, environment, folder):
    monkeypatch.setattr(cpu_precision.sys, "platform", system)
    monkeypatch.setattr(cpu_precision.Path, "home", lambda: Path("/home/me"))
    assert cache_file(environment) == Path(folder) / "msanii-live" / "precision.json"
    monkeypatch.setattr(cpu_precision.Path, "home", nobody)
    if folder.startswith("/home/me"):
        assert cache_file(environment) is None


def test_the_processor_has_a_name():
    assert cpu_precision.cpu_name()
    assert cpu_precision.cpu_name() in cpu_precision.machine_key()


def test_measuring_times_both_and_leaves_the_random_numbers_alone():
    if not cpu_precision.has_bf16():
        pytest.skip("no bf16 here")
    torch.manual_seed(7)
    expected = torch.randn(3)
    torch.manual_seed(7)
    found = cpu_precision.measure_both(repetitions=1)
    assert torch.equal(torch.randn(3), expected)
    assert found.fp32_ms > 0
    assert found.bf16_ms > 0


# -- what is asked for -----------------------------------------------------------------------------


def test_fp16_on_a_cpu_is_refused_with_the_remedy():
    with pytest.raises(ConfigError, match=r"hundreds of times slower.*--precision auto"):
        network_dtype(CPU, "fp16")


@pytest.mark.parametrize("kind", ["cpu", "cuda", "mps"])
def test_bf16_where_there_is_none_is_refused_with_the_remedy(monkeypatch, kind):
    monkeypatch.setattr(cpu_precision, "has_bf16", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    monkeypatch.setattr(torch.backends.mps, "is_macos_or_newer", lambda *version: False)
    with pytest.raises(ConfigError, match=f"this {kind} device has none; try --precision auto"):
        network_dtype(torch.device(kind), "bf16")


def product(context):
    with context:
        return (torch.ones(4, 4) @ torch.ones(4, 4)).dtype


def test_networks_run_at_what_is_taken_and_else_at_the_faster(fresh, monkeypatch):
    gives(monkeypatch, FAST)
    for dtype in (torch.float32, torch.bfloat16):
        with taking(dtype):
            assert product(precision(CPU)) == dtype
    assert product(precision(CPU)) == torch.bfloat16
    with pytest.raises(ZeroDivisionError), taking(torch.float32):
        raise ZeroDivisionError
    assert product(precision(CPU)) == torch.bfloat16


@pytest.mark.parametrize(
    ("found", "dtype"),
    [(FAST, torch.bfloat16), (SLOW, torch.float32), (Timings(1, 1), torch.float32)],
)
def test_training_takes_the_faster_too(fresh, monkeypatch, found, dtype):
    gives(monkeypatch, found)
    assert product(training_precision(CPU)) == dtype
