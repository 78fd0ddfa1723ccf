"""Adds patches and documents to the package that is built: in a checkout they lie beside it."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
NOT_SHIPPED = shutil.ignore_patterns("generators", "generate.py", "__pycache__", "pictures")
SHIPPED = {
    "max_patches": "patches/shipped",
    "docs": "cli/shipped/docs",
    "packaging": "cli/shipped/packaging",
}


class BuildWithShippedFiles(build_py):
    """The build step of Python files, which copies the folders of SHIPPED into msanii_live."""

    def run(self) -> None:
        """Build the package, then copy the folders, unless the build is editable."""
        super().run()
        if not self.editable_mode:
            package = Path(self.build_lib) / "msanii_live"
            for folder, target in SHIPPED.items():
                shutil.copytree(
                    ROOT / folder, package / target, ignore=NOT_SHIPPED, dirs_exist_ok=True
                )


setup(cmdclass={"build_py": BuildWithShippedFiles})
