"""A picture of the device's panel as Live draws it, as an SVG: for the docs.

The shapes and sizes are those of Live's controls in its middle grey theme. Text is set in a common
sans-serif font, whose widths are within a few percent of Live's own.
"""

from __future__ import annotations

import math
from typing import Any
from xml.sax.saxutils import escape

TITLE = 17.0  # height of the title bar above the panel, pixels
BODY, EDGE, TEXT, FIELD, ON, DARK = "#a5a5a5", "#6e6e6e", "#121212", "#c3c3c3", "#ffb532", "#3c3c3c"
FONT_SIZE, CHARACTER = 9.5, 5.1  # of Live's labels; mean width of a character, pixels
FIRST, SWEEP = 130.0, 280.0  # degrees at which a dial's range begins, and how far it goes

Box = dict[str, Any]


def draw(device: dict[str, Any], name: str) -> str:
    """Return the SVG of a device's panel. device: its patcher. name: in the title bar."""
    width, height = device["openrect"][2:]
    full = height + TITLE
    boxes = [item["box"] for item in device["boxes"] if item["box"].get("presentation")]
    shapes = "\n".join(map(_shape, boxes))
    bar = f"M0 {TITLE:g}V4a4 4 0 0 1 4-4H{width - 4:g}a4 4 0 0 1 4 4V{TITLE:g}z"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {full:g}" '
        f'width="{2 * width:g}" height="{2 * full:g}" font-family="Helvetica, Arial, sans-serif">\n'
        f'<rect width="{width:g}" height="{full:g}" rx="4" fill="{BODY}"/>\n'
        f'<path d="{bar}" fill="#8c8c8c"/>\n'
        f'<circle cx="10" cy="8.5" r="4.5" fill="{ON}"/>\n'
        f"{_words(name, 20, 12, 'start')}\n"
        f'<g transform="translate(0 {TITLE:g})">\n{shapes}\n</g>\n</svg>\n'
    )


def fits(words: str, width: float) -> bool:
    """Return whether a label fits a width in pixels."""
    return len(words) * CHARACTER <= width


def label(box: Box) -> str:
    """Return the words on a control: its name, or its text."""
    return str(box.get("text") or box.get("varname") or "")


def _shape(box: Box) -> str:
    x, y, width, height = box["presentation_rect"]
    return {
        "live.dial": _dial, "live.text": _button, "live.menu": _menu, "live.numbox": _number,
        "live.gain~": _gain, "waveform~": _waveform, "led": _led, "comment": _comment,
    }[box["maxclass"]](box, x, y, width, height)  # fmt: skip


def _dial(box: Box, x: float, y: float, width: float, height: float) -> str:
    how = box["saved_attribute_attributes"]["valueof"]
    low, high, value = how["parameter_mmin"], how["parameter_mmax"], how["parameter_initial"][0]
    share = (value - low) / (high - low)
    cx, cy, radius = x + width / 2, y + height / 2 + 1, 11.0
    zero = (0.0 - low) / (high - low) if low < 0 < high else 0.0
    shown = f"{value:g}" if how["parameter_unitstyle"] == 0 else f"{value:.2f}"
    tip = _on_circle(cx, cy, radius, share)
    return "\n".join(
        (
            _words(label(box), cx, y + 9),
            _arc(cx, cy, radius, 0, 1, EDGE),
            _arc(cx, cy, radius, zero, share, "#03c3d5"),
            f'<path d="M{cx:g} {cy:g}L{tip}" stroke="{TEXT}" stroke-width="2"/>',
            _words(shown, cx, y + height - 2),
        )
    )


def _arc(x: float, y: float, radius: float, start: float, end: float, colour: str) -> str:
    is_large = int(abs(end - start) * SWEEP > 180)
    path = (
        f"M{_on_circle(x, y, radius, start)}A{radius:g} {radius:g} 0 {is_large} 1 "
        f"{_on_circle(x, y, radius, end)}"
    )
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>'


