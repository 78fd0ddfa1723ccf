"""What every command of the table is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from msanii_live.protocol.schema import text

AT_CHOICES = ("none", "beat", "bar")


@dataclass(frozen=True, kw_only=True)
class Command:
    """Be the root of all commands. `reply` is the address that a patch waits for."""

    address: ClassVar[str] = ""
    reply: ClassVar[str] = "/msanii/done"
    # Commands that only read may be reached by patterns, once those are served.
    read_only: ClassVar[bool] = False

    def as_dict(self) -> dict[str, int | float | str]:
        """Return the address and every argument that has a value."""
        values = {name: value for name, value in asdict(self).items() if value is not None}
        return {"address": self.address, **values}


def at_argument(meaning: str, default: str = "none") -> Any:
    """Declare the key `at`. meaning: what happens then."""
    return text(
        f"when {meaning}: at once, at the next beat or bar, or so many beats from now",
        default=default,
        choices=AT_CHOICES,
        or_number=True,
    )
