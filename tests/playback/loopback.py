"""A mido backend whose ports are in this process: what stands for a cable in the tests."""

from typing import Any

PORTS: dict[str, "Input | None"] = {}  # by name; None: there, and not open


class Input:
    def __init__(self, name: str, *, callback: Any, virtual: bool = False, **_: Any) -> None:
        if not virtual and name not in PORTS:
            raise OSError(f"unknown port {name!r}")
        self.name, self.callback, self.closed = name, callback, False
        PORTS[name] = self

    def close(self) -> None:
        self.closed = True


def get_devices(**_: Any) -> list[dict[str, Any]]:
    return [{"name": name, "is_input": True, "is_output": False} for name in PORTS]
