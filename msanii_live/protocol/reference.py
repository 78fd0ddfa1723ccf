"""Write docs/osc.md from the table, so that it can neither miss a command nor misstate one."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from msanii_live.errors import Code
from msanii_live.protocol.command import Command
from msanii_live.protocol.commands import COMMANDS, GenerationCommand
from msanii_live.protocol.replies import REPLIES, Reply
from msanii_live.protocol.schema import (
    ENVELOPE,
    KIND_NAMES,
    TOKEN_LIMIT,
    Argument,
    arguments,
    format_number,
)

CODE_TEXTS = {
    Code.EADDR: "No command has this address; mind capitals and a slash at the end.",
    Code.ETYPE: "A value is of the wrong kind, such as a word where a number belongs.",
    Code.ERANGE: "A value is outside its range; the text names the key, the value and the range.",
    Code.EARG: "A value is missing, or stands where a key belongs.",
    Code.EENGINE: "No such engine, or the engine cannot do this.",
    Code.EBUSY: "Too much is waiting already; send it again later.",
    Code.EOOM: "Memory ran out; ask for something shorter, or free an engine.",
    Code.ENOCLIP: "There is no clip of this name.",
    Code.EPATH: "The file is absent, unreadable, or outside the shared folder.",
    Code.ECANCEL: "It was cancelled before it could be carried out.",
    Code.ELATE: "Its time tag is too far ahead to wait for.",
    Code.EINTERNAL: "A fault of the server's own; its log has the rest.",
}

GROUPS = {
    "play": "Playing", "stop": "Playing", "transport": "Playing", "record": "Recording",
    "stream": "The stream", "param": "Params",
    "clip": "Clips", "job": "Jobs", "engine": "Engines",
}  # fmt: skip

# What the examples say. A key that is not here is shown only where it is required.
SAMPLES: dict[str, int | float | str] = {
    "src": "loop1", "a": "loop1", "b": "loop2", "name": "loop1", "to": "intro",
    "path": "takes/break.wav", "start": 2.0, "end": 4.0, "job": "all", "engine": "mel-flow",
    "seconds": 8.0, "side": "right", "mix": 0.5, "strength": 0.4, "loop": 1, "fade": 2.0,
    "bpm": 120.0, "beats": 4, "page": 1, "on": 1, "port": 9000, "number": "1",
    "ahead": 4.0, "chunk": 3.0, "midi": "riff.mid", "timbre": "piano", "timbre2": "organ",
}  # fmt: skip
# Keys that a command's example leaves out: they would ask the engine it names for what it cannot.
UNSHOWN = {"/msanii/stream/start": ("midi", "timbre", "timbre2")}
CLIP_SAMPLE = "loop1"  # of `clip` where it is positional; elsewhere it names the result

OPENING = f"""\
# OSC messages

`msanii-live spec` writes this page from the table that the server itself reads. Do not edit it.

## In short

Send OSC over UDP or TCP to `127.0.0.1`, port 7770 (`--port` picks another). A first message:

    /msanii/generate seconds 8 style house play 1

The server answers `/msanii/job/queued` at once, `/msanii/job/progress` while it works, and
`/msanii/job/done` when the clip is whole on disk, with its path. Every accepted job ends in
exactly one of `/msanii/job/done`, `/msanii/job/cancelled` and `/msanii/fail`.

A well-formed message that cannot be carried out is answered with `/msanii/fail`. A packet that is
not OSC gets no answer and is counted; the counts are among the facts of `/msanii/caps`.

When nothing happens, run `msanii-live dump` beside the server: it prints every message that comes
in and what becomes of it. `/msanii/dump` is the same for a patch.

## Where replies go

The first of these that is known:

1. the key `reply_port` of the message: that port on the host that sent it;
2. the connection, of a message that came over TCP or WebSocket;
3. the port that the sender registered with `/msanii/notify`; a message from a port never heard of,
   of a host that registered another, is answered at both;
