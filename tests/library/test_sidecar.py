"""Check that a sidecar is read with suspicion: a wrong one is passed over, and stops nothing."""

import json
import logging
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msanii_live.library import sidecar
from msanii_live.library.library import Library
from msanii_live.protocol import replies
from msanii_live.server.handlers.library import clip_info_reply
from tests.library.clips import noise

WRONG = [
    *(("seed", value) for value in (-1, 2**31, 2**40, 10**400, 1.5, "5", None, True, [1])),
    *(("bpm", value) for value in (-1, 1_001, 1e300, 10**400, "120", None, [120], {"a": 1}, True)),
    *(("channels", value) for value in (0, -1, 65, 2**31, 2.0, "2", None)),
    *(("frames", value) for value in (0, -5, 2**31, 10**400, 1e9, "9", None)),
    *(("sample_rate", value) for value in (0, -1, 2**31, 1e5, "44100", None)),
    *(("size", value) for value in (-1, 10**400, 1.0, "1", None)),
    *(("bar_offset", value) for value in (-0.1, 1.1, 1e300, "0", None)),
    *(("wrote", value) for value in (-1, 1e12, 10**400, "now", None)),
    *(("engine", value) for value in (5, None, "x" * 300, "a\0b", "\ud800", ["x"])),
    *(("style", value) for value in (5, None, "x" * 300, "\udfff")),
    *(("precision", value) for value in (16, None, {})),
    *(("blake2b", value) for value in (16, None, "x" * 300)),
    *(("suffix", value) for value in (".exe", "", "/../../x.wav", 5, None)),
    *(("loops", value) for value in (1, "yes", None)),
    *(("parents", value) for value in (3, "abc" * 200, [5], ["x" * 20_000], ["a"] * 300)),
    *(("command", value) for value in ([], "x", None, {"a": [1]}, {"a": None}, {"a": 10**400})),
    *(("command", value) for value in ({"a": "x" * 20_000}, {"x" * 300: 1}, {"a": {"b": 1}})),
]


def rewrite(library: Library, name: str, **changes: object) -> None:
    side = library.folder / f"{name}.json"
    raw = json.loads(side.read_text()) | changes
    side.write_text(json.dumps(raw))


@pytest.mark.parametrize(("field", "value"), WRONG, ids=lambda value: repr(value)[:30])
def test_a_wrong_value_is_passed_over_with_one_line(
    library: Library, caplog: pytest.LogCaptureFixture, field: str, value: object
) -> None:
    library.add(noise("a"))
    library.add(noise("good"))
    rewrite(library, "a", **{field: value})
    with caplog.at_level(logging.INFO):
        assert Library(library.folder).names() == ["good"]
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 1
    assert lines[0].startswith("skipped a.json: ")
    assert len(lines[0]) < 400


CONTENTS = {
    "empty": b"",
    "binary": bytes(range(256)),
    "nul": b"\0" * 100,
    "latin-1": '{"name": "é"}'.encode("latin-1"),
    "utf-16": '{"name": "a"}'.encode("utf-16"),
    "nested lists": b"[" * 100_000,
    "nested objects": b'{"a":' * 50_000,
    "long number": b'{"name": "a", "frames": ' + b"9" * 5_000 + b"}",
    "nan": b'{"name": "a", "frames": NaN}',
    "another's": b'{"name": "lead", "preset": true}',
    "too long": b'{"name": "a", "frames": 1, "x": "' + b"y" * 2**20 + b'"}',
    "cut": b'{"name": "a", "fra',
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_no_content_stops_the_start(
    library: Library, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    for name in ("good", "a", "b"):
        library.add(noise(name))
    for name in ("a", "b"):
        (library.folder / f"{name}.json").write_bytes(content)
    with caplog.at_level(logging.INFO):
        assert Library(library.folder).names() == ["good"]
    assert len(caplog.records) == 2
    assert (library.folder / "a.json").read_bytes() == content


EXTREMES = [
    {"seed": 2**31 - 1}, {"seed": 0}, {"bpm": 1_000}, {"bpm": 0}, {"bpm": 0.001},
    {"sample_rate": 768_000}, {"channels": 64}, {"engine": "é" * 128}, {"wrote": 1e11},
    {"command": {"address": "/x", "mix": 0.5, "text": "x" * 9_000}}, {"parents": ["a"] * 200},
]  # fmt: skip


@pytest.mark.parametrize("changes", EXTREMES, ids=repr)
def test_every_reply_about_a_listed_clip_can_be_encoded(
    library: Library, changes: dict[str, object]
) -> None:
    library.add(noise("a"))
    rewrite(library, "a", **changes)
    again = Library(library.folder)
    for info in again.infos():
        message = clip_info_reply("t" * 128, info, again)
        entry = replies.CLIP_ENTRY(
            "t", 1, 1, info.name, info.seconds, info.sample_rate, info.channels
        )
        for tags, args in ((message.tags, message.args), (entry.tags, entry.args)):
            for tag, value in zip(tags, args, strict=True):
                packed = value.encode() if isinstance(value, str) else struct.pack(f">{tag}", value)
                assert len(packed) < 1_200


@pytest.mark.parametrize("frames", [1_999, 2_001, 60_000])
def test_a_file_written_anew_while_the_server_was_off_is_listed_anew(
    library: Library, frames: int
) -> None:
    for name in ("a", "b"):
        library.add(noise(name))
    soundfile.write(library.folder / "a.wav", np.full((frames, 2), 0.25), 44_100)
    again = Library(library.folder)
    assert again.info("a").frames == frames
    clip = again.get("a")
    assert np.abs(clip.samples - 0.25).max() < 1e-4
    assert clip.info.seed == 0  # it is no longer what the seed made
    assert again.info("a").seed == 0
    assert Library(library.folder).info("a").frames == frames


@pytest.mark.parametrize("missing", [2, 800, 15_000])
def test_a_wav_that_was_cut_is_not_listed(library: Library, missing: int) -> None:
    wav = library.add(noise("a"))
    wav.write_bytes(wav.read_bytes()[:-missing])
    infos = Library(library.folder).infos()
    assert all(info.frames == 2_000 for info in infos)  # only chunks after the samples were lost
    assert bool(infos) is (missing == 2)


def test_what_is_no_regular_file_is_no_sidecar(tmp_path: Path) -> None:
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros((10, 2)), 44_100)
    (tmp_path / "a.json").mkdir()
    (tmp_path / "b.json").symlink_to(tmp_path / "nowhere")
    assert sidecar.read_clips(tmp_path) == []
