"""Sound files that lie, are cut short, or crash a decoder: none takes the server down."""

import contextlib
import random
import struct
import sys
import time

import numpy as np
import pytest
import soundfile

from msanii_live.client import Client, CommandError
from msanii_live.errors import Code
from msanii_live.library import audio_files
from tests.live import live


def wav(rate=44_100, channels=2, bits=16, claimed=None, body=bytes(400), form=1):
    block = channels * bits // 8
    fmt = struct.pack("<HHIIHH", form, channels, rate, (rate * block) & 0xFFFFFFFF, block, bits)
    data = struct.pack("<4sI", b"data", len(body) if claimed is None else claimed) + body
    inside = b"WAVE" + struct.pack("<4sI", b"fmt ", 16) + fmt + data
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


BAD = {
    "empty.wav": b"",
    "text.wav": b"a song, honestly",
    "riff-alone.wav": b"RIFF",
    "header-alone.wav": wav(body=b""),
    "no-channels.wav": wav(channels=0),
    "many-channels.wav": wav(channels=1_000),
    "no-rate.wav": wav(rate=0),
    "slow.wav": wav(rate=1),
    "fast.wav": wav(rate=4_000_000_000),
    "unknown-form.wav": wav(form=0x4242),
    "noise.flac": random.Random(1).randbytes(5_000),
    "magic-alone.flac": b"fLaC",
    "noise.ogg": b"OggS" + random.Random(2).randbytes(5_000),
    "noise.aiff": b"FORM\0\0\0\xffAIFF" + random.Random(3).randbytes(500),
}


@pytest.fixture(scope="module")
def open_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with (
        live(folder, "--engine", "tones") as it,
        Client(it.server.host, it.server.osc_port, "int32") as client,
    ):
        yield folder, client


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_sound_is_refused(open_server, name):
    folder, client = open_server
    (folder / name).write_bytes(BAD[name])
    with pytest.raises(CommandError) as caught:
        client.clip_load(name)
    assert caught.value.code is Code.EPATH
    assert name in caught.value.text
    assert client.ping() == [{}]


def test_a_length_that_lies_is_read_as_far_as_there_is_sound(open_server):
    folder, client = open_server
    (folder / "liar.wav").write_bytes(wav(claimed=0xFFFFFFF0, body=bytes(4_000)))
    client.clip_load("liar.wav", clip="liar-read")
    (row,) = client.clip_info("liar-read")
    assert row["seconds"] == pytest.approx(1_000 / 44_100)


class Unreadable(Exception):
    """The refusal of a file, as it should be."""


def load(client, name):
    try:
        client.clip_load(name)
    except CommandError as error:
        if error.code is Code.EPATH:
            raise Unreadable from None
        raise


def test_damaged_flac_is_refused_or_read_and_nothing_else(open_server):
    folder, client = open_server
    rng = random.Random(4)
    sound = folder / "whole.flac"
    soundfile.write(sound, np.random.default_rng(1).uniform(-1, 1, (20_000, 2)), 44_100)
    whole = sound.read_bytes()
    for n in range(12):
        damaged = bytearray(whole[: rng.randrange(50, len(whole))] if n % 3 == 0 else whole)
        for _ in range(rng.randrange(1, 30)):
            damaged[rng.randrange(min(len(damaged), 200 if n % 2 else len(damaged)))] ^= 0xFF
        (folder / f"damaged-{n}.flac").write_bytes(damaged)
        with contextlib.suppress(Unreadable):
            load(client, f"damaged-{n}.flac")
        assert client.ping() == [{}]


@pytest.mark.parametrize(
    ("program", "timeout"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 60.0),
        ("import time; time.sleep(60)", 1.0),
        ("print('not the header')", 60.0),
        ("import sys; sys.stdout.write('{\"frames\": 5}'.ljust(256))", 60.0),
    ],
    ids=["crashes", "hangs", "babbles", "lies"],
)
def test_a_decoder_that_fails_is_an_answer(tmp_path, monkeypatch, program, timeout):
    monkeypatch.setattr(audio_files, "DECODER", (sys.executable, "-c", program))
    monkeypatch.setattr(audio_files, "DECODER_TIMEOUT", timeout)
    path = tmp_path / "a.wav"
    path.write_bytes(wav())
    started = time.monotonic()
    with pytest.raises(CommandError) as caught:
        audio_files.decode_untrusted(path, "a.wav")
    assert caught.value.code is Code.EPATH
    assert time.monotonic() - started < 30
