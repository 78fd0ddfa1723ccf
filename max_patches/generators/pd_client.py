"""The Pure Data client: an abstraction that sends messages to the server and reads its replies."""

from __future__ import annotations

from max_patches.generators.pd import Canvas, one_word

HELP = "server is not running: start it with `msanii-live serve`"

CLIENT = f"""
    20 8 "msanii [PORT]  in: a message as docs/osc.md has it (address, values, keys), and also"
    20 26 "connect HOST PORT, disconnect, cancel. It connects by itself at the first message."
    in     20 50  [inlet]
    which  20 75  [route connect disconnect cancel]
    in -> which

    330 50 "host and port of the server"
    load   330 75  [loadbang]
    port   330 100 [f $1]
    given  330 125 [sel 0]
    usual  330 150 (7770)
    place  330 175 [list prepend 127.0.0.1]
    where  330 235 [list append]
    dial   330 260 (connect $1 $2)
    load -> port -> given -> usual -> place -> where:1
    given:1 -> place
    ask    200 100 [t b b a]
    which -> ask -> begin
    ask:1 -> off
    ask:2 -> named -> where:1
    named  200 125 [list]

    20 100 "a message: connect if needed, then send it"
    out    20 125 [t a b]
    open   120 150 [f 0]
    shut   120 175 [sel 0]
    which:3 -> out
    out:1 -> open -> shut -> begin
    begin  120 205 [t b b]
    begin -> hello
    begin:1 -> where -> dial -> net
    hello  120 230 (/msanii/notify 1)
    hello -> send
    out -> send

    send   20 260 [t a a]
    first  120 285 [list split 1]
    name   120 310 (set $1)
    rest   20 285  [list split 1]
    osc    20 335  [oscformat]
    bytes  20 360  [list prepend send]
    trim   20 385  [list trim]
    net    20 420  [netsend -u -b]
    send:1 -> first -> name -> osc
    send -> rest
    rest:1 -> osc -> bytes -> trim -> net

    which:1 -> leave -> left -> words
    leave:1 -> off -> net
    leave  230 125 [t b b]
    left   280 205 (symbol disconnected)
    off    230 150 (disconnect)
    which:2 -> job -> some
    some:1 -> stop -> out
    some   230 192 [sel -1]
    job    230 180 [f -1]
    stop   230 205 (/msanii/job/cancel $1)

    460 290 "ping every 2 s. Every reply restarts the timeout of 5 s"
    on     330 320 [t f f]
    net -> on
    on:1 -> open:1
    on -> ticks
    on -> first2
    ticks  460 320 [metro 2000]
    pulse  460 345 (/msanii/status)
    ticks -> pulse -> send
    first2 330 345 [sel 0 1]
    gone   330 370 [t b b]
    wind   330 395 [delay 5000]
    first2 -> gone
    first2:1 -> soon -> wind -> gone
    soon   330 295 (1500)
    halt   400 395 (stop)
    gone:1 -> halt -> wind
    gone -> lost -> gate
    lost   330 420 (0)
    gate   330 445 [change -1]
    lit    330 470 [t f f]
    sorry  420 495 [sel 0]
    say    420 520 (symbol {one_word(HELP)})
    there  420 545 (symbol connected)
    gate -> lit
    lit:1 -> sorry -> say -> words
    sorry:1 -> there -> words
    sorry:1 -> hello

    20 450 "replies"
    parse  20 475 [oscparse]
    list   20 500 [list trim]
    ours   20 525 [route msanii]
    alive  20 550 [t a b b]
    net:1 -> parse -> list -> ours -> alive
    alive:2 -> later -> wind
    later  100 525 (5000)
    alive:1 -> found -> gate
    found  230 445 (1)
    kinds  20 585 [route job fail warn]
    alive -> copy
    copy   120 560 [t a a]
    copy -> kinds
    copy:1 -> replies
    jobs   20 610 [route queued progress done cancelled]
    kinds -> jobs
    queued 20 640  [unpack s f f f f]
    steps  140 640 [unpack s f f f f]
    done   260 640 [unpack s f s s f f f f f]
    ended  440 640 [t b b]
    jobs -> queued
    jobs:1 -> steps
    jobs:2 -> done
    jobs:3 -> ended
    queued:1 -> job:1
    queued:1 -> wait
    wait   20 665 (symbol queued)
    wait -> words
    steps:4 -> progress
    whole  260 670 [t s b]
    done:3 -> whole
    whole:1 -> all
    all    340 695 [t b b]
    one    340 720 (1)
    ready  420 720 (symbol ready)
    all:1 -> one -> progress
    all -> ready -> words
    sym    260 695 [symbol]
    whole -> sym -> path
    zero   500 665 (0)
    over   440 665 (symbol cancelled)
    ended:1 -> zero -> progress
    ended -> over -> words
    fails  680 585 [unpack s s f s s]
    warns  680 635 [unpack s s]
    why    680 610 [symbol]
    kinds:1 -> fails
    fails:4 -> why -> words
    kinds:2 -> warns
    warns:1 -> why2 -> words
    why2   680 660 [symbol]

    path     20 760  [outlet]
    progress 120 760 [outlet]
    light    220 760 [outlet]
    words    320 760 [outlet]
    replies  480 760 [outlet]
    lit -> light
    20 785 "path"
    120 785 "progress"
    220 785 "connected"
    320 785 "words"
    480 785 "replies"
"""


def client() -> Canvas:
    """Return msanii.pd, which sends the messages of docs/osc.md and outputs the replies."""
    return Canvas(900, 820).draw(CLIENT)
