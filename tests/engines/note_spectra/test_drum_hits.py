"""Drum hits: their place, level and stereo, drums that end each other, loops, and their files."""

import numpy as np
import pytest

from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.note_spectra.drum_hits import KEYS, RATE, DrumHits, decode, encode
from msanii_live.engines.note_spectra.engine import WEIGHTS
from msanii_live.engines.note_spectra.spectra import load
from msanii_live.notes import Note

SECOND = RATE
KICK, SNARE, CLOSED, OPEN = 36, 38, 42, 46


def toy_hits() -> DrumHits:
    """Two kits of one hit, a tone of a second that is louder on the left; nothing on key 87."""
    time = np.arange(SECOND) / RATE
    tone = np.stack([0.8 * np.sin(2_500 * time), 0.2 * np.sin(2_500 * time)]).astype(np.float32)
    numbers = np.zeros((2, len(KEYS)), np.int16)
    numbers[:, -1] = -1
    gains = np.array([[0.5], [0.25]], np.float32) * np.ones((2, len(KEYS)), np.float32)
    return DrumHits((0, 25), numbers, gains, (encode(tone),))


def hit(start: float, key: int = SNARE, velocity: int = 100, program: int = 0) -> Note:
    return Note(start, start + 0.05, key, velocity, program, drum=True, part="drums")


def level(wave: np.ndarray, start: float, end: float) -> float:
    return float(np.sqrt((wave[0, round(start * RATE) : round(end * RATE)] ** 2).mean()))


def test_a_hit_begins_at_its_frame_and_keeps_its_stereo() -> None:
    wave = toy_hits().play([hit(0.5)], 2 * SECOND)
    assert wave.shape == (2, 2 * SECOND)
    assert not wave[:, : SECOND // 2].any()
    assert level(wave, 0.5, 0.501) > 0.01
    left, right = (np.abs(channel).max() for channel in wave)
    assert left == pytest.approx(0.4, rel=0.1)
    assert right == pytest.approx(left / 4, rel=0.1)


def test_amplitude_follows_the_square_of_the_velocity() -> None:
    loud, soft = (toy_hits().play([hit(0.0, velocity=v)], SECOND) for v in (100, 50))
    assert soft * 4 == pytest.approx(loud, abs=1e-5)


def test_kits_differ_and_what_is_not_there_is_silent_or_replaced() -> None:
    hits = toy_hits()
    first, second, other = (hits.play([hit(0, program=p)], SECOND) for p in (0, 25, 30))
    assert second * 2 == pytest.approx(first, abs=1e-5)
    assert np.array_equal(other, first)
    assert not hits.play([hit(0, KEYS[-1])], SECOND).any()
    assert hits.play([hit(0, 5)], SECOND).any()


def test_hats_end_each_other_and_other_drums_ring() -> None:
    hits = toy_hits()
    opened = hits.play([hit(0, OPEN), hit(0.3, CLOSED, velocity=1)], SECOND)
    assert level(opened, 0.2, 0.3) > 0.2
    assert level(opened, 0.35, 0.9) < 1e-3
    rung = hits.play([hit(0, KICK), hit(0.3, CLOSED, velocity=1)], SECOND)
    assert level(rung, 0.35, 0.9) > 0.2
    together = hits.play([hit(0, OPEN), hit(0.005, CLOSED)], SECOND)
    assert level(together, 0.35, 0.9) > 0.2


def test_what_rings_at_the_end_of_a_loop_is_heard_at_its_start() -> None:
    hits = toy_hits()
    line, loop = (hits.play([hit(0.2)], SECOND // 2, is_loop) for is_loop in (False, True))
    assert not line[:, :8_000].any()
    assert level(loop, 0.05, 0.15) > 0.2
    closed = hits.play([hit(0.2, OPEN), hit(0.4, CLOSED, 1)], SECOND // 2, is_loop=True)
    assert level(closed, 0.05, 0.15) < 1e-3


def test_a_hit_that_began_before_rings_on() -> None:
    wave = toy_hits().play([hit(-0.5)], SECOND)
    assert level(wave, 0.1, 0.4) > 0.2
    assert level(wave, 0.55, 0.9) < 1e-3


def test_a_hit_is_kept_nearly_as_it_is() -> None:
    rng = np.random.default_rng(1)
    strike = rng.standard_normal((2, 8_820)) * np.exp(-np.arange(8_820) / 1_500) / 6
    read = decode(encode(strike.astype(np.float32)))
    assert read.shape == strike.shape
    powers = [np.abs(np.fft.rfft(w))[:, 50:3_500].reshape(2, 10, -1) ** 2 for w in (read, strike)]
    got, true = (10 * np.log10(each.mean(-1)) for each in powers)
    assert got == pytest.approx(true, abs=1.5)
    with pytest.raises(ValueError, match="cannot be read"):
        decode(b"no sound")


@pytest.mark.skipif(not (SHIPPED_WEIGHTS / WEIGHTS).exists(), reason="the hits are not there")
def test_drums_that_ship_strike_at_once_and_cymbals_ring() -> None:
    hits = load(SHIPPED_WEIGHTS / WEIGHTS).hits
    for kit in hits.kits:
        for key in (KICK, SNARE, CLOSED):
            wave = hits.hit(kit, key)
            peak = np.abs(wave).max()
            assert peak > 0.01
            assert int(np.argmax(np.abs(wave).max(0) > 0.1 * peak)) < 0.01 * RATE
    assert hits.hit(0, 49).shape[1] > 1.5 * SECOND  # a crash
    assert hits.hit(0, OPEN).shape[1] > 0.5 * SECOND
