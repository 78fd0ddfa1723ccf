"""An empty shared folder for each test."""

from pathlib import Path

import pytest

from msanii_live.library.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "clips")
