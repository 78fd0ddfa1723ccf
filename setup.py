"""Adds the patches to the package that is built: in a checkout they lie beside it."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PATCHES = Path(__file__).parent / "max_patches"
NOT_SHIPPED = shutil.ignore_patterns("generators", "generate.py", "__pycache__")


class BuildWithPatches(build_py):
    """The build step of Python files, which copies max_patches to msanii_live/patches/shipped."""

    def run(self) -> None:
        """Build the package, then copy the patches, unless the build is editable."""
        super().run()
        if not self.editable_mode:
            shipped = Path(self.build_lib) / "msanii_live" / "patches" / "shipped"
            shutil.copytree(PATCHES, shipped, ignore=NOT_SHIPPED, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithPatches})
