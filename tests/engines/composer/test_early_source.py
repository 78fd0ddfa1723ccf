"""What stays of a source is handed over before new bars are composed, and is that of the clip."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from msanii_live.engines.spans import SpanPlan
from msanii_live.errors import Cancelled
from msanii_live.protocol.commands import Inpaint, Outpaint
from tests.engines.composer.test_tasks import RIFF, SEAM, run
from tests.engines.composer.tiny import tiny_composer


@pytest.fixture(scope="module")
def composer():
    return tiny_composer()


@dataclass
class Heard:
    """A receiver that keeps what it gets."""

    plans: list[SpanPlan] = field(default_factory=list)
    spans: list[np.ndarray] = field(default_factory=list)

    def begin(self, plan):
        self.plans.append(plan)

    def take(self, samples):
        self.spans.append(samples)


@pytest.mark.parametrize(
    ("command", "edges"),
    [
        (Outpaint(src="riff", bars=1), [len(RIFF.samples) - SEAM]),
        (Inpaint(src="riff", start=2.0, end=4.0), [88_200 - SEAM, 176_400 + SEAM]),
        (Inpaint(src="riff", start=2.0, end=99.0), [88_200 - SEAM]),
    ],
)
def test_what_is_handed_over_is_the_clip(composer, command, edges):
    heard = Heard()
    made = run(composer, command, spans=heard)
    assert np.array_equal(np.concatenate(heard.spans), made.samples)
    (plan,) = heard.plans
    assert plan.frames == made.info.frames
    assert list(np.cumsum(plan.spans)[:-1]) == edges
    assert [len(span) for span in heard.spans] == list(plan.spans)


@pytest.mark.parametrize(
    "command",
    [
        Outpaint(src="riff", bars=1, keep=0),
        Outpaint(src="riff", bars=1, side="left"),
        Inpaint(src="riff", start=0.0, end=2.0),
        Inpaint(src="riff", start=2.0, end=4.0, parts="bass", stems=1),
    ],
)
def test_nothing_is_handed_over_where_nothing_stays_at_the_start(composer, command):
    heard = Heard()
    run(composer, command, spans=heard)
    assert not heard.plans


def test_the_source_is_there_before_the_first_step_of_the_sampler(composer):
    heard = Heard()

    def cancel(step, steps):
        if step:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(composer, Outpaint(src="riff", bars=1), spans=heard, progress=cancel)
    (kept,) = heard.spans
    assert np.array_equal(kept, RIFF.samples[:-SEAM])
