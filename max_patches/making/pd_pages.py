"""Write the Pure Data help patches and examples."""

from __future__ import annotations

from msanii_live import __version__
from msanii_live.protocol.commands import COMMANDS
from msanii_live.protocol.describe import example
from max_patches.making.pd import Canvas, escape, meta

KEYWORDS = "osc diffusion music generate outpaint interpolate loop"

# What every example ends in: a client, a player, a level, the light and the words.
TAIL = """
    client 30 {y0} [msanii]
    player 30 {y1} [msanii-player~]
    level  30 {y2} [*~ 0.5]
    level2 150 {y2} [*~ 0.5]
    dac    30 {y3} [dac~]
    client -> player
    player -> level -> dac
    player:1 -> level2 -> dac:1
    light  270 {y1} {{light @msanii-{name}-light connected}}
    far    370 {y0} [* 100]
    percent 370 {y1} {{number}}
    {x4} {y1} "% of the clip under way"
    sayso  270 {y2} (label $1)
    shown  370 {y2} [s $0-words]
           270 {y3} {{strip @$0-words 420}}
    client:1 -> far -> percent
    client:2 -> light
    client:3 -> sayso -> shown
"""

GENERATE = """
    20 10 {heading 700 A new clip at each click}
    30 56 "Start the server first, in a terminal: msanii-live serve"
    go     30 90  {button @msanii-generate-go make a loop and play it}
    order  30 120 [t b b]
    make   30 150 (/msanii/generate style house bpm 124 bars 4)
    on     430 120 (; pd dsp 1)
    go -> order -> make -> client
    order:1 -> on
    loop   250 90 {toggle @msanii-generate-loop go round}
    loops  250 120 [list prepend loop]
    loopt  250 145 [list trim]
    loop -> loops -> loopt -> player
    other  30 185 (/msanii/generate style piano key Am bpm 96 seconds 8)
    dark   30 215 (/msanii/generate prompt dark techno bpm 132 bars 2 density 0.8)
    other -> order2
    dark -> order2
    order2 30 245 [t a b]
    order2:1 -> on
    order2 -> client
    cancel 430 185 (cancel)
    stop   430 215 (stop)
    cancel -> client
    stop -> player
    490 185 "end the job under way"
    490 215 "fade out"
"""

OUTPAINT = """
    20 10 {heading 700 Go on from the clip that sounds}
    30 56 "1 makes a loop. 2 asks for two bars more of what is in the player, and crosses over to it."
    one    30 90  {button @msanii-outpaint-1 1 make a loop}
    make   30 120 (/msanii/generate style house bpm 124 bars 2)
    on     430 90 (; pd dsp 1)
    first  30 150 [t a b]
    one -> make -> first -> client
    first:1 -> on
    two    30 185 {button @msanii-outpaint-2 2 two bars more}
    30 210 "the clip in the player: its name came with its path"
    which  30 235 [symbol]
    more   30 260 (/msanii/outpaint $1 bars 2)
    two -> which -> more -> client
    three  250 185 {button @msanii-outpaint-3 3 only the new part}
    which3 330 235 [symbol]
    alone  330 260 (/msanii/outpaint $1 bars 2 keep 0)
    three -> which3 -> alone -> client
    job    560 290 [route job]
    done   560 315 [route done]
    name   560 340 [unpack s f s s]
    client:4 -> job -> done -> name
    name:2 -> which:1
    name:2 -> which3:1
    430 120 "What the server itself plays goes on with"
    430 138 "/msanii/outpaint current bars 2 play 1"
"""

INTERPOLATE = """
    20 10 {heading 700 Between two clips}
    30 56 "Make a and b, then move the slider: what lies there is made, and crossed over to."
    one    30 90  {button @msanii-interpolate-a a}
    two    130 90 {button @msanii-interpolate-b b}
    makea  30 120 (/msanii/generate style house bpm 124 bars 2 clip a)
    makeb  30 150 (/msanii/generate style piano bpm 124 bars 2 clip b)
    on     430 90 (; pd dsp 1)
    both   30 180 [t a b]
    one -> makea -> both -> client
    two -> makeb -> both
    both:1 -> on
    slide  30 220 {slider @msanii-interpolate-mix 0 1 0.5 mix}
    30 246 "it is sent once the hand rests for a fifth of a second"
    hold   250 220 [t b f]
    rest   250 245 [delay 200]
    value  250 270 [f]
    mix    30 280 (/msanii/interpolate a b mix $1 clip between)
    slide -> hold -> rest -> value -> mix -> client
    hold:1 -> value:1
    loop   430 120 {toggle @msanii-interpolate-loop go round}
    loops  430 150 [list prepend loop]
    loopt  430 175 [list trim]
    loop -> loops -> loopt -> player
"""

