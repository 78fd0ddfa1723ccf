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


@dataclass(frozen=True, kw_only=True)
class JobCommand(Command):
    """The base class of commands that become jobs, each of which ends with a clip.

    The properties stand for arguments that a command does not have.
    """

    reply: ClassVar[str] = "/msanii/job/done"

    @property
    def engine(self) -> str:
        """The engine's name; "" for the default one, or for none."""
        return ""

    @property
    def seed(self) -> int | None:
        """The seed; None to draw one."""
        return None

    @property
    def steps(self) -> int | None:
        """Denoising steps; None for the engine's own number."""
        return None

    @property
    def clip(self) -> str:
        """The name of the new clip; "" for a generated one."""
        return ""

    @property
    def play(self) -> int:
        """1: play the clip when it is ready."""
        return 0

    @property
    def count(self) -> int:
        """How many clips to make."""
        return 1

    @property
    def priority(self) -> int:
        """Jobs with a higher priority run first."""
        return 0


def at_argument(event: str, default: str = "none") -> Any:
    """Declare the argument `at`. event: what happens at that time, such as "playback starts"."""
    return text(
        f"when {event}: none (at once), the next beat or bar, or a number of beats from now",
        default=default,
        choices=AT_CHOICES,
        max_number=MAX_AT_BEATS,
    )