4. the address and port that the message came from.

Pure Data, SuperCollider, Tidal and Sonic Pi listen on the socket they send from, and need
nothing. Max `udpsend`, oscsend, Csound and ChucK do not: send `/msanii/notify 1 PORT` first, with
the port that you listen on. The lease is 60 s, and any message renews it.

From another machine (`--bind`, `--allow`), also send `/msanii/notify 1` first, whatever you
listen with. Anyone could write your address as the sender's, so over UDP a host that has not
registered is sent at most three bytes for each that came from it: enough for a pong or a status,
not for a list or a whole job. What is left out is counted, and a `/msanii/warn` says so. TCP
needs nothing.

## TCP, WebSocket, OSCQuery

TCP listens on the same port number, with either framing: the int32 length of OSC 1.0 or the SLIP
of OSC 1.1, told apart from the first byte. A reply goes out on the connection, in its framing. At
most 64 connections; the next is told EBUSY. A packet may have 65,536 bytes, must end within 10 s
of its start, and replies must be read.

Port 7771 answers OSCQuery: `http://127.0.0.1:7771/` is this page as JSON (for who does not ask
for HTML), `?HOST_INFO` says where to send, and a WebSocket carries OSC packets as binary frames,
and LISTEN and IGNORE for every reply below. `--announce on` tells the network by Zeroconf
(`_oscjson._tcp`).

## Form of a command

`/msanii/VERB [positional values …] [key value …]`

- Keys come in any order, after the positional values. Each may be left out.
- A key may be written `@key`. If any is, only words that begin with `@` are keys: use it where a
  value is itself the name of a key.
- Strings in a row are joined with spaces, so that `prompt dark techno seconds 8` needs no quotes.
- A missing value is EARG; nothing else ever moves into its place.
- An unknown key and its value are ignored, with one `/msanii/warn`. Tidal's `cps`, `delta`,
  `cycle` and `orbit` are ignored silently.
- A number may come in any form: 8, 8.0 and the string `8` are the same, true is 1 and false is 0.
  A whole number given as 2.5 is ETYPE; infinities and not-a-number are ERANGE.

## Patterns

An address may be a pattern (`?`, `*`, `[a-z]`, `[!a-z]`, `{{{{a,b}}}}`; none reaches across a
slash) for commands that only read and for `/msanii/param/…`. One that matches a command with
side effects is EADDR, and nothing of it runs. A pattern has at most 256 characters.

## Tags

Replies use only `i` (whole number), `f` (number) and `s` (text), and each address always has the
same tags. In commands, `i`, `h`, `f`, `d`, `T`, `F` and strings are all read.

## Tokens

Every command also takes these keys:

{{envelope}}

The token may be any number or text of up to {TOKEN_LIMIT} characters. It comes back as text: `7`
and `7.0` both as `7`, and as `""` where you gave none. The same token from the same host
for the same command means the same job, not a second one, while the job lives and for 60 s after:
a message may be sent again if no answer came, and is answered with the job's state or ending.

## Time tags

A message in a bundle with a future time tag waits for it, up to 60 s ahead; `/msanii/clearsched`
drops all that wait. One that comes more than 0.1 s late is carried out at once and answered with
`/msanii/late` too.

## Error codes

`/msanii/fail` carries one of these and a text that says what to do.

