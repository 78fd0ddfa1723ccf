"""The server's table from the client's side: calls become messages, replies become results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import soundfile

from msanii_live.audio import Samples
from msanii_live.errors import Cancelled, Code, CommandError, MsaniiError
from msanii_live.osc.codec import Argument, Message
from msanii_live.osc.udp import encode
from msanii_live.protocol import replies
from msanii_live.protocol.commands import BY_ADDRESS, Command
from msanii_live.protocol.request import parse
from msanii_live.protocol.schema import arguments, read_number

ROOT = "/msanii/"
BY_NAME = {address.removeprefix(ROOT).replace("/", "_"): c for address, c in BY_ADDRESS.items()}
TERMINAL = (replies.JOB_DONE.address, replies.JOB_CANCELLED.address, replies.FAIL.address)

Sent = int | float | str
Row = dict[str, Sent]

_REPLIES = {reply.address: reply for reply in replies.REPLIES}


class NoAnswer(MsaniiError):
    """Report that the server did not say, in time, what was waited for."""


@dataclass(frozen=True)
class MadeClip:
    """Hold what `/msanii/job/done` tells of a clip. took: seconds of work. path: on the server."""

    name: str
    path: Path
    seconds: float
    sample_rate: int
    channels: int
    seed: int
    took: float

    def read(self) -> Samples:
        """Return the audio, float32 (frames, channels), where the server's folder is reachable."""
        samples, _ = soundfile.read(str(self.path), dtype="float32", always_2d=True)
        return np.asarray(samples, dtype=np.float32)


def command_of(name: str) -> type[Command]:
    """Return the command that a method's name means. Raises: AttributeError: none is called so."""
    kind = BY_NAME.get(name)
    if kind is None:
        raise AttributeError(f"no command is called {name}; there are {', '.join(BY_NAME)}")
    return kind


def call(name: str, values: Sequence[Sent], keys: dict[str, Sent]) -> Command:
    """Return the command of a call such as `outpaint("loop1", seconds=6)`, checked by the table.

    Raises: AttributeError: no command has this name; CommandError: EARG, ETYPE, ERANGE; TypeError:
    a key that the command does not take.

    >>> call("generate", (), {"seconds": 6}).as_dict()["seconds"]
    6.0
    """
    kind = command_of(name)
    if unknown := set(keys) - {argument.name for argument in arguments(kind)}:
        raise TypeError(f"{kind.address} takes no {', '.join(sorted(unknown))}")
    words = [word for key, value in keys.items() for word in (f"@{key}", value)]
    return parse(kind.address, [*values, *words]).command


def packet(command: Command, token: str) -> bytes:
    """Return the packet of a command."""
    places: list[Sent] = []
    keys: list[Sent] = []
    declared = {argument.name: argument for argument in arguments(type(command))}
    for f in fields(command):
        value = getattr(command, f.name)
        if declared[f.name].positional:
            if declared[f.name].required or value != f.default:
                places.append(value)
        elif value != f.default:
            keys += [f"@{f.name}", value]
    # A length is exact to the frame: 32-bit floats are not, in minutes.
    return message(command.address, [*places, *keys, "@id", token], floats="d")


def message(address: str, args: Sequence[Sent], floats: str = "f") -> bytes:
    """Return the packet of a message: ints, floats and strings go as i, `floats` and s.

    Raises: ValueError: it is no address, or too long.
    """
    tags = "".join(
        "s" if isinstance(a, str) else floats if isinstance(a, float) else "i" for a in args
    )
    return encode(address, tags, args)


def typed(word: str) -> Sent:
    """Read a word of a command line as the number that it looks like, else as text.

    >>> typed("8"), typed("0.5"), typed("house"), typed("nan")
    (8, 0.5, 'house', 'nan')
    """
    number = read_number(word)
    if number is None or number != number or abs(number) >= 2**31:
        return word
    return number


@dataclass
class Answer:
    """Gather the replies to one command until they are all there."""

    command: type[Command] | None
    token: str
    rows: list[Row]
    ending: Message | None = None

    @classmethod
    def to(cls, address: str, token: str) -> Answer:
        """Wait for the replies to a command with this token."""
        return cls(BY_ADDRESS.get(address), token, [])

    def takes(self, heard: Message) -> bool:
        """Take a reply if it belongs here; `ending` is set once it is the last one."""
        reply = _REPLIES.get(heard.address)
        if reply is None or self.ending is not None:
            return False
        row = as_row(heard)
        wanted = self.command.reply if self.command else replies.FAIL.address
        named = "token" in row
        if named and row["token"] != self.token:
            return False
        if not named and heard.address != wanted:
            return False
        ends = heard.address == wanted and not reply.listed
        if ends or heard.address in (*TERMINAL, replies.DONE.address):
            self.ending = heard
        if heard.address == wanted:
            self.rows.append({name: value for name, value in row.items() if name != "token"})
        return True

    def result(self) -> list[Row]:
        """Return the rows, once `ending` is there.

        Raises: CommandError: the server's; Cancelled.
        """
        assert self.ending is not None
        row = as_row(self.ending)
        if self.ending.address == replies.FAIL.address:
            raise CommandError(Code(str(row["code"])), str(row["text"]))
        if self.ending.address == replies.JOB_CANCELLED.address:
            raise Cancelled(int(row["step"]))
        return self.rows

    def clip(self) -> MadeClip:
        """Return the clip that was made. Raises: CommandError: the server's; Cancelled."""
        row = self.result()[-1]
        return MadeClip(
            name=str(row["clip"]),
            path=Path(str(row["path"])),
            seconds=float(row["seconds"]),
            sample_rate=int(row["samplerate"]),
            channels=int(row["channels"]),
            seed=int(row["seed"]),
            took=float(row["took-seconds"]),
        )


def as_row(heard: Message) -> Row:
    """Return a reply's fields by name; empty for what is no reply of the table."""
    reply = _REPLIES.get(heard.address)
    if reply is None or len(reply.fields) != len(heard.args):
        return {}
    return {name: _plain(value) for name, value in zip(reply.fields, heard.args, strict=True)}


def _plain(value: Argument) -> Sent:
    return value if isinstance(value, int | float | str) else str(value)
