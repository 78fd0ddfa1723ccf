"""The parameters of the Max for Live device: its controls, which Live stores and automates."""

from __future__ import annotations

from typing import Any

from max_patches.generators.maxpat import Patcher
from max_patches.generators.sketch import Box

STYLES = (
    "house", "techno", "hiphop", "lofi", "synth", "ambient", "bossa", "piano", "pop", "jazz",
)  # fmt: skip
KEYS = ("auto", *(f"{note}{kind}" for kind in ("", "m") for note in
        ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")))  # fmt: skip
PLACES = ("Session slot", "Playhead")
FLOAT, INT, ENUM = 0, 1, 2  # as Live numbers the types of parameters
AS_INT, AS_FLOAT, AS_DECIBELS, AS_CUSTOM = 0, 1, 4, 9  # and the ways to write their values

DIALS = (
    # name, name in Live, type, low, high, initial value, unit style, x, hint
    ("dial_bars", "Bars", INT, 1, 32, 4, AS_INT, 6, "Length of the new clip in bars."),
    ("dial_density", "Density", FLOAT, 0, 1, 0.5, AS_FLOAT, 54, "How many notes and hits: 0 is sparse, 1 is full."),
    ("dial_seed", "Seed", FLOAT, -1, 9999, -1, AS_INT, 102, "The same seed gives the same clip. -1 is random."),
    ("dial_mix", "Mix", FLOAT, 0, 1, 0.5, AS_FLOAT, 150, "Morph: 0 is only A, 1 is only B."),
    ("dial_strength", "Strength", FLOAT, 0, 1, 0.5, AS_FLOAT, 198,
     "Vary and Morph: how much of the clip is regenerated."),
)  # fmt: skip
MENUS = (
    # name, name in Live, position on the panel, words, hint
    ("menu_style", "Style", "6 28 90 15", STYLES, "Style of a generated clip."),
    (
        "menu_key",
        "Key",
        "100 28 62 15",
        KEYS,
        "Key of a generated clip; auto leaves it to the engine.",
    ),
    (
        "menu_into",
        "Into",
        "246 146 82 17",
        PLACES,
        "Where the buttons on the right put the clip in Live.",
    ),
)
BUTTONS = (
    # name, label, position on the panel, hint
    ("go", "Generate", (6, 102, 74, 18), "Generate a new clip in Live's tempo."),
    ("goes_on", "Go on", (84, 102, 74, 18), "Continue the clip for this number of bars."),
    ("varies", "Vary", (162, 102, 74, 18), "Generate a variation of the clip."),
    ("keep_a", "Keep A", (6, 124, 48, 18), "Use the clip as A."),
    ("keep_b", "Keep B", (58, 124, 48, 18), "Use the clip as B."),
    ("morphs", "Morph", (110, 124, 60, 18), "Generate a clip between A and B, at Mix."),
    ("cancels", "Cancel", (174, 124, 62, 18), "Cancel the running job."),
    ("puts_audio", "Put audio", (332, 146, 56, 17), "Put the clip into Live, on an audio track."),
    (
        "puts_notes",
        "Put MIDI",
        (391, 146, 54, 17),
        "Put its notes into Live: a track for each part.",
    ),
    ("puts_stems", "Put stems", (448, 146, 58, 17), "Put its stems into Live: a track for each."),
)
SWITCHES = (
    ("loop", "Loop", (6, 146, 52, 17), 1, "Loop the clip."),
    ("follow", "Follow", (62, 146, 52, 17), 0, "Change speed and pitch with Live's tempo."),
    ("on_bar", "On bar", (118, 146, 56, 17), 1, "A new clip starts at Live's next bar."),
    ("composes", "Compose", (178, 146, 58, 17), 0, "Compose the clip, with MIDI and stems."),
)
BANK = (
    *(long for _, long, *_ in DIALS),
    "Style",
    "Key",
    "Generate",
)  # on the first page of a controller


def add_parameters(patch: Patcher) -> dict[str, list[Any]]:
    """Add all parameters to a patch. Return their names in Live by the id of their boxes."""
    names: dict[str, list[Any]] = {}
    for add in (_dials, _menus, _steps, _buttons, _switches, _gain):
        for box, long in add(patch):
            names[box["id"]] = [long, long, 0]
    return names


def _dials(patch: Patcher) -> list[tuple[dict[str, Any], str]]:
    found = []
    for row, (name, long, kind, low, high, start, style, x, hint) in enumerate(DIALS):
        options = {"p": f"{x} 48 41 48", "hint": hint}
        box = Box(name, 1240 + 60 * row, 40, "control", "live.dial", options)
        stored = _parameter(long, kind, low, high, start, style)
        found.append((patch.add(box, **stored, varname=long, annotation_name=long), long))
    return found


def _menus(patch: Patcher) -> list[tuple[dict[str, Any], str]]:
    found = []
    for row, (name, long, place, words, hint) in enumerate(MENUS):
        box = Box(name, 1240 + 100 * row, 110, "control", "live.menu", {"p": place, "hint": hint})
        stored = _parameter(long, ENUM, 0, len(words) - 1, 0, AS_INT, words)
        found.append((patch.add(box, **stored, varname=long, annotation_name=long), long))
    return found


def _steps(patch: Patcher) -> list[tuple[dict[str, Any], str]]:
    hint = "Denoising steps; 0 is the engine's default."
    box = Box("box_steps", 1640, 110, "control", "live.numbox", {"p": "166 28 70 15", "hint": hint})
    stored = _parameter("Steps", INT, 0, 255, 0, AS_CUSTOM)
    stored["saved_attribute_attributes"]["valueof"]["parameter_units"] = "%d steps"
    return [(patch.add(box, **stored, varname="Steps", annotation_name="Steps"), "Steps")]


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
        box = Box(name, 1240 + 70 * row, 250, "control", "live.text", options)
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