{{codes}}"""


def render_markdown() -> str:
    """Return the whole of docs/osc.md."""
    opening = OPENING.format(
        envelope=_table(ENVELOPE),
        codes=_rows(("code", "meaning"), [(f"`{code}`", CODE_TEXTS[code]) for code in Code]),
    )
    parts = [opening]
    for title, commands in command_groups().items():
        parts.append(f"## {title}")
        if any(issubclass(command, GenerationCommand) for command in commands):
            parts.append(_shared_keys())
        parts += [_command(command) for command in commands]
    parts.append(_replies())
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def example(command: type[Command]) -> tuple[str, list[int | float | str]]:
    """Return the address and arguments of a message that shows a command."""
    args: list[int | float | str] = []
    for argument in arguments(command):
        if argument.positional:
            args.append(_sample(argument))
        elif argument.name in UNSHOWN.get(command.address, ()):
            continue
        elif argument.name in SAMPLES and not is_shared(command, argument):
            args += [argument.name, _sample(argument)]
    if issubclass(command, GenerationCommand):
        args += ["id", "take1"]
    return command.address, args


def _sample(argument: Argument) -> int | float | str:
    if argument.name == "clip" and argument.positional:
        return CLIP_SAMPLE
    if argument.name in SAMPLES:
        return SAMPLES[argument.name]
    if argument.default not in (None, ""):
        return argument.default or 0
    return "word" if argument.kind == "s" else argument.low or 0


def command_groups() -> dict[str, list[type[Command]]]:
    """Return the commands under the titles of the sections that tell of them."""
    groups: dict[str, list[type[Command]]] = {}
    for command in COMMANDS:
        segment = command.address.split("/")[2]
        makes = issubclass(command, GenerationCommand)
        title = "Making clips" if makes else GROUPS.get(segment, "The server")
        groups.setdefault(title, []).append(command)
    return groups


def is_shared(command: type[Command], argument: Argument) -> bool:
    """Tell whether an argument is one that every command that makes a clip takes."""
    return issubclass(command, GenerationCommand) and argument in arguments(GenerationCommand)


def _shared_keys() -> str:
    return (
        "Each of these makes one clip and answers `/msanii/job/queued`, `/msanii/job/progress`\n"
        "and `/msanii/job/done`. Besides its own keys, each takes the shared ones:\n\n"
        f"### Shared keys\n\n{_table(arguments(GenerationCommand))}"
    )


def _command(command: type[Command]) -> str:
    taken = arguments(command)
    places = [argument for argument in taken if argument.positional]
    own = [a for a in taken if not a.positional and not is_shared(command, a)]
    form = " ".join(f"[{a.name}]" if not a.required else a.name for a in places)
    lines = [f"### {command.address}", inspect.cleandoc(command.__doc__ or "")]
    if places:
        lines.append(f"Positional: `{form}`\n\n{_table(places)}")
    if own:
        lines.append(f"Keys:\n\n{_table(own)}")
    if issubclass(command, GenerationCommand):
        lines.append("Also: the [shared keys](#shared-keys).")
    address, args = example(command)
    words = [format_number(a) if isinstance(a, int | float) else a for a in args]
    lines.append(f"Example: `{' '.join([address, *words])}`")
    reply = next(reply for reply in REPLIES if reply.address == command.reply)
    lines.append(f"Answer: `{reply.address}` with {_fields(reply)}.")
    return "\n\n".join(lines)


def _table(taken: Sequence[Argument]) -> str:
    rows = []
    for a in taken:
        legal = a.range_text.removesuffix(f" {a.unit}") if a.unit else a.range_text
        rows.append((f"`{a.name}`", f"`{a.kind}`", _default(a), legal, a.unit, a.text))
    return _rows(("name", "tag", "default", "range", "unit", "meaning"), rows)


def _default(argument: Argument) -> str:
    if argument.required:
        return "required"
    if argument.default is None or argument.default == "":
        return ""
    shown = argument.default
    return f"`{shown if isinstance(shown, str) else format_number(shown)}`"


def _rows(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    table = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table
    )


def _replies() -> str:
    kinds = "; ".join(f"`{tag}` is {name}" for tag, name in KIND_NAMES.items())
    rows = [
        (f"`{reply.address}`", f"`{reply.tags}`", _fields(reply), reply.text) for reply in REPLIES
    ]
    return (
        f"## Replies\n\nTags: {kinds}.\n\n{_rows(('address', 'tags', 'fields', 'meaning'), rows)}"
    )


def _fields(reply: Reply) -> str:
    return ", ".join(reply.fields)
