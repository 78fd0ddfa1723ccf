"""The base class of all commands, and the `at` argument that several commands share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from msanii_live.protocol.schema import text

AT_CHOICES = ("none", "beat", "bar")
MAX_AT_BEATS = 10_000.0


@dataclass(frozen=True, kw_only=True)
class Command:
    """The base class of all commands.

    address: of the OSC message. reply: address of the reply that answers it. read_only: the command
    changes nothing, so an address pattern may match it.
    """

    address: ClassVar[str] = ""
    reply: ClassVar[str] = "/msanii/done"
    read_only: ClassVar[bool] = False

    def as_dict(self) -> dict[str, int | float | str]:
        """Return the address and every argument that has a value."""
        values = {name: value for name, value in asdict(self).items() if value is not None}
        return {"address": self.address, **values}


def at_argument(event: str, default: str = "none") -> Any:
    """Declare the argument `at`. event: what happens at that time, such as "playback starts"."""
    return text(
        f"when {event}: none (at once), the next beat or bar, or a number of beats from now",
        default=default,
        choices=AT_CHOICES,
        max_number=MAX_AT_BEATS,
    )