STREAM = """
    20 10 {heading 700 A stream without end, played by the server}
    30 56 "The server's own player sounds here: start it with a sound card."
    start  30 90  (/msanii/stream/start last ahead 4 chunk 3)
    fresh  30 118 (/msanii/generate style house bpm 124 bars 4 clip seed1)
    stop   30 146 (/msanii/stream/stop fade 2)
    start -> client
    fresh -> client
    stop -> client
    400 90 "goes on from the newest clip"
    busy   30 185 {slider @msanii-stream-density 0 1 0.5 density}
    blend  30 215 {slider @msanii-stream-mix 0 1 0 mix towards the target}
    dense  250 185 (/msanii/param/stream.density $1)
    mixed  330 215 (/msanii/param/stream.mix $1)
    target 30 245 (/msanii/param/stream.target b)
    busy -> slow1 -> dense -> client
    blend -> slow2 -> mixed -> client
    slow1  560 185 [change]
    slow2  620 215 [change]
    target -> client
    news   560 260 [route stream]
    chunk  560 285 [route chunk late]
    each   560 310 [unpack f f f f f]
    ahead  560 335 {number}
    client:4 -> news -> chunk -> each
    each:4 -> ahead
    620 335 "s ready ahead of the ear"
"""

SET = """
    20 10 {heading 700 A set in five clicks: docs/tutorial.md tells it}
    s1     30 60  {button @msanii-set-1 1 a loop}
    s2     30 100 {button @msanii-set-2 2 more of it}
    s3     30 140 {button @msanii-set-3 3 another loop}
    s4     30 180 {button @msanii-set-4 4 between the two}
    s5     30 220 {button @msanii-set-5 5 fade out}
    m1     200 60  (/msanii/generate style house bpm 124 bars 4 clip a)
    m2     200 100 (/msanii/outpaint a bars 4 clip longer)
    m3     200 140 (/msanii/generate style piano bpm 124 bars 4 clip b)
    m4     200 180 (/msanii/interpolate a b mix 0.5 clip between)
    m5     200 220 (stop)
    s1 -> m1 -> all
    s2 -> m2 -> all
    s3 -> m3 -> all
    s4 -> m4 -> all
    s5 -> m5 -> player
    all    30 255 [t a b b]
    round  200 255 (loop 1)
    on     300 255 (; pd dsp 1)
    all:1 -> round -> player
    all:2 -> on
    all -> client
"""

EXAMPLES = {
    "generate": GENERATE, "outpaint": OUTPAINT, "interpolate": INTERPOLATE, "stream": STREAM,
    "set": SET,
}  # fmt: skip

CLIENT_HELP = """
    20 10 {heading 700 msanii}
    30 56 "Speak to the server: messages as docs/osc.md has them go in, clips come out."
    30 74 "[msanii] finds it at 127.0.0.1, port 7770; [msanii 7790] at another port."
    make   30 110 (/msanii/generate style house bpm 124 bars 4 clip a)
    info   30 140 (/msanii/status)
    where  30 170 (connect 127.0.0.1 7770)
    cancel 30 200 (cancel)
    400 110 "any command, with its keys"
    400 140 "it connects by itself at the first message"
    400 170 "to another machine or port"
    400 200 "end the last job"
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
    30 400 "outlets, from the left: the path of each clip when it is whole; progress, 0 to 1; 1 while the"
    30 418 "server answers; state and errors in words; every reply, as a list: job done TOKEN JOB CLIP PATH"
    30 450 "Several of them stand side by side: each has a socket of its own, and hears its own replies."
    30 480 "see also: [msanii-player~], and the patches in examples/"
"""

PLAYER_HELP = """
    20 10 {heading 700 msanii-player~}
    30 56 "Play a sound file; a new one is loaded beside it and crossed over to in 30 ms. No clicks."
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
    450 90 "from the start, crossed over as well"
    450 120 "fade out"
    500 150 "ms, of every fade from now on"
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
    30 338 "frame. Files from 0.3 s; reading one takes a few milliseconds of Pd's time for each minute of it."
    sound  30 380 {toggle sound on}
    dsp    30 410 (; pd dsp $1)
    sound -> dsp
"""

DECK_HELP = """
    20 10 {heading 700 msanii-deck~}
    30 56 "One file in memory; two of these make a [msanii-player~], which is what you want."
    open   30 90  {button open a sound file}
    panel  30 115 [openpanel]
    load   30 140 (load $1)
    open -> panel -> load -> deck
    play   200 90  (play)
    stop   200 120 (stop)
    loop   200 150 (loop 1)
    rise   300 90  (fade 1 30)
    fall   300 120 (fade 0 30)
    play -> deck
    stop -> deck
    loop -> deck
    rise -> deck
    fall -> deck
    400 90 "it is silent until it is faded up: target, ms"
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


def example_patch(name: str) -> Canvas:
    """Write one of the examples, which lie in a folder beneath the library."""
    canvas = Canvas(740, 560)
    canvas.declare("-path ..")
    canvas.draw("600 525 [declare -path ..]")
    heights = {"y0": 380, "y1": 420, "y2": 460, "y3": 500, "x4": 440, "name": name}
    tail = TAIL.format(**heights)
    return canvas.draw(EXAMPLES[name] + tail)


def help_patch(name: str) -> Canvas:
    """Write the help patch of msanii, msanii-player~ or msanii-deck~."""
    sketch, about = {
        "msanii": (CLIENT_HELP, "Client of the msanii-live server"),
        "msanii-player~": (PLAYER_HELP, "Player of two decks that crosses over without a click"),
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
    lines = ['20 10 "one of each, as msanii-live spec shows them; docs/osc.md has the rest"']
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
