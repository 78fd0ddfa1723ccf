"""What is on the page of a touch controller: pads, actions and faders, from the command table."""

from __future__ import annotations

from dataclasses import dataclass

from max_patches.generators.device_parameters import STYLES
from msanii_live.protocol.commands import PARAMS
from msanii_live.protocol.schema import arguments

WIDTH, HEIGHT = 1024, 640  # of the page, pixels
GAP = 8
REFRESH = 2000  # ms between two questions for the params, so that faders follow other clients
REGISTER = 20_000  # ms between two registrations, which last 60 s
ASK_PARAMS, NOTIFY = "/msanii/param/*", "/msanii/notify"

# Label on the page, address and values.
ACTIONS = (
    ("Go on", "/msanii/outpaint", ("current", "bars", 4, "play", 1)),
    ("Vary", "/msanii/audio2audio", ("current", "strength", 0.5, "play", 1)),
    ("Loop last", "/msanii/play", ("last", "loop", 1)),
    ("Stop", "/msanii/stop", ("fade", 2)),
    ("Stream", "/msanii/stream/start", ("current",)),
    ("End stream", "/msanii/stream/stop", ("fade", 2)),
    ("Cancel all", "/msanii/job/cancel", ("all",)),
)


@dataclass(frozen=True)
class Control:
    """A control on the page. low, high: the range of a fader, None for a button.

    place: left, top, width and height in pixels.
    """

    name: str
    label: str
    address: str
    values: tuple[int | float | str, ...]
    place: tuple[int, int, int, int]
    low: float | None = None
    high: float | None = None

    @property
    def is_fader(self) -> bool:
        """True for a fader, false for a button."""
        return self.high is not None


def controls() -> list[Control]:
    """Return all controls: a pad for each style, the actions, and a fader for each float param."""
    return [*_grid(_pads(), 0, 5), *_grid(_actions(), 2, len(ACTIONS)), *_faders()]


def _pads() -> list[tuple[str, str, str, tuple[int | float | str, ...]]]:
    tail = ("bpm", 124, "bars", 4, "play", 1)
    return [(f"style_{word}", word, "/msanii/generate", ("style", word, *tail)) for word in STYLES]


def _actions() -> list[tuple[str, str, str, tuple[int | float | str, ...]]]:
    return [(label.lower().replace(" ", "_"), label, *rest) for label, *rest in ACTIONS]  # type: ignore[misc]


def _grid(
    listed: list[tuple[str, str, str, tuple[int | float | str, ...]]], row: int, columns: int
) -> list[Control]:
    """Return buttons in rows of so many. row: of the first, from the top."""
    width = (WIDTH - GAP) // columns - GAP
    made = []
    for index, (name, label, address, values) in enumerate(listed):
        place = (
            GAP + index % columns * (width + GAP), 48 + (row + index // columns) * 98, width, 90,
        )  # fmt: skip
        made.append(Control(name, label, address, values, place))
    return made


def _faders() -> list[Control]:
    """Return faders for the params that are floats. Below 0 a param is left to the engine."""
    found = []
    for param in PARAMS:
        value = arguments(param)[0]
        if value.kind == "f" and value.high is not None:
            found.append((param.address, max(0.0, value.low or 0.0), value.high))
    width = (WIDTH - GAP) // len(found) - GAP
    return [
        Control(
            address.rpartition("/")[2].replace(".", "_"), address.rpartition(".")[2], address, (),
            (GAP + index * (width + GAP), 378, width, 60), low, high,
        )
        for index, (address, low, high) in enumerate(found)
    ]  # fmt: skip
