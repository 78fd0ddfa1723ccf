"""A link with a delay between two network namespaces, as between two machines.

This kernel's own delay (netem) is not everywhere, so a process carries the packets of two TUN
devices. It needs Linux and the right to make namespaces; see `reason_against`.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import itertools
import os
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

NEW_NETWORK = 0x40000000  # CLONE_NEWNET, sched.h
TUN_ADDRESS = 0x400454CA  # TUNSETIFF, if_tun.h
IS_TUN, NO_HEADER = 0x0001, 0x1000
HERE, THERE = "10.83.0.1", "10.83.0.2"
PACKET_BYTES = 65_536

T = TypeVar("T")


def reason_against() -> str:
    """Return why this machine can have no such link, "" if it can."""
    if sys.platform != "linux":
        return "network namespaces are of Linux"
    if not os.path.exists("/dev/net/tun"):
        return "there is no /dev/net/tun"
    probe = "unshare -n ip tuntap add probe mode tun"
    done = subprocess.run(probe.split(), capture_output=True, check=False)
    return "" if done.returncode == 0 else "this user may not make network namespaces"


class DelayedLink:
    """Two namespaces with the addresses HERE and THERE, and a delay each way.

    delay: s, which may be changed. is_cut: packets are lost, and nobody is told.
    """

    def __init__(self, delay: float) -> None:
        """Make both namespaces, which exist as long as two sleeping processes."""
        self.delay = delay
        self.is_cut = False
        self._ends = threading.Event()
        self._sides = [_Namespace(HERE, THERE), _Namespace(THERE, HERE)]
        devices = [side.device for side in self._sides]
        self._threads = [
            threading.Thread(target=self._carry, args=pair, daemon=True)
            for pair in itertools.permutations(devices, 2)
        ]
        for thread in self._threads:
            thread.start()

    def run(self, side: int, call: Callable[[], T]) -> T:
        """Return what a call returns on one side: its sockets, processes and threads are there.

        side: 0 for HERE, 1 for THERE.
        """
        return _run_in(self._sides[side].pid, call)

    def close(self) -> None:
        """Let go of both namespaces."""
        self._ends.set()
        for thread in self._threads:
            thread.join()
        for side in self._sides:
            side.close()

    def _carry(self, source: int, target: int) -> None:
        """Carry packets one way, each after the delay."""
        waiting: list[tuple[float, int, bytes]] = []
        numbers = itertools.count()
        while not self._ends.is_set():
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                packet = heapq.heappop(waiting)[2]
                if not self.is_cut:
                    os.write(target, packet)
            pause = min(0.2, waiting[0][0] - now) if waiting else 0.2
            if select.select([source], [], [], pause)[0]:
                packet = os.read(source, PACKET_BYTES)
                due = time.monotonic() + self.delay
                heapq.heappush(waiting, (due, next(numbers), packet))


class _Namespace:
    """A network namespace with a TUN device. device: its file descriptor."""

    def __init__(self, own: str, other: str) -> None:
        self._sleeper = subprocess.Popen(
            ["unshare", "-n", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        self.pid = self._sleeper.pid
        until = time.monotonic() + 20
        while _network(self.pid) == _network(os.getpid()):  # until unshare has done it
            assert time.monotonic() < until
            time.sleep(0.01)
        self.device = _run_in(self.pid, _open_device)
        for words in (
            "link set lo up", "link set dev link0 up mtu 1400",
            f"addr add {own} peer {other} dev link0",
        ):  # fmt: skip
            enter = ["nsenter", f"--net=/proc/{self.pid}/ns/net", "ip"]
            subprocess.run([*enter, *words.split()], check=True, capture_output=True)

    def close(self) -> None:
        os.close(self.device)
        self._sleeper.kill()
        with self._sleeper:  # closes its pipe
            pass


def _network(pid: int) -> str:
    return os.readlink(f"/proc/{pid}/ns/net")


def _open_device() -> int:
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUN_ADDRESS, struct.pack("16sH22x", b"link0", IS_TUN | NO_HEADER))
    return device


def _run_in(pid: int, call: Callable[[], T]) -> T:
    """Return what a call returns in the namespace of a process, on a thread that stays there."""
    result: Future[T] = Future()

    def work() -> None:
        try:
            with open(f"/proc/{pid}/ns/net") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), NEW_NETWORK):
                    raise OSError(ctypes.get_errno(), "setns")
            result.set_result(call())
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return result.result()
