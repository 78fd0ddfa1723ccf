"""Every message that the server sends: address, one fixed tag string, and what the fields mean."""

from __future__ import annotations

from dataclasses import dataclass

from msanii_live.protocol.commands import PARAMS, param_tag


@dataclass(frozen=True)
class ReplyMessage:
    """Hold a message ready to be encoded."""

    address: str
    tags: str
    args: tuple[int | float | str, ...]


@dataclass(frozen=True)
class Reply:
    """Declare a reply; calling it fills it in. listed: more of them follow, up to /msanii/done.

    >>> PONG("7").args
    ('7',)
    """

    address: str
    tags: str
    fields: tuple[str, ...]
    text: str
    listed: bool = False

    def __call__(self, *values: int | float | str) -> ReplyMessage:
        """Return the message with these values, each read as its tag says.

        Raises: TypeError: there are more or fewer values than tags.
        """
        if len(values) != len(self.tags):
            raise TypeError(f"{self.address} takes {len(self.tags)} values, not {len(values)}")
        kinds = {"i": int, "f": float, "s": str}
        cast = tuple(kinds[t](v) for t, v in zip(self.tags, values, strict=True))
        return ReplyMessage(self.address, self.tags, cast)


def _reply(address: str, tags: str, fields: str, text: str, *, listed: bool = False) -> Reply:
    return Reply(f"/msanii/{address}", tags, tuple(fields.split()), text, listed)


JOB_QUEUED = _reply(
    "job/queued", "siiif", "token job position queue-length eta-seconds",
    "The job was accepted. Position 0 runs now.",
)  # fmt: skip
JOB_PROGRESS = _reply(
    "job/progress", "siiif", "token job step steps fraction", "At most 10 a second."
)
JOB_DONE = _reply(
    "job/done", "sissfiiif",
    "token job clip path seconds samplerate channels seed took-seconds",
    "The clip is made, and its file whole on disk.",
)  # fmt: skip
JOB_CANCELLED = _reply("job/cancelled", "sii", "token job step", "The job was cancelled.")
DONE = _reply("done", "ssi", "command token job", "A command that makes no job was carried out.")
FAIL = _reply(
    "fail", "ssiss", "command token job code text",
    "The command or job failed; job is -1 where none was made.",
)  # fmt: skip
WARN = _reply("warn", "ss", "command text", "It was carried out, but not wholly as asked.")
LATE = _reply("late", "sf", "command seconds", "Its time tag was more than 0.1 s past.")
STATUS = _reply(
    "status", "siiiffi",
    "state jobs-running jobs-queued clips load-percent vram-MB xruns",
    "State is starting, idle, busy or stopping.",
)  # fmt: skip
PONG = _reply("pong", "s", "token", "The answer to /msanii/ping.")
SYNCED = _reply("synced", "s", "number", "All that this client asked for before has ended.")
VERSION = _reply("version", "sis", "version protocol token", "Server and protocol version.")
CAPS = _reply(
    "caps", "sss", "name value token", "One fact; /msanii/done ends the list.", listed=True
)
CLIP_ENTRY = _reply(
    "clip/entry", "siisfii", "token index total name seconds samplerate channels",
    "One clip; /msanii/done ends the page. Index counts from 1.", listed=True,
)  # fmt: skip
CLIP_INFO = _reply(
    "clip/info", "sssfiiifs",
    "token name path seconds samplerate channels seed bpm engine", "One clip.",
)  # fmt: skip
TAKE_INFO = _reply(
    "take/info", "ssfif", "name path seconds notes bpm", "A MIDI take was recorded.",
)  # fmt: skip
JOB_ENTRY = _reply(
    "job/entry", "siissf", "token job position owner-token command fraction",
    "One job; /msanii/done ends the list. Position 0 runs now.", listed=True,
)  # fmt: skip
ENGINE_ENTRY = _reply(
    "engine/entry",
    "ssss",
    "token engine state verbs",
    "One engine; /msanii/done ends the list.",
    listed=True,
)
ENGINE_INFO = _reply(
    "engine/info",
    "ssss",
    "token engine name value",
    "One fact; /msanii/done ends the list.",
    listed=True,
)
DUMP_LINE = _reply(
    "dump/line", "sfsss", "token age-seconds sender message outcome",
    "One message that came in, and what became of it.",
)  # fmt: skip
TRANSPORT = _reply("transport", "fif", "bpm beats bar-position", "Tempo, metre and place.")
STREAM_CHUNK = _reply(
    "stream/chunk", "iffff", "index start seconds took ahead",
    "A chunk is ready, at `start` s of the stream; the end of it is `ahead` s away.",
)  # fmt: skip
STREAM_LATE = _reply(
    "stream/late", "if", "index seconds",
    "Chunk `index` is not ready in time: the last bar, of so many seconds, sounds again.",
)  # fmt: skip
PARAM_REPLIES = {
    param: _reply(
        param.address.removeprefix("/msanii/"), param_tag(param), "value", "The value of a param."
    )
    for param in PARAMS
}

REPLIES: tuple[Reply, ...] = (
    JOB_QUEUED, JOB_PROGRESS, JOB_DONE, JOB_CANCELLED, DONE, FAIL, WARN, LATE, STATUS, PONG,
    SYNCED, VERSION, CAPS, CLIP_ENTRY, CLIP_INFO, TAKE_INFO, JOB_ENTRY, ENGINE_ENTRY, ENGINE_INFO,
    TRANSPORT, DUMP_LINE, STREAM_CHUNK, STREAM_LATE, *PARAM_REPLIES.values(),
)  # fmt: skip
REPLY_BY_ADDRESS = {reply.address: reply for reply in REPLIES}


def is_listed(address: str) -> bool:
    """Tell whether a command is answered with many replies rather than a value."""
    reply = REPLY_BY_ADDRESS.get(address)
    return reply is not None and reply.listed
