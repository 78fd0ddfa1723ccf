"""Replies of the server: collected for each command, and read as rows and clips."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from msanii_live.audio import Samples
from msanii_live.client.clip_source import PageAddress, fetch, read_file
from msanii_live.client.packets import Sent
from msanii_live.errors import Cancelled, Code, CommandError, MsaniiError
from msanii_live.notes import Note, Score
from msanii_live.osc.codec import Message
from msanii_live.protocol import replies
from msanii_live.protocol.commands import BY_ADDRESS

TERMINAL = (replies.JOB_DONE.address, replies.JOB_CANCELLED.address, replies.FAIL.address)

ReplyRow = dict[str, Sent]


class NoAnswer(MsaniiError):
    """An answer that did not come in time."""


class ServerNotRunning(MsaniiError, ConnectionError):
    """A port on which no server listens."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"nobody listens on {host}:{port}: start `msanii-live serve`, or give the host and "
            "port of a server that runs"
        )


@dataclass(frozen=True)
class MadeClip:
    """A clip that the server made.

    path: its file, on the server. took: seconds of work. page: where its audio is fetched from;
    None if the file can be read here.
    """

    name: str
    path: Path
    seconds: float
    sample_rate: int
    channels: int
    seed: int
    took: float
    page: PageAddress | None = field(default=None, repr=False, compare=False)

    def read(self) -> Samples:
        """Return the audio, float32 (frames, channels): from its file, or from the server's page.

        Raises: UnreadableClip: neither can be reached.
        """
        if self.page is not None:
            return fetch(self.page, self.name, self.path.as_posix())
        return read_file(self.path)

    @cached_property
    def score(self) -> Score | None:
        """The notes with tempo, metre, key, chords and sections; None if they are not known.

        Raises: UnreadableClip: as `read`.
        """
        from msanii_live.client import clip_notes  # which reads MIDI: most clients need none

        if self.page is not None:
            return clip_notes.fetch_notes(self.page, self.name, self.path.as_posix())
        return clip_notes.read_notes(self.path, self.name)

    @property
    def notes(self) -> list[Note]:
        """The notes in order of their starts, each with its part; empty if they are not known.

        Raises: UnreadableClip: as `read`.
        """
        return list(self.score.notes) if self.score is not None else []

    @cached_property
    def stems(self) -> dict[str, Samples]:
        """The stems by part, float32 (frames, channels); their sum is the clip. Empty without any.

        Raises: UnreadableClip: as `read`.
        """
        from msanii_live.client import clip_notes

        if self.page is not None:
            return clip_notes.fetch_stems(self.page, self.name, self.path.as_posix())
        return clip_notes.read_stems(self.path, self.name)


@dataclass
class ReplyCollector:
    """The replies to one command. terminal: the last of them, None until it has come."""

    address: str
    token: str
    rows: list[ReplyRow] = field(default_factory=list)
    terminal: Message | None = None

    @property
    def reply_address(self) -> str:
        """The address that answers the command: the table's, or /msanii/fail for one not in it."""
        command = BY_ADDRESS.get(self.address)
        return command.reply if command else replies.FAIL.address

    def accept(self, message: Message) -> bool:
        """Take a message if it is a reply to the command; return whether it was."""
        reply = replies.REPLY_BY_ADDRESS.get(message.address)
        if reply is None or self.terminal is not None:
            return False
        row = as_row(message)
        is_answer = message.address == self.reply_address
        if row.get("token", self.token) != self.token or not ("token" in row or is_answer):
            return False
        if (is_answer and not reply.listed) or message.address in (*TERMINAL, replies.DONE.address):
            self.terminal = message
        if is_answer:
            self.rows.append({name: value for name, value in row.items() if name != "token"})
        return True

    def result(self) -> list[ReplyRow]:
        """Return the rows, once `terminal` is there.

        Raises: CommandError: the server refused the command; Cancelled.
        """
        assert self.terminal is not None
        row = as_row(self.terminal)
        if self.terminal.address == replies.FAIL.address:
            raise CommandError(Code(str(row["code"])), str(row["text"]))
        if self.terminal.address == replies.JOB_CANCELLED.address:
            raise Cancelled(int(row["step"]))
        return self.rows

    def clip(self) -> MadeClip:
        """Return the clip that was made. Raises: as `result`."""
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


def as_row(message: Message) -> ReplyRow:
    """Return a reply's fields by name; empty for a message that is no reply of the table."""
    reply = replies.REPLY_BY_ADDRESS.get(message.address)
    if reply is None or len(reply.fields) != len(message.args):
        return {}
    return {
        name: value if isinstance(value, int | float | str) else str(value)
        for name, value in zip(reply.fields, message.args, strict=True)
    }
