"""`msanii-live convert`: an engine folder from a checkpoint of the 2023 release."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.arguments import Commands
from msanii_live.errors import ConfigError


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "convert", help="make an engine folder of a checkpoint of the 2023 release"
    )
    parser.add_argument("file", type=Path, help="the checkpoint, a .pt file; no code in it is run")
    parser.add_argument(
        "folder", type=Path, help="folder to write, for msanii-live serve --engine FOLDER"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    return convert(arguments.file, arguments.folder)


def convert(file: Path, folder: Path) -> int:
    """Read a checkpoint, write a folder, read that again and compare. Returns the exit status.

    Raises: ConfigError: the file cannot be read or is refused, or the folder cannot be written.
    """
    import torch

    from msanii_live.engines.msanii2023 import load, write

    try:
        model = load(file)
        written = write(folder, model.parts)
        again = load(folder)
    except OSError as error:
        raise ConfigError(f"cannot convert {file}: {error}") from None
    except ValueError as error:
        raise ConfigError(f"{error}; give a .pt of the 2023 release") from None
    for part, name in zip((model.unet, model.vocoder), ("U-Net", "vocoder"), strict=True):
        print(f"{name}: {sum(p.numel() for p in part.parameters()):,} parameters")
    for name in ("unet", "vocoder", "features"):
        before, after = (getattr(m, name).state_dict() for m in (model, again))
        if not all(torch.equal(before[key], after[key]) for key in before):
            raise ConfigError(f"{written} is not what was written: the disk may be failing")
    print(f"{written}: {written.stat().st_size / 1e6:.1f} MB")
    print(f"msanii-live serve --engine {folder}")
    return 0
