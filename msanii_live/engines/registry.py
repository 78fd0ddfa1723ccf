"""The engines of a server, each made when it is first asked for."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from msanii_live.config_file import expand_path
from msanii_live.engines.base import Engine, EngineSettings, OffloadMode
from msanii_live.engines.builtin import (
    ALIASES,
    BUILT_IN,
    FALLBACKS,
    PIPELINES,
    SHIPPED_LICENCE,
    canonical_name,
)
from msanii_live.engines.formats import find_weights
from msanii_live.engines.plugins import EngineSource, PluginError, find_formats, find_plugins
from msanii_live.errors import Code, CommandError, ConfigError
from msanii_live.hub.store import find_model_folder, stored_models
from msanii_live.protocol.commands import GenerationCommand

log = logging.getLogger(__name__)


class EngineRegistry:
    """A server's engines: built-in, of installed packages, or for weights that the user gave.

    Safe to use from any thread. Making one engine does not delay questions about the others.
    """

    def __init__(
        self,
        device: str,
        default: str,
        vocoder: str = "vocos",
        compiled: bool = False,
        precision: str = "auto",
        trust_remote_code: bool = False,
        offload: OffloadMode = "none",
        cuda_graphs: bool = False,
    ) -> None:
        """Take the settings of engines and the default one.

        default: a name, a path to weights, or the name or repository of a published model that was
        fetched. trust_remote_code: run code that lies in a model's folder. offload, cuda_graphs:
        as of `EngineSettings`.
        Raises: ConfigError: no engine reads the weights at the path, or the model is not here.
        """
        self._settings = EngineSettings(
            device, vocoder, compiled, precision,
            trust_remote_code=trust_remote_code, offload=offload, cuda_graphs=cuda_graphs,
        )  # fmt: skip
        self._plugins = find_plugins({*BUILT_IN, *ALIASES})
        self._models = {
            model.name: model.path
            for model in stored_models()
            if model.name not in {*BUILT_IN, *ALIASES, *self._plugins}
        }
        self._engines: dict[str, Engine] = {}
        self._failures: dict[str, str] = {}
        self._given: set[str] = set()  # names of engines of weights that the user gave
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        self.default = self._resolve_default(default)

    @property
    def device(self) -> str:
        """Where models run; "auto" until one has been loaded."""
        if self._settings.device != "auto" or "torch" not in sys.modules:
            return self._settings.device
        from msanii_live.dsp.device import pick_device

        return pick_device("auto").type

    @property
    def precision(self) -> str:
        """The precision of the default engine's networks; the one asked for until it is loaded."""
        engine = self._existing(self.default)
        own = str(_ask(engine, "precision", "")) if engine is not None else ""
        return own or self._settings.precision

    def check_default(self) -> None:
        """Check that the default engine exists, before anything is started.

        A plug-in is imported for it. Raises: ConfigError: naming the engines there are.
        """
        if self.default not in self.names(without_default=True):
            raise ConfigError(
                f"engine is {self.default!r}: there are "
                f"{', '.join(self.names(without_default=True))}, or give a path to weights"
            )
        if self.default in self._plugins:
            try:
                self.get()
            except CommandError as error:
                raise ConfigError(error.text) from None

    def names(self, without_default: bool = False) -> list[str]:
        """Return every engine's name, the default one first; imports none of them."""
        with self._lock:
            made = list(self._engines)
        built_in = [name for name, spec in BUILT_IN.items() if spec.has_weights]
        first = [] if without_default else [self.default]
        return list(dict.fromkeys([*first, *made, *built_in, *self._plugins, *self._models]))

    def get(self, name: str = "") -> Engine:
        """Return an engine by name, the default one for "".

        Raises: CommandError: EENGINE, there is none of the name, or it cannot be made.
        """
        wanted = self._canonical(name or self.default)
        with self._lock:
            if wanted in self._engines:
                return self._engines[wanted]
            making = self._making.setdefault(wanted, threading.Lock())
        with making:
            engine = self._existing(wanted)
            if engine is None:
                engine = self._create(wanted)
                with self._lock:
                    self._engines[wanted] = engine
            return engine

    def serving(self, name: str, address: str) -> Engine:
        """Return the engine for a command: the one it names, the default, or one that can do it.

        Raises: CommandError: EENGINE, no engine has the name, or it cannot do this; the text names
        the engines that can.
        """
        engine = self.get(name)
        if address in engine.capabilities.verbs:
            return engine
        if not name and address in FALLBACKS:
            return self.get(FALLBACKS[address])
        raise self._unsupported(engine.name, address)

    def check_serving(self, name: str, address: str) -> None:
        """Check as `serving` does, without making an engine: quick enough for the event loop.

        An engine of a plug-in that was never asked for passes. Raises: CommandError: EENGINE.
        """
        wanted = self._canonical(name or self.default)
        if self._existing(wanted) is None and wanted not in self._models:
            self._source(wanted)
        verbs = self.verbs(wanted)
        if verbs and address not in verbs and (name or address not in FALLBACKS):
            raise self._unsupported(wanted, address)

    def plain_name(self, name: str) -> str:
        """Return the present name for an old one, and "" for the default engine's."""
        plain = self._canonical(name)
        return "" if plain == self.default else plain

    def default_steps(self, name: str) -> int:
        """Return an engine's denoising steps if a command gives none; 0 before it is made."""
        engine = self._existing(self._canonical(name or self.default))
        return engine.capabilities.steps if engine is not None else 0

    def state(self, name: str) -> str:
        """Return "loaded" or "free" for an engine."""
        engine = self._existing(self._canonical(name))
        return "loaded" if engine is not None and _ask(engine, "loaded", False) else "free"

    def verbs(self, name: str) -> tuple[str, ...]:
        """Return what an engine can do; empty for a plug-in that was never asked for."""
        name = self._canonical(name)
        engine = self._existing(name)
        if engine is not None:
            return engine.capabilities.verbs
        if name in self._models:
            return BUILT_IN[PIPELINES].verbs
        return BUILT_IN[name].verbs if name in BUILT_IN else ()

    def followers(self, command: GenerationCommand, keys: Sequence[str]) -> list[str]:
        """Return the engines that carry a command out and are known to follow all of some keys."""
        return [
            name
            for name in self.names()
            if command.address in self.verbs(name) and set(keys) <= set(self._follows(name))
        ]

    def free_loaded(self) -> list[str]:
        """Free every engine that is loaded; return their names. For the worker's thread."""
        with self._lock:
            engines = list(self._engines.values())
        loaded = [engine for engine in engines if _ask(engine, "loaded", False)]
        for engine in loaded:
            engine.free()
        return [engine.name for engine in loaded]

    def licence(self, name: str) -> str:
        """Return the licence of an engine's weights, in words; "" where nobody claims anything."""
        name = self._canonical(name)
        own = str(getattr(self._existing(name), "licence", ""))
        is_shipped = name in BUILT_IN and BUILT_IN[name].has_weights and name not in self._given
        return own or (SHIPPED_LICENCE if is_shipped and name not in self._plugins else "")

    def memory_mb(self) -> float:
        """Return device memory in use by loaded engines, MB."""
        with self._lock:
            engines = list(self._engines.values())
        loaded = [engine for engine in engines if _ask(engine, "loaded", False)]
        return max((float(_ask(engine, "memory_mb", 0.0)) for engine in loaded), default=0.0)

    def _unsupported(self, name: str, address: str) -> CommandError:
        """Return the error of an engine that lacks a verb; it names the engines that have it."""
        able = [other for other in self.names() if address in self.verbs(other)]
        return CommandError(
            Code.EENGINE,
            f"the engine {name} cannot {address.rpartition('/')[2]}"
            + (f": {', '.join(able)} can" if able else ""),
        )

    def _canonical(self, name: str) -> str:
        with self._lock:
            return name if name in self._engines else canonical_name(name)

    def _follows(self, name: str) -> tuple[str, ...]:
        engine = self._existing(name)
        if engine is not None:
            return engine.capabilities.follows or ()
        return BUILT_IN[name].follows if name in BUILT_IN else ()

    def _existing(self, name: str) -> Engine | None:
        with self._lock:
            return self._engines.get(name)

    def _resolve_default(self, default: str) -> str:
        """Return the default engine's name, after making the engines of weights if it is a path."""
        name = canonical_name(default)
        is_name = name in self._plugins or (name in BUILT_IN and BUILT_IN[name].has_weights)
        path = expand_path("engine", default, "--engine")
        if is_name:
            return name
        if path.suffix == ".safetensors" or _exists(path):
            path = path.absolute()
            name = path.name if path.is_dir() else path.stem
        else:
            found = find_model_folder(default)
            if found is None:
                return name
            path, name = (
                found,
                next(
                    (known for known, folder in self._models.items() if folder == found), found.name
                ),
            )
        engines = self._create_for_weights(path, name)
        self._engines |= {engine.name: engine for engine in engines}
        return engines[0].name

    def _create_for_weights(self, path: Path, name: str) -> list[Engine]:
        """Make the engines of a path. Raises: ConfigError."""
        sources = {
            form: EngineSource(own, spec.factory)
            for own, spec in BUILT_IN.items()
            for form in spec.formats
        }
        sources |= find_formats(sources)
        weights = find_weights(path, sources)
        self._given.add(name)
        source = sources[weights.format]
        try:
            return source.create(replace(self._settings, name=name, weights=weights.path))
        except PluginError as error:
            raise ConfigError(
                f"{path} needs the engine {source.name} of {source.distribution}, which cannot be "
                f"used: {error}"
            ) from None

    def _create(self, name: str) -> Engine:
        """Make an engine by name. Raises: CommandError: EENGINE."""
        if name in self._models:
            try:
                return self._create_for_weights(self._models[name], name)[0]
            except ConfigError as error:
                raise CommandError(Code.EENGINE, str(error)) from None
        source = self._source(name)
        if name not in self._failures:
            try:
                return source.create(replace(self._settings, name=name))[0]
            except PluginError as error:
                log.warning("the engine %s of %s: %s", name, source.distribution, error)
                log.debug("where it failed", exc_info=error)
                self._failures[name] = str(error)
        raise CommandError(
            Code.EENGINE,
            f"the engine {name} of {source.distribution} cannot be used: {self._failures[name]}",
        )

    def _source(self, name: str) -> EngineSource:
        """Return where an engine comes from. Raises: CommandError: EENGINE, there is none."""
        if name in self._plugins:
            return self._plugins[name]
        if name not in BUILT_IN:
            text = f"no engine is called {name}; there are {', '.join(self.names())}"
            raise CommandError(Code.EENGINE, f"{text}, and after a restart those installed since")
        if not BUILT_IN[name].has_weights:
            raise CommandError(
                Code.EENGINE, f"{name} has no weights of its own: serve --engine PATH gives it some"
            )
        return EngineSource(name, BUILT_IN[name].factory)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # such as a name that is too long for the system
        return False


def _ask(engine: Engine, name: str, otherwise: Any) -> Any:
    """Return an attribute of an engine, or what its method returns.

    A plug-in that fails to answer must not end a status request.
    """
    try:
        value = getattr(engine, name)
        return value() if callable(value) else value
    except Exception:
        log.exception("the engine %s failed to report its %s", engine.name, name)
        return otherwise
