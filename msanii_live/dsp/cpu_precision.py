"""The faster precision of this CPU: measured once, then read from a file in the user's cache."""

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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from msanii_live.dsp.layers import ConvNeXtBlock, ModulatedConvNeXtBlock

MIN_SPEEDUP = 1.1  # of bf16 over fp32; a smaller one could be noise
WARM_UPS, REPETITIONS = 2, 5
TIME_BUDGET = 0.5  # seconds after which three repetitions are enough
FILE = "precision.json"
VERSION = 1
TOKENS, MEL_FRAMES = 132, 528  # of a clip of 6 s
WIDTH, HEADS, DETAIL_WIDTH = 320, 5, 256  # of mel-flow's network
VOCODER_WIDTH = 192  # of vocos

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_known: dict[str, Timings] = {}
_is_saving = True


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
        return "bf16" if self.fp32_ms >= MIN_SPEEDUP * self.bf16_ms else "fp32"

    @property
    def ratio(self) -> float:
        """The time of bf16 over that of fp32."""
        return self.bf16_ms / self.fp32_ms


def has_bf16() -> bool:
    """Return whether matrix products in bf16 work on this CPU, natively or emulated."""
    # oneDNN reports bf16 on every CPU with AVX-512, even where it is emulated and much slower.
    available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(available and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def timings(measure: Callable[[], Timings] | None = None) -> Timings:
    """Return the measurement for this CPU, torch version and number of threads; measure if needed.

    measure: replaces `measure_both`.
    """
    with _lock:
        key = machine_key()
        if key not in _known:
            file = cache_file()
            found = _read(file).get(key) if file else None
            if found is None:
                found = (measure or measure_both)()
                _log.info(
                    "measured the precision of networks: fp32 %.1f ms, bf16 %.1f ms, taking %s",
                    found.fp32_ms, found.bf16_ms, found.faster,
                )  # fmt: skip
                _save(file, key, found)
            _known[key] = found
        return _known[key]


@contextmanager
def saving_nothing() -> Iterator[None]:
    """Keep what is measured within this context out of the file."""
    global _is_saving
    _is_saving = False
    try:
        yield
    finally:
        _is_saving = True


def machine_key() -> str:
    """Return everything that the measurement depends on, as one string."""
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "")  # oneDNN then leaves instructions unused
    key = f"{cpu_name()}, torch {torch.__version__}, {torch.get_num_threads()} threads"
    return f"{key}, {limit}" if limit else key


@cache
def cpu_name() -> str:
    """Return the CPU's model name, with its bf16 instructions where Linux lists them."""
    try:
        if sys.platform == "darwin":
            name = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(name, capture_output=True, text=True, check=True).stdout.strip()
        if sys.platform == "linux":
            return _parse_cpuinfo(Path("/proc/cpuinfo").read_text())
    except (OSError, subprocess.SubprocessError) as error:
        _log.debug("the CPU's name is not known: %s", error)
    return platform.processor() or platform.machine()


def _parse_cpuinfo(cpuinfo: str) -> str:
    """Return the model name in the text of /proc/cpuinfo.

    Virtual machines may give different CPUs one name, so the bf16 instructions are appended.

    >>> _parse_cpuinfo("model name\\t: AMD EPYC\\nflags\\t: sse avx512_bf16\\n")
    'AMD EPYC avx512_bf16'
    >>> _parse_cpuinfo("CPU implementer : 0x41\\nCPU part : 0xd40\\nFeatures : fp bf16\\n")
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
    """Time blocks of the shipped networks in both precisions, alternately.

    Returns medians. The global random generator is not changed.
    """
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        work = _blocks()
        took: dict[bool, list[float]] = {False: [], True: []}
        started = time.perf_counter()
        for repetition in range(WARM_UPS + repetitions):
            if repetition >= WARM_UPS + 3 and time.perf_counter() - started > TIME_BUDGET:
                break
            for low_precision, times in took.items():
                began = time.perf_counter()
                with torch.autocast("cpu", dtype=torch.bfloat16, enabled=low_precision):
                    work()
                if repetition >= WARM_UPS:
                    times.append(1_000 * (time.perf_counter() - began))
    return Timings(statistics.median(took[False]), statistics.median(took[True]))


def _blocks() -> Callable[[], None]:
    """Return a function that runs one block of each kind: attention, convolution, vocoder."""
    attention = _AttentionBlock(WIDTH, HEADS)
    convolution = ModulatedConvNeXtBlock(DETAIL_WIDTH, WIDTH)
    vocoder = ConvNeXtBlock(VOCODER_WIDTH)
    for block in (attention, convolution, vocoder):
        block.requires_grad_(False).eval()
    tokens, conditions = torch.randn(2, TOKENS, WIDTH), torch.randn(2, WIDTH)
    detail = torch.randn(2, MEL_FRAMES, DETAIL_WIDTH)
    features = torch.randn(2, MEL_FRAMES, VOCODER_WIDTH)

    def work() -> None:
        attention(tokens)
        convolution(detail, conditions)
        vocoder(features)

    return work


class _AttentionBlock(nn.Module):
    """The matrix products of a transformer block: attention and an MLP."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the block. x: (batch, tokens, width) → the same shape."""
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(-2)
        out: torch.Tensor = self.mlp(x + self.out(mixed))
        return out


# -- the file --------------------------------------------------------------------------------------


def cache_file(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the path of the measurements; None if the user has no home folder."""
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
    """Return the measurements in a file; none if it is missing, damaged or not ours."""
    try:
        raw = json.loads(file.read_text("utf-8"))
        if not isinstance(raw, dict) or raw.get("version") != VERSION:
            raise ValueError("it is of another program or version")
        rows = raw["measured"].items()
        return {key: _validated(row["fp32_ms"], row["bf16_ms"]) for key, row in rows}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        _log.info("passed over %s: %s", file, error)
        return {}


def _validated(fp32_ms: float, bf16_ms: float) -> Timings:
    for value in (fp32_ms, bf16_ms):
        if isinstance(value, bool) or not (math.isfinite(value) and value > 0):
            raise ValueError(f"{value!r} is no time")
    return Timings(float(fp32_ms), float(bf16_ms))


def _save(file: Path | None, key: str, found: Timings) -> None:
    """Add a measurement to the file, atomically."""
    if not _is_saving:
        return
    if file is None:
        _log.warning("there is no home folder to keep the measured precision in")
        return
    rows = {**_read(file), key: found}
    content = {"version": VERSION, "measured": {k: asdict(row) for k, row in rows.items()}}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{FILE}-", dir=file.parent)
        try:
            with open(handle, "w", encoding="utf-8") as written:
                written.write(json.dumps(content, indent=1) + "\n")
            os.replace(name, file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        _log.warning("the measured precision could not be kept in %s: %s", file, error)
