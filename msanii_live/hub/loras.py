"""The LoRAs on this machine: safetensors files in one folder. Nothing here reaches out."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from msanii_live.errors import Code, CommandError
from msanii_live.hub.store import models_folder

FOLDER = "loras"  # in the folder of models
SUFFIX = ".safetensors"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,63}")


def loras_folder() -> Path:
    """Return the folder in which LoRAs lie."""
    return models_folder() / FOLDER


def lora_names() -> list[str]:
    """Return the names of the LoRAs, in order."""
    try:
        names = [path.stem for path in loras_folder().glob(f"*{SUFFIX}")]
    except OSError:
        return []
    return sorted(name for name in names if _NAME.fullmatch(name))


def find_lora(name: str) -> Path:
    """Return the file of a LoRA.

    Raises: CommandError: ERANGE, the name is illegal; ENOCLIP, there is none; EENGINE, it is a
    pickle.
    """
    plain = name.removesuffix(SUFFIX)
    if not _NAME.fullmatch(plain):
        raise CommandError(Code.ERANGE, f"{name!r} is no name of a LoRA: it is a file without path")
    path = loras_folder() / f"{plain}{SUFFIX}"
    if path.is_file():
        return path
    for suffix in PICKLES:
        if (loras_folder() / f"{plain}{suffix}").is_file():
            raise CommandError(
                Code.EENGINE,
                f"{plain}{suffix} is a pickle, which could run code: convert it to {plain}{SUFFIX}",
            )
    closest = difflib.get_close_matches(plain, lora_names(), 3, cutoff=0.0)
    hint = f"; the closest are {', '.join(closest)}" if closest else ""
    raise CommandError(
        Code.ENOCLIP, f"no LoRA {plain!r} in {loras_folder()}: put {plain}{SUFFIX} there{hint}"
    )
