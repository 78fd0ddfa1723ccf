"""Time the server as a client sees it, and the 2023 recipe on the same machine."""

from __future__ import annotations

import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import torch

from msanii_live.benchmarks.plain2023 import HOP, N_FFT, plain_griffin_lim
from msanii_live.client import Client, NoAnswer
from msanii_live.client.replies import TERMINAL
from msanii_live.client.server_process import ServerProcess, running_server
from msanii_live.dsp.device import network_dtype, precision
from msanii_live.engines.msanii2023.samplers import sample
from msanii_live.engines.msanii2023.unet import UNet2023, UNet2023Config

SECONDS = 6  # of audio in every comparison
STEPS_2023 = 200
REPAINT_2023 = 1_910  # network evaluations of one outpainting of the 2023 release
ITERATIONS_2023 = 200  # of Griffin-Lim
MEASURED = 20  # steps of the 2023 recipe that are run where not all of them are
WARM_UP = 2  # steps before those, not counted

Args = tuple[int | float | str, ...]
# Name, address, arguments; `first` and `second` are clips made before.
JOBS: tuple[tuple[str, str, Args], ...] = (
    ("generate 6 s", "/msanii/generate", ("seconds", SECONDS)),
    ("generate 6 s, 4 steps", "/msanii/generate", ("seconds", SECONDS, "steps", 4)),
    ("outpaint 6 s", "/msanii/outpaint", ("first", "seconds", SECONDS)),
    ("interpolate 6 s", "/msanii/interpolate", ("first", "second", "mix", 0.5)),
    ("inpaint 2 s", "/msanii/inpaint", ("first", 2, 4)),
    ("audio2audio 6 s", "/msanii/audio2audio", ("first",)),
)


@dataclass(frozen=True)
class TimingSummary:
    """The seconds of `runs` runs: median, least, most and 99th percentile."""

    median: float
    least: float
    most: float
    p99: float
    runs: int


@dataclass(frozen=True)
class CostEstimate2023:
    """The cost of the 2023 recipe, seconds.

    step: median of `measured` steps. network: `steps` of them, measured whole where `extrapolated`
    is False. griffin_lim: `iterations` of it, all measured. repaint: an outpainting, always
    extrapolated from `step`. precision: that of the matrix products.
    """

    precision: str
    step: float
    measured: int
    steps: int
    extrapolated: bool
    network: float
    iterations: int
    griffin_lim: float
    total: float
    repaint: float


def measure(runs: int = 5, *, full: bool = False, flags: Sequence[str] = ()) -> dict[str, object]:
    """Start a server, time it over UDP, end it, and time the 2023 recipe on the same machine.

    runs: of every job, after one warm-up. full: run all 200 steps of 2023 instead of 20. flags: of
    `msanii-live serve`, such as ("--engine", "tones"). Prints progress to standard error. Returns
    a structure that `json.dumps` accepts. Raises: MsaniiError: the server or a job failed.
    """
    results: dict[str, object] = {"machine": machine()}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "server.log")
        print_progress("starting the server")
        with running_server(
            Path(folder), "--config", "none", "--audio", "none", *flags, log=log
        ) as server:
            print_progress(f"ready after {server.startup:.2f} s")
            client = Client(server.host, server.osc_port)
            try:
                results["server"] = measure_server(client, server, runs)
            finally:
                client.close()
    results["recipe2023"] = [asdict(recipe) for recipe in measure_2023(full=full)]
    return results


def measure_server(client: Client, server: ServerProcess, runs: int) -> dict[str, object]:
    """Time every verb and the answer to a ping, idle and during a job."""
    token = iter(range(1, 1_000_000))
    started = time.perf_counter()
    client.job("/msanii/generate", str(next(token)), "seconds", SECONDS, "seed", 1, "clip", "first")
    first = time.perf_counter() - started
    client.job(
        "/msanii/generate", str(next(token)), "seconds", SECONDS, "seed", 2, "clip", "second"
    )
    jobs = {}
    for name, address, args in JOBS:
        took = []
        for run in range(runs + 1):
            started = time.perf_counter()
            client.job(address, str(next(token)), *args, "seed", 100 + run)
            took.append(time.perf_counter() - started)
        jobs[name] = asdict(summarise_timings(took[1:]))
        print_progress(f"{name}: {jobs[name]['median']:.3f} s")
    idle = [ping(client, f"idle-{n}")[0] for n in range(200)]
    busy = pings_during_jobs(client, runs)
    pings = {
        "idle": asdict(summarise_timings(idle)),
        "during generate": asdict(summarise_timings(busy)),
    }
    print_progress(
        f"ping: {pings['idle']['median'] * 1e3:.2f} ms, "
        f"busy {pings['during generate']['median'] * 1e3:.2f} ms"
    )
    return {
        "cold_start": server.startup,
        "first_generate": first,
        "jobs": jobs,
        "ping": pings,
        "peak_memory_mb": peak_memory_mb(server.child.pid),
    }


