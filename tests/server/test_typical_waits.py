"""Check what `/msanii/caps` tells of how long jobs take."""

from types import SimpleNamespace

from msanii_live.jobs.span_rates import TypicalWaits
from msanii_live.server.status import wait_facts


def test_the_waits_of_each_engine_that_has_made_a_clip_are_told() -> None:
    waits = TypicalWaits()
    assert wait_facts(SimpleNamespace(waits=waits)) == []
    waits.add("tones", None, 0.25)
    waits.add("mel-flow", 0.125, 0.5)
    assert wait_facts(SimpleNamespace(waits=waits)) == [
        ("first-sound-ms-mel-flow", "125"),
        ("file-ms-mel-flow", "500"),
        ("file-ms-tones", "250"),
    ]
