"""`msanii-live doctor`: what works on this machine, and what to do about the rest."""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from msanii_live import __version__
from msanii_live.bench.doctor_network import look_at_network
from msanii_live.bench.findings import Finding, mend, note, ok
from msanii_live.config import Config
from msanii_live.errors import ConfigError, MsaniiError
from msanii_live.player.lock import FolderLock

if TYPE_CHECKING:
    import torch

LITTLE, TOO_LITTLE = 2 * 2**30, 100 * 2**20  # bytes free: an hour of clips takes 1.3 GB
CLIENTS = ("pd", "sclang", "oscsend", "csound", "chuck", "sonic-pi")
LABELS = {"ok": "ok  ", "note": "note", "mend": "MEND"}


def doctor(config: Config, as_json: bool = False) -> int:
    """Look at all that a server with these settings needs, and print what was found.

    as_json: one JSON object: version, python, platform, ok and findings. Returns 0, or 1 where
    something must be mended.
    """
    machine = {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    if not as_json:
        print("msanii-live {version}, Python {python}, {platform}".format(**machine))
    findings = []
    for finding in examine(config):
        findings.append(finding)
        if not as_json:
            _tell(finding)
    fine = all(finding.state != "mend" for finding in findings)
    if as_json:
        told = {**machine, "ok": fine, "findings": [asdict(finding) for finding in findings]}
        print(json.dumps(told, indent=1))
    return 0 if fine else 1


def examine(config: Config) -> Iterator[Finding]:
    """Look at one thing after another, each found before the next is looked at."""
    looks: tuple[tuple[str, Callable[[], Iterable[Finding]]], ...] = (
        ("torch", lambda: look_at_torch(config)),
        ("model", lambda: look_at_model(config)),
        ("folder", lambda: look_at_folder(config.folder_path)),
        ("sound", lambda: look_at_sound(config)),
        ("network", lambda: look_at_network(config)),
        ("OSC clients", lambda: [look_for_clients()]),
    )
    for what, look in looks:
        try:
            yield from look()
        except Exception as error:  # one thing that is out of order must not hide the others
            fault = f"{type(error).__name__}: {_line(error)}"
            yield mend(what, fault, "mend what it names; if that is nothing of yours, report it")


def _tell(finding: Finding) -> None:
    print(f"{LABELS[finding.state]} {finding.what}: {finding.found}", flush=True)
    if finding.remedy:
        print(f"     → {finding.remedy}")


def look_at_torch(config: Config) -> Iterator[Finding]:
    """Look for torch and the device that models are to run on."""
    try:
        import torch
        import torchaudio
    except (ImportError, OSError) as error:
        pair = "install torch==2.11.0 and torchaudio==2.11.0, always as a pair"
        yield mend("torch", str(error), pair)
        return
    from msanii_live.models.device import pick_device

    pair = f"torch {torch.__version__}, torchaudio {torchaudio.__version__}"
    try:
        device = pick_device(config.device)
    except ConfigError as error:
        yield mend("torch", f"{pair}; {error}", "take --device auto, or install the GPU's driver")
        return
    yield ok("torch", f"{pair}, on {device.type}, {torch.get_num_threads()} threads")
    yield look_at_precision(config, device)
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


def look_at_precision(config: Config, device: torch.device) -> Finding:
    """Tell which precision networks take, and on a CPU how long the same work takes in each."""
    from msanii_live.models import cpu_precision
    from msanii_live.models.device import name_of, network_dtype

    try:
        taken = name_of(network_dtype(device, config.precision))
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


def look_at_model(config: Config) -> Iterator[Finding]:
    """Load the default engine, weights and vocoder."""
    try:
        from msanii_live.engines.registry import Shelf

        began = time.monotonic()
        shelf = Shelf(config.device, config.engine, config.vocoder, precision=config.precision)
        shelf.check_default()
        engine = shelf.get()
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


def _broken_files(config: Config, error: MsaniiError) -> Iterator[Finding]:
    """Say which file of an engine that does not load is the broken one."""
    import torch

    from msanii_live.engines.mel_flow import MelFlow
    from msanii_live.engines.registry import Shelf
    from msanii_live.engines.vocoders import READERS, SHIPPED
    from msanii_live.models import flow_weights
    from msanii_live.models.weights_file import BROKEN

    other = "copy or train the file again, or leave --engine out for the engine that ships"
    engine = Shelf("cpu", config.engine, config.vocoder).get()
    if not isinstance(engine, MelFlow):
        yield mend("model", _line(error), other)
        return
    loaders: list[tuple[str, Callable[[Path, torch.device], object]]]
    loaders = [("model", flow_weights.load)]
    if config.vocoder in READERS:
        loaders.append(("vocoder", READERS[config.vocoder]))
    specs = []
    for path, (what, load) in zip(engine.files, loaders, strict=True):
        own = path.parent == SHIPPED
        remedy = (
            "install the package again (in a checkout: git checkout msanii_live/weights)"
            if own
            else other
        )
        try:
            model = load(path, torch.device("cpu"))
        except BROKEN as fault:
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


def look_at_folder(folder: Path) -> Iterator[Finding]:
    """Write a file into the shared folder as a clip is written, and see what room there is."""
    remedy = "give yourself the right to write there, or name another folder with --folder"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=folder) as trial:
            written, name = Path(trial, "a"), Path(trial, "b")
            written.write_bytes(bytes(4_096))
            os.replace(written, name)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield mend("folder", f"{folder}: {error.strerror or error}", remedy)
        return
    try:
        FolderLock(folder).release()
    except ConfigError as error:
        another = "nothing, if that is the server you mean; else end it, or pick another --folder"
        yield note("folder", str(error).partition("; ")[0], another)
    room = f"{folder}, {free / 2**30:.1f} GiB free"
    if free < TOO_LITTLE:
        yield mend("folder", room, "free some disk space: a minute of sound takes 21 MB")
    elif free < LITTLE:
        yield note("folder", room, "free some disk space, or let --keep-gb delete the oldest clips")
    else:
        yield ok("folder", room)


