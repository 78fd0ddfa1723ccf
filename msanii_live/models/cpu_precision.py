"""The faster precision of this CPU: measured once, then kept in a file of the user's cache."""

from __future__ import annotations

import json
import logging
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import torch

CLEARLY = 1.1  # times as fast as fp32 bf16 must be: below that, noise would decide
WARM_UPS, REPETITIONS = 2, 5
ENOUGH = 0.5  # s after which three repetitions suffice
FILE = "precision.json"
VERSION = 1
TOKENS, MEL_FRAMES = 132, 528  # of a clip of 6 s

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_held: dict[str, Timings] = {}


@dataclass(frozen=True)
class Timings:
    """The milliseconds that the same work takes in fp32 and in bf16.

    >>> Timings(10.0, 6.0).faster, Timings(10.0, 9.5).faster, Timings(10.0, 50.0).faster
    ('bf16', 'fp32', 'fp32')
    """

    fp32_ms: float
    bf16_ms: float

    @property
    def faster(self) -> str:
        """The precision to take: bf16 only where it is clearly faster."""
        return "bf16" if self.fp32_ms >= CLEARLY * self.bf16_ms else "fp32"

    @property
    def ratio(self) -> float:
        """The time of bf16 over that of fp32."""
        return self.bf16_ms / self.fp32_ms


def has_bf16() -> bool:
    """Tell whether matrix products in bf16 work on this CPU, natively or emulated."""
    # oneDNN says yes on every CPU with AVX-512, also where bf16 is emulated and much slower.
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(there and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def timings(measure: Callable[[], Timings] | None = None) -> Timings:
    """Return what was measured on this CPU with this torch and number of threads, or measure now.

    measure: in place of `measure_both`.
    """
    with _lock:
        key = machine_key()
        if key not in _held:
            file = cache_file()
            found = _read(file).get(key) if file else None
            if found is None:
                found = (measure or measure_both)()
                _log.info(
                    "measured the precision of networks: fp32 %.1f ms, bf16 %.1f ms, taking %s",
                    found.fp32_ms, found.bf16_ms, found.faster,
                )  # fmt: skip
                _keep(file, key, found)
            _held[key] = found
        return _held[key]


def machine_key() -> str:
    """Return what the measurement depends on, as one text."""
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "")  # oneDNN then leaves instructions unused
    told = f"{cpu_name()}, torch {torch.__version__}, {torch.get_num_threads()} threads"
    return f"{told}, {limit}" if limit else told


@cache
def cpu_name() -> str:
    """Return the CPU's model name, and whether it has bf16 instructions where Linux tells."""
    try:
        if sys.platform == "darwin":
            name = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(name, capture_output=True, text=True, check=True).stdout.strip()
        if sys.platform == "linux":
            return _name_in(Path("/proc/cpuinfo").read_text())
    except (OSError, subprocess.SubprocessError) as error:
        _log.debug("the CPU's name is not known: %s", error)
    return platform.processor() or platform.machine()


def _name_in(cpuinfo: str) -> str:
    """Return the model name in the text of /proc/cpuinfo.

    Virtual machines give different CPUs one name, so its instructions for bf16 are a part of it.

    >>> _name_in("model name\\t: AMD EPYC\\nflags\\t: sse avx512_bf16\\n")
    'AMD EPYC avx512_bf16'
    >>> _name_in("CPU implementer : 0x41\\nCPU part : 0xd40\\nFeatures : fp bf16\\n")
    '0x41 0xd40 bf16'
    """
    rows: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        rows.setdefault(name.strip(), value.strip())
    flags = f"{rows.get('flags', '')} {rows.get('Features', '')}".split()
    known = [flag for flag in sorted(set(flags)) if flag.endswith("bf16")]
    names = [rows[name] for name in ("model name",) if name in rows] or [
        rows[name] for name in ("CPU implementer", "CPU part") if name in rows
    ]
    return " ".join([*(names or [platform.machine()]), *known])


