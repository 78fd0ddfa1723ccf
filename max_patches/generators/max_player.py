"""The Max player: two buffers. The idle one is loaded, then the player crossfades to it."""

from __future__ import annotations

from max_patches.generators.maxpat import Patcher

FADE = 30  # ms

HEAD = """
    20 8 "path of a WAV to load and crossfade to; loop 0|1, play, stop, fade MS, rate R, hold 0|1, now"
    in     20 40  [inlet] || hint path of a WAV; loop, play, stop, fade, rate, hold, now
    which  20 80  [route loop play stop fade rate hold now]
    in -> which

    20 110 "while a clip loads or fades, the last path waits"
    ask    20 140 [t b s]
    path   120 170 [zl.reg]
    busy   20 170 [i 0]
    free   20 200 [sel 0]
    wait   80 230 (1)
    later  260 230 [i 0]
    which:7 -> ask -> busy -> free -> go
    ask:1 -> path:1
    free:1 -> wait -> later:1
    which:1 -> busy
    go     20 260 [t b b b]
    taken  140 260 (1)
    taken -> busy:1
    go:2 -> taken
    slow   200 290 [delay 5000]
    go:1 -> slow -> unlock
    live   20 290 [i 1]
    idle   20 320 [== 0]
    pick   20 350 [+ 1]
    which2 20 380 [gate 2]
    order  20 350 [t b i]
    go -> live -> idle -> order
    order:1 -> pick -> which2
    order -> path -> which2:1

    320 110 "a deck can be loaded again when it has faded out"
    unlock 260 170 [t b b]
    zero   340 200 (0)
    zero -> busy:1
    unlock:1 -> zero
    unlock -> later
    due    260 260 [sel 1]
    more   260 290 [t b b]
    never  340 290 (0)
    later -> due -> more -> go
    more:1 -> never -> later:1
    faded  400 170 [delay 35]
    faded -> unlock
    times  480 80 [t f f f]
    plus   400 140 [+ 5]
    which:3 -> times
    times:1 -> plus -> faded:1

    560 110 "wait for now, to start on a bar"
    hold   560 140 [i 0]
    holds  560 170 [sel 0]
    which:5 -> hold:1
    whose  480 230 [i 0]
    armed  560 200 [i 0]
    ready  560 230 [sel 1]
    arm    620 200 (1)
    unarm  620 230 (0)
    which:6 -> armed -> ready -> whose
    hold -> holds -> whose
    arm -> armed:1
    unarm -> armed:1
    cross  480 260 [sel 0 1]
    whose -> cross
    rate   760 170 [sig~ 1.]
    which:4 -> rate
    loops  640 80 [prepend loop]
    which:0 -> loops
    hush   800 140 [t b b]
    which:2 -> hush
    out1   20 640  [outlet] || hint signal, left
    out2   140 740 [outlet] || hint signal, right
    told   380 740 [outlet] || hint length of what was loaded, ms
    sounds 500 740 [outlet] || hint name of the buffer that sounds
"""

DECK = """
    read{k}   {x0} 410 [prepend replace]
    buf{k}    {x0} 440 [buffer~ {buffer}]
    which2:{k} -> read{k} -> buf{k}
    whole{k}  {x1} 470 [t b b b]
    buf{k}:1 -> whole{k}
    long{k}   {x2} 470 [info~ {buffer}]
    whole{k}:2 -> long{k}
    long{k}:6 -> told
    mine{k}   {x1} 410 ({k})
    whole{k}:1 -> mine{k} -> whose:1
    whole{k}:1 -> arm
    whole{k}:0 -> hold
    start{k}  {x1} 500 [t b b b b b]
    cross:{k} -> start{k}
    is{k}     {x2} 500 ({k})
    start{k}:4 -> is{k} -> live:1
    start{k}:4 -> unarm
    zero{k}   {x2} 530 (0)
    start{k}:3 -> zero{k} -> play{k}
    up{k}     {x1} 530 [f 30.]
    rise{k}   {x1} 560 (1. $1)
    fall{k}   {x2} 560 (0. $1)
    start{k}:2 -> up{k} -> rise{k} -> gain{k}
    up{k} -> fall{k} -> gain{other}
    times:{k} -> up{k}:1
    name{k}   {x2} 590 (set {buffer})
    start{k}:1 -> name{k} -> sounds
    start{k}:0 -> faded
    play{k}   {x0} 500 [groove~ {buffer} 2]
    rate -> play{k}
    loops -> play{k}
    gain{k}   {x0} 530 [line~ 0.]
    quart{k}  {x0} 560 [*~ 0.25]
    phase{k}  {x0} 590 [-~ 0.25]
    sine{k}   {x0} 620 [cos~]
    left{k}   {x0} 650 [*~]
    right{k}  {x1} 650 [*~]
    gain{k} -> quart{k} -> phase{k} -> sine{k} -> left{k}:1
    sine{k} -> right{k}:1
    play{k} -> left{k} -> out1
    play{k}:1 -> right{k} -> out2
    down{k}   {x2} 620 (0. 30.)
    hush:{k} -> down{k} -> gain{k}
"""


def core(token: str) -> Patcher:
    """Return the inside of the player. token: makes the buffer names unique, #0 or ---."""
    decks = []
    for k in (0, 1):
        x = 20 + 540 * k
        deck = {"k": k, "other": 1 - k, "x0": x, "x1": x + 100, "x2": x + 200}
        decks.append(DECK.format(buffer=buffer(token, k), **deck))
    return Patcher(1100, 780).draw("".join([HEAD, *decks]))


def buffer(token: str, k: int) -> str:
    """Return the name of a deck's buffer.

    >>> buffer("---", 1)
    '---msanii-b'
    """
    return f"{token}{'-' if token == '#0' else ''}msanii-{'ab'[k]}"


def player() -> Patcher:
    """Return msanii-player~.maxpat."""
    return core("#0")
