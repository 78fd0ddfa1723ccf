"""The page docs/osc.md, written from the command table."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from msanii_live.errors import Code
from msanii_live.protocol.command import Command
from msanii_live.protocol.commands import COMMANDS, GenerationCommand, JobCommand
from msanii_live.protocol.replies import REPLIES, ReplyType
from msanii_live.protocol.schema import (
    ENVELOPE,
    KIND_NAMES,
    TOKEN_LIMIT,
    Argument,
    arguments,
    format_number,
)

CODE_TEXTS = {
    Code.EADDR: "No command has this address. Check capitals and a slash at the end.",
    Code.ETYPE: "A value has the wrong type, such as a word instead of a number.",
    Code.ERANGE: "A value is outside its range. The text names the key, the value and the range.",
    Code.EARG: "A value is missing, or a value stands where a key belongs.",
    Code.EENGINE: "There is no such engine, or the engine cannot do this.",
    Code.EBUSY: "Too many commands are waiting. Send it again later.",
    Code.EOOM: "Memory ran out. Request something shorter, or free an engine.",
    Code.ENOCLIP: "There is no clip of this name.",
    Code.EPATH: "The file does not exist, is unreadable, or is outside the shared folder.",
    Code.ECANCEL: "The command was cancelled before it could be carried out.",
    Code.ELATE: "The time tag is too far in the future.",
    Code.EINTERNAL: "The server has a fault. Its log has the details.",
}

GROUP_TITLES = {
    "play": "Playing", "stop": "Playing", "transport": "Playing", "record": "Recording",
    "stream": "The stream", "param": "Params",
    "clip": "Clips", "job": "Jobs", "engine": "Engines", "lora": "Engines",
    "undo": "Clips", "redo": "Clips", "scene": "Scenes", "map": "MIDI mapping",
    "automation": "Automation",
}  # fmt: skip

# Values in the examples. A key that is not here is shown only if it is required.
EXAMPLE_VALUES: dict[str, int | float | str] = {
    "src": "loop1", "a": "loop1", "b": "loop2", "name": "loop1", "to": "intro",
    "path": "takes/break.wav", "start": 2.0, "end": 4.0, "job": "all", "engine": "mel-flow",
    "seconds": 8.0, "side": "right", "mix": 0.5, "strength": 0.4, "loop": 1, "fade": 2.0,
    "bpm": 120.0, "beats": 4, "page": 1, "on": 1, "port": 9000, "number": "1",
    "param": "stream.mix", "time": 8.0,
    "ahead": 4.0, "chunk": 3.0, "midi": "riff.mid", "timbre": "piano", "timbre2": "organ",
}  # fmt: skip
# Keys that the example of a command omits: the engine in the example does not support them.
OMITTED_KEYS = {"/msanii/stream/start": ("midi", "accompany", "timbre", "timbre2")}
# The value of a param in its example, where no word will do.
EXAMPLE_PARAMS: dict[str, int | float | str] = {
    "/msanii/param/output.gain": -6.0,
    "/msanii/param/stream.style": "house", "/msanii/param/stream.key": "Am",
    "/msanii/param/stream.chords": "Am F C G", "/msanii/param/stream.parts": "drums bass",
    "/msanii/param/stream.prompt.a": "dark techno", "/msanii/param/stream.prompt.b": "choir",
}  # fmt: skip
EXAMPLE_CLIP = "loop1"  # for a positional `clip`; elsewhere `clip` names the result

INTRODUCTION = f"""\
# OSC messages

`msanii-live spec` writes this page from the table that the server itself reads. Do not edit it.

## In short

Send OSC over UDP or TCP to `127.0.0.1`, port 7770 (`--port` picks another). A first message:

    /msanii/generate seconds 8 style house play 1

The server answers `/msanii/job/queued` at once, `/msanii/job/progress` while it works, and
`/msanii/job/done` with the path when the file is complete. Every accepted job ends in exactly
one of `/msanii/job/done`, `/msanii/job/cancelled` and `/msanii/fail`.

