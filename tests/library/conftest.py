"""Give each test of this room an empty shared folder."""

from pathlib import Path

import pytest

from msanii_live.library.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "clips")
