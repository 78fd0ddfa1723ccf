"""Start an endless stream, make it busier and busier, and stop it after a while."""

import argparse
import time

from msanii_live.client import Client, as_row

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=7770, help="OSC port of the server (%(default)s)")
parser.add_argument("--seconds", type=float, default=30, help="how long (%(default)s)")
arguments = parser.parse_args()

with Client(port=arguments.port) as client:
    first = client.generate(bars=2, bpm=120, style="techno")
    client.stream_start(first.name, chunk=2.0)
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < arguments.seconds:
        density = elapsed / arguments.seconds
        client.param_stream_density(density)
        message = client.receive(timeout=1.0)  # chunks are reported as they become ready
        if message is not None and message.address == "/msanii/stream/chunk":
            chunk = as_row(message)
            seconds, took = float(chunk["seconds"]), float(chunk["took"])
            print(f"chunk {chunk['index']}: {seconds:.2f} s, made in {took:.2f} s")
    client.stream_stop(at="bar", fade=1.0)
