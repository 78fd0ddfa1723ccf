"""The Max help patches and examples."""

from __future__ import annotations

from max_patches.generators.maxpat import Patcher
from msanii_live.protocol.commands import COMMANDS
from msanii_live.protocol.reference import example

# The end of every example: a client, a player, a level, the light and the status text.
TAIL = """
    client 30 400 [msanii]
    quits  150 400 (cancel)
    quits -> client
    player 30 440 [msanii-player~]
    level  30 480 [*~ 0.5]
    level2 150 480 [*~ 0.5]
    dac    30 520 {ezdac~} || hint sound on and off
    client -> player
    player -> level -> dac
    player:1 -> level2 -> dac:1
    far    200 440 [expr int($f1 * 100. + 0.5)]
    part   420 440 {number} || hint how much of the clip under way is done, %
    light  300 480 {led} || hint lit while the server answers
    say    340 480 [prepend set]
    words  300 520 {comment state and errors} || size 420 22
    client:1 -> far -> part
    client:2 -> light
    client:3 -> say -> words
"""

GENERATE = """
    20 10 "A new clip at each click. Start the server first, in a terminal: msanii-live serve"
    go     30 60  {button} || hint make a loop and play it
    make   30 110 (/msanii/generate style house bpm 124 bars 4)
    go -> make -> client
    piano  30 150 (/msanii/generate style piano key Am bpm 96 seconds 8)
    dark   30 190 (/msanii/generate prompt dark techno bpm 132 bars 2 density 0.8)
    piano -> client
    dark -> client
    loop   30 240 {toggle} || hint go round
    loops  70 240 [prepend loop]
    loop -> loops -> player
    200 240 "go round"
    stop   30 290 (stop)
    stop -> player
    200 290 "fade out"
"""

OUTPAINT = """
    20 10 "1 makes a loop. 2 makes two more bars of the clip in the player, and crossfades to them."
    one    30 60  {button} || hint make a loop
    make   30 110 (/msanii/generate style house bpm 124 bars 2)
    one -> make -> client
    two    30 160 {button} || hint two bars more of the clip in the player
    which  30 210 [zl.reg]
    more   30 250 (/msanii/outpaint $1 bars 2)
    two -> which -> more -> client
    three  300 160 {button} || hint only the new part
    which2 300 210 [zl.reg]
    alone  300 250 (/msanii/outpaint $1 bars 2 keep 0)
    three -> which2 -> alone -> client
    done   560 300 [route /msanii/job/done]
    name   560 340 [unpack s i s s]
    client:4 -> done -> name
    name:2 -> which:1
    name:2 -> which2:1
    30 300 "To continue what the server plays: /msanii/outpaint current bars 2 play 1"
"""

INTERPOLATE = """
    20 10 "Make a and b, then move the slider: a clip between them is made, and the player crossfades to it."
    one    30 60  {button} || hint make a
    two    430 60 {button} || hint make b
    makea  30 110 (/msanii/generate style house bpm 124 bars 2 clip a)
    makeb  430 110 (/msanii/generate style piano bpm 124 bars 2 clip b)
    one -> makea -> client
    two -> makeb -> client
    slide  30 160 {slider} || hint mix: left is all a, right all b || size 260 20
    hold   30 200 [t b i]
    rest   30 230 [delay 200]
    value  30 260 [i]
    mixed  30 290 [expr $i1 / 127.]
    mix    30 320 (/msanii/interpolate a b mix $1 clip between)
    slide -> hold -> rest -> value -> mixed -> mix -> client
    hold:1 -> value:1
    200 230 "sent when the slider has not moved for 0.2 s"
    loop   430 160 {toggle} || hint go round
    loops  470 160 [prepend loop]
    loop -> loops -> player
"""

STREAM = """
    20 10 "A stream without end, played by the server: start it with a sound card."
    fresh  30 60  (/msanii/generate style house bpm 124 bars 4 clip seed1)
    start  30 95  (/msanii/stream/start last ahead 4 chunk 3)
    hands  330 95 (/msanii/stream/start midi take)
    330 125 "renders the MIDI input"
    stop   30 130 (/msanii/stream/stop fade 2)
    fresh -> client
    start -> client
    hands -> client
    stop -> client
    busy   30 180 {slider} || hint density of the next chunks || size 130 20
    dense  200 180 [expr $i1 / 127.]
    steer  200 215 (/msanii/param/stream.density $1)
    busy -> dense -> steer -> client
    blend  30 260 {slider} || hint how far the next chunks go towards the target || size 130 20
    mixed  200 260 [expr $i1 / 127.]
    morph  200 295 (/msanii/param/stream.mix $1)
    blend -> mixed -> morph -> client
    target 30 330 (/msanii/param/stream.target b)
    target -> client
    news   430 180 [route /msanii/stream/chunk /msanii/stream/late]
    chunk  430 215 [unpack i f f f f]
    ahead  430 250 {flonum} || hint seconds ready ahead of the ear
    client:4 -> news -> chunk
    chunk:4 -> ahead
"""