A valid message that cannot be carried out is answered with `/msanii/fail`. A packet that is not
OSC gets no answer and is counted. `/msanii/caps` returns the counters.

When nothing happens, run `msanii-live dump` while the server runs. It prints every message that
the server receives and what it did with it. `/msanii/dump` does the same for a patch.

## Where replies go

Replies go to the first of these that applies:

1. the port in the key `reply_port`, on the host that sent the message;
2. the connection, if the message came over TCP or WebSocket;
3. the port that the sender registered with `/msanii/notify`. If the host registered a port but the
   message comes from a port that is not known, both get the reply;
4. the address and port that the message came from.

Pure Data, SuperCollider, Tidal and Sonic Pi listen on the socket they send from. They need no
registration. Max `udpsend`, oscsend, Csound and ChucK do not listen there. With these, first send
`/msanii/notify 1 PORT` with the port that you listen on. The registration lasts 60 s, and any
message renews it.

From another machine (`--bind`, `--allow`), always send `/msanii/notify 1` first. Anyone could
forge your address as the sender's. So over UDP, a host that has not registered gets at most three
bytes of replies for each byte that it sent. That is enough for a pong or a status, but not for a
list or a job. Replies beyond that are counted and not sent, and one `/msanii/warn` says so. TCP
has no such limit.

## TCP, WebSocket, OSCQuery

TCP listens on the same port number. It accepts both framings, the int32 length of OSC 1.0 and the
SLIP of OSC 1.1, and recognises them by the first byte. Replies use the connection and its framing.
There can be 64 connections; another one is answered with EBUSY and closed. A packet can have
65,536 bytes and must be complete within 10 s of its first byte. A client must read its replies.

Port 7771 serves OSCQuery. `http://127.0.0.1:7771/` returns this page as JSON to clients that do not
accept HTML, and `?HOST_INFO` returns the OSC port. A WebSocket carries OSC packets in binary
frames, and LISTEN and IGNORE work for every reply below. `--announce on` announces the server on
the network by Zeroconf (`_oscjson._tcp`).

## Form of a command

`/msanii/VERB [positional values …] [key value …]`

- Keys follow the positional values, in any order. Every key is optional. A number in its place may
  have its name in front: `/msanii/inpaint a start 1 end 3` is `/msanii/inpaint a 1 3`.
- A key can be written `@key`. If any key is, only words that begin with `@` are keys. Use this if
  a value is itself the name of a key.
- Consecutive strings are joined with spaces, so `prompt dark techno seconds 8` needs no quotes.
- In `prompt`, which is free text, the name of a key counts as a key only if a legal value follows
  it: in `prompt techno at night bars 2`, `bars` is a key and `at` is text, of which one
  `/msanii/warn` tells. A key written `@key` is always a key.
- A missing value is EARG. The next word never takes its place.
- An unknown key and its value are ignored, with one `/msanii/warn` that names the key most like
  it. Tidal's `cps`, `delta`, `cycle` and `orbit` are ignored silently.
- A number can have any numeric type: 8, 8.0 and the string `8` are the same, true is 1 and false
  is 0. 2.5 for a whole number is ETYPE. Infinity and not-a-number are ERANGE.
- A number that misses an end of its range by a rounding error of 32-bit floats counts as that end:
  1.0000001 is 1 where 1 is the largest value. A 32-bit float is read as the shortest decimal that
  is the same float: 0.699999988 is 0.7.

## Buttons

A button of a touch controller sends 1 when it is pressed and 0 when it is released. For a command
that needs no positional value, a 1 in front is a press and is left out: `/msanii/stop 1.0` is
`/msanii/stop`, and `/msanii/generate 1.0 seconds 8` is `/msanii/generate seconds 8`. A 0 in front
is a release. It is answered with `/msanii/done` and has no other effect. Where a number is a
value, as in `/msanii/dump 0`, `/msanii/sync 1` and params, it stays one. `/msanii/stop clip 1`
stops a clip that is called 1.

