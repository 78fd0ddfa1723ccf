"""Test the instruments: how they sound, and that they do so cleanly."""

import numpy as np
import pytest

from msanii_live.notes import Note
from msanii_live.rack.audition import audition, loudness
from msanii_live.rack.instruments import INSTRUMENTS
from msanii_live.rack.instruments.bass import BASSES
from msanii_live.rack.instruments.transitions import TRANSITIONS
from msanii_live.rack.levels import LEVELS, LOUDNESS
from msanii_live.rack.voices import NoteClock, slurred
from tests.rack.spectra import RATE, centroid, crossings_hz, share


def played(name: str, *notes: Note, seconds: float = 2.0) -> np.ndarray:
    out = np.zeros((2, round(seconds * RATE)), np.float32)
    INSTRUMENTS[name].play(notes, out)
    return out


def note(pitch: int = 60, velocity: int = 100, start: float = 0.0, length: float = 0.8) -> Note:
    return Note(start, start + length, pitch, velocity)


@pytest.mark.parametrize("name", list(INSTRUMENTS))
def test_an_instrument_is_clean_and_as_loud_as_the_others(name: str) -> None:
    wave = audition(name)
    assert np.isfinite(wave).all()
    assert abs(float(wave.mean())) < 1e-3 * np.abs(wave).max()  # DC below -60 dB
    assert loudness(wave[:, : 2 * RATE]) == pytest.approx(LOUDNESS, abs=1.0)
    assert set(LEVELS) == set(INSTRUMENTS)


@pytest.mark.parametrize("name", list(INSTRUMENTS))
def test_every_key_of_a_keyboard_plays(name: str) -> None:
    for pitch in (0, 12, 108, 120, 127):
        assert np.isfinite(played(name, note(pitch, length=0.1), seconds=0.3)).all()


@pytest.mark.parametrize("name", [n for n in INSTRUMENTS if n not in TRANSITIONS])
def test_a_note_begins_and_ends_at_zero(name: str) -> None:
    wave = played(name, note(48, length=0.3), seconds=6.0)
    assert np.abs(wave[:, 0]).max() < 0.02 * np.abs(wave).max()
    tail = round((0.3 + INSTRUMENTS[name].tail + 0.05) * RATE)
    assert np.abs(wave[:, tail:]).max() == 0.0


@pytest.mark.parametrize("name", [n for n in INSTRUMENTS if n not in TRANSITIONS])
def test_velocity_changes_the_timbre_as_well_as_the_level(name: str) -> None:
    pitch = 40 if name in BASSES else 60
    soft, hard = played(name, note(pitch, 50)), played(name, note(pitch, 120))
    assert np.abs(hard).max() > 2.0 * np.abs(soft).max()
    # The same shape at another level is the same timbre; organs have no other.
    scale = np.abs(hard).max() / np.abs(soft).max()
    difference = np.abs(hard - scale * soft).max() / np.abs(hard).max()
    assert difference > 0.01 or name == "organ"


@pytest.mark.parametrize("name", [n for n in INSTRUMENTS if n not in (*TRANSITIONS, "bell")])
def test_an_instrument_is_in_tune(name: str) -> None:
    pitch = 45 if name in BASSES else 69
    frames, octave = played(name, note(pitch, length=1.9)).mean(0), 110.0 * 2 ** ((pitch - 45) / 12)
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(len(frames)), 8 * RATE))
    hertz = np.fft.rfftfreq(8 * RATE, 1 / RATE)
    near = (hertz > 0.97 * octave) & (hertz < 1.03 * octave)
    found = hertz[near][np.argmax(spectrum[near])]
    assert abs(1_200 * np.log2(found / octave)) < 26  # an oscillator of an ensemble


def test_acid_sweeps_down_and_an_accent_opens_it() -> None:
    wave = played("acid", note(36, 100, length=0.6))
    early, late = wave[:, 200:3_000], wave[:, 18_000:24_000]
    assert centroid(early) > 2.0 * centroid(late)
    accent = played("acid", note(36, 127, length=0.6))[:, 200:3_000]
    assert share(accent, 2_000, 15_000) > 1.3 * share(early, 2_000, 15_000)


def test_acid_slides_where_notes_overlap() -> None:
    slid = played("acid", note(36, length=0.42), note(48, start=0.4, length=0.6))
    apart = played("acid", note(36, length=0.3), note(48, start=0.4, length=0.6))
    window = slice(round(0.401 * RATE), round(0.42 * RATE))
    assert not np.allclose(slid[:, window], apart[:, window], atol=0.05)
    assert len(list(slurred([note(36, length=0.42), note(48, start=0.4)]))) == 1
    assert len(list(slurred([note(36, length=0.3), note(48, start=0.4)]))) == 2
    assert len(list(slurred([note(60), note(64), note(67)]))) == 3  # a chord does not slide


def test_a_sub_is_low_and_in_the_middle() -> None:
    wave = played("sub", note(33))
    assert share(wave, 20, 200) > 0.9
    assert np.allclose(wave[0], wave[1])
    assert crossings_hz(wave, 0.3, 0.7) == pytest.approx(55.0, rel=0.01)


def test_a_reese_beats() -> None:
    wave = played("reese", note(36, length=3.8), seconds=4.0).mean(0)
    level = np.sqrt((wave[: RATE * 7 // 2].reshape(-1, 2_205) ** 2).mean(1))[4:]
    assert level.max() > 1.3 * level.min()


def test_a_pad_moves() -> None:
    wave = played("warm pad", note(60, length=7.5), seconds=8.0)
    bright = [centroid(wave[:, k * RATE : (k + 1) * RATE]) for k in range(1, 7)]
    assert max(bright) > 1.25 * min(bright)


def test_a_bell_rings_in_no_harmonic_relation() -> None:
    wave = played("bell", note(69, 90, length=1.5))
    harmonic = sum(share(wave, 440 * n - 15, 440 * n + 15) for n in range(1, 20))
    assert harmonic < 0.9


def test_a_riser_rises_until_its_end() -> None:
    wave = played("riser", note(60, length=2.0), seconds=2.5)
    parts = [wave[:, k * RATE // 2 : (k + 1) * RATE // 2] for k in range(4)]
    assert [centroid(part) for part in parts] == sorted(centroid(part) for part in parts)
    levels = [float(np.abs(part).mean()) for part in parts]
    assert levels == sorted(levels)
    assert np.abs(wave[:, round(2.1 * RATE) :]).max() == 0.0


def test_a_loop_of_a_held_note_repeats() -> None:
    frames = RATE
    out = np.zeros((2, 3 * frames), np.float32)
    rounds = [note(60, start=k * 1.0, length=0.5) for k in range(3)]
    INSTRUMENTS["sweep pad"].play(rounds, out, NoteClock(frames, frames))
    again = np.zeros_like(out)
    INSTRUMENTS["sweep pad"].play(rounds[1:], again, NoteClock(frames, frames))
    first = np.zeros_like(out)
    INSTRUMENTS["sweep pad"].play(rounds[:1], first, NoteClock(frames, frames))
    assert np.allclose(first[:, :frames], again[:, frames : 2 * frames], atol=1e-6)
