"""Check the sound files that the server writes: bits, dither, rates, chunks."""

import io
import struct
import time
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from msanii_live.audio import Clip, make_clip
from msanii_live.errors import Code
from msanii_live.library.audio_encoding import (
    AudioFormat,
    choose_format,
    encode_clip,
    hindrances,
    parse_format,
    quantise,
)
from tests.library.clips import noise, refusal


@pytest.mark.parametrize(
    ("container", "bits", "form", "subtype"),
    [
        ("wav", 16, "WAV", "PCM_16"), ("wav", 24, "WAV", "PCM_24"), ("wav", 32, "WAV", "FLOAT"),
        ("flac", 16, "FLAC", "PCM_16"), ("flac", 24, "FLAC", "PCM_24"),
        ("aiff", 16, "AIFF", "PCM_16"), ("aiff", 24, "AIFF", "PCM_24"),
        ("aiff", 32, "AIFF", "FLOAT"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rate", [0, 48_000, 96_000])
def test_every_form_is_what_it_says(
    container: str, bits: int, form: str, subtype: str, rate: int
) -> None:
    clip = noise("a", 4_410)
    content, warnings = encode_clip(clip, AudioFormat(container, bits, rate))
    header = soundfile.info(io.BytesIO(content))
    assert (header.format, header.subtype) == (form, subtype)
    assert header.samplerate == (rate or 44_100)
    assert header.frames == round(4_410 * header.samplerate / 44_100)
    assert warnings == ()
    if not rate:
        samples, _ = soundfile.read(io.BytesIO(content), dtype="float32")
        assert np.abs(samples - clip.samples).max() <= (0 if bits == 32 else 1.5 * 2 ** (1 - bits))


@pytest.mark.parametrize("bits", [16, 24])
def test_dither_makes_the_error_independent_of_the_signal(bits: int) -> None:
    step = 2.0 ** (1 - bits)
    for level in (0.0, 0.25, 0.5, 0.7):
        samples = np.full((60_000, 1), 1_000 * step + level * step, np.float32)
        error = quantise(samples, bits).astype(float)
        error = error / (1 if bits == 16 else 256) - samples.astype(float) / step
        if level:
            assert abs(error.mean()) < 0.02
            assert error.std() == pytest.approx(0.5, abs=0.01)  # TPDF: 1/4 + 1/12 - … of an LSB²
        else:
            assert not error.any()  # it has no more bits: nothing to dither


def test_16_bit_sound_stays_bit_for_bit() -> None:
    for seed in range(3):
        values = np.random.default_rng(seed).integers(-32_768, 32_768, (500, 2))
        samples = (values / 32_768).astype(np.float32)
        assert np.array_equal(quantise(samples, 16), values)
        assert np.array_equal(quantise(samples, 24), values * 256 << 8)


@pytest.mark.parametrize("peak", [1.001, 2.0, 50.0])
def test_what_exceeds_full_scale_is_lowered_with_a_warning(peak: float) -> None:
    clip = noise("a")
    samples = (clip.samples / np.abs(clip.samples).max() * np.float32(peak)).astype(np.float32)
    hot = Clip(samples, clip.info)
    content, warnings = encode_clip(hot, AudioFormat("wav", 16))
    assert "above full scale" in warnings[0]
    written, _ = soundfile.read(io.BytesIO(content))
    assert 0.999 < np.abs(written).max() <= 1.0
    content, warnings = encode_clip(hot, AudioFormat())
    assert (np.array_equal(soundfile.read(io.BytesIO(content))[0], samples), warnings) == (True, ())


@pytest.mark.parametrize(("bpm", "beats"), [(120.0, 4), (90.0, 3), (174.0, 0)])
@pytest.mark.parametrize("loops", [True, False])
def test_wavs_carry_tempo_and_loop_points(bpm: float, beats: int, loops: bool) -> None:
    clip = noise("a", 88_200)
    clip = replace(clip, info=replace(clip.info, bpm=bpm, loops=loops))
    content = bytes(encode_clip(clip, AudioFormat())[0])
    assert struct.unpack_from("<I", content, 4)[0] == len(content) - 8
    place = content.index(b"acid") + 8
    flags, _, _, _, count, lower, upper, tempo = struct.unpack_from("<IHHfIHHf", content, place)
    assert flags & 1 == int(not (loops or beats))
    assert (lower, upper, tempo) == (4, 4, bpm)
    assert count == (beats or round(bpm / 30))
    assert (b"smpl" in content) is loops
    if loops:
        place = content.index(b"smpl") + 8
        assert struct.unpack_from("<I", content, place + 28)[0] == 1
        assert struct.unpack_from("<II", content, place + 44) == (0, 88_199)
    samples, _ = soundfile.read(io.BytesIO(content), dtype="float32")
    assert np.array_equal(samples, clip.samples)


def test_without_a_tempo_there_is_no_chunk() -> None:
    for frames in (1, 999, 1_000):
        clip = noise("a", frames, channels=1)
        clip = replace(clip, info=replace(clip.info, bpm=0.0))
        for bits in (16, 24, 32):
            content, _ = encode_clip(clip, AudioFormat("wav", bits))
            assert b"acid" not in content
            assert soundfile.info(io.BytesIO(content)).frames == frames


@pytest.mark.parametrize("container", ["wav", "aiff", "flac"])
def test_equal_sound_is_equal_bytes_at_another_time(
    container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip(np.full((50, 2), 0.25, np.float32), 44_100, bpm=120.0)
    form = AudioFormat(container, 24 if container == "flac" else 32)
    first, _ = encode_clip(clip, form)
    second = int(time.time())
    while int(time.time()) == second:  # libsndfile writes whole seconds
        time.sleep(0.02)
    assert encode_clip(clip, form)[0] == first
    samples, rate = soundfile.read(io.BytesIO(first), dtype="float32")
    assert rate == 44_100
    assert np.array_equal(samples, clip.samples)


def test_words_mean_forms() -> None:
    assert parse_format("wav") == AudioFormat("wav", 32)
    assert parse_format("wav16", 48_000) == AudioFormat("wav", 16, 48_000)
    assert parse_format("flac") == AudioFormat("flac", 24)
    assert parse_format("aiff24").suffix == ".aiff"
    for text in ("mp3", "flac32", "wav8", "", "24"):
        with pytest.raises(ValueError, match=r".+"):
            parse_format(text)


def test_a_copys_form_comes_from_its_path_and_keys() -> None:
    assert choose_format(".WAV", "", None, None) == AudioFormat("wav", 32)
    assert choose_format(".aif", "aiff", 16, 48_000) == AudioFormat("aiff", 16, 48_000)
    assert choose_format(".flac", "", None, None) == AudioFormat("flac", 24)
    for suffix, name in ((".mp3", ""), ("", ""), (".wav", "flac")):
        with refusal(Code.EPATH):
            choose_format(suffix, name, None, None)
    for suffix, bits in ((".flac", 32), (".wav", 20), (".aiff", 17)):
        with refusal(Code.ERANGE):
            choose_format(suffix, "", bits, None)


@pytest.mark.parametrize(
    ("form", "program"),
    [
        ("flac", "Pure Data"),
        ("flac16", "Pure Data"),
        ("aiff32", "32-bit floats"),
        ("aiff16", "Chrome and Firefox"),
        ("wav", ""),
        ("wav24", ""),
    ],
)
def test_a_form_that_hinders_a_patch_is_named(form: str, program: str) -> None:
    found = hindrances(parse_format(form))
    assert program in " ".join(found)
    assert bool(found) is bool(program)
    assert all("--save-format" in sentence for sentence in found)
