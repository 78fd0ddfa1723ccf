"""The reply table: every message that the server sends, with its address, tags and fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from msanii_live.protocol.commands import PARAMS, param_tag

_TYPES: dict[str, type[int] | type[float] | type[str]] = {"i": int, "f": float, "s": str}


class ReplyMessage(NamedTuple):
    """One reply, ready to be encoded."""

    address: str
    tags: str
    args: tuple[int | float | str, ...]


@dataclass(frozen=True)
class ReplyType:
    """One kind of reply. Calling it with values makes a message.

    tags: OSC type tags, always the same for an address. fields: their names. listed: several of
    them answer one command, and /msanii/done ends the list.

    >>> PONG("7").args
    ('7',)
    """

    address: str
    tags: str
    fields: tuple[str, ...]
    text: str
    listed: bool = False

    def __call__(self, *values: int | float | str) -> ReplyMessage:
        """Return a message with these values, each converted to the type of its tag.

        Raises: TypeError: the number of values differs from the number of tags.
        """
        if len(values) != len(self.tags):
            raise TypeError(f"{self.address} takes {len(self.tags)} values, not {len(values)}")
        args = [_TYPES[tag](value) for tag, value in zip(self.tags, values, strict=True)]
        return ReplyMessage(self.address, self.tags, tuple(args))


def _reply(address: str, tags: str, fields: str, text: str, *, listed: bool = False) -> ReplyType:
    return ReplyType(f"/msanii/{address}", tags, tuple(fields.split()), text, listed)


JOB_QUEUED = _reply(
    "job/queued", "siiif", "token job position queue-length eta-seconds",
    "The job was accepted. The job at position 0 is running.",
)  # fmt: skip
JOB_PROGRESS = _reply(
    "job/progress",
    "siiif",
    "token job step steps fraction",
    "Progress of a job, at most 10 a second.",
)
JOB_DONE = _reply(
    "job/done", "sissfiiif",
    "token job clip path seconds samplerate channels seed took-seconds",
    "The clip is finished, and its file on disk is complete.",
)  # fmt: skip
JOB_CLIP = _reply(
    "job/clip", "siss", "token job name path",
    "One clip of a command with `count` is finished; /msanii/job/done names the first.",
)  # fmt: skip
JOB_CANCELLED = _reply("job/cancelled", "sii", "token job step", "The job was cancelled.")
DONE = _reply("done", "ssi", "command token job", "A command without a job was carried out.")
FAIL = _reply(
    "fail", "ssiss", "command token job code text",
    "The command or job failed. Job is -1 if there is none.",
)  # fmt: skip
WARN = _reply(
    "warn", "ss", "command text", "The command was carried out, but not entirely as requested."
)
LATE = _reply(
    "late", "sf", "command seconds", "The time tag of the command was more than 0.1 s in the past."
)
STATUS = _reply(
    "status", "siiiffi",
    "state jobs-running jobs-queued clips load-percent vram-MB xruns",
    "State is starting, idle, busy or stopping.",
)  # fmt: skip
PONG = _reply("pong", "s", "token", "The answer to /msanii/ping.")
SYNCED = _reply("synced", "s", "number", "Every earlier command of this client has ended.")
VERSION = _reply(
    "version", "sis", "version protocol token", "Versions of the server and of the protocol."
)
CAPS = _reply(
    "caps", "sss", "name value token", "One fact. /msanii/done ends the list.", listed=True
)
CLIP_ENTRY = _reply(
    "clip/entry", "siisfii", "token index total name seconds samplerate channels",
    "One clip. /msanii/done ends the page. Index counts from 1.", listed=True,
)  # fmt: skip
CLIP_INFO = _reply(
    "clip/info", "sssfiiifs",
    "token name path seconds samplerate channels seed bpm engine", "Facts about one clip.",
)  # fmt: skip
CLIP_PARENT = _reply(
    "clip/parent", "sissi", "token depth clip parent is-there",
    "One source of a clip, at depth 1, or of one of its sources. Is-there is 0 for a clip that is "
    "not in the list any more. /msanii/done ends the list.", listed=True,
)  # fmt: skip
SCENE_ENTRY = _reply(
    "scene/entry", "siis", "token index total name",
    "One scene. /msanii/done ends the list. Index counts from 1.", listed=True,
)  # fmt: skip
AUTOMATION_ENTRY = _reply(
    "automation/entry", "siisfis", "token index total name beats changes state",
    "One automation. Beats is its length, 0 while it is not kept yet. State is recording, playing "
    "or empty. /msanii/done ends the list. Index counts from 1.", listed=True,
)  # fmt: skip
UNDO_ENTRY = _reply(
    "undo/entry", "siiss", "token index total kind text",
    "One change of yours. Kind is undo for one that can be undone, redo for one that can be done "
    "again; the next one comes first. /msanii/done ends the list. Index counts from 1.",
    listed=True,
)  # fmt: skip
MAP_ENTRY = _reply(
    "map/entry", "sssiiff", "token param control channel number low high",
    "One mapping. Control is cc, note or pressure. Channel counts from 1. Number is -1 for the "
    "pressure of a whole channel. /msanii/done ends the list.", listed=True,
)  # fmt: skip
TAKE_INFO = _reply(
    "take/info", "ssfif", "name path seconds notes bpm", "A MIDI take was recorded.",
)  # fmt: skip
JOB_ENTRY = _reply(
    "job/entry", "siissf", "token job position owner-token command fraction",
    "One job. /msanii/done ends the list. The job at position 0 is running.", listed=True,
)  # fmt: skip
ENGINE_ENTRY = _reply(
    "engine/entry",
    "ssss",
    "token engine state verbs",
    "One engine. /msanii/done ends the list.",
    listed=True,
)
ENGINE_INFO = _reply(
    "engine/info",
    "ssss",
    "token engine name value",
    "One fact. /msanii/done ends the list.",
    listed=True,
)
LORA_ENTRY = _reply(
    "lora/entry", "sssf", "token lora engine weight",
    "One LoRA; its weight is 0 if it is not loaded. /msanii/done ends the list.", listed=True,
)  # fmt: skip
DUMP_LINE = _reply(
    "dump/line", "sfsss", "token age-seconds sender message outcome",
    "One message that the server received, and what it did with it.",
)  # fmt: skip
WORKER_ENTRY = _reply(
    "worker/entry", "sissssfii",
    "token worker state engines device host memory-MB job waiting",
    "One worker. State is idle, busy, stream or lost. Job is -1 if there is none; waiting is the "
    "number of jobs that wait for any worker. /msanii/done ends the list.", listed=True,
)  # fmt: skip
TRANSPORT = _reply(
    "transport", "fif", "bpm beats bar-position", "Tempo, beats in a bar, and position in bars."
)
STREAM_CHUNK = _reply(
    "stream/chunk", "iffff", "index start seconds took ahead",
    "A chunk is ready. It begins `start` s into the stream and ends `ahead` s from now.",
)  # fmt: skip
STREAM_LATE = _reply(
    "stream/late", "if", "index seconds",
    "Chunk `index` is not ready in time, so the last bar repeats; `seconds` is its length.",
)  # fmt: skip
PARAM_REPLIES = {
    param: _reply(
        param.address.removeprefix("/msanii/"),
        param_tag(param),
        "value",
        "The current value of a param.",
    )
    for param in PARAMS
}

REPLIES: tuple[ReplyType, ...] = (
    JOB_QUEUED, JOB_PROGRESS, JOB_CLIP, JOB_DONE, JOB_CANCELLED, DONE, FAIL, WARN, LATE, STATUS,
    PONG, SYNCED, VERSION, CAPS, CLIP_ENTRY, CLIP_INFO, CLIP_PARENT, SCENE_ENTRY,
    AUTOMATION_ENTRY, UNDO_ENTRY, MAP_ENTRY, TAKE_INFO, JOB_ENTRY, ENGINE_ENTRY, ENGINE_INFO,
    LORA_ENTRY, WORKER_ENTRY,
    TRANSPORT, DUMP_LINE, STREAM_CHUNK, STREAM_LATE, *PARAM_REPLIES.values(),
)  # fmt: skip
REPLY_BY_ADDRESS = {reply.address: reply for reply in REPLIES}


def is_listed(address: str) -> bool:
    """Return whether an address is that of a reply of which several make a list."""
    reply = REPLY_BY_ADDRESS.get(address)
    return reply is not None and reply.listed