def ping(client: Client, token: str, ending: str = "") -> tuple[float, bool]:
    """Return the seconds to the pong, and whether the job with token `ending` ended before it.

    Raises: NoAnswer: no pong within 10 s.
    """
    ended = False
    started = time.perf_counter()
    client.send("/msanii/ping", "id", token)
    while (left := started + 10 - time.perf_counter()) > 0:
        message = client.receive(left)
        if message is None:
            break
        ended = ended or (message.address in TERMINAL and ending in message.args[:2])
        if message.address == "/msanii/pong" and token in message.args:
            return time.perf_counter() - started, ended
    raise NoAnswer("no /msanii/pong within 10 s")


def pings_during_jobs(client: Client, runs: int) -> list[float]:
    """Return seconds to the pong for pings sent every 20 ms while clips are being made."""
    took: list[float] = []
    for run in range(runs):
        job, ended = f"busy-{run}", False
        client.send("/msanii/generate", "seconds", SECONDS, "seed", 200 + run, "id", job)
        until = time.perf_counter() + 120
        while not ended and time.perf_counter() < until:
            seconds, ended = ping(client, f"{job}-{len(took)}", job)
            took.append(seconds)
            message = None if ended else client.receive(0.02)
            ended = ended or (
                message is not None and message.address in TERMINAL and job in message.args[:2]
            )
        if not ended:
            raise NoAnswer("no end of /msanii/generate within 120 s")
    return took


def measure_2023(
    *,
    full: bool = False,
    seconds: float = SECONDS,
    config: UNet2023Config | None = None,
    iterations: int = ITERATIONS_2023,
) -> list[CostEstimate2023]:
    """Time the 2023 U-Net at random weights and its Griffin-Lim on the CPU, threads as they are.

    In float32, as released, and in this machine's own faster precision where it has one. The 2023
    vocoder between the two is left out, in favour of 2023. full: all 200 steps, not 20.
    """
    config = config or UNet2023Config()
    mel_frames = -(-round(seconds * 44_100) // HOP)
    padded = -(-mel_frames // config.total_stride) * config.total_stride
    torch.manual_seed(0)
    net = UNet2023(config).eval()
    noise = torch.randn(1, 2, config.mels, padded)
    native = network_dtype(torch.device("cpu"))
    rows = []
    with torch.inference_mode():
        phase = time_griffin_lim(mel_frames, iterations)
        print_progress(f"2023: {iterations} iterations of Griffin-Lim in {phase:.2f} s")
        for dtype in dict.fromkeys((torch.float32, native)):
            name = str(dtype).removeprefix("torch.")
            context = nullcontext() if dtype == torch.float32 else precision(torch.device("cpu"))
            with context:
                took, whole = time_steps(net, noise, full)
            step = statistics.median(took)
            network = whole if full else step * STEPS_2023
            print_progress(f"2023: {step:.3f} s a step in {name}, {len(took)} measured")
            rows.append(
                CostEstimate2023(
                    precision=name,
                    step=step,
                    measured=len(took),
                    steps=STEPS_2023,
                    extrapolated=not full,
                    network=network,
                    iterations=iterations,
                    griffin_lim=phase,
                    total=network + phase,
                    repaint=step * REPAINT_2023 + phase,
                )
            )
    return rows


def time_steps(net: UNet2023, noise: torch.Tensor, full: bool) -> tuple[list[float], float]:
    """Return the seconds of each warm DDIM step, and of the whole run where `full`, else 0."""
    from msanii_live.engines.msanii2023.schedulers import ddim  # it imports diffusers: 2 s

    marks: list[float] = []

    def marked(x: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        marks.append(time.perf_counter())
        return net(x, timesteps).float()  # type: ignore[no-any-return]

    scheduler = ddim(STEPS_2023)
    timesteps = scheduler.timesteps
    if full:
        scheduler.timesteps = timesteps[:WARM_UP]
        sample(marked, noise, scheduler)
        marks.clear()
    scheduler.timesteps = timesteps if full else timesteps[: MEASURED + WARM_UP]
    sample(marked, noise, scheduler)
    marks.append(time.perf_counter())
    took = [after - before for before, after in pairwise(marks)]
    return (took, marks[-1] - marks[0]) if full else (took[WARM_UP:], 0.0)


def time_griffin_lim(mel_frames: int, iterations: int) -> float:
    """Return the seconds that the 2023 phase search takes, in stereo."""
    magnitude = torch.rand(1, 2, N_FFT // 2 + 1, mel_frames)
    plain_griffin_lim(magnitude, 2)
    started = time.perf_counter()
    plain_griffin_lim(magnitude, iterations)
    return time.perf_counter() - started


def summarise_timings(took: Sequence[float]) -> TimingSummary:
    """Summarise seconds. took: at least one."""
    ordered = sorted(took)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    return TimingSummary(statistics.median(ordered), ordered[0], ordered[-1], p99, len(ordered))


def peak_memory_mb(pid: int) -> float | None:
    """Return the peak memory of a process, MiB; None where the system does not report it."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else None


def machine() -> dict[str, object]:
    """Return a description of this machine."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists() and (found := re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text())):
        name = found[1]
    return {
        "cpu": name,
        "threads": torch.get_num_threads(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def print_progress(text: str) -> None:
    """Print progress to standard error."""
    print(f"bench: {text}", file=sys.stderr, flush=True)
