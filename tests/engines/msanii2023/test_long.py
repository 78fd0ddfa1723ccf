"""190 s in stereo in one pass, with the small reference network: exact, watched, cancelled."""

from dataclasses import replace

import pytest
import torch

from msanii_live.engines.msanii2023.mel_tasks import CORRECTED
from msanii_live.engines.msanii2023.phase import griffin_lim
from msanii_live.engines.msanii2023.pipeline import Msanii2023Pipeline
from tests.engines.msanii2023.reference import reference, relative_error

pytestmark = pytest.mark.slow

WHOLE = 8_387_584  # frames; the paper's audio length


class Stopped(Exception):
    pass


def pipeline(progress):
    generator, model = torch.Generator().manual_seed(0), reference()
    quick = replace(CORRECTED, iterations=1)
    return Msanii2023Pipeline(model, model.unet, generator, progress, quick, steps=1)


@torch.inference_mode()
def test_190_seconds_are_one_pass() -> None:
    seen = []
    job = pipeline(lambda step, steps: seen.append((step, steps)))
    assert job.mel_frames(WHOLE) == 8_192
    wave = job.generate(WHOLE)
    assert wave.shape == (2, WHOLE)
    assert wave.isfinite().all()
    # One evaluation, the vocoder's eight chunks, one iteration, and what begins and ends them.
    assert [step for step, _ in seen] == [0, 1, *[1] * 8, 2, 2, 3]


@torch.inference_mode()
def test_a_cancelled_vocoding_ends_at_the_next_chunk() -> None:
    seen = []

    def progress(step: int, steps: int) -> None:
        seen.append(step)
        if len(seen) == 5:  # the third chunk of the vocoder
            raise Stopped

    with pytest.raises(Stopped):
        pipeline(progress).generate(WHOLE)
    assert seen == [0, 1, 1, 1, 1]


@torch.inference_mode()
def test_long_chunks_of_vocoder_and_phase_search_are_the_whole() -> None:
    """At a fifth of the length, so that the whole is quick as well: 38 s."""
    generator = torch.Generator().manual_seed(0)
    mel = (torch.randn(1, 2, 128, 1_638, generator=generator) * 0.3).clamp(-1, 1)
    vocoder = reference().vocoder
    whole = vocoder(mel)
    assert relative_error(vocoder.forward_in_chunks(mel, 500), whole) <= 1e-4
    takes = [
        griffin_lim(whole, 6, generator=torch.Generator().manual_seed(1), chunk=size)
        for size in (64, 1_638)
    ]
    assert relative_error(*takes) <= 1e-4
