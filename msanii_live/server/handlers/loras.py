"""Handlers of the commands about LoRAs."""

from __future__ import annotations

from msanii_live.engines.base import LoraEngine, has_loras
from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import Code, CommandError
from msanii_live.hub.loras import find_lora, lora_names
from msanii_live.protocol import replies
from msanii_live.protocol.commands import LoraFree, LoraList, LoraLoad
from msanii_live.server.handler import Answer, Call, HandlerTable, on_engine, on_worker


class LoraHandlers:
    """Commands that load, free and list LoRAs, between jobs."""

    def __init__(self, registry: EngineRegistry) -> None:
        """Take the engines."""
        self._registry = registry

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            LoraLoad: on_worker(self._load),
            LoraFree: on_worker(self._free),
            LoraList: on_engine(self._list),
        }

    def _engine(self, name: str) -> LoraEngine:
        engine = self._registry.get(name)
        if not has_loras(engine):
            raise CommandError(
                Code.EENGINE, f"engine {engine.name} takes no LoRAs: ACE-Step models do"
            )
        return engine

    def _load(self, command: LoraLoad, call: Call) -> Answer:
        engine, file = self._engine(command.engine), find_lora(command.name)
        engine.set_loras({**engine.loras(), file.stem: (file, command.weight)})
        return Answer()

    def _free(self, command: LoraFree, call: Call) -> Answer:
        engine = self._engine(command.engine)
        loras = dict(engine.loras())
        if command.name == "all":
            loras.clear()
        elif loras.pop(command.name.removesuffix(".safetensors"), None) is None:
            loaded = ", ".join(loras) or "none"
            raise CommandError(
                Code.ENOCLIP, f"no LoRA {command.name!r} is loaded; these are: {loaded}"
            )
        engine.set_loras(loras)
        return Answer()

    def _list(self, command: LoraList, call: Call) -> Answer:
        engine = self._engine(command.engine)
        loras = engine.loras()
        weights = {name: weight for name, (_, weight) in loras.items()}
        names = [*weights, *(name for name in lora_names() if name not in weights)]
        return Answer(
            [
                replies.LORA_ENTRY(call.token, name, engine.name, weights.get(name, 0.0))
                for name in names
            ]
        )