def look_at_sound(config: Config) -> Iterator[Finding]:
    """List the audio devices, and open the one that the server would sound through."""
    from msanii_live.player.clock import Timebase
    from msanii_live.player.hosts import devices
    from msanii_live.player.opening import open_player
    from msanii_live.player.sinks import DeviceLost
    from msanii_live.player.transport import Transport

    if config.audio == "none":
        yield ok("sound", "none, as asked: clips go to the folder only")
        return
    mute = "or say --audio none: clips then go to the folder, for a patch that plays them itself"
    try:
        found, default = devices()
    except DeviceLost as error:
        yield note(
            "sound", str(error), f"install PortAudio (apt-get install libportaudio2), {mute}"
        )
        return
    for place, device in enumerate(found):
        ways = f"{device['max_input_channels']} in, {device['max_output_channels']} out"
        chosen = ", the default" if place == default else ""
        rate = f"{device['default_samplerate']:.0f} Hz"
        yield ok(f"device {place}", f"{device['name']} ({ways}, {rate}{chosen})")
    timebase = Timebase()
    try:
        player, notice = open_player(config.audio, Transport(clock=timebase.now), timebase)
    except ConfigError as error:
        yield mend("sound", str(error), "name one of these devices with --audio, or leave it out")
        return
    heard = f"{player.description}; a command is heard after {1000 * player.latency:.0f} ms"
    player.close()
    if notice:
        yield note("sound", notice, f"plug a sound card in or start the sound server, {mute}")
    else:
        yield ok("sound", heard)


def look_for_clients() -> Finding:
    """Look for programs that send OSC. That none is found is no fault."""
    names = [name for name in CLIENTS if shutil.which(name)]
    applications = Path("/Applications")
    names += [
        path.stem
        for start in ("Max", "Ableton Live", "Pd", "SuperCollider", "Sonic Pi")
        for path in sorted(applications.glob(f"{start}*.app"))
    ]
    told = ", ".join(names) or "none on the path (Max and Live never are)"
    return ok("OSC clients here", told)
