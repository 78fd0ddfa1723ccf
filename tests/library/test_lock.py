"""Check that a folder has one server, and that the lock ends with its process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from msanii_live.errors import ConfigError
from msanii_live.library import lock
from msanii_live.library.lock import NAME, FolderLock

HOLDER = """
import sys
from pathlib import Path
from msanii_live.library.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.readline()
"""


def hold(folder: Path) -> "subprocess.Popen[str]":
    """Lock a folder in another process, until its input ends."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "locked\n"
    return child


def test_the_error_names_the_process_that_holds_it(tmp_path: Path) -> None:
    with hold(tmp_path) as child:
        for _ in range(2):  # the first refusal has not changed the file
            with pytest.raises(ConfigError, match=rf"process {child.pid}, has it.*--folder"):
                FolderLock(tmp_path)
        assert child.stdin is not None
        child.stdin.close()
    FolderLock(tmp_path).release()


def test_it_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    with hold(tmp_path) as child:
        child.kill()
        child.wait()
        mine = FolderLock(tmp_path)
    assert (tmp_path / NAME).read_text().split() == [str(os.getpid())]
    mine.release()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    first = FolderLock(tmp_path / "new")
    with pytest.raises(ConfigError, match=f"process {os.getpid()}"):
        FolderLock(tmp_path / "new")
    first.release()
    first.release()
    FolderLock(tmp_path / "new").release()


def test_a_longer_process_number_of_before_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("1234567890123456789\n")
    FolderLock(tmp_path).release()
    assert (tmp_path / NAME).read_text() == f" {os.getpid()}\n"


def test_a_folder_that_cannot_hold_a_lock_goes_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    FolderLock(tmp_path / "file" / "inside").release()

    def fail(descriptor: int, *, blocking: bool) -> bool:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(lock, "lock_descriptor", fail)
    FolderLock(tmp_path).release()
    FolderLock(tmp_path).release()
