"""What is heard of notes, with sine tones in place of the network that plays."""

import pytest

from msanii_live.engines.composer.conditions import PieceConditions
from msanii_live.engines.composer.notes import Chord, PartNote
from msanii_live.engines.tones import sines
from msanii_live.evaluation.composer.sound import (
    BARS,
    SOUND_TABLE,
    in_disorder,
    measure_sound,
    sound_orders,
)
from msanii_live.training.trainers.composer.held_out import HeldOutWindow
from tests.engines.composer.tiny import tiny_composer

ROOTS = (0, 9, 5, 7)


def window():
    """Return eight bars of C Am F G, twice."""
    notes = [
        PartNote("chords", bar * 16, bar * 16.0, 16.0, 60 + (ROOTS[bar % 4] + interval) % 12, 90)
        for bar in range(BARS)
        for interval in ((0, 3, 7) if ROOTS[bar % 4] == 9 else (0, 4, 7))
    ]
    chords = [Chord(ROOTS[bar % 4]) for bar in range(BARS)]
    order = PieceConditions(bars=BARS, style="pop", minor=False, tempo=120.0, chords=chords)
    return HeldOutWindow(notes, order)


def test_a_progression_is_heard_to_return_and_one_in_disorder_is_not():
    orders = sound_orders(tiny_composer(), [window()])
    true = orders[0].score(window().notes)
    mixed = orders[0].score(in_disorder(window().notes, 16, BARS, 3))
    assert true.seconds == 16.0
    assert sorted(n.pitch for n in mixed.notes) == sorted(n.pitch for n in true.notes)
    columns = measure_sound(
        orders, {"true": [true], "disorder": [mixed]}, lambda score, seed: sines(score)
    )
    assert set(columns["true"]) == set(SOUND_TABLE)
    assert columns["true"]["harmony's return"] > 0.3
    assert columns["disorder"]["harmony's return"] < columns["true"]["harmony's return"] - 0.2
    assert columns["true"]["tonal share"] > 0.9
    assert columns["true"]["key found"] == 1.0
    assert columns["true"]["onset sharpness"] == pytest.approx(
        columns["disorder"]["onset sharpness"], abs=0.5
    )