def _on_circle(x: float, y: float, radius: float, share: float) -> str:
    angle = math.radians(FIRST + SWEEP * share)
    return f"{x + radius * math.cos(angle):.2f} {y + radius * math.sin(angle):.2f}"


def _button(box: Box, x: float, y: float, width: float, height: float) -> str:
    how = box["saved_attribute_attributes"]["valueof"]
    is_on = box["mode"] == 1 and how["parameter_initial"][0]
    return "\n".join(
        (
            _field(x, y, width, height, ON if is_on else FIELD),
            _words(label(box), x + width / 2, y + height / 2 + 3.3),
        )
    )


def _menu(box: Box, x: float, y: float, width: float, height: float) -> str:
    how = box["saved_attribute_attributes"]["valueof"]
    chosen = how["parameter_enum"][how["parameter_initial"][0]]
    arrow = f"M{x + width - 11:g} {y + height / 2 - 2:g}h7l-3.5 5z"
    return "\n".join(
        (
            _field(x, y, width, height, FIELD),
            _words(chosen, x + 5, y + height / 2 + 3.3, "start"),
            f'<path d="{arrow}" fill="{TEXT}"/>',
        )
    )


def _number(box: Box, x: float, y: float, width: float, height: float) -> str:
    how = box["saved_attribute_attributes"]["valueof"]
    words = how["parameter_units"] % how["parameter_initial"][0]
    return "\n".join(
        (
            _field(x, y, width, height, FIELD),
            _words(words, x + width / 2, y + height / 2 + 3.3),
        )
    )


def _gain(box: Box, x: float, y: float, width: float, height: float) -> str:
    top, bottom = y + 14, y + height - 16
    how = box["saved_attribute_attributes"]["valueof"]
    low, high, value = how["parameter_mmin"], how["parameter_mmax"], how["parameter_initial"][0]
    knob = bottom - (bottom - top) * (value - low) / (high - low)
    middle = x + width / 2
    bars = [_field(middle + dx, top, 5, bottom - top, DARK) for dx in (-6, 1)]
    arrow = f"M{middle + 7:g} {knob:.1f}l8 -4v8z"
    return "\n".join(
        (
            _words(label(box), middle, y + 9),
            *bars,
            f'<path d="{arrow}" fill="{TEXT}"/>',
            _words(f"{value:g} dB", middle, y + height - 3),
        )
    )


def _waveform(box: Box, x: float, y: float, width: float, height: float) -> str:
    """Return the field with a loop of four bars in it, as an example."""
    middle, steps = y + height / 2, int(width / 2) - 2
    lines = []
    for step in range(steps):
        beat = 16 * step / steps % 1
        level = (0.15 + 0.8 * math.exp(-5 * beat)) * (0.75 + 0.25 * math.sin(1.7 * step))
        half = level * (height / 2 - 4)
        lines.append(f"M{x + 3 + 2 * step:g} {middle - half:.1f}v{2 * half:.1f}")
    return f'{_field(x, y, width, height, "#d6d6d6")}\n<path d="{"".join(lines)}" stroke="{DARK}"/>'


def _led(box: Box, x: float, y: float, width: float, height: float) -> str:
    return (
        f'<circle cx="{x + width / 2:g}" cy="{y + height / 2:g}" r="{width / 2 - 1.5:g}" '
        f'fill="#e2372b" stroke="{EDGE}"/>'
    )


def _comment(box: Box, x: float, y: float, width: float, height: float) -> str:
    return _words(label(box), x + 3, y + height / 2 + 3.5, "start")


def _field(x: float, y: float, width: float, height: float, colour: str) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="1.5" '
        f'fill="{colour}" stroke="{EDGE}" stroke-width="0.75"/>'
    )


def _words(words: str, x: float, y: float, anchor: str = "middle") -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{FONT_SIZE:g}" text-anchor="{anchor}" '
        f'fill="{TEXT}">{escape(words)}</text>'
    )
