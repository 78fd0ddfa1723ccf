"""A mido backend whose ports are in this process: it stands for cables in the tests."""

import queue
from typing import Any

PORTS: dict[str, "Input | None"] = {}  # by name; None: the port exists and is not open
OPENED: "queue.Queue[Input]" = queue.Queue()  # every input, in the order of their opening


class Input:
    def __init__(self, name: str, *, callback: Any, virtual: bool = False, **_: Any) -> None:
        if not virtual and name not in PORTS:
            raise OSError(f"unknown port {name!r}")
        self.name, self.callback, self.closed = name, callback, False
        PORTS[name] = self
        OPENED.put(self)

    def close(self) -> None:
        self.closed = True


def get_devices(**_: Any) -> list[dict[str, Any]]:
    return [{"name": name, "is_input": True, "is_output": False} for name in PORTS]
