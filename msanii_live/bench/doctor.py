"""`msanii-live doctor`: what works on this machine, and what to do about the rest."""

from __future__ import annotations

import platform
import shutil
import socket
import tempfile
from pathlib import Path

from msanii_live import __version__
from msanii_live.config import read_config
from msanii_live.errors import MsaniiError

Finding = tuple[bool, str, str]  # fine, what was looked at, what was found or how to mend it


def doctor() -> int:
    """Print one line a check. Returns 0 if the server can run, 1 otherwise."""
    findings = [_model(), _torch(), _folder(), *_ports(), *_sound(), _clients()]
    print(f"msanii-live {__version__}, Python {platform.python_version()}, {platform.platform()}")
    for fine, what, text in findings:
        print(f"{'ok  ' if fine else 'MEND'} {what}: {text}")
    needed = findings[:3]
    return 0 if all(fine for fine, _, _ in needed) else 1


def _model() -> Finding:
    from msanii_live.engines.mel_flow import SHIPPED, WEIGHTS

    path = SHIPPED / WEIGHTS
    if path.exists():
        return True, "model", f"{path.name}, {path.stat().st_size >> 20} MiB"
    return False, "model", f"{path} is missing: install the package again"


def _torch() -> Finding:
    try:
        import torch
        import torchaudio
    except (ImportError, OSError) as error:
        return False, "torch", f"{error}; install torch==2.11.0 with torchaudio==2.11.0, as a pair"
    from msanii_live.models.device import network_dtype, pick_device

    device = pick_device("auto")
    kind = str(network_dtype(device)).removeprefix("torch.")
    pair = f"torch {torch.__version__}, torchaudio {torchaudio.__version__}"
    return True, "torch", f"{pair}, on {device.type} in {kind}, {torch.get_num_threads()} threads"


def _folder() -> Finding:
    try:
        folder = read_config({}).folder_path
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, MsaniiError) as error:
        return False, "folder", f"{error}; name one you may write to with --folder"
    free = shutil.disk_usage(folder).free >> 30
    return True, "folder", f"{folder}, {free} GiB free"


def _ports() -> list[Finding]:
    found: list[Finding] = []
    for kind, port, flag in (
        (socket.SOCK_DGRAM, 7770, "--port"),
        (socket.SOCK_STREAM, 7771, "--http-port"),
    ):
        with socket.socket(socket.AF_INET, kind) as trial:
            try:
                trial.bind(("127.0.0.1", port))
                found.append((True, f"port {port}", "free"))
            except OSError:
                text = f"in use, by a running server or another program; pick one with {flag}"
                found.append((False, f"port {port}", text))
    return found


def _sound() -> list[Finding]:
    from msanii_live.player.clock import Timebase
    from msanii_live.player.hosts import devices
    from msanii_live.player.opening import open_player
    from msanii_live.player.sinks import DeviceLost
    from msanii_live.player.transport import Transport

    try:
        found, default = devices()
    except DeviceLost as error:
        return [(False, "sound", f"{error}; until then clips go to the folder only")]
    lines: list[Finding] = []
    for place, device in enumerate(found):
        ways = f"{device['max_input_channels']} in, {device['max_output_channels']} out"
        chosen = ", the default" if place == default else ""
        rate = f"{device['default_samplerate']:.0f} Hz"
        lines.append((True, f"device {place}", f"{device['name']} ({ways}, {rate}{chosen})"))
    timebase = Timebase()
    player, notice = open_player("default", Transport(clock=timebase.now), timebase)
    text = f"{player.description}; a command is heard after {1000 * player.latency:.0f} ms"
    player.close()
    return [*lines, (notice is None, "sound", notice or text)]


def _clients() -> Finding:
    programs = ("pd", "sclang", "oscsend", "csound", "chuck")
    names = [
        name for name in programs if shutil.which(name) or Path(f"/Applications/{name}").exists()
    ]
    return True, "OSC clients found", ", ".join(names) or "none on the path (Max and Live are not)"
