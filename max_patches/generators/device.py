"""The Max for Live instrument: its panel, its parameters, and the messages they send."""

from __future__ import annotations

from typing import Any

from max_patches.generators import amxd, max_client, max_player
from max_patches.generators.maxpat import Patcher
from max_patches.generators.sketch import Box

STYLES = (
    "house", "techno", "hiphop", "lofi", "synth", "ambient", "bossa", "piano", "pop", "jazz",
)  # fmt: skip
WIDTH, HEIGHT = 566.0, 169.0  # of the panel, pixels
FLOAT, INT, ENUM = 0, 1, 2  # as Live numbers the types of parameters
AS_INT, AS_FLOAT, AS_DECIBELS = 0, 1, 4  # and the ways to write their values
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
    make   20 410 [sprintf /msanii/generate style %s bars %ld bpm %f density %.2f seed %ld]
    note   300 310 [f 120.]
    noted  300 370 [f 120.]
    tempos:2 -> note:1
    tempos:2 -> make:2
    order:2 -> note -> noted:1
    order:1 -> seeds -> any -> lucky -> make:4
    any:1 -> make:4
    order:0 -> style -> make -> client
    last   20 450 [zl.reg]
    last2  120 450 [zl.reg]
    lasta  220 450 [zl.reg]
    lastb  320 450 [zl.reg]
    more   20 490 [sprintf /msanii/outpaint %s bars %ld]
    last -> more -> client
    vary   300 490 [sprintf /msanii/audio2audio %s strength %.2f]
    last2 -> vary -> client
    clipa  600 450 [zl.reg]
    clipb  700 450 [zl.reg]
    lasta -> clipa:1
    lastb -> clipb:1
    both   600 410 [t b b]
    morph  600 490 [sprintf /msanii/interpolate %s %s mix %.2f strength %.2f]
    both:1 -> clipb -> morph:1
    both:0 -> clipa -> morph -> client
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
    barsn:0 -> make:1
    barsn:1 -> more:1
    dial_density -> make:3
    dial_seed -> seeds:1
    dial_mix -> morph:2
    dial_strength -> strengths
    strengths 1000 430 [t f f]
    strengths:0 -> vary:1
    strengths:1 -> morph:3
    menu_style:1 -> style:1
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

DIALS = (
    # name, name in Live, type, low, high, initial value, unit style, x, hint
    ("dial_bars", "Bars", INT, 1, 32, 4, AS_INT, 6, "Length of the new clip in bars."),
    ("dial_density", "Density", FLOAT, 0, 1, 0.5, AS_FLOAT, 54, "How many notes and hits: 0 is sparse, 1 is full."),
    ("dial_seed", "Seed", FLOAT, -1, 9999, -1, AS_INT, 102, "The same seed gives the same clip. -1 is random."),
    ("dial_mix", "Mix", FLOAT, 0, 1, 0.5, AS_FLOAT, 150, "Morph: 0 is only A, 1 is only B."),
    ("dial_strength", "Strength", FLOAT, 0, 1, 0.5, AS_FLOAT, 198,
     "Vary and Morph: how much of the clip is regenerated."),
)  # fmt: skip
BUTTONS = (
    # name, label, position on the panel, hint
    ("go", "Generate", (6, 102, 74, 18), "Generate a new clip in Live's tempo."),
    ("goes_on", "Go on", (84, 102, 74, 18), "Continue the clip for this number of bars."),
    ("varies", "Vary", (162, 102, 74, 18), "Generate a variation of the clip."),
    ("keep_a", "Keep A", (6, 124, 48, 18), "Use the clip as A."),
    ("keep_b", "Keep B", (58, 124, 48, 18), "Use the clip as B."),
    ("morphs", "Morph", (110, 124, 60, 18), "Generate a clip between A and B, at Mix."),
    ("cancels", "Cancel", (174, 124, 62, 18), "Cancel the running job."),
)
SWITCHES = (
    ("loop", "Loop", (6, 146, 74, 17), 1, "Loop the clip."),
    ("follow", "Follow", (84, 146, 74, 17), 0, "Change speed and pitch with Live's tempo."),
    ("on_bar", "On bar", (162, 146, 74, 17), 1, "A new clip starts at Live's next bar."),
)


def device() -> bytes:
    """Return the content of the .amxd file."""
    return amxd.pack({"patcher": patcher().to_dict()})


