import numpy as np
import pytest
import torch

from msanii_live.engines.composer.complete import CompletionOptions, complete, nothing_known
from msanii_live.engines.composer.conditions import PieceConditions, batch_of
from msanii_live.engines.composer.network import SUREST, ComposerNet, NetworkConfig, evidence
from msanii_live.engines.composer.notes import METRES, Chord, PartNote, steps_per_bar
from msanii_live.engines.composer.roll import WIDTH
from msanii_live.engines.composer.sampling import sample_euler, shifted_levels
from msanii_live.engines.composer.weights import Composer
from msanii_live.notes import PARTS
from tests.engines.composer.test_roll import some_notes

FAST = CompletionOptions(steps=2)


@pytest.fixture(scope="module")
def composer():
    """An untrained network whose notes are not too rare."""
    torch.manual_seed(3)
    net = ComposerNet(NetworkConfig(styles=("a", "b"), width=32, blocks=1, heads=2, hidden=64))
    with torch.no_grad():
        net.leave.weight.mul_(20)
        net.leave.bias.zero_().sub_(2.0)
    return Composer(net.eval())


def test_the_sampler_follows_the_flow_to_the_prediction():
    goal, seen, done = torch.full((2, 3), 5.0), [], []

    def denoise(x, level):
        seen.append(level.tolist())
        return goal

    levels = shifted_levels(3)
    assert torch.equal(sample_euler(denoise, torch.randn(2, 3), levels, done.append), goal)
    assert seen == [[pytest.approx(level)] * 2 for level in (1.0, 6 / 7, 0.6)]
    assert done == [1, 2, 3]


@pytest.mark.parametrize("metre", METRES)
def test_the_same_seed_gives_the_same_notes(composer, metre):
    order = PieceConditions(
        bars=2, metre=metre, tonic=7, style="a", chords=[Chord(7, "maj", 11), None]
    )
    first, again, other = (
        complete(composer, [], nothing_known(2), order, seed, FAST) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert first
    assert all(0 <= note.step < order.steps for note in first)


@pytest.mark.parametrize("amount", [1.0, 0.5])
def test_known_bars_and_parts_come_back_as_they_are(composer, amount):
    notes = some_notes((4, 4), 4, 0.2)
    mask = nothing_known(4)
    mask[:2] = True
    mask[:, PARTS.index("bass")] = True
    options = CompletionOptions(steps=2, amount=amount)
    order = PieceConditions(bars=4, tonic=4, swing=0.2)
    made = complete(composer, notes, mask, order, 5, options)

    def kept(some):
        return [n for n in some if n.step < 32 or n.part == "bass"]

    assert kept(made) == kept(notes)
    assert kept(made) != made


def test_varying_hardly_changes_what_is_hardly_noisy():
    class Remembers(ComposerNet):
        """Sees through the noise: says of each place what it most looks like."""

        def forward(self, x, known, level, conditions):
            return x * 20

    net = Remembers(NetworkConfig(styles=("a",), width=32, blocks=1, heads=2))
    notes = some_notes((4, 4), 0, 0.0)
    order = PieceConditions(bars=4, style="a")
    options = CompletionOptions(steps=2, amount=0.05)
    made = complete(Composer(net), notes, nothing_known(4), order, 1, options)
    assert {(n.part, n.step, n.pitch) for n in made} == {(n.part, n.step, n.pitch) for n in notes}


def test_progress_can_cancel(composer):
    class Stop(Exception):
        pass

    def progress(done, steps):
        assert steps == 2
        raise Stop

    with pytest.raises(Stop):
        complete(composer, [], nothing_known(1), PieceConditions(bars=1), 0, FAST, progress)


def test_guidance_changes_the_answer_and_known_notes_stay(composer):
    order = PieceConditions(bars=1, style="a", chords=[Chord(0, "maj")])
    given = [PartNote("bass", 0, 0.0, 4.0, 40, 90)]
    mask = nothing_known(1)
    mask[:, 1] = True
    plain = complete(composer, given, mask, order, 1, FAST)
    guided = complete(composer, given, mask, order, 1, CompletionOptions(steps=2, guidance=4.0))
    assert plain != guided
    assert given[0] in plain
    assert given[0] in guided


def test_errors_say_what_is_wrong(composer):
    with pytest.raises(ValueError, match="17 bars are 272 steps"):
        complete(composer, [], nothing_known(17), PieceConditions(bars=17), 0)
    with pytest.raises(ValueError, match="mask"):
        complete(composer, [], nothing_known(2), PieceConditions(bars=1), 0)
    with pytest.raises(ValueError, match="style 'polka' is not one of a, b"):
        complete(composer, [], nothing_known(1), PieceConditions(bars=1, style="polka"), 0)
    with pytest.raises(ValueError, match="steps 0"):
        shifted_levels(0)


def test_a_bits_own_evidence_is_bayes_rule():
    """A network that knows nothing else gives the posterior of independent, even bits."""
    level, x = torch.tensor([0.5]), torch.full((1, 1, WIDTH), 0.3)
    logit = evidence(x, level)[0, 0, 0].item()
    on, off = (
        torch.distributions.Normal(0.5 * b, 0.5).log_prob(torch.tensor(0.3)) for b in (1, -1)
    )
    assert logit == pytest.approx((on - off).item(), rel=1e-4)
    assert evidence(x, torch.tensor([0.01])).abs().max() <= SUREST
    assert evidence(x, torch.tensor([1.0])).abs().max() == 0.0


def test_chords_are_told_relative_to_the_tonic():
    one, other = (
        batch_of(
            [PieceConditions(bars=1, tonic=t, chords=[Chord((t + 7) % 12, "dom7", (t + 11) % 12)])],
            (),
        ).bars
        for t in (0, 9)
    )
    assert torch.equal(one, other)
    assert one[0, 0].nonzero().ravel().tolist()[0] == 7


def test_a_batch_has_one_metre():
    with pytest.raises(ValueError, match="one metre"):
        batch_of([PieceConditions(bars=1), PieceConditions(bars=1, metre=(3, 4))], ())
    assert steps_per_bar((3, 4)) == 12
    assert np.all(~nothing_known(3))