## Notes and stems

If the server knows the notes of a clip, they lie beside it: `NAME.mid` beside `NAME.wav`. It knows
them for what the engine `composer` makes and for what `/msanii/render` plays. With `stems 1`, an
engine that can divide its sound also writes `NAME.drums.wav`, `NAME.bass.wav`, `NAME.chords.wav`,
`NAME.lead.wav` and `NAME.pad.wav`, those that there are. They are 32-bit float, as long as the
clip, and their sum is the clip. So take the path from `/msanii/job/done` and put another ending
in place of `.wav`; the file is complete by then, or there is none. The clip's sidecar `NAME.json`
lists them as `companions`, and `http://127.0.0.1:7771/api/state` gives `midi` and `stems` for
each clip.

They are no clips. They are renamed, replaced and deleted with their clip. A file that you have
changed is yours from then on: it is never touched, and a new one gets the name `NAME-2.mid`. No
clip can be called NAME.drums and so on; that is ERANGE.

## Patterns

An address can be a pattern for commands that only read and for `/msanii/param/…`. A pattern has
`?`, `*`, `[a-z]`, `[!a-z]` or `{{{{a,b}}}}`, none of which matches a slash, and at most 256
characters. A pattern that matches a command with side effects is EADDR, and no command runs.

## Tags

Replies use only `i` (whole number), `f` (number) and `s` (text). Each address always has the same
tags. Commands can use `i`, `h`, `f`, `d`, `T`, `F` and strings.

## Tokens

Every command also has these keys:

{{envelope}}

The token can be any number, or text of up to {TOKEN_LIMIT} characters. It is returned as text: `7`
for both `7` and `7.0`, and `""` if you gave none. If you send the same command with the same token
from the same host again, no second job is made, as long as the job lives and for 60 s after it. So
you can send a message again if no answer came. The answer is the job's state or result. If the
arguments are others than before, it is still the answer for the first message, after a
`/msanii/warn` that says so.

## Time tags

A message in a bundle with a future time tag waits for that time, at most 60 s ahead.
`/msanii/clearsched` discards all that wait. A message that comes more than 0.1 s late is carried
out at once, and `/msanii/late` is sent in addition.

## Error codes

`/msanii/fail` carries one of these codes and a text that says what to do.

