"""Commands of a performance: undo, scenes, automation, and the mapping of MIDI controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.command import Command, at_argument
from msanii_live.protocol.commands.params import MAX_CURVE_BEATS
from msanii_live.protocol.schema import integer, number, text

SCENE_NAME = "name of the scene: letters, digits, '_', '.' and '-'"
AUTOMATION_NAME = "name of the automation: letters, digits, '_', '.' and '-'"
CONTROLS = ("cc", "note", "pressure")


@dataclass(frozen=True, kw_only=True)
class Undo(Command):
    """Undo what you did last: naming, freeing or replacing a clip, or changing a param.

    Each client undoes its own changes, up to 100 of them. A client is known by where its replies
    go; the pages of one machine are one client. A MIDI control that is mapped to undo acts on what
    was done last by anyone. A clip that was replaced comes back from the trash, and the one in its
    place goes there. A change that meets a taken name can be undone once that name is free.
    """

    address: ClassVar[str] = "/msanii/undo"


@dataclass(frozen=True, kw_only=True)
class Redo(Command):
    """Do again what you undid last."""

    address: ClassVar[str] = "/msanii/redo"


@dataclass(frozen=True, kw_only=True)
class UndoList(Command):
    """List what you can undo, the next one first, and then what you can do again."""

    address: ClassVar[str] = "/msanii/undo/list"
    reply: ClassVar[str] = "/msanii/undo/entry"
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class SceneSave(Command):
    """Save params, stream, tempo, MIDI mappings, loops and the automation that plays, as a scene.

    A scene is a file `scenes/NAME.json` in the shared folder. An earlier scene of that name is
    replaced, unless its file was edited by hand.
    """

    address: ClassVar[str] = "/msanii/scene/save"

    name: str = text(SCENE_NAME, takes_numbers=True, positional=True)


@dataclass(frozen=True, kw_only=True)
class SceneLoad(Command):
    """Return to a scene, at once or over some beats.

    Over that time numbers glide, tempo included, and loops crossfade. What cannot glide, such as a
    style, changes at the start. So two scenes are morphed by loading one and then the other.
    """

    address: ClassVar[str] = "/msanii/scene/load"

    name: str = text(SCENE_NAME, takes_numbers=True, positional=True)
    time: float = number("how long the change takes", 0, MAX_CURVE_BEATS, default=0.0, unit="beats")


@dataclass(frozen=True, kw_only=True)
class SceneFree(Command):
    """Delete a scene. A file that was edited by hand is left alone."""

    address: ClassVar[str] = "/msanii/scene/free"

    name: str = text(SCENE_NAME, takes_numbers=True, positional=True)


@dataclass(frozen=True, kw_only=True)
class SceneList(Command):
    """List the scenes."""

    address: ClassVar[str] = "/msanii/scene/list"
    reply: ClassVar[str] = "/msanii/scene/entry"
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class AutomationRecord(Command):
    """Record every change of a param from now on, with its beat, whoever makes it.

    Beats count from the last bar line. `/msanii/automation/stop` ends the recording at the next bar
    line and keeps it as a file `automation/NAME.json` in the shared folder. With `overdub` the
    automation repeats meanwhile: from a param's first new change on, until the end of that pass or
    of the recording, its earlier changes are replaced.
    """

    address: ClassVar[str] = "/msanii/automation/record"

    name: str = text(AUTOMATION_NAME, takes_numbers=True, positional=True)
    overdub: int = integer("1: over what is recorded under that name", 0, 1, default=0)


@dataclass(frozen=True, kw_only=True)
class AutomationPlay(Command):
    """Play recorded changes of params in time with the transport.

    One automation plays at a time. It follows the tempo, and stands still while the transport does.
    Other changes of a param count until the next one that is played. A change is set some
    milliseconds after its beat, not on its audio frame, since the next chunk of the stream uses it.
    """

    address: ClassVar[str] = "/msanii/automation/play"

    name: str = text(AUTOMATION_NAME, takes_numbers=True, positional=True)
    loop: int = integer("1: repeat until stopped", 0, 1, default=1)
    at: str = at_argument("it starts", default="bar")


@dataclass(frozen=True, kw_only=True)
class AutomationStop(Command):
    """End and keep what is being recorded, and end what is being played."""

    address: ClassVar[str] = "/msanii/automation/stop"


@dataclass(frozen=True, kw_only=True)
class AutomationFree(Command):
    """Delete an automation, or drop the one that is being recorded. Files edited by hand stay."""

    address: ClassVar[str] = "/msanii/automation/free"

    name: str = text(AUTOMATION_NAME, takes_numbers=True, positional=True)


@dataclass(frozen=True, kw_only=True)
class AutomationList(Command):
    """List the automation in the shared folder, and what is recorded or played."""

    address: ClassVar[str] = "/msanii/automation/list"
    reply: ClassVar[str] = "/msanii/automation/entry"
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class MapLearn(Command):
    """Map the next MIDI control that is moved to a param or a command.

    The answer comes at once. `/msanii/map/entry` comes when a control has been moved, to you and to
    the topic `map`. A controller moves a param only once it has reached the param's value, so that
    nothing jumps. A command is sent when a note begins or a controller passes its middle upwards.
    Mappings are kept in the shared folder. `page.NAME` maps a dial or slider of the web page.
    """

    address: ClassVar[str] = "/msanii/map/learn"

    param: str = text(
        "a param, such as stream.mix, or a command, such as 'play loop1 loop 1'",
        positional=True,
        has_numbers=True,
    )
    control: str = text(
        "kind of control: cc, note, or pressure (aftertouch); the first that is moved if absent",
        default="",
        choices=("", *CONTROLS),
    )
    low: float | None = number(
        "value at the control's lower end; the param's least if absent", -1e6, 1e6, default=None
    )
    high: float | None = number(
        "value at its upper end; the param's largest if absent", -1e6, 1e6, default=None
    )


@dataclass(frozen=True, kw_only=True)
class MapList(Command):
    """List the mappings of MIDI controls."""

    address: ClassVar[str] = "/msanii/map/list"
    reply: ClassVar[str] = "/msanii/map/entry"
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class MapFree(Command):
    """Remove the mappings to a param or command, or all. A learn that waits ends, too."""

    address: ClassVar[str] = "/msanii/map/free"

    param: str = text(
        "param or command, as it was learnt, or all", positional=True, has_numbers=True
    )
