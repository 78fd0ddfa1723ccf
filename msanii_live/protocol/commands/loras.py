"""Commands about LoRAs: small weights that change a published model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.command import Command
from msanii_live.protocol.schema import number, text

_ENGINE = "engine that it changes; the default one if absent"


@dataclass(frozen=True, kw_only=True)
class LoraLoad(Command):
    """Load a LoRA into an engine, or change its weight. It holds from the next job on.

    It is the file NAME.safetensors in the folder `loras` of the models' folder.
    """

    address: ClassVar[str] = "/msanii/lora/load"

    name: str = text("name of the LoRA: that of its file without .safetensors", positional=True)
    weight: float = number(
        "how much it changes: 0 nothing, 1 as it was trained", -4, 4, default=1.0, positional=True
    )
    engine: str = text(_ENGINE, default="")


@dataclass(frozen=True, kw_only=True)
class LoraFree(Command):
    """Unload a LoRA from an engine."""

    address: ClassVar[str] = "/msanii/lora/free"

    name: str = text("name of a LoRA that is loaded, or all", positional=True)
    engine: str = text(_ENGINE, default="")


@dataclass(frozen=True, kw_only=True)
class LoraList(Command):
    """List an engine's LoRAs: those that are loaded, and with weight 0 those that could be."""

    address: ClassVar[str] = "/msanii/lora/list"
    reply: ClassVar[str] = "/msanii/lora/entry"
    read_only: ClassVar[bool] = True

    engine: str = text(_ENGINE, default="")