SET = """
    20 10 "A set in five clicks: docs/tutorial.md tells it"
    m1     30 60  (/msanii/generate style house bpm 124 bars 4 clip a)
    m2     30 100 (/msanii/outpaint a bars 4 clip longer)
    m3     30 140 (/msanii/generate style piano bpm 124 bars 4 clip b)
    m4     30 180 (/msanii/interpolate a b mix 0.5 clip between)
    m5     30 220 (stop)
    all    30 260 [t l b]
    round  130 290 (loop 1)
    m1 -> all
    m2 -> all
    m3 -> all
    m4 -> all
    m5 -> player
    all:1 -> round -> player
    all -> client
    460 60 "1 a loop"
    460 100 "2 more of it"
    460 140 "3 another loop"
    460 180 "4 between the two"
    460 220 "5 fade out"
"""

EXAMPLES = {
    "generate": GENERATE, "outpaint": OUTPAINT, "interpolate": INTERPOLATE, "stream": STREAM,
    "set": SET,
}  # fmt: skip

CLIENT_HELP = """
    20 10 "msanii: client of the server. In: messages of docs/osc.md. Out: clips."
    make   30 60  (/msanii/generate style house bpm 124 bars 4 clip a)
    info   30 95  (/msanii/status)
    where  30 130 (connect 127.0.0.1 7770)
    cancel 30 165 (cancel)
    430 60 "any command, with its keys"
    430 95 "every reply comes out on the right"
    430 130 "another machine or port"
    430 165 "cancel the last job"
    client 30 280 [msanii]
    make -> client
    info -> client
    where -> client
    cancel -> client
    path   30 380 [print path]
    far    130 320 [expr int($f1 * 100. + 0.5)]
    part   130 350 {number} || hint how much of the clip under way is done, %
    light  330 350 {led} || hint lit while the server answers
    say    400 320 [prepend set]
    words  400 350 {comment state and errors} || size 300 22
    reply  560 380 [print reply]
    client -> path
    client:1 -> far -> part
    client:2 -> light
    client:3 -> say -> words
    client:4 -> reply
    30 420 "You can use several: each msanii listens on a UDP port of its own, from 7800 upwards."
    30 440 "It adds id and reply_port to each message, so give neither, and do not use @keys."
"""

PLAYER_HELP = """
    20 10 "msanii-player~: play a sound file, with a crossfade of 30 ms to each new one."
    open   30 60  {button} || hint open a sound file
    panel  30 100 [opendialog]
    open -> panel -> player
    loop   200 60 {toggle} || hint go round
    loops  200 100 [prepend loop]
    loop -> loops -> player
    again  330 60  (play)
    stop   330 95  (stop)
    long   330 130 (fade 2000)
    slow   330 165 (rate 0.5)
    later  500 60  (hold 1)
    now    500 95  (now)
    again -> player
    stop -> player
    long -> player
    slow -> player
    later -> player
    now -> player
    580 60 "a loaded file waits"
    580 95 "and starts here"
    player 30 220 [msanii-player~]
    level  30 260 [*~ 0.5]
    level2 150 260 [*~ 0.5]
    dac    30 300 {ezdac~} || hint sound on and off
    length 200 300 {flonum} || hint length of what was loaded, ms
    wave   300 300 {waveform~} || hint the clip that sounds
    player -> level -> dac
    player:1 -> level2 -> dac:1
    player:2 -> length
    player:3 -> wave
    30 390 "The clip may have any sample rate. Each player has two buffers of its own."
"""


def example_patch(name: str) -> Patcher:
    """Return one of the examples."""
    return Patcher(780, 620).draw(EXAMPLES[name] + TAIL)


def help_patch(name: str) -> Patcher:
    """Return the help patch of msanii or msanii-player~."""
    patcher = Patcher(780, 520)
    patcher.draw({"msanii": CLIENT_HELP, "msanii-player~": PLAYER_HELP}[name])
    if name == "msanii":
        patcher.add_subpatcher("all", 30, 220, "every-command", _every_command())
        patcher.draw("all -> client")
    return patcher


def _every_command() -> Patcher:
    """Return one message for each command of the table."""
    patcher = Patcher(760, 480)
    lines = ['20 10 "one message for each command; docs/osc.md describes them all"']
    for i, command in enumerate(COMMANDS):
        address, args = example(command)
        words = [address, *(a if isinstance(a, str) else f"{a:g}" for a in args)]
        lines.append(f"m{i} 20 {44 + 28 * i} ({' '.join(words)})")
        lines.append(f"m{i} -> out")
    lines.append(f"out 20 {60 + 28 * len(COMMANDS)} [outlet] || hint the message")
    return patcher.draw("\n".join(lines))


def overview() -> Patcher:
    """Return the page of the Extras menu, which opens the examples and the monitor page."""
    told = {
        "set": "a set in five clicks", "generate": "a new clip at each click",
        "outpaint": "continue the clip that plays", "interpolate": "between two clips",
        "stream": "without end",
    }  # fmt: skip
    lines = ['20 10 "msanii-live: start the server in a terminal with  msanii-live serve"']
    for row, (name, words) in enumerate(told.items()):
        y = 60 + 36 * row
        lines += [f"m{row} 30 {y} (load msanii-{name}.maxpat)", f"m{row} -> opens"]
        lines.append(f'280 {y} "{words}"')
    lines += ["opens 30 260 [pcontrol]", "30 310 (; max launchbrowser http://127.0.0.1:7771)"]
    lines += ['400 310 "the server\'s page"', "30 360 [msanii]", "200 360 [msanii-player~]"]
    lines.append('400 360 "each has a help patch"')
    return Patcher(620, 420).draw("\n".join(lines))
