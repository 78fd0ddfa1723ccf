"""The Pure Data player: two decks, each a pair of tables, and a crossfade between them."""

from __future__ import annotations

from max_patches.generators.pd import Canvas

DECK = """
    20 8 "msanii-deck~  in: load PATH / play MS / stop / loop 0|1 / fade TARGET MS"
    20 26 "out: left, right, frames when loaded (0: unreadable), bang at the end"
    in     20 50  [inlet]
    which  20 75  [route load play stop loop fade]
    in -> which

    20 100 "read the file, and stop the last one"
    order  20 120 [t a b]
    halt   110 145 (0)
    path   20 145 [symbol]
    named  20 170 [list append $0]
    read   20 195 (read -resize -maxsize 4e+07 $1 $2-l $2-r)
    filer  20 220 [soundfiler]
    which -> order -> path -> named -> read -> filer
    order:1 -> halt

    150 240 "frames of the file in one span of the device"
    facts    150 260 [unpack f f f f s]
    rate     150 285 [t f f b]
    device   270 310 [samplerate~]
    device3  270 335 [t f f f]
    span     270 360 [expr if($f1 % 11025 == 0, 9408, 9600)]
    span3    270 385 [t f f f]
    advance  150 440 [expr int($f1 * $f2 / $f3 + 0.5)]
    ahead    150 465 [t f f f f f]
    mono     360 285 [== 1]
    filer:1 -> facts -> rate
    facts:2 -> mono
    rate:2 -> device -> device3
    device3:2 -> advance:2
    device3 -> span -> span3
    span3:2 -> advance:1
    rate -> advance -> ahead

    20 245 "a file that could not be read has no frames"
    some    20 265 [moses 1]
    frames  20 440 [t f b f f f]
    filer -> some
    some:1 -> frames
    clipms  20 380 [expr $f1 * 1000 / $f2]
    rate:1 -> clipms:1
    frames:2 -> clipms

    20 490 "copy the first span after the last frame"
    size   20 510 [expr $f1 + $f2 + 8]
    size2  20 535 [t f f]
    sizel  20 560 [array size $0-l]
    sizer  150 560 [array size $0-r]
    ahead:4 -> size:1
    frames:3 -> size -> size2 -> sizel
    size2:1 -> sizer
    copy   290 490 [t b b]
    zerol  290 515 (0)
    zeror  440 515 (0)
    some8  350 465 [+ 8]
    getl   290 540 [array get $0-l]
    getr   440 540 [array get $0-r]
    putl   290 565 [array set $0-l]
    putr   440 565 [array set $0-r]
    ahead:3 -> some8 -> getl:1
    some8 -> getr:1
    frames:4 -> putl:1
    frames:4 -> putr:1
    frames:1 -> copy -> zerol -> getl -> putl
    copy:1 -> zeror -> getr -> putr
    20 590 [table $0-l 64]
    150 590 [table $0-r 64]

    470 8 "begin where a block begins"
    arm    470 75  (1)
    bang   540 50  [bang~]
    gate   540 75  [spigot]
    start  540 100 [t b b b b b b]
    shut   700 50  (0)
    which:1 -> begin
    begin  470 50  [t b f]
    begin:1 -> up:1
    begin -> arm -> gate:1
    bang -> gate -> start
    start:5 -> shut -> gate:1
    halt -> gate:1
    halt -> env

    540 125 "span by span: the onset is a whole number of frames"
    back   640 145 [f]
    minus  640 170 [expr -$f1]
    run    540 145 (1)
    spans  540 195 [metro 9408 1 samp]
    onset  540 225 [f]
    step   540 250 [expr if($f1 + $f2 < $f3, $f1 + $f2, $f1 + $f2 - $f3)]
    now    540 275 [t b f f]
    speed  540 300 [f]
    fast   640 300 [* 0.64]
    line   540 325 (0, $1 640)
    start:3 -> back -> minus -> onset:1
    ahead:2 -> back:1
    start -> run -> spans -> onset -> step -> now -> speed -> line
    halt -> spans
    span3:1 -> spans:1
    ahead:1 -> step:1
    frames:4 -> step:2
    now:2 -> onset:1
    rate:1 -> fast -> speed:1
    index  540 365 [vline~]
    left   540 400 [tabread4~ $0-l]
    right  680 400 [tabread4~ $0-r]
    line -> index -> left
    index -> right
    now:1 -> left:1
    now:1 -> right:1
    twice  760 425 [*~ 0]
    mono -> twice:1
    left -> twice

    720 75 "the end: fade within 5 ms, or loop"
    whole  720 100 [f]
    less   720 125 [- 6]
    due    720 150 [delay]
    again  720 175 [f]
    round  720 200 [sel 0]
    fall   720 225 (0 5)
    quiet  790 225 [delay 10]
    off    790 250 (0)
    rise   860 225 (1)
    full   860 150 [f]
    env    720 300 [vline~]
    clipms -> whole:1
    clipms -> full:1
    start:2 -> whole -> less -> due -> again -> round -> fall -> env
    start:1 -> rise -> env
    round:1 -> full -> due
    round -> quiet -> off -> spans
    which:3 -> again:1
    which:2 -> fall
    which:2 -> quiet

    800 365 "fade of equal power"
    fade   800 385 [line~]
    quart  800 410 [*~ 0.25]
    phase  800 435 [-~ 0.25]
    sine   800 460 [cos~]
    gain   720 490 [*~]
    up     860 300 [f 30]
    up2    860 325 (0, 1 $1)
    start:4 -> up -> up2 -> fade
    which:4 -> fade -> quart -> phase -> sine -> gain:1
    env -> gain
    outl   600 520 [*~]
    outr   680 520 [*~]
    left -> outl
    right -> outr
    twice -> outr
    gain -> outl:1
    gain -> outr:1
    out1   600 600 [outlet~]
    out2   680 600 [outlet~]
    told   760 600 [outlet]
    ended  820 600 [outlet]
    outl -> out1
    outr -> out2
    frames -> told
    some -> told
    round -> ended
"""

