"""A JACK server for the tests that hear what a sound device gets."""

import pytest

from tests.playback.jackdummy import jack_dummy


@pytest.fixture
def jack_server():
    with jack_dummy():
        yield
