"""The Pure Data help patches."""

from __future__ import annotations

from max_patches.generators.pd import Canvas, escape, meta
from msanii_live import __version__
from msanii_live.protocol.commands import COMMANDS
from msanii_live.protocol.reference import example

KEYWORDS = "osc diffusion music generate outpaint interpolate loop"

CLIENT_HELP = """
    20 10 {heading 700 msanii}
    30 56 "Client of the server. In: messages of docs/osc.md. Out: clips."
    30 74 "[msanii] looks for it at 127.0.0.1, port 7770. [msanii 7790] looks at another port."
    make   30 110 (/msanii/generate style house bpm 124 bars 4 clip a)
    info   30 140 (/msanii/status)
    where  30 170 (connect 127.0.0.1 7770)
    cancel 30 200 (cancel)
    400 110 "any command, with its keys"
    400 140 "it connects by itself at the first message"
    400 170 "to another machine or port"
    400 200 "cancel the last job"
    client 30 270 [msanii]
    all    30 235 [pd every-command]
    make -> client
    info -> client
    where -> client
    cancel -> client
    all -> client
    path   30 360 [print path]
    far    130 320 [* 100]
    part   130 345 {number}
    light  230 345 {light connected}
    sayso  330 320 (label $1)
    shown  430 320 [s $0-words]
           330 345 {strip @$0-words 380}
    all2   620 300 [print reply]
    client -> path
    client:1 -> far -> part
    client:2 -> light
    client:3 -> sayso -> shown
    client:4 -> all2
    30 400 "Outlets, from the left: path of each clip once it is whole, progress from 0 to 1,"
    30 418 "1 while the server answers, state and errors in words, every reply as a list."
    30 450 "You can use several: each has a socket of its own and gets its own replies."
    30 480 "See also [msanii-player~] and the patches in examples/"
"""

PLAYER_HELP = """
    20 10 {heading 700 msanii-player~}
    30 56 "Play a sound file, with a crossfade of 30 ms to each new one."
    open   30 90  {button open a sound file}
    panel  30 115 [openpanel]
    open -> panel -> player
    loop   250 90 {toggle go round}
    loops  250 115 [list prepend loop]
    loopt  250 140 [list trim]
    loop -> loops -> loopt -> player
    again  400 90  (play)
    stop   400 120 (stop)
    long   400 150 (fade 2000)
    again -> player
    stop -> player
    long -> player
    450 90 "from the start, with a crossfade"
    450 120 "fade out"
    500 150 "length of every fade, ms"
    player 30 200 [msanii-player~]
    level  30 240 [*~ 0.5]
    level2 90 240 [*~ 0.5]
    dac    30 275 [dac~]
    frames 200 240 {number}
    ended  280 240 {button the end}
    player -> level -> dac
    player:1 -> level2 -> dac:1
    player:2 -> frames
    player:3 -> ended
    270 275 "frames that were loaded: 0 if it could not be read"
    30 320 "A clip of another rate than Pd's keeps its pitch. Mono comes out on both sides. Loops close to the"
    30 338 "frame. Files from 0.3 s. Reading takes Pd about 1 ms for each second of sound."
    sound  30 380 {toggle sound on}
    dsp    30 410 (; pd dsp $1)
    sound -> dsp
"""

DECK_HELP = """
    20 10 {heading 700 msanii-deck~}
    30 56 "One file in memory. Two of these make a [msanii-player~], which is what you want."
    open   30 90  {button open a sound file}
    panel  30 115 [openpanel]
    load   30 140 (load $1)
    open -> panel -> load -> deck
    play   200 90  (play 30)
    stop   200 120 (stop)
    loop   200 150 (loop 1)
    rise   300 90  (fade 0.3 500)
    fall   300 120 (fade 0 30)
    play -> deck
    stop -> deck
    loop -> deck
    rise -> deck
    fall -> deck
    400 90 "(play 30): in 30 ms. fade: target, ms"
    deck   30 200 [msanii-deck~]
    level  30 240 [*~ 0.5]
    level2 90 240 [*~ 0.5]
    dac    30 275 [dac~]
    frames 200 240 {number}
    ended  280 240 {button the end}
    deck -> level -> dac
    deck:1 -> level2 -> dac:1
    deck:2 -> frames
    deck:3 -> ended
"""


def _about(text: str) -> dict[str, str]:
    return {
        "KEYWORDS": KEYWORDS, "LICENSE": "Apache-2.0", "DESCRIPTION": text,
        "AUTHOR": "msanii-live", "RELEASE_VERSION": __version__,
    }  # fmt: skip


def help_patch(name: str) -> Canvas:
    """Return the help patch of msanii, msanii-player~ or msanii-deck~."""
    sketch, about = {
        "msanii": (CLIENT_HELP, "Client of the msanii-live server"),
        "msanii-player~": (PLAYER_HELP, "Player of two decks with a crossfade"),
        "msanii-deck~": (DECK_HELP, "One sound file in memory, looped to the frame"),
    }[name]
    canvas = Canvas(740, 560)
    if name == "msanii":
        sketch = "\n".join(line for line in sketch.splitlines() if "[pd every-command]" not in line)
        canvas.names["all"] = 0
        canvas.restore(_every_command())
    canvas.draw(sketch)
    meta(canvas, _about(about))
    return canvas


def _every_command() -> str:
    """Return the subpatch with one message box for each command of the table."""
    inner = Canvas(760, 60 + 26 * len(COMMANDS))
    lines = ['20 10 "one message for each command. docs/osc.md describes them all"']
    for i, command in enumerate(COMMANDS):
        address, args = example(command)
        lines.append(f"m{i} 20 {40 + 26 * i} ({' '.join([address, *map(_plain, args)])})")
    lines.append(f"out 600 {40 + 26 * len(COMMANDS)} [outlet]")
    lines += [f"m{i} -> out" for i in range(len(COMMANDS))]
    body = inner.draw("\n".join(lines)).render()
    _, _, rest = body.partition("\n")
    size = f"{inner.width} {inner.height}"
    return f"#N canvas 60 60 {size} every-command 0;\n{rest}#X restore 30 235 pd every-command"


def _plain(value: int | float | str) -> str:
    return escape(value) if isinstance(value, str) else f"{value:g}"