PLAYER = """
    20 8 "msanii-player~  in: symbol PATH (of a WAV) / loop 0|1 / play / stop / fade MS"
    20 26 "out: left, right, frames of what was loaded (0: unreadable), bang at the end"
    in     20 50  [inlet]
    which  20 75  [route symbol loop play stop fade]
    in -> which

    20 100 "during a fade, the last path waits"
    ask    20 120 [t b a]
    fading 20 145 [f 0]
    busy   20 170 [sel 0]
    wait   90 195 (1)
    which -> ask -> fading -> busy
    busy:1 -> wait -> later:1
    go     20 220 [t b b]
    path   180 145 [symbol]
    ask:1 -> path:1
    busy -> go
    which:2 -> fading

    20 245 "load into the deck that is not playing"
    live   20 265 [f 1]
    idle   20 290 [== 0]
    what   20 320 [pack f s]
    to     20 345 [route 0 1]
    name0  20 370 [symbol]
    name1  110 370 [symbol]
    load0  20 395 (load $1)
    load1  110 395 (load $1)
    go:1 -> path -> what:1
    go -> live -> idle -> what -> to -> name0 -> load0
    to:1 -> name1 -> load1

    deck0  20 460 [msanii-deck~]
    deck1  400 460 [msanii-deck~]
    load0 -> deck0
    load1 -> deck1
    loops  300 100 [list prepend loop]
    loopt  300 125 [list trim]
    which:1 -> loops -> loopt -> deck0
    loopt -> deck1

    220 480 "it is loaded: start it and crossfade"
    got0   100 500 [t f f]
    got1   480 500 [t f f]
    ok0    170 525 [moses 1]
    ok1    550 525 [moses 1]
    deck0:2 -> got0
    deck1:2 -> got1
    got0:1 -> ok0
    got1:1 -> ok1
    cross0 170 550 [t b b b]
    cross1 550 550 [t b b b]
    ok0:1 -> cross0
    ok1:1 -> cross1
    is0    240 575 (0)
    is1    620 575 (1)
    cross0:2 -> is0 -> live:1
    cross1:2 -> is1 -> live:1
    ms0    220 625 [f 30]
    ms1    600 625 [f 30]
    up0    220 650 (play $1)
    up1    600 650 (play $1)
    down0  320 650 (fade 0 $1)
    down1  700 650 (fade 0 $1)
    cross0:1 -> ms0 -> up0 -> deck0
    ms0 -> down0 -> deck1
    cross1:1 -> ms1 -> up1 -> deck1
    ms1 -> down1 -> deck0

    420 100 "a deck is loaded only after it has faded out"
    times  560 75  [t f f f]
    which:4 -> times
    times:1 -> ms0:1
    times:2 -> ms1:1
    lock   420 125 [t b b]
    one    500 150 (1)
    last   420 150 [f 30]
    more   420 175 [+ 5]
    free   420 200 [delay]
    freed  420 225 [t b b]
    zero   500 250 (0)
    later  420 275 [f 0]
    due    420 300 [sel 1]
    none   420 325 [t b b]
    never  500 350 (0)
    cross0 -> lock
    cross1 -> lock
    times -> last:1
    lock:1 -> one -> fading:1
    lock -> last -> more -> free -> freed -> later -> due -> none -> go
    freed:1 -> zero -> fading:1
    none:1 -> never -> later:1

    hush   640 125 [f 30]
    down   640 150 (fade 0 $1)
    times -> hush:1
    which:3 -> hush -> down -> deck0
    down -> deck1

    out1   20 700 [outlet~]
    out2   100 700 [outlet~]
    told   180 700 [outlet]
    ended  260 700 [outlet]
    deck0 -> out1
    deck1 -> out1
    deck0:1 -> out2
    deck1:1 -> out2
    got0 -> told
    got1 -> told
    deck0:3 -> ended
    deck1:3 -> ended
"""


def deck() -> Canvas:
    """Return msanii-deck~.pd: one sound file in memory, at its own rate, looped to the frame.

    A table is read in spans of about 0.2 s. Each begins at a block, with a whole number of frames as
    its onset, so that the index of tabread4~ stays small: a 32-bit float then holds it to 1/1,000 of
    a frame however long the clip, at 44.1 and at 48 kHz alike. The first span is copied behind the
    last frame, so that a loop's end runs on into its start and the onset can turn round at a block.
    """
    return Canvas(940, 680).draw(DECK)


def player() -> Canvas:
    """Return msanii-player~.pd, which crossfades to the file whose path it receives."""
    return Canvas(820, 760).draw(PLAYER)
