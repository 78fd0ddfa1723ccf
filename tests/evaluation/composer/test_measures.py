import math

import pytest
import torch

from msanii_live.engines.composer.network import ComposerNet, NetworkConfig
from msanii_live.engines.composer.notes import Chord, PartNote
from msanii_live.engines.composer.weights import Composer
from msanii_live.evaluation.composer import measures
from msanii_live.evaluation.composer.evaluate import table_of
from msanii_live.evaluation.composer.tasks import (
    TABLE,
    bass_to_others,
    continuation,
    describe,
)
from msanii_live.training.trainers.composer.held_out import held_out_windows
from msanii_live.training.trainers.composer.pieces import gather
from msanii_live.training.trainers.composer.tables import tables_of
from tests.training.trainers.composer.pieces import STYLES, made

ROOTS = (0, 9, 5, 7)


def looped(bars=8, roots=ROOTS):
    """A triad and its bass a bar, the roots going round."""
    return [
        PartNote(part, bar * 16, bar * 16, 16.0, base + (roots[bar % len(roots)] + up) % 12, 90)
        for bar in range(bars)
        for part, base, up in (("bass", 36, 0), ("chords", 60, 4), ("chords", 60, 7))
    ]


def test_harmony_returns_after_four_bars_and_not_in_a_drone():
    assert measures.harmony_returns(looped(), 8, 16) > 0.5
    assert measures.harmony_returns(looped(roots=(0,)), 8, 16) == pytest.approx(0.0)
    assert math.isnan(measures.harmony_returns([], 4, 16))


def test_bars_that_are_repeated_are_counted():
    assert measures.bars_repeated(looped(), 8, 16) == pytest.approx(4 / 7)
    assert measures.bars_repeated(looped(4), 4, 16) == 0.0


def test_key_and_root():
    chords = [Chord(root, "maj") for root in ROOTS * 2]
    assert measures.lowest_on_root(looped(), chords, 16) == 1.0
    assert measures.lowest_on_root(looped(), [Chord(1, "maj")] * 8, 16) == 0.0
    assert measures.lowest_on_root(looped(), chords, 16, "chords") == 0.0
    assert math.isnan(measures.lowest_on_root([], chords, 16))
    assert measures.in_key(looped(roots=(0,)), 0, False) == 1.0
    assert measures.in_key(looped(roots=(0,)), 0, True) == pytest.approx(2 / 3)


def test_f1_counts_part_step_and_pitch():
    notes = looped()
    assert measures.note_f1(notes, notes) == 1.0
    assert measures.note_f1(notes[:12], notes) == pytest.approx(2 * 12 / 36)
    assert measures.note_f1(notes, notes[:12], first_step=64) == 0.0
    assert measures.strictly_rises([1, 2, 3])
    assert not measures.strictly_rises([1, 2, 2])


def test_held_out_windows_describe_themselves():
    pieces = gather((made(seed, bars=16) for seed in range(6)), STYLES)
    held = held_out_windows(pieces, STYLES, 4)
    orders = [each.order for each in held]
    scores = describe([each.notes for each in held], orders)
    assert len(held) == 4
    assert scores["drum hits a bar"] == scores["bass a bar"] == 4.0
    assert scores["lowest note on the root"] == scores["notes in key"] == 1.0
    assert set(scores) == set(TABLE)
    assert table_of({"real": scores}).count("\n") == len(TABLE) + 1


def test_continuing_is_scored_beside_copying():
    pieces = gather((made(seed, bars=16) for seed in range(3)), STYLES)
    torch.manual_seed(0)
    net = ComposerNet(NetworkConfig(styles=STYLES, width=32, blocks=1, heads=2, hidden=64))
    composer = Composer(net.eval(), tables_of(pieces, STYLES))
    held = held_out_windows(pieces, STYLES, 3)
    scores = continuation(composer, held, 4, 1)
    assert scores["repeating what is known"] == 1.0
    assert 0.0 <= scores["with the truth"] < 0.5
    for each in held:
        each.notes.append(PartNote("chords", 0, 0.0, 4.0, 60, 90))
    bass = bass_to_others(composer, held, 1)
    assert bass["real"] == 1.0
    assert math.isfinite(bass["another piece's bass"])
