"""Turns: tests of a kind run beside each other, a test alone beside none."""

import threading

import pytest

from tests.turns import SLOTS, kind_of, turn

fcntl = pytest.importorskip("fcntl")


class Holder:
    """A thread that takes a turn, and holds it until it is let go, as a process of tests does."""

    def __init__(self, folder, kind):
        self.came, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold, args=(folder, kind))
        self._thread.start()

    def _hold(self, folder, kind):
        with turn(folder, kind):
            self.came.set()
            self._over.wait()

    def let_go(self):
        self._over.set()
        self._thread.join()


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("computes", "computes", True),
        ("computes", "waits", True),
        ("listens", "listens", True),
        ("computes", "listens", False),
        ("computes", "alone", False),
        ("waits", "listens", False),
        ("listens", "computes", False),
        ("listens", "alone", False),
        ("alone", "waits", False),
        ("alone", "listens", False),
        ("alone", "alone", False),
    ],
)
def test_only_tests_of_a_kind_run_together(tmp_path, one, other, together):
    first = Holder(tmp_path, one)
    assert first.came.wait(30)
    second = Holder(tmp_path, other)
    assert second.came.wait(30 if together else 0.1) == together
    first.let_go()
    assert second.came.wait(30)
    second.let_go()


def test_no_more_compute_than_there_are_cores(tmp_path):
    holders = [Holder(tmp_path, "computes") for _ in range(SLOTS)]
    assert all(holder.came.wait(30) for holder in holders)
    last, idle = Holder(tmp_path, "computes"), Holder(tmp_path, "waits")
    assert idle.came.wait(30)
    assert not last.came.wait(0.1)
    holders.pop().let_go()
    assert last.came.wait(30)
    for holder in (*holders, last, idle):
        holder.let_go()


def test_who_waits_to_be_alone_goes_before_who_comes_later(tmp_path):
    order = []

    def take(name, kind):
        with turn(tmp_path, kind):
            order.append(name)

    with turn(tmp_path, "computes"):
        waits = threading.Thread(target=take, args=("alone", "alone"))
        waits.start()
        with (tmp_path / "door").open("wb") as door:
            while True:  # until it holds the door
                try:
                    fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    break
                fcntl.flock(door, fcntl.LOCK_UN)
        later = threading.Thread(target=take, args=("later", "computes"))
        later.start()
    waits.join()
    later.join()
    assert order == ["alone", "later"]


def test_the_kind_is_that_of_the_marker(request):
    assert kind_of(request.node) == kind_of(None) == "computes"
    request.node.add_marker(pytest.mark.waits)
    assert kind_of(request.node) == "waits"
    request.node.add_marker(pytest.mark.listens)
    assert kind_of(request.node) == "listens"
    request.node.add_marker(pytest.mark.alone)
    assert kind_of(request.node) == "alone"
