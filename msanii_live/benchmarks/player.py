"""`msanii-live bench player`: latency and gaps of the player while a model runs beside it."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from msanii_live.audio import make_clip
from msanii_live.benchmarks.streaming import StreamLog, streaming
from msanii_live.errors import MissingTool
from msanii_live.playback.player import Player
from msanii_live.playback.shared_state import HostStat

_TRIGGER_SECONDS = 2.0  # s between triggers
_READY_TIMEOUT = 90.0  # s that the first chunk may take
_LONG_HOLD = 2_000_000  # numbers whose sorting holds the interpreter lock for a second or so
_SHORT_HOLD = 200_000  # a tenth of that


@dataclass
class PlayerFigures:
    """The results of a measurement.

    Times in ms, memory in MiB, frames at the device's rate.

    idle_xruns: of a JACK client that does nothing, in the same run; -1 without JACK.
    """

    device: str
    seconds: float
    latency_ms: float
    chunks: int = 0
    lates: int = 0
    to_sound_ms: list[float] = field(default_factory=list)
    underflows: int = 0
    frames_lost: int = 0
    least_fill: int = 0
    ring: int = 0
    realtime: bool = False
    idle_xruns: int = -1
    host_cpu_percent: float = 0.0
    host_mib: list[float] = field(default_factory=list)
    server_mib: list[float] = field(default_factory=list)


def report_player(out: Path | None, seconds: float, audio: str, engine: str) -> int:
    """Measure, print the table, keep the figures. Returns the status.

    Raises: MissingTool: psutil is absent.
    """
    figures = measure_player(seconds, audio, engine)
    print(player_markdown(figures))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "player.json").write_text(json.dumps(asdict(figures), indent=1) + "\n")
    return 0


def measure_player(seconds: float, audio: str, engine: str) -> PlayerFigures:
    """Play a stream beside a thread that holds the interpreter lock, and trigger clips.

    Raises: MissingTool: psutil is absent.
    """
    try:
        import psutil
    except ImportError:
        raise MissingTool("psutil", "pip install psutil") from None
    over = threading.Event()
    with (
        tempfile.TemporaryDirectory() as folder,
        streaming(Path(folder), audio, engine) as (player, _, log),
    ):
        _wait_for_sound(player)
        figures = PlayerFigures(player.description, seconds, 1000 * player.latency)
        idle = _idle_client()
        threading.Thread(target=hold_the_lock, args=(over,), daemon=True).start()
        host = psutil.Process(player.pid) if player.pid else None
        before = host.cpu_times() if host else None
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            _trigger(player, figures)
            if host is not None:
                figures.host_mib.append(host.memory_info().rss / 2**20)
            figures.server_mib.append(psutil.Process().memory_info().rss / 2**20)
        over.set()
        if host is not None and before is not None:
            after = host.cpu_times()
            spent = after.user + after.system - before.user - before.system
            figures.host_cpu_percent = 100 * spent / (time.monotonic() - began)
        _add_totals(figures, player, log, idle)
    return figures


def hold_the_lock(over: threading.Event) -> None:
    """Hold the interpreter lock in calls of a tenth of a second, and now and then of a second."""
    numbers = np.random.default_rng(1).random(_LONG_HOLD).tolist()
    few = numbers[:_SHORT_HOLD]
    turn = 0
    while not over.wait(0.25):
        turn += 1
        sorted(few if turn % 40 else numbers)


def player_markdown(figures: PlayerFigures) -> str:
    """Return the figures as a table."""
    soon = sorted(figures.to_sound_ms) or [0.0]
    idle = str(figures.idle_xruns) if figures.idle_xruns >= 0 else "-"
    rows = [
        ("command → first audible frame, median", f"{statistics.median(soon):.0f} ms"),
        ("the same, 99th percentile", f"{soon[min(len(soon) - 1, int(0.99 * len(soon)))]:.0f} ms"),
        ("reported in `/msanii/caps`", f"{figures.latency_ms:.0f} ms"),
        ("frames lost by the player", str(figures.frames_lost)),
        ("xruns that the device reported", str(figures.underflows)),
        ("xruns of an idle JACK client", idle),
        ("ring, and the least that was in it", f"{figures.ring}, {figures.least_fill} frames"),
        ("CPU of the audio host", f"{figures.host_cpu_percent:.1f} % of one core"),
        ("memory of the audio host, first and last", _first_and_last(figures.host_mib)),
        ("memory of the server, first and last", _first_and_last(figures.server_mib)),
        ("chunks made; times that the last bar went round", f"{figures.chunks}; {figures.lates}"),
    ]
    head = f"{figures.device}, {figures.seconds:.0f} s, "
    head += "real-time priority" if figures.realtime else "no real-time priority"
    return "\n".join([f"| {head} | |", "| --- | ---: |", *(f"| {a} | {b} |" for a, b in rows)])


def _wait_for_sound(player: Player) -> None:
    until = time.monotonic() + _READY_TIMEOUT
    while not player.regions() and time.monotonic() < until:
        time.sleep(0.1)


def _trigger(player: Player, figures: PlayerFigures) -> None:
    """Play a short clip; record when it is audible, by the player's clock and reported latency."""
    click = make_clip(np.full((2_205, 2), 0.05, np.float32), player.rate, name="click")
    asked = player.now()
    number = player.play(click, fade=0.001)
    until = time.monotonic() + _TRIGGER_SECONDS
    while time.monotonic() < until:
        found = next((region for region in player.regions() if region.number == number), None)
        if found is not None:
            figures.to_sound_ms.append(1000 * (found.start / player.rate - asked))
            break
        time.sleep(0.002)
    time.sleep(max(0.0, until - time.monotonic()))


def _idle_client() -> Any:
    """Return a counter of JACK's xruns, None where there is no JACK."""
    try:
        import jack

        client = jack.Client("idle", no_start_server=True)
    except Exception as error:  # not installed, no library, or no server: all the same here
        print(f"no idle JACK client: {error}", file=sys.stderr)
        return None
    counted: list[float] = []
    client.set_xrun_callback(counted.append)
    client.activate()
    return client, counted


def _add_totals(figures: PlayerFigures, player: Player, log: StreamLog, idle: Any) -> None:
    figures.chunks, figures.lates = len(log.chunks), len(log.lates)
    figures.frames_lost = player.lost_frames
    figures.underflows = player.stat(HostStat.UNDERFLOWS)
    figures.least_fill, figures.ring = (
        player.stat(HostStat.MIN_FILL),
        player.stat(HostStat.RING_FRAMES),
    )
    figures.realtime = bool(player.stat(HostStat.REALTIME))
    if idle is not None:
        client, counted = idle
        figures.idle_xruns = len(counted)
        client.close()


def _first_and_last(values: list[float]) -> str:
    return f"{values[0]:.0f}, {values[-1]:.0f} MiB" if values else "-"
