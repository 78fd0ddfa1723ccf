"""Make a loop and a longer version of it, and save both here; run `msanii-live serve` first."""

import argparse
from pathlib import Path

import soundfile

from msanii_live.client import Client

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=7770, help="OSC port of the server (%(default)s)")
parser.add_argument("--style", default="house", help="(%(default)s)")
parser.add_argument("--bpm", type=float, default=124, help="(%(default)s)")
parser.add_argument("--folder", type=Path, default=Path(), help="where the files go (here)")
arguments = parser.parse_args()

with Client(port=arguments.port) as client:
    loop = client.generate(bars=4, bpm=arguments.bpm, style=arguments.style)
    print(f"{loop.name}: {loop.seconds:.2f} s, seed {loop.seed}, made in {loop.took:.2f} s")
    longer = client.outpaint(loop.name, seconds=6)
    for clip in (loop, longer):
        path = arguments.folder / f"{clip.name}.wav"
        soundfile.write(path, clip.read(), clip.sample_rate)
        print(path)
