"""Test the drums against what is known of the real ones."""

import numpy as np
import pytest

from msanii_live.notes import Note
from msanii_live.rack.drums.kits import KEYS, KITS, hit_of
from msanii_live.rack.filters import lowpass
from tests.rack.spectra import RATE, centroid, crossings_hz, decay, share

CLEAN = ("analogue", "deep analogue", "modal", "hybrid")


def sound(kit: str, drum: str, step: int = -2) -> np.ndarray:
    """Return a hit; step: of its force, from the end if negative."""
    forces = KITS[kit].drums[drum].forces
    return hit_of(KITS[kit], drum, step % forces, 0)


@pytest.mark.parametrize("kit", CLEAN)
def test_a_kick_falls_from_a_knock_to_its_note(kit: str) -> None:
    kick = sound(kit, "kick")
    tone = lowpass(kick, 400.0)  # without the click
    assert 95 < crossings_hz(tone, 0.0, 0.03) < 260
    assert 44 < crossings_hz(tone, 0.12, 0.3) < 62
    assert 0.1 < decay(kick) < 0.5
    assert share(kick, 30, 250) > 0.85


def test_the_kick_of_trap_rings() -> None:
    assert decay(sound("long analogue", "kick")) > 1.5 * decay(sound("analogue", "kick"))


@pytest.mark.parametrize("kit", CLEAN)
@pytest.mark.parametrize("hat", ["closed hat", "open hat", "pedal hat"])
def test_hats_lie_above_6_khz(kit: str, hat: str) -> None:
    assert share(sound(kit, hat), 6_000, 22_050) > 0.7


@pytest.mark.parametrize("kit", CLEAN)
def test_an_open_hat_rings_and_a_closed_one_does_not(kit: str) -> None:
    assert decay(sound(kit, "closed hat"), 30) < 0.12
    assert decay(sound(kit, "open hat"), 30) > 0.25


@pytest.mark.parametrize("kit", CLEAN)
def test_a_snare_has_a_tone_and_a_rattle(kit: str) -> None:
    snare = sound(kit, "snare")
    assert share(snare, 150, 450) > 0.1
    assert share(snare, 1_500, 16_000) > 0.15
    assert 0.04 < decay(snare) < 0.3


@pytest.mark.parametrize("kit", ["analogue", "modal"])
def test_a_crash_is_bright_and_rings_for_a_second(kit: str) -> None:
    crash = sound(kit, "crash")
    assert share(crash, 3_000, 22_050) > 0.7
    assert decay(crash, 30) > 0.6


def test_toms_and_congas_are_tuned() -> None:
    for kit in ("analogue", "modal"):
        tuned = [centroid(sound(kit, f"{which} tom")) for which in ("low", "mid", "high")]
        assert tuned == sorted(tuned)
        assert centroid(sound(kit, "low conga")) < centroid(sound(kit, "high conga"))


def test_the_families_differ() -> None:
    for drum in ("kick", "snare", "closed hat"):
        made = [
            sound(kit, drum)[:, : RATE // 10].mean(0) for kit in ("analogue", "modal", "broken")
        ]
        for a, b in ((0, 1), (0, 2), (1, 2)):
            frames = min(len(made[a]), len(made[b]))
            likeness = np.corrcoef(made[a][:frames], made[b][:frames])[0, 1]
            assert abs(likeness) < 0.97, (drum, a, b)


def test_a_broken_kit_is_darker() -> None:
    for drum in ("snare", "open hat", "crash"):
        assert centroid(sound("broken", drum)) < centroid(sound("analogue", drum))


@pytest.mark.parametrize("kit", list(KITS))
def test_every_drum_is_clean(kit: str) -> None:
    for name, drum in KITS[kit].drums.items():
        wave = hit_of(KITS[kit], name, drum.forces // 2, 1)
        assert np.isfinite(wave).all(), name
        # A sound that is panned to a side is up to 3 dB louder there.
        assert drum.decibels - 3.1 < 20 * np.log10(np.abs(wave).max()) < drum.decibels + 3.1, name
        assert abs(float(wave.mean())) < 1e-3 * np.abs(wave).max(), name  # DC below -60 dB
        assert np.abs(wave[:, -1]).max() < 1e-3, name


def test_force_changes_the_sound() -> None:
    soft, hard = sound("analogue", "kick", 1), sound("analogue", "kick", 9)
    assert share(hard, 1_000, 16_000) > 1.5 * share(soft, 1_000, 16_000)
    soft, hard = sound("modal", "snare", 1), sound("modal", "snare", 9)
    assert centroid(hard) > 1.1 * centroid(soft)


def test_hits_in_turn_differ_but_are_always_the_same() -> None:
    kit = KITS["analogue"]
    first, second = hit_of(kit, "snare", 5, 0), hit_of(kit, "snare", 5, 1)
    assert not np.array_equal(first, second)
    hit_of.cache_clear()
    assert np.array_equal(first, hit_of(kit, "snare", 5, 0))


def test_a_closed_hat_ends_an_open_one() -> None:
    kit, out, choked = (
        KITS["analogue"],
        np.zeros((2, RATE), np.float32),
        np.zeros((2, RATE), np.float32),
    )
    ringing = Note(0.0, 0.1, 46, 100, drum=True)
    kit.play([ringing], out)
    kit.play([ringing, Note(0.2, 0.3, 44, 1, drum=True)], choked)
    late = slice(round(0.3 * RATE), round(0.5 * RATE))
    assert np.abs(choked[:, late]).max() < 0.05 * np.abs(out[:, late]).max()


def test_every_key_of_general_midi_plays() -> None:
    for kit in KITS.values():
        for key in range(128):
            assert kit.drum_of(key) in kit.drums
    assert set(KEYS.values()) <= set(KITS["modal"].drums)
