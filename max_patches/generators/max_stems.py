"""The Max example that plays the stems of a clip in step."""

from __future__ import annotations

from max_patches.generators.maxpat import Patcher

PARTS = ("drums", "bass", "chords", "lead", "pad")

# One phasor~ gives all stems their place, so that they cannot drift apart.
HEAD = """
    20 10 "The stems of a loop in step, each with a switch. Start the server first: msanii-live serve"
    go     30 50  {button} || hint make a loop with stems and play it
    make   30 90  (/msanii/generate engine composer style house bpm 124 bars 4 stems 1)
    go -> make -> client
    client 30 130 [msanii]
    light  330 130 {led} || hint lit while the server answers
    say    370 130 [prepend set]
    words  370 160 {comment state and errors} || size 400 22
    client:2 -> light
    client:3 -> say -> words

    30 180 "a new clip: silence, empty buffers, then NAME.drums.wav and so on"
    path   30 205 [t s b b]
    base   30 235 [regexp (.+)[.][a-z]+]
    empty  230 235 (clear)
    hush   330 235 (0. 5)
    client -> path -> base
    path:1 -> empty
    path:2 -> hush -> up

    560 180 "when all are read: from the start"
    read   560 205 [delay 200]
    start  560 235 [t b b]
    rise   560 265 (1. 20)
    zero   640 265 (0.)
    read -> start -> rise -> up
    start:1 -> zero -> place:1
    place  560 330 [phasor~ 0.]
    pace   640 300 [expr 1000. / $f1]
    pace -> place
    on     700 50 [loadbang]
    open   700 80 (1)
    on -> open

    up     30 640 [line~ 0.]
    left   130 640 [*~]
    right  230 640 [*~]
    up -> left:1
    up -> right:1
    dac    130 680 {ezdac~} || hint sound on and off
    left -> dac
    right -> dac:1
"""

PART = """
    name{n} {x} 370 [sprintf symout %s.{part}.wav]
    load{n} {x} 400 [prepend replace]
    buf{n}  {x} 430 [buffer~ msanii-{part}]
    size{n} {x2} 460 [info~ msanii-{part}]
    base:1 -> name{n} -> load{n} -> buf{n}
    empty -> buf{n}
    done{n} {x} 460 [t b b]
    buf{n}:1 -> done{n} -> read
    done{n}:1 -> size{n}
    size{n}:6 -> pace
    wave{n} {x} 500 [wave~ msanii-{part} 2]
    place -> wave{n}
    on{n}   {x2} 500 {{toggle}} || hint {part}
    ramp{n} {x2} 540 ($1 20)
    line{n} {x2} 570 [line~ 0.]
    l{n}    {x} 600 [*~]
    r{n}    {x2} 600 [*~]
    open -> on{n} -> ramp{n} -> line{n} -> l{n}:1
    line{n} -> r{n}:1
    wave{n} -> l{n} -> left
    wave{n}:1 -> r{n} -> right
"""


def stems_patch() -> Patcher:
    """Return the example."""
    parts = [PART.format(n=n, part=part, x=30 + 190 * n, x2=120 + 190 * n)
             for n, part in enumerate(PARTS)]  # fmt: skip
    return Patcher(1_000, 760).draw(HEAD + "".join(parts))