# -- measuring -------------------------------------------------------------------------------------


def measure_both(repetitions: int = REPETITIONS) -> Timings:
    """Time blocks of the shipped networks, of their sizes, in both precisions by turns.

    Returns medians. The global random generator is left as it was.
    """
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        work = _blocks()
        took: dict[bool, list[float]] = {False: [], True: []}
        started = time.perf_counter()
        for repetition in range(WARM_UPS + repetitions):
            if repetition >= WARM_UPS + 3 and time.perf_counter() - started > ENOUGH:
                break
            for rough, times in took.items():
                began = time.perf_counter()
                with torch.autocast("cpu", dtype=torch.bfloat16, enabled=rough):
                    work()
                if repetition >= WARM_UPS:
                    times.append(1_000 * (time.perf_counter() - began))
    return Timings(statistics.median(took[False]), statistics.median(took[True]))


def _blocks() -> Callable[[], None]:
    """Return a pass through a block of each kind: convolution, attention, vocoder."""
    from msanii_live.models import flow_net, vocos

    flow, voice = flow_net.FlowConfig(), vocos.VocosConfig()
    convolution = flow_net.Block(flow, flow_net.Convolution(flow.width, flow.kernel))
    attention = flow_net.Block(flow, flow_net.Attention(flow.width, flow.heads))
    vocoder = vocos.Block(voice)
    for block in (convolution, attention, vocoder):
        block.requires_grad_(False).eval()
    tokens, modulation = torch.randn(2, TOKENS, flow.width), torch.randn(2, 6, flow.width)
    features = torch.randn(2, MEL_FRAMES, voice.width)

    def work() -> None:
        attention(convolution(tokens, modulation), modulation)
        vocoder(features)

    return work


# -- the file --------------------------------------------------------------------------------------


def cache_file(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return where measurements are kept; None where the user has no home."""
    try:
        if sys.platform == "win32":
            local = environment.get("LOCALAPPDATA")
            folder = Path(local) if local else Path.home() / "AppData" / "Local"
        elif sys.platform == "darwin":
            folder = Path.home() / "Library" / "Caches"
        else:
            named = Path(environment.get("XDG_CACHE_HOME", ""))
            folder = named if named.is_absolute() else Path.home() / ".cache"
    except RuntimeError:  # there is neither HOME nor an entry of the user
        return None
    return folder / "msanii-live" / FILE


def _read(file: Path) -> dict[str, Timings]:
    """Return the measurements of a file; none where it is missing, damaged or not ours."""
    try:
        raw = json.loads(file.read_text("utf-8"))
        if not isinstance(raw, dict) or raw.get("version") != VERSION:
            raise ValueError("it is of another program or version")
        rows = raw["measured"].items()
        return {key: _checked(row["fp32_ms"], row["bf16_ms"]) for key, row in rows}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        _log.info("passed over %s: %s", file, error)
        return {}


def _checked(fp32_ms: float, bf16_ms: float) -> Timings:
    for value in (fp32_ms, bf16_ms):
        if isinstance(value, bool) or not (math.isfinite(value) and value > 0):
            raise ValueError(f"{value!r} is no time")
    return Timings(float(fp32_ms), float(bf16_ms))


def _keep(file: Path | None, key: str, found: Timings) -> None:
    """Add a measurement to the file, at once or not at all."""
    if file is None:
        _log.warning("there is no home folder to keep the measured precision in")
        return
    rows = {**_read(file), key: found}
    told = {"version": VERSION, "measured": {k: asdict(row) for k, row in rows.items()}}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{FILE}-", dir=file.parent)
        try:
            with open(handle, "w", encoding="utf-8") as written:
                written.write(json.dumps(told, indent=1) + "\n")
            os.replace(name, file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        _log.warning("the measured precision could not be kept in %s: %s", file, error)
