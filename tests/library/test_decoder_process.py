"""Check the decoder as the program it is: its header, its samples, its limits."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msanii_live.library import decoder_process
from msanii_live.library.decoder_process import HEADER_BYTES, Refused, read

RATE = 44_100


def decode(path: Path, rate: int = RATE) -> tuple[dict[str, object], np.ndarray]:
    """Run the program; return its header and its samples."""
    run = subprocess.run(
        [sys.executable, "-P", decoder_process.__file__, str(path), str(rate)],
        capture_output=True, check=True, timeout=180,
    )  # fmt: skip
    assert run.stderr == b""
    assert run.stdout[HEADER_BYTES - 1 : HEADER_BYTES] == b"\n"
    samples = np.frombuffer(run.stdout, np.float32, offset=HEADER_BYTES).reshape(-1, 2)
    return json.loads(run.stdout[:HEADER_BYTES]), samples


def test_a_file_is_written_out_bit_for_bit(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, (5_000, 2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    header, samples = decode(tmp_path / "a.wav")
    assert header == {"frames": 5_000, "warnings": []}
    assert np.array_equal(samples, sound)


def test_a_refusal_is_a_header_without_samples(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"no sound")
    header, samples = decode(tmp_path / "a.wav")
    assert set(header) == {"refused"}
    assert str(header["refused"]).startswith("cannot be read as sound: ")
    assert len(samples) == 0


def test_it_runs_without_the_package(tmp_path: Path) -> None:
    """Check that its start is as cheap as its three imports."""
    soundfile.write(tmp_path / "a.wav", np.zeros((10, 2)), RATE)
    code = (
        "import runpy, sys\n"
        f"sys.argv[1:] = [{str(tmp_path / 'a.wav')!r}, '44100']\n"
        f"runpy.run_path({decoder_process.__file__!r}, run_name='__main__')\n"
        "found = [n for n in sys.modules if n.startswith(('msanii_live', 'torch'))]\n"
        "sys.exit(f'it imports {found}' if found else 0)\n"
    )
    run = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, cwd=tmp_path, timeout=180
    )
    assert run.returncode == 0, run.stderr.decode()


def test_mono_becomes_stereo(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, (500, 1)).astype(np.float32)
    soundfile.write(tmp_path / "mono.wav", sound, RATE, subtype="FLOAT")
    samples, warnings = read(str(tmp_path / "mono.wav"), RATE)
    assert np.array_equal(samples, sound[:, [0, 0]])
    assert warnings == []


@pytest.mark.parametrize(
    ("channels", "left", "right"),
    [
        (3, [1, 0, 0.7071], [0, 1, 0.7071]),
        (4, [1, 0, 0.7071, 0], [0, 1, 0, 0.7071]),
        (6, [1, 0, 0.7071, 0, 0.7071, 0], [0, 1, 0.7071, 0, 0, 0.7071]),
        (8, [1, 0, 0.7071, 0, 0.7071, 0, 0.7071, 0], [0, 1, 0.7071, 0, 0, 0.7071, 0, 0.7071]),
    ],
)
def test_surround_is_mixed_down_with_a_warning(
    tmp_path: Path, channels: int, left: list[float], right: list[float]
) -> None:
    for channel in range(channels):
        sound = np.zeros((500, channels), np.float32)
        sound[:, channel] = 0.5
        soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
        samples, warnings = read(str(tmp_path / "a.wav"), RATE)
        assert samples[100].tolist() == pytest.approx(
            [0.5 * left[channel], 0.5 * right[channel]], abs=1e-4
        )
        assert warnings == [f"has {channels} channels: they were mixed down to stereo"]


def test_another_rate_is_resampled_at_pitch(tmp_path: Path) -> None:
    wave = 0.5 * np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
    soundfile.write(tmp_path / "a.wav", wave, 48_000, subtype="FLOAT")
    samples, _ = read(str(tmp_path / "a.wav"), RATE)
    assert samples.shape == (RATE, 2)
    assert samples.dtype == np.float32
    assert np.argmax(np.abs(np.fft.rfft(samples[:, 0]))) == 1_000


@pytest.mark.parametrize("kept", [0.3, 0.5, 0.9])
def test_a_wav_that_is_cut_short_is_read_and_told(tmp_path: Path, kept: float) -> None:
    whole, cut = tmp_path / "whole.wav", tmp_path / "cut.wav"
    soundfile.write(whole, np.full((4_000, 2), 0.25, np.float32), 44_100, subtype="PCM_16")
    content = whole.read_bytes()
    size = 44 + int(kept * (len(content) - 44)) // 4 * 4
    cut.write_bytes(content[:size])
    samples, warnings = read(str(cut), 44_100)
    assert len(samples) == (size - 44) // 4
    missing = len(content) - size
    assert warnings == [f"is cut short: {missing} of the bytes that it declares are missing"]
    for unknown in (b"\xff\xff\xff\xff", b"\x00\xf0\xff\x7f"):  # as a program writes to a pipe
        cut.write_bytes(content[:40] + unknown + content[44:])
        samples, warnings = read(str(cut), 44_100)
        assert (len(samples), warnings) == (4_000, [])


def test_nan_and_infinity_become_silence(tmp_path: Path) -> None:
    sound = np.array([[0.5, np.nan], [np.inf, -0.25], [-np.inf, 0.0]], np.float32)
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    assert read(str(tmp_path / "a.wav"), RATE)[0].tolist() == [[0.5, 0.0], [0.0, -0.25], [0.0, 0.0]]


def test_what_is_beyond_a_limit_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusal(frames: int = 100, rate: int = RATE, channels: int = 2) -> str:
        soundfile.write(tmp_path / "a.wav", np.zeros((frames, channels)), rate)
        with pytest.raises(Refused) as caught:
            read(str(tmp_path / "a.wav"), RATE)
        return str(caught.value)

    assert "9 channels: at most 8" in refusal(channels=9)
    assert "4000 Hz: 8000 to 192000" in refusal(rate=4_000)
    assert "has no samples" in refusal(frames=0)
    monkeypatch.setattr(decoder_process, "MAX_SECONDS", 1.0)
    assert "has more than 1 s" in refusal(frames=2 * RATE)
    monkeypatch.setattr(decoder_process, "MAX_FILE_BYTES", 100)
    assert "MiB: at most" in refusal()


def test_a_missing_file_is_refused() -> None:
    with pytest.raises(Refused, match="cannot be read as sound: No such file"):
        read("/nowhere/a.wav", RATE)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_memory_and_processor_time_are_limited_and_no_file_is_written(tmp_path: Path) -> None:
    code = (
        "import resource, runpy\n"
        f"module = runpy.run_path({decoder_process.__file__!r})\n"
        "module['_set_limits']()\n"
        "names = ('RLIMIT_AS', 'RLIMIT_CPU', 'RLIMIT_FSIZE', 'RLIMIT_CORE')\n"
        "print([resource.getrlimit(getattr(resource, name)) for name in names])\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=180)
    assert run.stdout.strip() == str([(4 * 2**30,) * 2, (60, 60), (0, 0), (0, 0)])


@pytest.mark.parametrize(
    ("peak", "becomes"),
    [(1.0, 1.0), (1.5, 1.0), (0.25, 0.25), (9_830.0, 0.29999), (100.0, 0.78125), (2.0**23, 1.0)],
)
def test_float_beyond_full_scale_is_lowered_with_a_warning(
    tmp_path: Path, peak: float, becomes: float
) -> None:
    sound = np.linspace(-1, 1, 1_001)[:, None].astype(np.float32) * np.float32(peak)
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    samples, warnings = read(str(tmp_path / "a.wav"), RATE)
    assert np.abs(samples).max() == pytest.approx(becomes, rel=1e-4)
    assert bool(warnings) is (peak > 1.0)
    assert all("above full scale" in text for text in warnings)


@pytest.mark.parametrize(
    "declared", [0, 4, 4_000, 0xFFFFFFFF, 0xFFFFFFF0, 0x7FFFFFFF, 0x80000000, 40_004]
)
def test_a_wav_is_read_to_its_end_whatever_length_it_declares(
    tmp_path: Path, declared: int
) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, (10_000, 2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="PCM_16")
    content = bytearray((tmp_path / "a.wav").read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = declared.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(content)
    samples, _ = read(str(tmp_path / "a.wav"), RATE)
    assert len(samples) == 10_000
    assert np.abs(samples - sound).max() < 2**-14


def test_a_chunk_after_the_samples_is_no_sound(tmp_path: Path) -> None:
    for name in (b"LIST", b"acid", b"bext"):
        soundfile.write(tmp_path / "a.wav", np.full((500, 2), 0.5), RATE)
        content = (tmp_path / "a.wav").read_bytes() + name + (2_000).to_bytes(4, "little")
        (tmp_path / "a.wav").write_bytes(content + b"\1" * 2_000)
        samples, warnings = read(str(tmp_path / "a.wav"), RATE)
        assert (len(samples), warnings) == (500, [])


@pytest.mark.parametrize("frames", [100, 44_100, 200_000])
def test_a_flac_of_unknown_length_is_read(tmp_path: Path, frames: int) -> None:
    soundfile.write(tmp_path / "a.flac", np.full((frames, 2), 0.25), RATE)
    content = bytearray((tmp_path / "a.flac").read_bytes())
    content[21] &= 0xF0  # STREAMINFO: the number of samples is unknown
    content[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(content)
    assert len(read(str(tmp_path / "a.flac"), RATE)[0]) == frames


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.mp3", {"format": "MP3"}), ("a.opus", {"format": "OGG", "subtype": "OPUS"}),
        ("a.ogg", {"format": "OGG"}), ("a.caf", {"format": "CAF"}), ("a.w64", {"format": "W64"}),
        ("a.rf64", {"format": "RF64"}), ("a.aifc", {"format": "AIFF", "endian": "LITTLE"}),
        ("a.au", {"format": "AU"}), ("a.voc", {"format": "VOC"}), ("a.flac", {"format": "FLAC"}),
        ("a.txt", {"format": "WAV"}), ("a", {"format": "FLAC"}), ("a.wav", {"format": "MP3"}),
        ("a.raw", {"format": "WAV"}), ("a.flac", {"format": "AIFF"}),
    ],
)  # fmt: skip
def test_every_format_is_read_by_its_content(
    tmp_path: Path, name: str, form: dict[str, str]
) -> None:
    wave = 0.5 * np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
    soundfile.write(tmp_path / "sound.tmp", wave, 48_000, **form)
    (tmp_path / "sound.tmp").rename(tmp_path / name)
    samples, _ = read(str(tmp_path / name), RATE)
    assert abs(len(samples) - RATE) < 3_000  # some codecs add silence
    spectrum = np.abs(np.fft.rfft(samples[:RATE, 0]))
    assert abs(np.argmax(spectrum) * RATE / min(len(samples), RATE) - 1_000) < 2
