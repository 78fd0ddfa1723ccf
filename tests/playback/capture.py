"""Record two JACK ports, each block at the place of its time; run as a program of its own.

    python -m tests.playback.capture OUT.npy SECONDS

Connects to whatever client plays, again if another takes its place. Prints one line when it
listens, one a connection, and at the end its figures as JSON; ends at SIGINT. Frames that it
missed stay NaN, so that they are never taken for silence.
"""

import json
import signal
import sys
import time

import jack
import numpy as np


class Capture:
    """A JACK client that stores each block at the place of its cycle's time. It plays nothing."""

    def __init__(self, seconds: float) -> None:
        self.client = jack.Client(f"capture{time.monotonic_ns()}", no_start_server=True)
        self.ports = [self.client.inports.register(f"in{i}") for i in (1, 2)]
        self.frames = np.full((int(seconds * self.client.samplerate), 2), np.nan, np.float32)
        self.first = self.last = self.clock = None
        self.end = self.xruns = self.gaps = self.missed = 0
        self.client.set_process_callback(self.process)
        self.client.set_xrun_callback(self.xrun)

    def process(self, frames: int) -> None:
        now = self.client.last_frame_time
        if self.first is None:
            self.first = now
        else:
            step = (now - self.last) % 2**32
            if step != frames:
                self.gaps += 1
                self.missed += step - frames
        self.last = now
        place = (now - self.first) % 2**32
        if place + frames <= len(self.frames):
            for channel, port in enumerate(self.ports):
                self.frames[place : place + frames, channel] = port.get_array()
            self.end = place + frames

    def read_clocks(self) -> None:
        """Store JACK's frame and the system's time of one moment; the quickest reading counts."""
        before = time.monotonic()
        frame = self.client.frame_time
        after = time.monotonic()
        if self.clock is None or after - before <= self.clock[2]:
            self.clock = (frame, (before + after) / 2, after - before)

    def xrun(self, delay: float) -> None:
        self.xruns += 1

    def connect(self) -> bool:
        """Connect to the client that plays; return whether the connection is new."""
        if self.ports[0].number_of_connections:
            return False
        own = self.client.name + ":"
        found = [
            port
            for port in self.client.get_ports(is_output=True, is_audio=True)
            if not port.name.startswith(("system:", own))
        ]
        if len(found) < 2:
            return False
        try:
            for source, port in zip(found, self.ports, strict=False):
                self.client.connect(source, port)
        except jack.JackError:
            return False  # it has just gone
        return True


def main() -> None:
    capture = Capture(float(sys.argv[2]))
    over = []
    signal.signal(signal.SIGINT, lambda *_: over.append(True))
    until = time.monotonic() + float(sys.argv[2])
    with capture.client:
        print("listening", flush=True)
        while not over and time.monotonic() < until:
            capture.read_clocks()
            if capture.connect():
                print("connected", flush=True)
            time.sleep(0.01)
    np.save(sys.argv[1], capture.frames[: capture.end])
    names = ("xruns", "gaps", "missed", "first", "clock")
    print(json.dumps({name: getattr(capture, name) for name in names}), flush=True)


if __name__ == "__main__":
    main()
