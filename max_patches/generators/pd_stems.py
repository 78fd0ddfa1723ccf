"""The Pure Data example that plays the stems of a clip in step."""

from __future__ import annotations

from max_patches.generators.pd import Canvas

PARTS = ("drums", "bass", "chords", "lead", "pad")

# A clip's path, as `symbol /folder/NAME.wav`, becomes /folder/NAME. All decks load their stem and
# then play: they begin with the same block, and go round after the same number of frames.
STEMS = """
    20 170 "the path of the clip without .wav"
    codes  20 190 [list fromsymbol]
    both   20 215 [t l l]
    count  150 215 [list length]
    less   150 240 [- 4]
    base   20 240 [list split 4]
    text   20 265 [list tosymbol]
    all    20 290 [t b a]
    now    20 315 (play 20)
    round  100 315 (loop 1)
    loads  180 315 [loadbang]
    codes -> both -> base -> text -> all -> now
    both:1 -> count -> less -> base:1
    all:1 -> wide
    loads -> round
    wide   20 340 [t a a a a a]
    left   20 560 [*~ 0.7]
    right  100 560 [*~ 0.7]
"""

DECK = """
    load{n} {x} 370 (load $1.{part}.wav)
    deck{n} {x} 400 [msanii-deck~]
    on{n}   {x2} 430 {{toggle @msanii-stems-{part} {part}}}
    ramp{n} {x2} 455 ($1 20)
    line{n} {x2} 480 [line~]
    l{n}    {x} 520 [*~]
    r{n}    {x2} 520 [*~]
    wide:{outlet} -> load{n} -> deck{n}
    now -> deck{n}
    round -> deck{n}
    on{n} -> ramp{n} -> line{n} -> l{n}:1
    line{n} -> r{n}:1
    deck{n} -> l{n} -> left
    deck{n}:1 -> r{n} -> right
    start -> on{n}
"""

EXAMPLE = """
    20 10 {heading 700 The stems of a loop in step, each with a switch of its own}
    30 56 "Start the server first, in a terminal: msanii-live serve"
    go     30 85 {button @msanii-stems-go make a loop with stems}
    order  30 110 [t b b]
    make   30 135 (/msanii/generate engine composer style house bpm 124 bars 4 stems 1)
    on     330 85 (; pd dsp 1)
    stop   470 85 (stop)
    510 85 "all at once"
    begin  560 215 [loadbang]
    start  560 240 (1)
    begin -> start
    client 330 170 [msanii]
    light  460 170 {light @msanii-stems-light connected}
    sayso  460 215 (label $1)
    shown  460 240 [s $0-words]
    330 290 {strip @$0-words 420}
    dac    20 590 [dac~]
    go -> order -> make -> client -> codes
    order:1 -> on
    client:2 -> light
    client:3 -> sayso -> shown
    left -> dac
    right -> dac:1
"""


def players() -> str:
    """Return the sketch of the decks: `codes` takes a path, `left` and `right` are the sum.

    A bang to `start` opens the switches.
    """
    decks = [
        DECK.format(n=n, part=part, x=20 + 145 * n, x2=90 + 145 * n, outlet=n)
        for n, part in enumerate(PARTS)
    ]
    return STEMS + "".join(decks)


def stems_patch() -> Canvas:
    """Return the example, which is in a subfolder of the library."""
    canvas = Canvas(780, 640)
    canvas.declare("-path ..")
    canvas.draw("640 600 [declare -path ..]")
    stops = "".join(f"    stop -> deck{n}\n" for n in range(len(PARTS)))
    return canvas.draw(players() + EXAMPLE + stops)
