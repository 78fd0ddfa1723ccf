"""Make an engine folder of a checkpoint of the 2023 release, and check that it is the same."""

from __future__ import annotations

from pathlib import Path

import torch

from msanii_live.engines.msanii2023 import load, write
from msanii_live.errors import ConfigError


def convert(file: Path, folder: Path) -> int:
    """Read a checkpoint, write a folder, read that again and compare. Returns the exit status.

    Raises: ConfigError: the file cannot be read or is refused, or the folder cannot be written.
    """
    try:
        model = load(file)
        written = write(folder, model.parts)
        again = load(folder)
    except (OSError, ValueError) as error:
        raise ConfigError(str(error)) from None
    for part, name in zip((model.unet, model.vocoder), ("U-Net", "vocoder"), strict=True):
        print(f"{name}: {sum(p.numel() for p in part.parameters()):,} parameters")
    for name in ("unet", "vocoder", "features"):
        before, after = (getattr(m, name).state_dict() for m in (model, again))
        if not all(torch.equal(before[key], after[key]) for key in before):
            raise ConfigError(f"{written} is not what was written: the disk may be failing")
    print(f"{written}: {written.stat().st_size / 1e6:.1f} MB")
    print(f"msanii-live serve --engine {folder}")
    return 0
