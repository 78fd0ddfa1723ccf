"""Check what an automation keeps, what an overdub replaces, and what is due when."""

import json

import pytest

from msanii_live.timing.automation import Automation, AutomationDraft, AutomationEvent
from msanii_live.timing.automation_run import AutomationRun

MIX, DRIVE = "stream.mix", "stream.drive"


def event(beat, value, name=MIX, **how):
    return AutomationEvent(beat, name, value, **how)


def four(*events):
    return Automation(4.0, events)


def moves(events, name=MIX):
    return [(each.beat, each.value) for each in events if each.name == name]


def test_a_recording_begins_with_the_values_that_there_were():
    draft = AutomationDraft()
    draft.add(event(1.0, 0.5), before=0.25)
    draft.add(event(2.5, 1.0, beats=4.0, shape="ease"), before=0.5)
    draft.add(event(3.0, "house", "stream.style"), before="")
    made = draft.finish(4.0, 3.5)
    assert moves(made.events) == [(0.0, 0.25), (1.0, 0.5), (2.5, 1.0)]
    assert moves(made.events, "stream.style") == [(0.0, ""), (3.0, "house")]
    assert [(each.beats, each.shape) for each in made.events][-2] == (4.0, "ease")


def test_a_move_of_a_slider_keeps_at_most_a_value_every_96th_of_a_beat():
    draft = AutomationDraft()
    for step in range(1, 1_001):
        draft.add(event(step / 1_000, step / 1_000), before=0.0)
    kept = moves(draft.finish(4.0, 1.0).events)
    assert 40 < len(kept) <= 98
    assert kept[-1][1] == 1.0


def test_an_overdub_replaces_a_param_from_its_first_change_to_the_end_of_the_pass():
    base = four(event(0.0, 0.1), event(1.0, 0.2), event(3.0, 0.3), event(2.0, 0.9, DRIVE))
    draft = AutomationDraft(base)
    assert draft.touched == frozenset()
    draft.add(event(2.0, 0.7), before=0.2)
    assert draft.touched == {MIX}
    made = draft.finish(4.0, 4.0)
    assert moves(made.events) == [(0.0, 0.1), (1.0, 0.2), (2.0, 0.7)]
    assert moves(made.events, DRIVE) == [(2.0, 0.9)]
    assert draft.touched == frozenset()
    draft.add(event(0.5, 0.8), before=0.1)  # the next pass, which ends at once
    assert moves(draft.finish(4.0, 0.75).events) == [
        (0.0, 0.1), (0.5, 0.8), (1.0, 0.2), (2.0, 0.7),
    ]  # fmt: skip


def test_an_automation_is_the_same_after_json():
    made = four(event(0.0, 0.25), event(1.5, 0.5, beats=2.0, shape="exp"), event(2.0, "a", "b"))
    assert Automation.from_dict(json.loads(json.dumps(made.as_dict()))) == made


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"length": 0, "events": []},
        {"length": 4, "events": [[5, MIX, 0.5, 0, "linear"]]},
        {"length": 4, "events": [[0, MIX, None, 0, "linear"]]},
        {"length": 4, "events": [[0, MIX]]},
        {"length": "long", "events": []},
        {"length": float("nan"), "events": []},
        {"length": 4, "events": 3},
    ],
)
def test_what_is_no_automation_is_refused(raw):
    with pytest.raises(ValueError, match="automation"):
        Automation.from_dict(raw)


def test_a_loop_is_played_once_a_pass_however_time_is_cut():
    loop = four(event(0.0, 0.0), event(1.0, 0.5), event(3.5, 1.0))
    for step in (0.25, 0.7, 3.9):
        run, found, beat = AutomationRun("a", 0.0, automation=loop), [], 0.0
        while beat < 11.9:
            beat = min(11.9, beat + step)
            found += run.due(beat)
        assert [each.value for each in found] == [0.0, 0.5, 1.0] * 3
    assert loop.next_after(1.0) == 3.5
    assert loop.next_after(7.5) == 8.0


def test_one_that_does_not_repeat_ends():
    run = AutomationRun("a", 0.0, automation=four(event(1.0, 0.5), event(4.0, 1.0)), is_loop=False)
    assert [each.value for each in run.due(9.0)] == [0.5, 1.0]
    assert run.is_over(9.0)
    assert not run.is_over(3.0)


def test_nothing_is_due_before_the_start_nor_twice_when_the_clock_jumps_back():
    run = AutomationRun("a", 0.0, automation=four(event(0.0, 0.1), event(2.0, 0.2)))
    assert run.due(-3.0) == []
    assert [each.value for each in run.due(2.5)] == [0.1, 0.2]
    assert run.due(1.0) == []
    assert [each.value for each in run.due(2.5)] == [0.2]
    assert len(run.due(1_000.0)) <= 2  # after a long pause, no more than one pass


def test_what_was_recorded_in_a_pass_is_played_in_the_next():
    base = four(event(0.0, 0.1), event(3.0, 0.3))
    run = AutomationRun("a", 0.0, automation=base, draft=AutomationDraft(base))
    assert [each.value for each in run.due(1.0)] == [0.1]
    run.draft.add(event(1.0, 0.7), before=0.1)
    assert run.due(3.9) == []  # it is being replaced
    assert [(each.beat, each.value) for each in run.due(7.5)] == [(0.0, 0.1), (1.0, 0.7)]