{{codes}}"""


def render_markdown() -> str:
    """Return the whole of docs/osc.md."""
    opening = INTRODUCTION.format(
        envelope=_argument_table(ENVELOPE),
        codes=_markdown_table(
            ("code", "meaning"), [(f"`{code}`", CODE_TEXTS[code]) for code in Code]
        ),
    )
    parts = [opening]
    for title, commands in command_groups().items():
        parts.append(f"## {title}")
        if any(issubclass(command, GenerationCommand) for command in commands):
            parts.append(_shared_keys_section())
        parts += [_command_section(command) for command in commands]
    parts.append(_reply_section())
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def example(command: type[Command]) -> tuple[str, list[int | float | str]]:
    """Return the address and arguments of an example message of a command.

    It has no `id`: one that is constant would make a second click the same job.
    """
    args: list[int | float | str] = []
    for argument in arguments(command):
        if argument.positional:
            args.append(EXAMPLE_PARAMS.get(command.address, _example_value(argument)))
        elif argument.name in OMITTED_KEYS.get(command.address, ()):
            continue
        elif argument.name in EXAMPLE_VALUES and not is_shared(command, argument):
            args += [argument.name, _example_value(argument)]
    return command.address, args


def _example_value(argument: Argument) -> int | float | str:
    if argument.name == "clip" and argument.positional:
        return EXAMPLE_CLIP
    if argument.name in EXAMPLE_VALUES:
        return EXAMPLE_VALUES[argument.name]
    if argument.default not in (None, ""):
        return argument.default or 0
    return "word" if argument.kind == "s" else argument.low or 0


def command_groups() -> dict[str, list[type[Command]]]:
    """Return the commands by the title of their section."""
    groups: dict[str, list[type[Command]]] = {}
    for command in COMMANDS:
        segment = command.address.split("/")[2]
        makes = issubclass(command, JobCommand)
        title = "Making clips" if makes else GROUP_TITLES.get(segment, "The server")
        groups.setdefault(title, []).append(command)
    return groups


def is_shared(command: type[Command], argument: Argument) -> bool:
    """Return whether an argument is one that all commands that make a clip have."""
    return issubclass(command, GenerationCommand) and argument in arguments(GenerationCommand)


def _shared_keys_section() -> str:
    return (
        "Each of these commands becomes a job and is answered with `/msanii/job/queued`,\n"
        "`/msanii/job/progress` and `/msanii/job/done`. All but `/msanii/transcribe` make a new\n"
        "clip, and have these keys besides their own:\n\n"
        "### Shared keys\n\n"
        "Not every engine follows every key. `/msanii/engine/info` names those that it follows\n"
        "(`follows`). One `/msanii/warn` names those that it does not follow, and the clip is\n"
        "made without them. Of the engines that ship, only `composer` and `rack` follow `chords`,\n"
        "`metre`, `swing`, `form`, `parts` and `hold`; they and `note-diffusion` follow\n"
        "`stems`.\n\n"
        f"{_argument_table(arguments(GenerationCommand))}"
    )


def _command_section(command: type[Command]) -> str:
    all_arguments = arguments(command)
    positional = [argument for argument in all_arguments if argument.positional]
    own = [a for a in all_arguments if not a.positional and not is_shared(command, a)]
    form = " ".join(f"[{a.name}]" if not a.required else a.name for a in positional)
    lines = [f"### {command.address}", inspect.cleandoc(command.__doc__ or "")]
    if positional:
        lines.append(f"Positional: `{form}`\n\n{_argument_table(positional)}")
    if own:
        lines.append(f"Keys:\n\n{_argument_table(own)}")
    if issubclass(command, GenerationCommand):
        lines.append("Also: the [shared keys](#shared-keys).")
    address, args = example(command)
    words = [format_number(a) if isinstance(a, int | float) else a for a in args]
    lines.append(f"Example: `{' '.join([address, *words])}`")
    reply = next(reply for reply in REPLIES if reply.address == command.reply)
    lines.append(f"Answer: `{reply.address}` with {_field_list(reply)}.")
    return "\n\n".join(lines)


def _argument_table(listed: Sequence[Argument]) -> str:
    rows = []
    for a in listed:
        legal = a.range_text.removesuffix(f" {a.unit}") if a.unit else a.range_text
        rows.append((f"`{a.name}`", f"`{a.kind}`", _default(a), legal, a.unit, a.text))
    return _markdown_table(("name", "tag", "default", "range", "unit", "meaning"), rows)


def _default(argument: Argument) -> str:
    if argument.required:
        return "required"
    if argument.default is None or argument.default == "":
        return ""
    shown = argument.default
    return f"`{shown if isinstance(shown, str) else format_number(shown)}`"


def _markdown_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    table = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table
    )


def _reply_section() -> str:
    kinds = "; ".join(f"`{tag}` is {name}" for tag, name in KIND_NAMES.items())
    rows = [
        (f"`{reply.address}`", f"`{reply.tags}`", _field_list(reply), reply.text)
        for reply in REPLIES
    ]
    table = _markdown_table(("address", "tags", "fields", "meaning"), rows)
    return f"## Replies\n\nTags: {kinds}.\n\n{table}"


def _field_list(reply: ReplyType) -> str:
    return ", ".join(reply.fields)
