"""Check what a connection to Ray leaves as it was."""

import signal

from msanii_live.cluster.link import own_sigterm


def test_the_server_ends_as_ever_on_sigterm_though_ray_takes_the_signal():
    before = signal.getsignal(signal.SIGTERM)
    with own_sigterm():
        signal.signal(signal.SIGTERM, lambda *_: None)
    assert signal.getsignal(signal.SIGTERM) is before
