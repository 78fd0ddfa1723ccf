"""`msanii-live demo`: start a server, play it over OSC as a patch would, show what came back."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from msanii_live.cli.arguments import Commands, add_device, add_precision, add_threads
from msanii_live.errors import MsaniiError

if TYPE_CHECKING:
    from msanii_live.client import Client
    from msanii_live.client.server_process import ServerProcess
    from msanii_live.osc.codec import Message

BAR_WIDTH = 30  # characters of a progress bar

DemoRow = tuple[str, str, float, float, float]  # what, clip, seconds, took, level in dBFS

STEPS: tuple[tuple[str, str, str, tuple[int | float | str, ...]], ...] = (
    ("generate 6 s of house", "/msanii/generate", "first",
     ("seconds", 6, "style", "house", "bpm", 124, "seed", 1)),
    ("outpaint it by 6 s", "/msanii/outpaint", "longer", ("first", "seconds", 6, "seed", 2)),
    ("generate 6 s of piano", "/msanii/generate", "second",
     ("seconds", 6, "prompt", "piano in Am", "bpm", 124, "seed", 3)),
    ("interpolate half-way", "/msanii/interpolate", "between",
     ("first", "second", "mix", 0.5, "seed", 4)),
    ("make a 4-bar loop", "/msanii/generate", "loop",
     ("bars", 4, "style", "techno", "bpm", 128, "seed", 5)),
)  # fmt: skip


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "demo", help="start a server, play it over OSC, and write what it made"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("demo-output"),
        help="folder for clips and pictures (%(default)s)",
    )
    add_device(parser)
    add_precision(parser, "auto")
    add_threads(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    return demo(arguments.out, arguments.device, arguments.precision, arguments.threads)


def demo(out: Path, device: str, precision: str | None = None, threads: int = 0) -> int:
    """Run the demo; WAVs, pictures and the table go to `out`. Returns the exit status.

    precision: of the networks; None leaves it to the server's settings, as 0 does for the threads.
    """
    from msanii_live.client import Client
    from msanii_live.client.server_process import running_server

    flags = ["--audio", "default", "--device", device]
    if precision is not None:
        flags += ["--precision", precision]
    if threads:
        flags += ["--threads", str(threads)]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = f"cannot write {out}: {error.strerror}; name another folder with --out"
        raise MsaniiError(text) from None
    log = out / "server.log"
    print("starting the server (loading the model) ...", flush=True)
    with running_server(out, *flags, log=log) as server:
        print(f"ready after {server.startup:.1f} s: OSC on {server.host}:{server.osc_port}")
        with Client(server.host, server.osc_port) as client:
            rows = [_play(client, out, *step) for step in STEPS]
        table = _table(rows, server)
    print("\n" + table)
    for line in log.read_text().splitlines():
        if " WARNING " in line:
            print("notice:" + line.split(" WARNING", 1)[1])
    (out / "README.md").write_text(f"# What the demo made\n\n{table}\n")
    print(f"WAVs and pictures are in {out}/")
    return 0


def _play(
    client: Client,
    out: Path,
    what: str,
    address: str,
    clip: str,
    args: tuple[int | float | str, ...],
) -> DemoRow:
    """Send one command, show its progress, write the picture of its clip."""
    import soundfile

    from msanii_live.audio import rms_dbfs
    from msanii_live.web.plots import spectrogram_png

    words = " ".join(str(a) for a in args)
    print(f"\n{what}\n  {address} {words}", flush=True)
    sent = time.monotonic()
    fields = client.job(address, f"demo-{clip}", *args, "clip", clip, on_message=_show)
    took = time.monotonic() - sent
    done = "\r  " + "#" * BAR_WIDTH if sys.stdout.isatty() else ""
    print(f"{done} {took:.2f} s" + " " * 12, flush=True)
    path = Path(str(fields[3]))
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    seam = 6.0 if clip == "longer" else None
    (out / f"{clip}.png").write_bytes(spectrogram_png(samples, rate, f"{what}: {clip}", seam))
    print(f"  {path}\n  {out / clip}.png")
    return what, path.name, len(samples) / rate, took, rms_dbfs(samples)


def _show(message: Message) -> None:
    """Draw progress in place on a terminal; elsewhere print a dot a report, for readable logs."""
    if message.address != "/msanii/job/progress":
        return
    if not sys.stdout.isatty():
        print("  ." if message.args[2] == 0 else ".", end="", flush=True)
        return
    step, steps, fraction = (float(str(value)) for value in message.args[2:5])
    bar = "#" * round(BAR_WIDTH * fraction)
    print(f"\r  {bar:.<{BAR_WIDTH}} step {step:.0f} of {steps:.0f} ", end="", flush=True)


def _table(rows: list[DemoRow], server: ServerProcess) -> str:
    lines = [
        "| asked for | file | length | sent to done | level |",
        "|---|---|---|---|---|",
        *(
            f"| {what} | {name} | {seconds:.2f} s | {took:.2f} s | {level:.1f} dBFS |"
            for what, name, seconds, took, level in rows
        ),
        f"| server start to ready | | | {server.startup:.1f} s | |",
    ]
    return "\n".join(lines)
