"""Turns: ordinary tests run beside each other, a test alone beside none."""

import subprocess
import sys
import threading

import pytest

from tests.turns import turn

pytest.importorskip("fcntl")

HOLD = """
import sys
from pathlib import Path
from tests.turns import turn
with turn(Path(sys.argv[1]), alone=sys.argv[2] == "alone"):
    print("in", flush=True)
    sys.stdin.read()
"""


def holder(folder, how):
    """Start a process that takes a turn, and holds it until its standard input is closed."""
    command = [sys.executable, "-c", HOLD, str(folder), how]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [("beside", "beside", True), ("beside", "alone", False), ("alone", "beside", False)],
)
def test_only_ordinary_tests_run_together(tmp_path, first, second, together):
    with holder(tmp_path, first) as one, holder(tmp_path, second) as other:
        came = [threading.Event(), threading.Event()]

        def read(process, event):
            if process.stdout.readline() == "in\n":
                event.set()

        readers = [
            threading.Thread(target=read, args=pair)
            for pair in zip((one, other), came, strict=True)
        ]
        for reader in readers:
            reader.start()
        if together:
            assert all(event.wait(30) for event in came)
            one.stdin.close()
            other.stdin.close()
        else:
            while not any(event.wait(0.1) for event in came):
                assert one.poll() is None
                assert other.poll() is None
            inside = came[0].is_set()
            assert came[0].is_set() != came[1].is_set()
            (one if inside else other).stdin.close()
            assert came[1 if inside else 0].wait(30)
            (other if inside else one).stdin.close()
        for reader in readers:
            reader.join()


def test_who_waits_to_be_alone_goes_before_who_comes_later(tmp_path):
    order = []

    def take(name, alone):
        with turn(tmp_path, alone):
            order.append(name)

    with turn(tmp_path, alone=False):
        waits = threading.Thread(target=take, args=("alone", True))
        waits.start()
        with (tmp_path / "door").open("wb") as door:
            import fcntl

            while True:  # until it holds the door
                try:
                    fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    break
                fcntl.flock(door, fcntl.LOCK_UN)
        later = threading.Thread(target=take, args=("later", False))
        later.start()
    waits.join()
    later.join()
    assert order == ["alone", "later"]
