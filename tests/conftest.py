"""Servers that several tests share."""

import os
import signal

import pytest

from tests.live import live

os.environ.setdefault("GOMP_SPINCOUNT", "200")  # before torch, as the command line does
# Started in the background of a shell, this process and its children would ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):  # under nohup they would ignore it, and a test sends it
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def tones(tmp_path_factory):
    """A server with the engine of tones: starts without torch."""
    with live(tmp_path_factory.mktemp("tones"), "--engine", "tones") as it:
        yield it


@pytest.fixture(scope="session")
def flow(tmp_path_factory):
    """A server with the engine that ships."""
    with live(tmp_path_factory.mktemp("flow"), "--device", "cpu") as it:
        yield it
