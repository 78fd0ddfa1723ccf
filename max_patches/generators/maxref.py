"""Max's reference pages, and the description of the package."""

from __future__ import annotations

import inspect
import json
from xml.sax.saxutils import escape, quoteattr

from msanii_live import __version__
from msanii_live.protocol.commands import COMMANDS
from msanii_live.protocol.schema import Argument, arguments

TYPES = {"i": "int", "f": "float", "s": "symbol"}
CLIENT_MESSAGES = {
    "start": (
        "",
        "Find a free port and the server. This happens by itself when the patch is loaded.",
    ),
    "connect": ("host port", "Send to another machine or port. The default is 127.0.0.1 7770."),
    "cancel": ("", "Cancel the last job."),
}
PLAYER_MESSAGES = {
    "anything": ("path", "Load a sound file and crossfade to it when it is loaded."),
    "loop": ("on", "1: loop. 0: play once."),
    "play": ("", "Play the last file again, with a crossfade."),
    "stop": ("", "Fade out."),
    "fade": ("ms", "Length of every fade. The default is 30."),
    "rate": ("speed", "Speed and pitch. 1 is the original."),
    "hold": ("on", "1: a loaded file waits for the message now. 0: it starts at once."),
    "now": ("", "Start the file that waits."),
}
PAGE = """\
<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<?xml-stylesheet href="./_c74_ref.xsl" type="text/xsl"?>
<c74object name={name} module={module} category="msanii-live">
  <digest>{digest}</digest>
  <description>{description}</description>
  <metadatalist>
    <metadata name="author">msanii-live</metadata>
    <metadata name="tag">msanii-live</metadata>
    <metadata name="tag">OSC</metadata>
  </metadatalist>
  <inletlist>
{inlets}
  </inletlist>
  <outletlist>
{outlets}
  </outletlist>
  <objarglist/>
  <methodlist>
{methods}
  </methodlist>
  <attributelist/>
  <seealsolist>
    <seealso name={other}/>
  </seealsolist>
</c74object>
"""


def client_page() -> str:
    """Return msanii.maxref.xml: one method for each command of the table."""
    methods = [_message(name, *texts) for name, texts in CLIENT_MESSAGES.items()]
    for command in COMMANDS:
        text = " ".join(inspect.cleandoc(command.__doc__ or "").split())
        methods.append(_method(command.address, text, arguments(command)))
    return _page(
        "msanii", "max", "msanii-player~",
        "Client of the msanii-live server",
        "Sends the commands of docs/osc.md over OSC and receives the replies on a port of its own.",
        ["a message of docs/osc.md, start, connect, cancel"],
        ["path of each clip when its file is complete", "progress, 0 to 1",
         "1 while the server answers", "state and errors as text", "every reply, unchanged"],
        methods,
    )  # fmt: skip


def player_page() -> str:
    """Return msanii-player~.maxref.xml."""
    return _page(
        "msanii-player~", "msp", "msanii",
        "Play sound files with a crossfade from one to the next",
        "Loads into the buffer that is not playing, and crossfades in 30 ms at equal power.",
        ["path of a sound file, loop, play, stop, fade, rate, hold, now"],
        ["(signal) left", "(signal) right", "length of what was loaded, ms",
         "set and the name of the buffer that is playing"],
        [_message(name, *texts) for name, texts in PLAYER_MESSAGES.items()],
    )  # fmt: skip


def package_info() -> str:
    """Return package-info.json."""
    system = {"platform": ["x64", "aarch64"], "min_version": "none"}
    info = {
        "name": "msanii-live", "displayname": "msanii-live", "version": __version__,
        "author": "msanii-live", "authors": ["msanii-live"],
        "description": "Patches for the msanii-live server: music diffusion over OSC.",
        "tags": ["audio", "osc", "generative"], "website": "", "package_extra": {},
        "max_version_min": "8.0", "max_version_max": "none", "homepatcher": "msanii-live.maxpat",
        "os": {"macintosh": system, "windows": system}, "filelist": {},
    }  # fmt: skip
    return json.dumps(info, indent=2) + "\n"


def _page(
    name: str, module: str, other: str, digest: str, description: str, inlets: list[str],
    outlets: list[str], methods: list[str],
) -> str:  # fmt: skip
    return PAGE.format(
        name=quoteattr(name),
        module=quoteattr(module),
        other=quoteattr(other),
        digest=escape(digest),
        description=escape(description),
        inlets=_ports("inlet", inlets),
        outlets=_ports("outlet", outlets),
        methods="\n".join(methods),
    )


def _ports(kind: str, digests: list[str]) -> str:
    return "\n".join(
        f'    <{kind} id="{i}" type="{kind.upper()}_TYPE">\n'
        f"      <digest>{escape(text)}</digest>\n      <description/>\n    </{kind}>"
        for i, text in enumerate(digests)
    )


def _message(name: str, given: str, text: str) -> str:
    listed = [f'        <arg name="{word}" optional="0" type="symbol"/>' for word in given.split()]
    return _entry(name, text, listed)


def _method(name: str, text: str, parameters: tuple[Argument, ...]) -> str:
    listed = [
        f"        <arg name={quoteattr(a.name)} optional={quoteattr(str(int(not a.required)))} "
        f"type={quoteattr(TYPES[a.kind])} units={quoteattr(_units(a))}/>"
        for a in parameters
    ]
    return _entry(name, text, listed)


def _units(argument: Argument) -> str:
    """Return the meaning and the range of an argument."""
    legal = f" ({argument.range_text})" if argument.range_text else ""
    return f"{argument.text}{legal}"


def _entry(name: str, text: str, listed: list[str]) -> str:
    short = text.split(". ")[0].removesuffix(".")
    taken = "\n".join(["      <arglist>", *listed, "      </arglist>"])
    return (
        f"    <method name={quoteattr(name)}>\n{taken if listed else '      <arglist/>'}\n"
        f"      <digest>{escape(short)}</digest>\n"
        f"      <description>{escape(text)}</description>\n    </method>"
    )
