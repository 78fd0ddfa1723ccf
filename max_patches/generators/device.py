"""The Max for Live instrument: its panel, its parameters, and the messages they send."""

from __future__ import annotations

from typing import Any

from max_patches.generators import amxd, max_client, max_player
from max_patches.generators.device_parameters import BANK, add_parameters
from max_patches.generators.maxpat import Patcher

WIDTH, HEIGHT = 566.0, 169.0  # of the panel, pixels
CREATION_DATE = 3_590_052_493  # required by the format; fixed, so that the file never changes

INSIDE = """
    20 8 "Msanii Live: an instrument whose clips are made by the msanii-live server"
    load   20 40 [live.thisdevice]
    begin  20 70 (start)
    load -> begin -> client

    260 40 "Live's transport"
    beats  260 70 [metro 200]
    going  340 40 (1)
    load -> going -> beats
    live   260 100 [transport]
    beats -> live
    tempo  260 130 [zl.change]
    tempos 260 160 [t f f f f]
    tell   360 160 (/msanii/transport bpm $1)
    live:4 -> tempo -> tempos
    tempos:0 -> tell -> client
    born   460 190 [f 120.]
    tempos:3 -> born:1
    metre  700 190 [zl.change]
    metres 700 220 [t l l]
    live:5 -> metre -> metres
    ticks  700 250 [expr 1920 * $i1 / $i2]
    every  860 250 (interval $1 ticks, quantize $1 ticks)
    metres:1 -> ticks -> every -> bars1
    beats4 700 280 [expr $i1 * 4 / $i2]
    metre4 860 280 (/msanii/transport beats $1)
    metres:0 -> beats4 -> metre4 -> client
    speed  260 220 [expr ($i3 == 1) * ($f1 / ($f2 + ($f2 == 0.))) + ($i3 != 1)]
    rate   260 250 [prepend rate]
    tempos:1 -> speed -> rate -> player
    plays  560 100 [change]
    live:6 -> plays
    held   560 130 [t b i i]
    plays -> held
    holds  560 160 [expr $i1 && $i2]
    hold   560 190 [prepend hold]
    held:1 -> holds -> hold -> player
    free   700 130 (now)
    held:0 -> free -> player
    bars1  700 100 [metro 1n @quantize 1n @active 1]
    bars1 -> free
    one    800 40 (1)
    load -> one -> bars1

    20 280 "what the buttons ask for"
    order  20 310 [t b b b]
    seeds  180 310 [i -1]
    any    180 340 [sel -1]
    lucky  180 370 [random 16777215]
    style  20 370 [zl.reg]
    make   20 410 [sprintf /msanii/generate style %s %s %s %s bars %ld bpm %f density %.2f seed %ld]
    note   300 310 [f 120.]
    noted  300 370 [f 120.]
    tempos:2 -> note:1
    tempos:2 -> make:5
    order:2 -> note -> noted:1
    order:1 -> seeds -> any -> lucky -> make:7
    any:1 -> make:7
    order:0 -> style -> make -> client
    last   20 450 [zl.reg none]
    last2  120 450 [zl.reg none]
    lasta  220 450 [zl.reg none]
    lastb  320 450 [zl.reg none]
    had    20 480 [sel none]
    had2   120 480 [sel none]
    hada   220 480 [sel none]
    hadb   320 480 [sel none]
    first  420 480 ("generate a clip first")
    last -> had -> first -> say
    last2 -> had2 -> first
    lasta -> hada -> first
    lastb -> hadb -> first
    more   20 520 [sprintf /msanii/outpaint %s bars %ld]
    had:1 -> more -> client
    vary   300 520 [sprintf /msanii/audio2audio %s strength %.2f]
    had2:1 -> vary -> client
    clipa  600 450 [zl.reg none]
    clipb  760 450 [zl.reg none]
    hada:1 -> clipa:1
    hadb:1 -> clipb:1
    both   600 410 [t b b]
    hasa   600 480 [sel none]
    hasb   760 480 [sel none]
    isb    860 480 [t b l]
    openb  940 480 (1)
    ready  700 520 [gate 1]
    needs  900 520 ("keep A and B first")
    morph  600 550 [sprintf /msanii/interpolate %s %s mix %.2f strength %.2f]
    both:1 -> clipb -> hasb -> needs -> say
    hasb:1 -> isb -> openb -> ready
    isb:1 -> morph:1
    both:0 -> clipa -> hasa -> needs
    hasa:1 -> ready:1
    ready -> morph -> client
    quit   720 310 (cancel)
    quit -> client

    20 600 "clips come in"
    path   20 630 [t s b]
    client -> path -> player
    path:1 -> noted -> since
    since  120 630 [t b f]
    since:1 -> speed:1
    since:0 -> born
    done   20 660 [route /msanii/job/done]
    name   20 690 [unpack s i s s]
    names  20 720 [t s s s s]
    client:4 -> done -> name
    name:2 -> names
    names:0 -> last:1
    names:1 -> last2:1
    names:2 -> lasta:1
    names:3 -> lastb:1
    far    300 660 [expr int($f1 * 100. + 0.5)]
    shown  300 690 [sprintf set %ld %%]
    client:1 -> far -> shown -> percent
    say    420 660 [prepend set]
    file   420 720 [prepend path]
    lands  420 750 [js msanii-into-live.js]
    name:3 -> file -> lands -> say
    client:3 -> say -> words
    client:2 -> light
    keys   560 660 [notein]
    struck 560 690 [stripnote]
    again  560 720 (play)
    keys -> struck
    keys:1 -> struck:1
    struck -> again -> player
    out    300 800 [plugout~]
    player -> gain -> out
    player:1 -> gain:1
    gain:1 -> out:1
    player:3 -> wave

    light   840 40 {led} || p 6 5 14 14 || hint Lit while the server answers.
    title   880 40 {comment MSANII} || p 22 3 58 18 || hint Clips made by the msanii-live server.
    words   840 70 {comment state and errors} || p 80 3 390 18 || size 300 22 || hint State, and errors in words.
    percent 840 100 {comment 0 %} || p 470 3 44 18 || size 60 22 || hint How much of the clip under way is done.
    wave    840 130 {waveform~} || p 246 28 260 108 || hint The clip that sounds.
"""

