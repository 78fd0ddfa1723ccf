"""The Max client: udpsend for messages, and udpreceive on a port of its own for replies."""

from __future__ import annotations

from max_patches.generators.maxpat import Patcher

HELP = "server is not running: start it with msanii-live serve"
FIRST_PORT, PORTS = 7800, 1000

CLIENT = f"""
    20 8 "in: a message as docs/osc.md has it (address, values, keys); also start, connect HOST PORT, cancel"
    in     20 40  [inlet] || hint a message as docs/osc.md has it, start, connect HOST PORT, cancel
    which  20 80  [route start connect cancel]
    in -> which

    300 40 "find a free port to listen on, from a random one upwards"
    once   300 70  [t b b b]
    seed   340 100 [random {PORTS}]
    base   340 130 [+ {FIRST_PORT}]
    go     300 130 (1)
    which -> once -> go -> beat
    once:1 -> seed -> base -> next:1
    once:2 -> wind
    once:2 -> luck -> first -> count
    port   420 130 [t i i i]
    listen 480 160 [prepend port]
    ears   480 190 [udpreceive {FIRST_PORT} @quiet 1]
    hello  420 220 (/msanii/notify 1 $1)
    port:2 -> here:1
    port:2 -> tail:2
    port:2 -> mine:1
    port:1 -> listen -> ears
    port -> hello -> net

    20 110 "every message has a reply port and a token; tokens begin at a random number, or an old one might come back"
    out    20 140 [t l b]
    count  120 170 [counter 1 99999]
    luck   500 70  [random 99999]
    first  500 100 [prepend set]
    here   120 225 [i]
    turn   120 198 [t b i]
    tail   120 255 [sprintf id m%ld-%ld reply_port %ld]
    whole  20 290 [zl.join]
    net    20 330 [udpsend 127.0.0.1 7770]
    which:3 -> out
    out:1 -> count -> turn -> here -> tail -> whole:1
    turn:1 -> tail:1
    out -> whole -> net
    which:1 -> moves
    moves  190 80  [t b l]
    moves -> mine
    moves:1 -> place
    place  190 110 [unpack s i]
    host   200 300 [prepend host]
    away   300 330 [prepend port]
    place -> host -> net
    place:1 -> away -> net
    job    420 255 [i -1]
    any    480 255 [sel -1]
    stop   420 290 (/msanii/job/cancel $1)
    which:2 -> job -> any
    any:1 -> stop -> out

    640 40 "every 2 s: register again, or try the next port if there is no answer"
    beat   640 100 [metro 2000]
    is     640 130 [i 0]
    there  640 160 [sel 0]
    again  740 190 [t b]
    mine   740 225 [i {FIRST_PORT}]
    next   640 225 [i {FIRST_PORT}]
    old    580 225 [t i i]
    bye    460 255 (/msanii/notify 0 $1)
    step   640 255 [expr ($i1 - {FIRST_PORT} + 1) % {PORTS} + {FIRST_PORT}]
    found  640 285 [t i i]
    beat -> is -> there -> next -> old -> step -> found -> port
    old:1 -> bye -> net
    there:1 -> again -> mine -> hello
    found:1 -> next:1

    20 370 "replies"
    all    20 400 [t l l b]
    ears -> all
    all:2 -> heard
    heard  440 400 [t b b]
    wind   540 430 [delay 5000]
    yes    440 430 (1)
    no     540 460 (0)
    gate   440 500 [change -1]
    lit    440 530 [t i i i]
    sorry  440 560 [sel 0 1]
    say    440 590 ("{HELP}")
    hi     800 590 (connected)
    heard:1 -> wind -> no -> gate
    heard -> yes -> gate
    gate -> lit
    lit:2 -> is:1
    lit:1 -> sorry -> say -> words
    sorry:1 -> hi -> words
    kinds  20 440 [route /msanii/job/queued /msanii/job/progress /msanii/job/done /msanii/job/cancelled /msanii/fail /msanii/warn]
    all -> kinds
    queued 20 480  [unpack s i i i f]
    steps  20 510  [unpack s i i i f]
    done   20 540  [unpack s i s s f i i i f]
    over   20 570  [t b b]
    fails  100 570 [unpack s s i s s]
    warns  260 570 [unpack s s]
    kinds:0 -> queued
    kinds:1 -> steps
    kinds:2 -> done
    kinds:3 -> over
    kinds:4 -> fails
    kinds:5 -> warns
    waits  170 480 (queued)
    queued:2 -> waits -> words
    queued:1 -> job:1
    steps:4 -> progress
    made   20 600 [t s b]
    ready  100 630 (ready)
    one    160 630 (1.)
    none   220 630 (0.)
    gone   280 630 (cancelled)
    done:3 -> made
    made:1 -> one -> progress
    made:1 -> ready -> words
    made -> path
    over:1 -> none -> progress
    over -> gone -> words
    why    360 630 [sprintf symout %s: %s]
    fails:4 -> why:1
    fails:3 -> why -> words
    warns:1 -> words
    path     20 680  [outlet] || hint path of each clip, once it is whole
    progress 140 680 [outlet] || hint progress of the job, 0 to 1
    light    260 680 [outlet] || hint 1 while the server answers
    words    380 680 [outlet] || hint state and errors in words
    replies  500 680 [outlet] || hint every reply, as it came
    lit -> light
    all:1 -> replies
"""

BOOT = """
    boot   120 40 [loadbang]
    begin  190 40 (start)
    boot -> begin -> which
"""


def core() -> Patcher:
    """Return the inside of the client, which starts with the message `start`."""
    return Patcher(1060, 760).draw(CLIENT)


def client() -> Patcher:
    """Return msanii.maxpat, which starts by itself."""
    return core().draw(BOOT)
