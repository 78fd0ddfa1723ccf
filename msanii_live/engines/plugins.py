"""Where engines come from: entry points, which are imported when an engine is first asked for."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata

from msanii_live.engines.base import PLUGIN_API, Capabilities, Engine, EngineFactory, EngineSettings
from msanii_live.errors import MsaniiError

ENGINE_GROUP = "msanii_live.engines"
FORMAT_GROUP = "msanii_live.formats"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_METHODS = ("load", "warm", "free", "memory_mb", "run")
log = logging.getLogger(__name__)


class PluginError(Exception):
    """The reason why a plug-in cannot be used, in words for its user."""


@dataclass(frozen=True)
class EngineSource:
    """The entry point of an engine and the distribution that it comes from.

    target: "module:attribute" of an `EngineFactory`.
    """

    name: str
    target: str
    distribution: str = "msanii-live"

    def create(self, settings: EngineSettings) -> list[Engine]:
        """Import the factory, check its version, make engines with it, and check these.

        Raises: PluginError: any of it fails; MsaniiError: as the factory raises it.
        """
        try:
            factory: EngineFactory = metadata.EntryPoint(self.name, self.target, "").load()
        except (Exception, SystemExit) as error:  # whatever another package's import may do
            raise PluginError(f"importing {self.target} failed: {_words(error)}") from error
        version = getattr(factory, "plugin_api", None)
        if version != PLUGIN_API:
            raise PluginError(
                f"{self.target} is written for plugin_api {version}, and this server has "
                f"{PLUGIN_API}: install a version of {self.distribution} that fits"
            )
        try:
            made = factory(settings)
        except MsaniiError:
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(f"{self.target} failed: {_words(error)}") from error
        engines = list(made) if isinstance(made, Sequence) else [made]
        for engine in engines:
            _check(engine)
        if not engines or engines[0].name != settings.name:
            names = ", ".join(repr(engine.name) for engine in engines) or "none"
            raise PluginError(f"{self.target} made {names} where {settings.name!r} was asked for")
        return engines


def _check(engine: Engine) -> None:
    """Check that an object looks like an engine. Raises: PluginError."""
    missing = [name for name in _METHODS if not callable(getattr(engine, name, None))]
    missing += [name for name in ("name", "loaded", "precision") if not hasattr(engine, name)]
    if not isinstance(getattr(engine, "capabilities", None), Capabilities):
        missing.append("capabilities")
    if missing:
        raise PluginError(f"its engine lacks {', '.join(missing)}")


def find_plugins(reserved: Collection[str]) -> dict[str, EngineSource]:
    """Return the installed engines by name, without importing any.

    reserved: names that are taken. An engine whose name is taken or unfit is left out, with one
    line in the log.
    """
    found: dict[str, EngineSource] = {}
    for plugin in _entry_points(ENGINE_GROUP):
        where = f"the engine {plugin.name!r} of {plugin.distribution}"
        if not _NAME.fullmatch(plugin.name):
            log.warning("%s is left out: names are 1 to 64 of A-Z a-z 0-9 _ . -", where)
        elif plugin.name in reserved:
            log.warning("%s is left out: the name belongs to this server", where)
        elif plugin.name in found:
            log.warning("%s is left out: %s has it too", where, found[plugin.name].distribution)
        else:
            found[plugin.name] = plugin
    return found


def find_formats(reserved: Collection[str]) -> dict[str, EngineSource]:
    """Return what reads other packages' formats of weights, by format; see `find_plugins`."""
    found: dict[str, EngineSource] = {}
    for plugin in _entry_points(FORMAT_GROUP):
        if plugin.name in reserved or plugin.name in found:
            log.warning(
                "the format %r of %s is left out: it is known", plugin.name, plugin.distribution
            )
        else:
            found[plugin.name] = plugin
    return found


def _entry_points(group: str) -> Iterator[EngineSource]:
    """Yield a group's entry points; a distribution whose list is malformed is one log line."""
    for distribution in metadata.distributions():
        try:
            if f"[{group}]" not in (distribution.read_text("entry_points.txt") or ""):
                continue
            name = distribution.name
            entries = distribution.entry_points.select(group=group)
            sources = [EngineSource(entry.name, entry.value, name) for entry in entries]
        except Exception as error:  # files that another installer wrote
            log.warning("a package's list of engines cannot be read: %s", _words(error))
            continue
        yield from sources


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