WIRES = """
    dial_bars -> barsn
    barsn  1000 400 [t i i]
    barsn:0 -> make:4
    barsn:1 -> more:1
    dial_density -> make:6
    dial_seed -> seeds:1
    dial_mix -> morph:2
    dial_strength -> strengths
    strengths 1000 430 [t f f]
    strengths:0 -> vary:1
    strengths:1 -> morph:3
    menu_style:1 -> style:1
    menu_key:1 -> anykey
    anykey 1120 400 [sel auto]
    nokey  1120 430 ("priority 0")
    inkey  1240 430 [sprintf symout key %s]
    anykey:0 -> nokey -> make:1
    anykey:1 -> inkey -> make:1
    box_steps -> nsteps
    nsteps 1120 460 [sel 0]
    usual  1120 490 ("play 0")
    steps  1240 490 [sprintf symout steps %ld]
    nsteps:0 -> usual -> make:2
    nsteps:1 -> steps -> make:2
    composes -> kinds
    kinds  1400 460 [sel 0 1]
    sound  1400 490 ("stems 0")
    notes  1500 490 ("engine composer stems 1")
    kinds:0 -> sound -> make:3
    kinds:1 -> notes -> make:3
    menu_into -> where
    where  1400 560 [prepend into]
    where -> lands
    puts_audio -> puta
    puta   1400 590 (audio)
    puta -> calm
    puts_notes -> putm
    putm   1480 590 (midi)
    putm -> calm
    puts_stems -> puts
    puts   1560 590 (stems)
    puts -> calm
    calm   1400 620 [deferlow]
    calm -> lands
    go -> order
    on_hit 1000 580 [t b]
    vary_hit 1060 580 [t b]
    a_hit  1120 580 [t b]
    b_hit  1180 580 [t b]
    goes_on -> on_hit -> last
    varies -> vary_hit -> last2
    keep_a -> a_hit -> lasta
    keep_b -> b_hit -> lastb
    morphs -> both
    cancels -> quit
    loop -> loops -> player
    loops  1000 460 [prepend loop]
    follow -> follows
    follows 1000 490 [t b i]
    follows:1 -> speed:2
    follows:0 -> born
    born -> speed
    on_bar -> onbars
    onbars 1000 520 [t b i]
    onbars:1 -> holds:1
    onbars:0 -> asks
    asks   1000 550 [i 0]
    held:2 -> asks:1
    asks -> holds
"""


def device() -> bytes:
    """Return the content of the .amxd file."""
    return amxd.pack({"patcher": patcher().to_dict()})


def patcher() -> Patcher:
    """Return the device's patcher."""
    patch = Patcher(1200, 900)
    patch.add_subpatcher("client", 20, 560, "client", max_client.core())
    patch.add_subpatcher("player", 300, 760, "player", max_player.core("---"))
    names = add_parameters(patch)
    patch.draw(INSIDE + WIRES)
    patch.attributes |= {
        "openinpresentation": 1, "openrect": [0.0, 0.0, WIDTH, HEIGHT], "devicewidth": WIDTH, "description": "msanii-live in Live",
        "parameters": {
            **names,
            "parameterbanks": {"0": {"index": 0, "name": "Msanii", "parameters": list(BANK)}},
            "inherited_shortname": 1,
        },
        "project": _project(),
    }  # fmt: skip
    return patch


def _project() -> dict[str, Any]:
    """Return the block with which Live reads the file as a device without other files."""
    return {
        "version": 1, "creationdate": CREATION_DATE, "modificationdate": CREATION_DATE,
        "viewrect": [0.0, 0.0, 300.0, 500.0], "autoorganize": 1, "hideprojectwindow": 1,
        "showdependencies": 1, "autolocalize": 0, "contents": {"patchers": {}}, "layout": {},
        "searchpath": {}, "detailsvisible": 0, "amxdtype": int.from_bytes(b"iiii", "big"),
        "readonly": 0, "devpathtype": 0, "devpath": ".", "sortmode": 0, "viewmode": 0,
    }  # fmt: skip
