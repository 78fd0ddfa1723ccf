"""Write every patch from the protocol's table: `python max_patches/generate.py [--out FOLDER]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))


def write(folder: Path) -> list[Path]:
    """Write all that is generated beneath a folder; return the paths, sorted."""
    from max_patches.generators.all_files import generated_files

    written = []
    for name, content in sorted(generated_files().items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append(path)
    return written


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write every patch from the protocol's table.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder (this one)")
    for path in write(parser.parse_args().out):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
