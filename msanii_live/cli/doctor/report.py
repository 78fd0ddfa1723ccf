"""`msanii-live doctor`: what works on this machine, and what to do about the rest."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

from msanii_live import __version__
from msanii_live.cli.doctor.checks import Check, mend, note, ok
from msanii_live.cli.doctor.folder import check_folder, check_save_format
from msanii_live.cli.doctor.network import check_network
from msanii_live.cli.doctor.sound import check_midi, check_sound
from msanii_live.config import ENVIRONMENT_PREFIX, Config
from msanii_live.config_file import default_settings_path
from msanii_live.dsp.thread_limit import limit_threads
from msanii_live.errors import ConfigError, MsaniiError
from msanii_live.library.audio_encoding import parse_format

if TYPE_CHECKING:
    import torch

CLIENTS = ("pd", "sclang", "oscsend", "csound", "chuck", "sonic-pi")
VARIABLES = {ENVIRONMENT_PREFIX + field.name.upper() for field in fields(Config)}
LABELS = {"ok": "ok  ", "note": "note", "mend": "MEND"}


def doctor(config: Config, file: Path | None = None, as_json: bool = False) -> int:
    """Check all that a server with these settings needs, and print the results.

    It changes nothing on this machine.

    file: of settings, that was read. as_json: one JSON object: version, python, platform, ok and
    findings. Returns 0, or 1 where something must be mended.
    """
    machine = {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    if not as_json:
        print("msanii-live {version}, Python {python}, {platform}".format(**machine))
    checks = []
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(Exception):  # torch may be what is to be mended
            from msanii_live.dsp.cpu_precision import saving_nothing

            stack.enter_context(saving_nothing())
        limit_threads(config.threads)
        for check in examine(config, file):
            checks.append(check)
            if not as_json:
                _print(check)
    fine = all(check.state != "mend" for check in checks)
    if as_json:
        report = {**machine, "ok": fine, "findings": [asdict(check) for check in checks]}
        print(json.dumps(report, indent=1))
    return 0 if fine else 1


def examine(config: Config, file: Path | None = None) -> Iterator[Check]:
    """Run one check after another, each when its result is asked for. file: see `doctor`."""
    groups: tuple[tuple[str, Callable[[], Iterable[Check]]], ...] = (
        ("settings", lambda: [describe_settings(file)]),
        ("torch", lambda: check_torch(config)),
        ("model", lambda: check_model(config)),
        ("folder", lambda: check_folder(config.folder_path)),
        ("clip files", lambda: check_save_format(parse_format(config.save_format))),
        ("sound", lambda: check_sound(config)),
        ("MIDI", lambda: [check_midi(config.midi_in)]),
        ("network", lambda: check_network(config)),
        ("OSC clients", lambda: [find_clients()]),
    )
    for what, run in groups:
        try:
            yield from run()
        except Exception as error:  # one thing that is out of order must not hide the others
            fault = f"{type(error).__name__}: {_line(error)}"
            yield mend(what, fault, "mend what it names; if that is nothing of yours, report it")


def _print(check: Check) -> None:
    print(f"{LABELS[check.state]} {check.what}: {check.found}", flush=True)
    if check.remedy:
        print(f"     → {check.remedy}")


def describe_settings(file: Path | None) -> Check:
    """Say where the settings come from. file: that was read; None without one."""
    variables = sorted(name for name in os.environ if name in VARIABLES)
    found = [f"from {file}"] if file else []
    found += [f"from the variables {', '.join(variables)}"] if variables else []
    usual = default_settings_path()
    if not file and usual:
        is_there = "is ignored" if os.path.lexists(usual) else "would be read"
        found.append(f"no file; {usual} {is_there}")
    return ok("settings", ", ".join(found) or "no file")


def check_torch(config: Config) -> Iterator[Check]:
    """Check torch and the device that models run on."""
    try:
        import torch
        import torchaudio
    except (ImportError, OSError) as error:
        pair = "install torch==2.11.0 and torchaudio==2.11.0, always as a pair"
        yield mend("torch", str(error), pair)
        return
    from msanii_live.dsp.device import pick_device

    pair = f"torch {torch.__version__}, torchaudio {torchaudio.__version__}"
    try:
        device = pick_device(config.device)
    except ConfigError as error:
        yield mend("torch", f"{pair}; {error}", "take --device auto, or install the GPU's driver")
        return
    yield ok("torch", f"{pair}, on {device.type}, {torch.get_num_threads()} threads")
    yield check_precision(config, device)
    if device.type == "cuda":
        free, whole = torch.cuda.mem_get_info()
        name = torch.cuda.get_device_name()
        yield ok("GPU", f"{name}, {free / 2**30:.1f} of {whole / 2**30:.1f} GiB free")
    elif shutil.which("nvidia-smi") and config.device == "auto":
        yield note(
            "GPU",
            "there is an NVIDIA driver, but torch finds no GPU that it can use",
            "run nvidia-smi; if it lists a GPU, install the CUDA build of torch for its driver",
        )


def check_precision(config: Config, device: torch.device) -> Check:
    """Check the precision of networks; on a CPU, with the time that the same work takes in each."""
    from msanii_live.dsp import cpu_precision
    from msanii_live.dsp.device import dtype_name, network_dtype

    try:
        taken = dtype_name(network_dtype(device, config.precision))
    except ConfigError as error:
        return mend("precision", str(error), "take --precision auto")
    if device.type != "cpu":
        return ok("precision", taken)
    if not cpu_precision.has_bf16():
        return ok("precision", f"{taken}: this CPU has no bf16")
    took = cpu_precision.timings()
    found = (
        f"{taken}: the same blocks take {took.fp32_ms:.1f} ms in fp32 and {took.bf16_ms:.1f} ms in "
        f"bf16, {took.ratio:.2f} of it"
    )
    if taken != took.faster:
        return note("precision", found, f"take --precision auto, which is {took.faster} here")
    return ok("precision", found)


def check_model(config: Config) -> Iterator[Check]:
    """Load the default engine, weights and vocoder."""
    try:
        from msanii_live.engines.registry import EngineRegistry

        began = time.monotonic()
        registry = EngineRegistry(
            config.device, config.engine, config.vocoder, precision=config.precision
        )
        registry.check_default()
        engine = registry.get()
        engine.load()
    except ConfigError as error:
        yield mend("model", str(error), "name an engine that there is, or a path, with --engine")
        return
    except MsaniiError as error:
        yield from _broken_files(config, error)
        return
    files = getattr(engine, "files", ())
    sizes = [f"{path.name} {path.stat().st_size / 2**20:.0f} MiB" for path in files]
    took = time.monotonic() - began
    yield ok("model", f"{engine.name} loads in {took:.1f} s" + "".join(f", {s}" for s in sizes))


def _broken_files(config: Config, error: MsaniiError) -> Iterator[Check]:
    """Check each file of an engine that does not load."""
    import torch

    from msanii_live.dsp.vocoders.registry import LOADERS, SHIPPED_WEIGHTS
    from msanii_live.dsp.weights import READ_ERRORS
    from msanii_live.engines.builtin import BUILT_IN
    from msanii_live.engines.mel_flow import weights
    from msanii_live.engines.mel_flow.engine import MelFlowEngine
    from msanii_live.engines.registry import EngineRegistry

    other = "copy or train the file again, or leave --engine out for the engine that ships"
    again = "install the package again (in a checkout: git checkout msanii_live/weights)"
    engine = EngineRegistry("cpu", config.engine, config.vocoder).get()
    if not isinstance(engine, MelFlowEngine):
        yield mend("model", _line(error), again if config.engine in BUILT_IN else other)
        return
    loaders: list[tuple[str, Callable[[Path, torch.device], object]]]
    loaders = [("model", weights.load)]
    if config.vocoder in LOADERS:
        loaders.append(("vocoder", LOADERS[config.vocoder]))
    specs = []
    for path, (what, load) in zip(engine.files, loaders, strict=True):
        own = path.parent == SHIPPED_WEIGHTS
        remedy = again if own else other
        try:
            model = load(path, torch.device("cpu"))
        except READ_ERRORS as fault:
            yield mend(what, f"cannot load {path}: {_line(fault)}", remedy)
        else:
            specs.append(getattr(model, "spec", None))
            yield ok(what, f"{path.name} loads")
    if len(specs) == 2 and specs[0] != specs[1]:
        yield mend(
            "model",
            f"{engine.files[0]} has other features than its vocoder {engine.files[1]}",
            "put the vocoder beside it that was trained on the same features",
        )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def find_clients() -> Check:
    """Look for programs that send OSC. The check is ok where none is found."""
    names = [name for name in CLIENTS if shutil.which(name)]
    applications = Path("/Applications")
    names += [
        path.stem
        for start in ("Max", "Ableton Live", "Pd", "SuperCollider", "Sonic Pi")
        for path in sorted(applications.glob(f"{start}*.app"))
    ]
    found = ", ".join(names) or "none on the path (Max and Live never are)"
    return ok("OSC clients here", found)