def patcher() -> Patcher:
    """Return the device's patcher."""
    patch = Patcher(1200, 900)
    patch.add_subpatcher("client", 20, 560, "client", max_client.core())
    patch.add_subpatcher("player", 300, 760, "player", max_player.core("---"))
    names: dict[str, list[Any]] = {}
    for add in (_dials, _menu, _buttons, _switches, _gain):
        for box, long in add(patch):
            names[box["id"]] = [long, long, 0]
    patch.draw(INSIDE + WIRES)
    banks = [long for _, long, *_ in DIALS] + ["Style", "Loop", "Generate"]
    patch.attributes |= {
        "openinpresentation": 1, "openrect": [0.0, 0.0, WIDTH, HEIGHT], "devicewidth": WIDTH, "description": "msanii-live in Live",
        "parameters": {
            **names,
            "parameterbanks": {"0": {"index": 0, "name": "Msanii", "parameters": banks}},
            "inherited_shortname": 1,
        },
        "project": _project(),
    }  # fmt: skip
    return patch


def _dials(patch: Patcher) -> list[tuple[dict[str, Any], str]]:
    found = []
    for row, (name, long, kind, low, high, start, style, x, hint) in enumerate(DIALS):
        options = {"p": f"{x} 48 41 48", "hint": hint}
        box = Box(name, 1240 + 60 * row, 40, "control", "live.dial", options)
        stored = _parameter(long, kind, low, high, start, style)
        found.append((patch.add(box, **stored, varname=long, annotation_name=long), long))
    return found


def _menu(patch: Patcher) -> list[tuple[dict[str, Any], str]]:
    options = {"p": "6 28 90 15", "hint": "Style of a generated clip."}
    box = Box("menu_style", 1240, 110, "control", "live.menu", options)
    stored = _parameter("Style", ENUM, 0, len(STYLES) - 1, 0, AS_INT, STYLES)
    return [(patch.add(box, **stored, varname="Style", annotation_name="Style"), "Style")]


def _buttons(patch: Patcher) -> list[tuple[dict[str, Any], str]]:
    found = []
    for row, (name, label, place, hint) in enumerate(BUTTONS):
        options = {"p": " ".join(map(str, place)), "hint": hint}
        box = Box(
            name, 1240 + 70 * (row % 4), 150 + 30 * (row // 4), "control", "live.text", options
        )
        stored = _parameter(label, ENUM, 0, 1, 0, AS_INT, ("off", "on"))
        looks = {"mode": 0, "text": label, "texton": label}
        found.append(
            (patch.add(box, **stored, **looks, varname=label, annotation_name=label), label)
        )
    return found


def _switches(patch: Patcher) -> list[tuple[dict[str, Any], str]]:
    found = []
    for row, (name, label, place, start, hint) in enumerate(SWITCHES):
        options = {"p": " ".join(map(str, place)), "hint": hint}
        box = Box(name, 1240 + 70 * row, 220, "control", "live.text", options)
        stored = _parameter(label, ENUM, 0, 1, start, AS_INT, ("off", "on"))
        looks = {"mode": 1, "text": label, "texton": label}
        found.append(
            (patch.add(box, **stored, **looks, varname=label, annotation_name=label), label)
        )
    return found


def _gain(patch: Patcher) -> list[tuple[dict[str, Any], str]]:
    box = Box("gain", 1240, 620, "control", "live.gain~", {"p": "512 24 48 140", "hint": "Level."})
    stored = _parameter("Gain", FLOAT, -70, 6, 0, AS_DECIBELS)
    return [(patch.add(box, **stored, varname="Gain", annotation_name="Gain"), "Gain")]


def _parameter(
    long: str, kind: int, low: float, high: float, start: float, style: int,
    words: tuple[str, ...] = (),
) -> dict[str, Any]:  # fmt: skip
    """Return the attributes that make a box a parameter that Live stores and automates."""
    value: dict[str, Any] = {
        "parameter_longname": long, "parameter_shortname": long, "parameter_type": kind,
        "parameter_mmin": float(low), "parameter_mmax": float(high),
        "parameter_initial": [start], "parameter_initial_enable": 1,
        "parameter_unitstyle": style, "parameter_invisible": 0, "parameter_modmode": 0,
    }  # fmt: skip
    if words:
        value["parameter_enum"] = list(words)
    return {"parameter_enable": 1, "saved_attribute_attributes": {"valueof": value}}


def _project() -> dict[str, Any]:
    """Return the block with which Live reads the file as a device without other files."""
    return {
        "version": 1, "creationdate": CREATION_DATE, "modificationdate": CREATION_DATE,
        "viewrect": [0.0, 0.0, 300.0, 500.0], "autoorganize": 1, "hideprojectwindow": 1,
        "showdependencies": 1, "autolocalize": 0, "contents": {"patchers": {}}, "layout": {},
        "searchpath": {}, "detailsvisible": 0, "amxdtype": int.from_bytes(b"iiii", "big"),
        "readonly": 0, "devpathtype": 0, "devpath": ".", "sortmode": 0, "viewmode": 0,
    }  # fmt: skip
