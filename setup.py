"""Put the patches into the package that is built: in a checkout they lie beside it."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PATCHES = Path(__file__).parent / "max_patches"
LEFT_OUT = shutil.ignore_patterns("generators", "generate.py", "__pycache__")


class WithPatches(build_py):
    """Copy max_patches to msanii_live/patches/shipped of what is built, unless it is editable."""

    def run(self) -> None:
        """Build as ever, then copy."""
        super().run()
        if not self.editable_mode:
            shipped = Path(self.build_lib) / "msanii_live" / "patches" / "shipped"
            shutil.copytree(PATCHES, shipped, ignore=LEFT_OUT, dirs_exist_ok=True)


setup(cmdclass={"build_py": WithPatches})
