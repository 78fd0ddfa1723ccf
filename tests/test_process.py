"""The server's process."""

import os
import sys
import threading

import pytest

from msanii_live.process import request_priority


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a thread ask for it")
def test_only_the_thread_that_asks_gets_priority():
    policies = []

    def note():
        policies.append(os.sched_getscheduler(0))

    def ask():
        request_priority()
        note()
        started = threading.Thread(target=note)
        started.start()
        started.join()

    before = os.sched_getscheduler(0)
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    granted, later = policies
    assert granted in (os.SCHED_RR | os.SCHED_RESET_ON_FORK, before)  # else it is not allowed
    assert later in (os.SCHED_OTHER, before)
    assert os.sched_getscheduler(0) == before
