"""The Pure Data examples."""

from __future__ import annotations

from max_patches.generators.pd import Canvas

# The end of every example: a client, a player, a level, the light and the status text.
TAIL = """
    client 30 {y0} [msanii]
    quits  150 {y0} (cancel)
    quits -> client
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
    stop   430 215 (stop)
    stop -> player
    490 215 "fade out"
"""

OUTPAINT = """
    20 10 {heading 700 Go on from the clip that sounds}
    30 56 "1 makes a loop. 2 makes two more bars of the clip in the player, and crossfades to them."
    one    30 90  {button @msanii-outpaint-1 1 make a loop}
    make   30 120 (/msanii/generate style house bpm 124 bars 2)
    on     430 90 (; pd dsp 1)
    first  30 150 [t a b]
    one -> make -> first -> client
    first:1 -> on
    two    30 185 {button @msanii-outpaint-2 2 two bars more}
    30 210 "name of the clip in the player, from its path"
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
    30 56 "Make a and b, then move the slider: a clip between them is made, and the player crossfades to it."
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
    30 246 "it is sent when the slider has not moved for 0.2 s"
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
    30 56 "The server plays this itself: start it with an audio device."
    start  30 90  (/msanii/stream/start last ahead 4 chunk 3)
    fresh  30 118 (/msanii/generate style house bpm 124 bars 4 clip seed1)
    stop   30 146 (/msanii/stream/stop fade 2)
    hands  400 118 (/msanii/stream/start midi take)
    400 146 "renders the MIDI input"
    start -> client
    hands -> client
    fresh -> client
    stop -> client
    400 90 "continues the newest clip"
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
    620 335 "s of audio ready ahead of playback"
"""

SET = """
    20 10 {heading 700 A set in five clicks: docs/tutorial.md tells it}
    s1     30 60 {button @msanii-set-1}
    s2     30 100 {button @msanii-set-2}
    s3     30 140 {button @msanii-set-3}
    s4     30 180 {button @msanii-set-4}
    s5     30 220 {button @msanii-set-5}
    m1     70 60  (/msanii/generate style house bpm 124 bars 4 clip a)
    m2     70 100 (/msanii/outpaint a bars 4 clip longer)
    m3     70 140 (/msanii/generate style piano bpm 124 bars 4 clip b)
    m4     70 180 (/msanii/interpolate a b mix 0.5 clip between)
    m5     70 220 (stop)
    480 60 "1  a loop"
    480 100 "2  more of it"
    480 140 "3  another loop"
    480 180 "4  between the two"
    480 220 "5  fade out"
    s1 -> m1 -> all
    s2 -> m2 -> all
    s3 -> m3 -> all
    s4 -> m4 -> all
    s5 -> m5 -> player
    all    70 290 [t a b b]
    round  200 290 (loop 1)
    on     300 290 (; pd dsp 1)
    all:1 -> round -> player
    all:2 -> on
    all -> client
"""

EXAMPLES = {
    "generate": GENERATE, "outpaint": OUTPAINT, "interpolate": INTERPOLATE, "stream": STREAM,
    "set": SET,
}  # fmt: skip


def example_patch(name: str) -> Canvas:
    """Return one of the examples, which are in a subfolder of the library."""
    canvas = Canvas(740, 560)
    canvas.declare("-path ..")
    canvas.draw("600 525 [declare -path ..]")
    heights = {"y0": 380, "y1": 420, "y2": 460, "y3": 500, "x4": 440, "name": name}
    tail = TAIL.format(**heights)
    return canvas.draw(EXAMPLES[name] + tail)
