"""The engines there are; a new one is its file and one line here."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from msanii_live.engines.base import Engine
from msanii_live.errors import Code, CommandError, ConfigError


@dataclass(frozen=True)
class Setting:
    """Hold what an engine is made with: device, vocoder, whether to compile, precision."""

    device: str
    vocoder: str = "vocos"
    compiled: bool = False
    precision: str = "auto"


def _mel_flow(setting: Setting) -> Engine:
    from msanii_live.engines.mel_flow import MelFlow  # torch is loaded only when it is wanted

    return MelFlow(setting.device, vocoder=setting.vocoder, precision=setting.precision)


def _tones(setting: Setting) -> Engine:
    from msanii_live.engines.fake import Tones

    return Tones()


def _mel2mel(setting: Setting) -> Engine:
    from msanii_live.engines.mel2mel import MelToMel

    return MelToMel(setting.device, vocoder=setting.vocoder, precision=setting.precision)


def _spectrogram(setting: Setting) -> Engine:
    from msanii_live.engines.note_diffusion import NoteDiffusionEngine

    return NoteDiffusionEngine(setting.device, vocoder=setting.vocoder, precision=setting.precision)


FACTORIES: dict[str, Callable[[Setting], Engine]] = {
    "mel-flow": _mel_flow,
    "mel2mel": _mel2mel,
    "spectrogram": _spectrogram,
    "tones": _tones,
}
# Who carries out what the default engine cannot, where a command names no engine.
STAND_INS = {"/msanii/render": "mel2mel"}


def _from_path(path: Path, setting: Setting) -> Sequence[Engine]:
    """Make engines of a folder that training or `convert` wrote, or of a file of weights.

    The first is the one that the path stands for.
    """
    from msanii_live.engines import mel2mel, msanii2023, note_diffusion, spectrogram
    from msanii_live.engines.mel_flow import WEIGHTS, MelFlow

    if (path / spectrogram.INDEX).exists():
        return [spectrogram.SpectrogramEngine(setting.device, path)]
    if (path / note_diffusion.WEIGHTS).exists():
        weights = path / note_diffusion.WEIGHTS
        return [
            note_diffusion.NoteDiffusionEngine(
                setting.device, weights, path.name, setting.vocoder, setting.precision
            )
        ]
    if (path / mel2mel.WEIGHTS).exists():
        weights = path / mel2mel.WEIGHTS
        return [
            mel2mel.MelToMel(setting.device, weights, path.name, setting.vocoder, setting.precision)
        ]
    name = (path if path.is_dir() else path.with_suffix("")).name
    of_2023 = path / msanii2023.WEIGHTS if path.is_dir() else path
    if path.suffix == ".pt" or (of_2023.name == msanii2023.WEIGHTS and of_2023.exists()):
        return msanii2023.engines_of(
            path, name, setting.device, setting.compiled, setting.precision
        )
    weights = path / WEIGHTS if path.is_dir() else path
    return [MelFlow(setting.device, weights, name, setting.vocoder, setting.precision)]


class Shelf:
    """Keep engines warm, each made when it is first asked for. Safe to use from any thread."""

    def __init__(
        self,
        device: str,
        default: str,
        vocoder: str = "vocos",
        compiled: bool = False,
        precision: str = "auto",
    ) -> None:
        """Take the device's name and the default engine: a name, or a path to weights."""
        self._setting = Setting(device, vocoder, compiled, precision)
        self._engines: dict[str, Engine] = {}
        self._lock = threading.RLock()
        path = Path(default).expanduser()
        if default not in FACTORIES and (path.suffix == ".safetensors" or path.exists()):
            made = _from_path(path.absolute(), self._setting)
            self._engines |= {engine.name: engine for engine in made}
            default = made[0].name
        self.default = default

    @property
    def device(self) -> str:
        """Where models run; "auto" until one has been loaded."""
        if self._setting.device != "auto" or "torch" not in sys.modules:
            return self._setting.device
        from msanii_live.models.device import pick_device

        return pick_device("auto").type

    @property
    def precision(self) -> str:
        """The precision of the default engine's networks; the one asked for until it is loaded."""
        with self._lock:
            engine = self._engines.get(self.default)
        return (engine.precision if engine is not None else "") or self._setting.precision

    def check_default(self) -> None:
        """Refuse a default engine that does not exist, before anything is started.

        Raises: ConfigError: naming the engines there are.
        """
        if self.default not in self._engines and self.default not in FACTORIES:
            raise ConfigError(
                f"engine is {self.default!r}: there are {', '.join(FACTORIES)}, "
                "or give a path to weights"
            )

    def names(self) -> list[str]:
        """Return every engine's name, the default one first."""
        known = dict.fromkeys([self.default, *self._engines, *FACTORIES])
        return list(known)

    def get(self, name: str = "") -> Engine:
        """Return an engine by name, the default one for "".

        Raises: CommandError: EENGINE, naming the engines there are.
        """
        wanted = name or self.default
        with self._lock:
            if wanted not in self._engines:
                factory = FACTORIES.get(wanted)
                if factory is None:
                    raise CommandError(
                        Code.EENGINE,
                        f"no engine is called {wanted}; there are {', '.join(FACTORIES)}",
                    )
                self._engines[wanted] = factory(self._setting)
            return self._engines[wanted]

    def serving(self, name: str, address: str) -> Engine:
        """Return the engine for a command: the one it names, the default, or one that can do it.

        Raises: CommandError: EENGINE, no engine has the name.
        """
        found = self.get(name)
        if name or address in found.capabilities.verbs or address not in STAND_INS:
            return found
        return self.get(STAND_INS[address])

    def state(self, name: str) -> str:
        """Return "loaded" or "free" for an engine."""
        with self._lock:
            engine = self._engines.get(name)
        return "loaded" if engine is not None and engine.loaded else "free"

    def verbs(self, name: str) -> tuple[str, ...]:
        """Return what an engine can do; empty for one that was never asked for."""
        with self._lock:
            engine = self._engines.get(name)
        return engine.capabilities.verbs if engine is not None else ()

    def memory_mb(self) -> float:
        """Return device memory in use by loaded engines, MB."""
        with self._lock:
            return max((e.memory_mb() for e in self._engines.values() if e.loaded), default=0.0)
