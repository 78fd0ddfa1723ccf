"""Test whole pieces on the rack: mix, stems, loops, side-chain, rooms, level."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio.limiter import true_peaks
from msanii_live.notes import Note, Score
from msanii_live.rack.audition import loudness
from msanii_live.rack.effects import dynamics
from msanii_live.rack.effects.dynamics import ducking, saturate
from msanii_live.rack.effects.modulation import chorus
from msanii_live.rack.effects.space import convolve, early_side, room_response, tempo_delay
from msanii_live.rack.finish import LOUDNESS, finished
from msanii_live.rack.instruments import INSTRUMENTS
from msanii_live.rack.render import RackOptions, render_score
from msanii_live.rack.rigs import NEUTRAL, RIGS, instrument_of_program, rig_of
from msanii_live.rack.variation import varied_strip
from tests.rack.spectra import RATE, centroid, decay, power, share

STEP = 60.0 / 128 / 4  # s


def groove(bars: int = 1, style: str = "techno", is_loop: bool = True) -> Score:
    """Return a bar of all parts at 128 bpm, repeated."""
    notes = []
    for bar in range(bars):
        first = bar * 16 * STEP
        notes += [Note(first + k * 4 * STEP, first + (k * 4 + 1) * STEP, 36, 110, drum=True)
                  for k in range(4)]  # fmt: skip
        notes += [Note(first + (k * 4 + 2) * STEP, first + (k * 4 + 3) * STEP, 42, 90, drum=True)
                  for k in range(4)]  # fmt: skip
        notes += [Note(first + k * STEP, first + (k + 0.9) * STEP, 33, 95, 38, part="bass")
                  for k in range(16) if k % 4]  # fmt: skip
        for pitch in (57, 60, 64):
            notes.append(Note(first + 2 * STEP, first + 4 * STEP, pitch, 90, 90, part="chords"))
            notes.append(Note(first, first + 16 * STEP, pitch, 80, 89, part="pad"))
        notes.append(Note(first + 6 * STEP, first + 8 * STEP, 76, 90, 80, part="lead"))
    notes.sort(key=lambda n: (n.start, n.pitch))
    return Score(tuple(notes), bars * 16 * STEP, 128.0, is_loop=is_loop, beats=4.0, style=style)


def test_stems_sum_to_the_mix() -> None:
    sound = render_score(groove(), RackOptions(with_stems=True))
    assert tuple(sound.stems) == ("drums", "bass", "chords", "lead", "pad")
    assert np.abs(sum(sound.stems.values()) - sound.mix).max() < 2**-20
    done = finished(sound, is_loop=True)
    assert np.abs(sum(done.stems.values()) - done.mix).max() < 2**-20
    assert np.array_equal(render_score(groove()).mix, sound.mix)


def test_a_render_keeps_its_length_level_and_ceiling() -> None:
    score = groove(2, is_loop=False)
    done = finished(render_score(score, RackOptions(drive=1.0)))
    assert done.mix.shape == (round(score.seconds * RATE), 2)
    assert done.mix.dtype == np.float32
    assert true_peaks(done.mix).max() <= 10 ** (-1 / 20) + 1e-6
    assert abs(float(done.mix.mean())) < 1e-3  # DC below -60 dBFS
    power_db = 10 * np.log10((done.mix**2).mean())
    assert LOUDNESS - 4 < power_db < LOUDNESS + 1


def test_kick_and_bass_lead_in_techno() -> None:
    stems = render_score(groove(2), RackOptions(with_stems=True)).stems
    level = {part: loudness(stem.T) for part, stem in stems.items()}
    others = 10 * np.log10(sum(10 ** (level[p] / 10) for p in ("chords", "lead", "pad")))
    assert level["drums"] > others + 3
    assert 10 * np.log10(10 ** (level["drums"] / 10) + 10 ** (level["bass"] / 10)) > others + 5
    assert level["bass"] > max(level[p] for p in ("chords", "lead", "pad"))


@pytest.mark.parametrize("style", ["techno", "lofi", "dub", "ambient"])
def test_a_loop_has_no_seam(style: str) -> None:
    score = groove(style=style)
    once = render_score(score).mix
    twice = render_score(replace(groove(2, style=style), is_loop=True)).mix
    seam = np.abs(once[0] - once[-1]).max()
    assert seam <= np.abs(np.diff(twice, axis=0)).max() + 1e-4
    joined = np.concatenate([once, once])
    around = joined[len(once) - 200 : len(once) + 200]
    assert np.abs(np.diff(around, axis=0)).max() <= 1.2 * np.abs(np.diff(once, axis=0)).max()


def test_the_side_chain_makes_room_for_the_kick() -> None:
    gain = ducking([0.5], RATE, 9.0, 0.3)
    assert gain[round(0.5 * RATE)] == pytest.approx(10 ** (-9 / 20), abs=0.01)
    assert gain[0] == gain[-1] == 1.0
    assert np.abs(np.diff(gain)).max() < 0.02  # it does not click
    held = Score((Note(0.0, 2.0, 60, 90, 89, part="pad"),), 2.0, 120.0, style="trance")
    kicks = tuple(Note(k * 0.5, k * 0.5 + 0.1, 36, 100, drum=True) for k in range(4))
    alone = render_score(held, RackOptions(with_stems=True)).stems["pad"]
    ducked = render_score(replace(held, notes=(*kicks, *held.notes)),
                          RackOptions(with_stems=True)).stems["pad"]  # fmt: skip
    window = slice(round(1.5 * RATE), round(1.53 * RATE))
    assert np.abs(ducked[window]).mean() < 0.5 * np.abs(alone[window]).mean()


def test_saturation_adds_harmonics_and_little_aliasing() -> None:
    tone = (0.8 * np.sin(2 * np.pi * 3_001.0 * np.arange(RATE) / RATE)).astype(np.float32)
    driven = saturate(tone, 0.35)
    hertz, energy = power(driven)
    third = energy[np.abs(hertz - 9_003.0) < 3].max() / energy.max()
    assert 10 * np.log10(third) > -30
    near = np.abs(hertz / 3_001.0 - np.round(hertz / 3_001.0)) * 3_001.0 < 6.0
    assert 10 * np.log10(energy[~near].max() / energy.max()) < -35
    assert np.array_equal(saturate(tone, 0.0), tone)
    level = np.sqrt((driven**2).mean() / (tone**2).mean())
    assert 0.5 < level < 1.5


def test_a_room_rings_as_long_as_it_says_and_is_wide() -> None:
    response = room_response(1.0)
    assert 0.6 < decay(response, 60) < 1.3
    assert (response**2).sum(1) == pytest.approx([1.0, 1.0], abs=1e-3)
    assert abs(np.corrcoef(response)[0, 1]) < 0.3


def test_early_echoes_make_a_side_of_equal_colour() -> None:
    strike = np.zeros(8_192, dtype=np.float32)
    strike[10] = 1.0
    side = early_side(strike, 200.0)
    assert not side[:10].any()
    assert np.nonzero(np.abs(side) > 0.05)[0].max() < 10 + round(0.021 * RATE)
    hertz, powers = np.fft.rfftfreq(8_192, 1 / RATE), np.abs(np.fft.rfft(side)) ** 2
    for centre in np.geomspace(400, 12_000, 12):
        band = (hertz > centre / 2 ** (1 / 6)) & (hertz <= centre * 2 ** (1 / 6))
        assert abs(10 * np.log10(powers[band].mean())) < 2.5
    assert powers[hertz < 60].mean() < 0.1


def test_music_is_wide_its_lows_are_not_and_mono_loses_little() -> None:
    stems = render_score(groove(2), RackOptions(with_stems=True)).stems

    def width(wave: np.ndarray) -> float:  # side over middle, power
        left, right = wave.T
        return float(((left - right) ** 2).sum() / ((left + right) ** 2).sum())

    assert width(stems["bass"]) < 1e-3
    assert width(stems["drums"]) < 0.05  # the kick is in the middle
    assert 0.15 < width(stems["chords"]) < 1.0  # 1 is a loss of 3 dB in mono
    assert 0.1 < width(stems["lead"]) < 1.0


def test_a_room_of_a_loop_rings_into_its_start() -> None:
    send = np.zeros((2, RATE), np.float32)
    send[:, -100] = 1.0
    wet = convolve(send, room_response(2.0), is_loop=True)
    assert np.abs(wet[:, : RATE // 2]).max() > 1e-3
    line = convolve(send, room_response(2.0))
    assert np.abs(line[:, : RATE // 2]).max() < 1e-6
    assert np.allclose((wet**2).sum(1), 1.0, atol=0.5)


def test_a_delay_is_in_time_changes_sides_and_grows_darker() -> None:
    rng = np.random.default_rng(1)
    send = np.zeros((2, 2 * RATE), np.float32)
    send[:, :2_000] = rng.standard_normal(2_000)
    echoes = tempo_delay(send, 0.25, 0.6)
    step = round(0.25 * RATE)
    first, second = echoes[:, step : step + 2_000], echoes[:, 2 * step : 2 * step + 2_000]
    assert np.abs(echoes[:, : step - 1]).max() == 0.0
    assert np.abs(first[0]).sum() > 2 * np.abs(first[1]).sum()
    assert np.abs(second[1]).sum() > 2 * np.abs(second[0]).sum()
    assert centroid(second) < centroid(first)


def test_a_chorus_widens() -> None:
    tone = np.tile(np.sin(2 * np.pi * 330.0 * np.arange(RATE) / RATE), (2, 1)).astype(np.float32)
    wide = chorus(tone, 0.6)
    assert np.corrcoef(wide)[0, 1] < 0.999
    assert np.abs(wide).max() < 1.3


def test_space_lengthens_and_drive_adds_harmonics() -> None:
    struck = Score((Note(0.0, 0.2, 60, 100, 4, part="chords"),), 4.0, 120.0, style="house")
    dry, wet = render_score(struck).mix, render_score(struck, RackOptions(space=1.0)).mix
    assert decay(wet.T, 30) > 1.3 * decay(dry.T, 30)
    bass = Score((Note(0.0, 1.0, 33, 100, 39, part="bass"),), 1.2, 120.0, style="garage")
    clean, driven = render_score(bass).mix, render_score(bass, RackOptions(drive=1.0)).mix
    assert share(driven.T, 150, 4_000) > 2.0 * share(clean.T, 150, 4_000)


def test_parts_and_an_instrument_can_be_named() -> None:
    sound = render_score(groove(), RackOptions(parts=("bass",), with_stems=True))
    assert tuple(sound.stems) == ("bass",)
    other = render_score(groove(), RackOptions(parts=("bass",), instrument="reese"))
    assert not np.allclose(other.mix, sound.mix, atol=0.01)
    assert not np.abs(render_score(Score((), 1.0)).mix).any()


def test_equal_scores_sound_equal() -> None:
    assert np.array_equal(render_score(groove()).mix, render_score(groove()).mix)


def test_rigs_name_what_there_is() -> None:
    from msanii_live.rack.drums.kits import KITS

    for name, rig in RIGS.items():
        assert set(rig.kits) <= set(KITS), name
        for pool in rig.instruments.values():
            assert set(pool) <= set(INSTRUMENTS), name
    assert {instrument_of_program(program) for program in range(128)} <= set(INSTRUMENTS)
    assert rig_of("Drum-and-bass") is RIGS["drum and bass"]
    assert rig_of("polka") is NEUTRAL


def test_a_long_wave_is_saturated_in_pieces_as_it_would_be_whole(monkeypatch):
    rng = np.random.default_rng(1)
    wave = (0.3 * rng.standard_normal((2, 1_000))).astype(np.float32)
    whole = saturate(wave, 0.6, 0.1)
    monkeypatch.setattr(dynamics, "_PIECE", 64)
    assert np.array_equal(saturate(wave, 0.6, 0.1), whole)


def test_each_program_sounds_unlike_others_and_always_like_itself() -> None:
    first = groove(1, "house")
    others = tuple(replace(n, program=39) if n.part == "bass" else n for n in first.notes)
    second = replace(first, notes=others)
    one, again, other = (
        render_score(score, RackOptions(with_stems=True)).stems["bass"]
        for score in (first, first, second)
    )
    assert np.array_equal(one, again)
    assert not np.allclose(one, other, atol=1e-3)
    named = [render_score(score, RackOptions(instrument="sub")).mix for score in (first, second)]
    assert np.array_equal(*named)  # who names an instrument gets that one


def test_channels_of_programs_keep_their_faders_and_lows() -> None:
    for part, strip in RIGS["dub"].strips.items():
        for program in range(128):
            varied = varied_strip(strip, part, program)
            kept = ("decibels", "duck", "low_cut", "low_mono", "threshold", "width")
            assert all(getattr(varied, name) == getattr(strip, name) for name in kept)
            assert abs(varied.shine - strip.shine) <= 2.0
            assert strip.room / 1.31 <= varied.room <= 1.31 * strip.room
