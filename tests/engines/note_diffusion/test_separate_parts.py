"""Parts that note diffusion plays each by itself."""

import math

import pytest
import torch

from msanii_live.engines.note_diffusion.separate_parts import generate_parts
from msanii_live.errors import Cancelled
from msanii_live.notes import Note
from tests.engines.note_diffusion.test_network import RATE, SPEC, TINY, tiny

BASS = [Note(0.1, 1.4, 40, 90, 33)]
LEAD = [Note(0.2 * n, 0.2 * n + 0.1, 72 + n, 90, 80) for n in range(6)]


def play(parts, frames=100, on_step=lambda: None, lead=0.0):
    generator = torch.Generator().manual_seed(5)
    return generate_parts(tiny(), parts, frames, RATE, generator, 2, on_step, lead)


def test_a_part_does_not_hear_the_others():
    bass, lead = play([BASS, LEAD])
    assert bass.shape == (100, 8)
    assert torch.allclose(bass, play([BASS])[0], atol=1e-3)
    assert torch.allclose(lead, play([LEAD])[0], atol=1e-3)
    assert not torch.allclose(bass, lead, atol=1e-2)


def test_one_part_is_what_the_network_makes_of_its_notes_while_windows_are_whole():
    frames = 2 * TINY.window
    made = tiny().generate(LEAD, frames, RATE, torch.Generator().manual_seed(5), 2)
    assert torch.allclose(play([LEAD], frames)[0], made.mel, atol=1e-4)


def test_a_short_last_window_changes_nothing_before_it():
    whole, cut = play([LEAD], 2 * TINY.window)[0], play([LEAD], TINY.window + 10)[0]
    assert torch.equal(whole[: TINY.window], cut[: TINY.window])
    assert cut.shape == (TINY.window + 10, 8)


@pytest.mark.parametrize("parts", [[LEAD, []], [[], LEAD], [[], []]])
def test_a_part_without_notes_is_silent(parts):
    for notes, mel in zip(parts, play(parts), strict=True):
        if not notes:
            assert torch.allclose(mel, torch.tensor(math.log(SPEC.floor)), atol=1e-4)


def test_a_part_is_silent_in_windows_that_it_does_not_reach():
    late = [Note(3.0, 3.5, 60, 90)]  # windows last 0.46 s
    mel = play([late, LEAD], 400)[0]
    assert torch.allclose(mel[: 6 * TINY.window], torch.tensor(math.log(SPEC.floor)), atol=1e-4)
    assert mel[7 * TINY.window :].std() > 0.01


def test_every_step_is_counted_and_can_end_the_work():
    calls = []
    play([LEAD, BASS], 300, lambda: calls.append(1), lead=0.5)
    assert len(calls) == 2 * tiny().windows(300, 0.5)

    def stop():
        calls.append(1)
        if len(calls) >= 3:
            raise Cancelled(3)

    calls.clear()
    with pytest.raises(Cancelled):
        play([LEAD, BASS], on_step=stop)
    assert len(calls) == 3
