"""LoRAs of a published model: loaded, weighed and taken out between jobs."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from msanii_live.errors import Code, CommandError


@dataclass(frozen=True)
class LoadedLora:
    """A LoRA of an engine. file: a safetensors file. weight: 0 changes nothing."""

    file: Path
    weight: float

    @property
    def adapter(self) -> str:
        """The name that peft knows it by, which must be an identifier."""
        return f"lora_{hashlib.blake2b(str(self.file).encode(), digest_size=6).hexdigest()}"


def takes_loras(pipe: Any) -> bool:
    """Return whether diffusers can load LoRAs into a pipeline."""
    return hasattr(pipe, "load_lora_weights")


def check_file(file: Path) -> None:
    """Check that a file holds a LoRA, without reading its weights.

    Raises: CommandError: EENGINE.
    """
    try:
        with safe_open(file, "pt") as weights:
            names = list(weights.keys())
    except (OSError, SafetensorError) as error:
        raise CommandError(Code.EENGINE, f"{file.name} cannot be read: {error}") from None
    if not any("lora" in name.lower() for name in names):
        raise CommandError(Code.EENGINE, f"{file.name} holds weights, but none of a LoRA")


def apply(pipe: Any, model: str, loras: dict[str, LoadedLora]) -> None:
    """Let a pipeline use exactly these LoRAs; those it has stay loaded.

    model: its name, for errors. Raises: CommandError: EENGINE, a LoRA cannot be used.
    """
    if not takes_loras(pipe):
        if loras:
            raise CommandError(
                Code.EENGINE, f"{model} takes no LoRAs: diffusers has no loader for it"
            )
        return
    if find_spec("peft") is None:
        if loras:
            raise CommandError(
                Code.EENGINE, "LoRAs need peft: pip install 'msanii-live[pipelines]'"
            )
        return
    wanted = {lora.adapter: lora for lora in loras.values()}
    there = {name for names in pipe.get_list_adapters().values() for name in names}
    gone = sorted(there - set(wanted))
    if gone:
        pipe.delete_adapters(gone)
    for adapter in wanted.keys() - there:
        _load(pipe, model, wanted[adapter])
    if wanted:
        pipe.set_adapters(list(wanted), [lora.weight for lora in wanted.values()])


def _load(pipe: Any, model: str, lora: LoadedLora) -> None:
    check_file(lora.file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the libraries, about each other
            pipe.load_lora_weights(
                str(lora.file.parent), weight_name=lora.file.name, adapter_name=lora.adapter,
                local_files_only=True, use_safetensors=True,
            )  # fmt: skip
    except (ValueError, KeyError, RuntimeError) as error:
        if "memory" in str(error):
            raise
        pipe.delete_adapters([lora.adapter])
        raise CommandError(
            Code.EENGINE,
            f"{lora.file.name} does not fit {model}: {str(error).splitlines()[0][:200]}",
        ) from None
    there = {name for names in pipe.get_list_adapters().values() for name in names}
    if lora.adapter not in there:
        raise CommandError(Code.EENGINE, f"{lora.file.name} does not fit {model}: no layer took it")
