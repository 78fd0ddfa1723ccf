"""Handlers of the commands about engines."""

from __future__ import annotations

from msanii_live.engines.base import KEYS_OF_1_0
from msanii_live.engines.registry import EngineRegistry
from msanii_live.protocol import replies
from msanii_live.protocol.commands import EngineFree, EngineInfo, EngineList, EngineLoad
from msanii_live.server.handler import Answer, Call, Handler, HandlerTable, on_engine, on_worker
from msanii_live.server.handlers.loras import LoraHandlers


class EngineHandlers:
    """Commands that list, describe, load and free engines, with those about their LoRAs."""

    def __init__(self, registry: EngineRegistry) -> None:
        """Take the engines."""
        self._registry = registry

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            EngineList: Handler(self._list),
            EngineInfo: on_engine(self._info),
            EngineLoad: on_worker(self._load),
            EngineFree: on_worker(self._free),
            **LoraHandlers(self._registry).table(),
        }

    def _list(self, command: EngineList, call: Call) -> Answer:
        registry = self._registry
        return Answer(
            [
                replies.ENGINE_ENTRY(
                    call.token, name, registry.state(name), _verb_words(registry.verbs(name))
                )
                for name in registry.names()
            ]
        )

    def _info(self, command: EngineInfo, call: Call) -> Answer:
        engine = self._registry.get(command.engine)
        can = engine.capabilities
        facts = [
            ("state", "loaded" if engine.loaded else "free"),
            ("verbs", _verb_words(can.verbs)),
            ("sample-rate", str(can.sample_rate)),
            ("channels", str(can.channels)),
            ("longest-seconds", f"{can.max_seconds:g}"),
            ("steps", str(can.steps)),
            ("styles", " ".join(can.styles)),
            ("timbres", " ".join(can.timbres)),
            ("follows", " ".join(KEYS_OF_1_0 if can.follows is None else can.follows)),
            ("licence", self._registry.licence(engine.name)),
        ]
        return Answer([replies.ENGINE_INFO(call.token, engine.name, *fact) for fact in facts])

    def _load(self, command: EngineLoad, call: Call) -> Answer:
        engine = self._registry.get(command.engine)
        engine.load()
        engine.warm()
        return Answer()

    def _free(self, command: EngineFree, call: Call) -> Answer:
        self._registry.get(command.engine).free()
        return Answer()


def _verb_words(verbs: tuple[str, ...]) -> str:
    """Return command addresses as words: "generate outpaint"."""
    return " ".join(verb.rsplit("/", 1)[1] for verb in verbs)
