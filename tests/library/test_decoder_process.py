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
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert run.stderr == b""
    assert run.stdout[HEADER_BYTES - 1 : HEADER_BYTES] == b"\n"
    samples = np.frombuffer(run.stdout, np.float32, offset=HEADER_BYTES).reshape(-1, 2)
    return json.loads(run.stdout[:HEADER_BYTES]), samples


def test_a_file_is_written_out_bit_for_bit(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, (5_000, 2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    header, samples = decode(tmp_path / "a.wav")
    assert header == {"frames": 5_000}
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
        [sys.executable, "-P", "-c", code], capture_output=True, cwd=tmp_path, timeout=60
    )
    assert run.returncode == 0, run.stderr.decode()


def test_mono_becomes_stereo_and_of_many_channels_two_are_read(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, (500, 3)).astype(np.float32)
    soundfile.write(tmp_path / "three.wav", sound, RATE, subtype="FLOAT")
    assert np.array_equal(read(str(tmp_path / "three.wav"), RATE), sound[:, :2])
    soundfile.write(tmp_path / "mono.wav", sound[:, 0], RATE, subtype="FLOAT")
    assert np.array_equal(read(str(tmp_path / "mono.wav"), RATE), sound[:, [0, 0]])


def test_another_rate_is_resampled_at_pitch(tmp_path: Path) -> None:
    wave = 0.5 * np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
    soundfile.write(tmp_path / "a.wav", wave, 48_000, subtype="FLOAT")
    samples = read(str(tmp_path / "a.wav"), RATE)
    assert samples.shape == (RATE, 2)
    assert samples.dtype == np.float32
    assert np.argmax(np.abs(np.fft.rfft(samples[:, 0]))) == 1_000


def test_nan_and_infinity_become_silence(tmp_path: Path) -> None:
    sound = np.array([[0.5, np.nan], [np.inf, -0.25], [-np.inf, 0.0]], np.float32)
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    assert read(str(tmp_path / "a.wav"), RATE).tolist() == [[0.5, 0.0], [0.0, -0.25], [0.0, 0.0]]


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
    assert "has 2 s: at most 1" in refusal(frames=2 * RATE)
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
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.stdout.strip() == str([(4 * 2**30,) * 2, (60, 60), (0, 0), (0, 0)])
