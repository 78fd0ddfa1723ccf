"""Check the commands about clips: their answers and their warnings."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from msanii_live.client import Client, CommandError
from msanii_live.errors import Code
from msanii_live.midi.files import to_midi
from tests.live import live
from tests.midi.bands import BAND


@pytest.fixture(scope="module")
def open_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    with (
        live(folder, "--engine", "tones") as it,
        Client(it.server.host, it.server.osc_port, "int32") as client,
    ):
        client.generate(seconds=1, clip="made")
        yield folder, client


def warnings(client: Client, address: str, *words: object) -> list[str]:
    """Send a command; return its warnings. Fails if it does."""
    client.send(address, *words, "id", "w")
    found: list[str] = []
    while (message := client.receive(10.0)) is not None:
        assert message.address != "/msanii/fail", message.args
        if message.address == "/msanii/warn":
            found.append(str(message.args[1]))
        if message.address == "/msanii/done":
            return found
    raise AssertionError("no answer")


@pytest.mark.parametrize(
    ("path", "keys", "form", "subtype", "rate"),
    [
        ("a16.wav", ("bits", 16), "WAV", "PCM_16", 44_100),
        ("a24.wav", ("bits", 24, "rate", 48_000), "WAV", "PCM_24", 48_000),
        ("a.flac", ("rate", 96_000), "FLAC", "PCM_24", 96_000),
        ("b.aiff", ("format", "aiff", "bits", 16), "AIFF", "PCM_16", 44_100),
        ("c", ("format", "flac", "bits", 16), "FLAC", "PCM_16", 44_100),
    ],
)
def test_a_copy_has_the_form_that_was_asked_for(open_server, path, keys, form, subtype, rate):
    folder, client = open_server
    for _ in range(3):  # again: it is the server's own copy
        assert warnings(client, "/msanii/clip/save", "made", path, *keys) == []
    header = soundfile.info(folder / (path if "." in path else f"{path}.flac"))
    assert (header.format, header.subtype, header.samplerate) == (form, subtype, rate)
    assert header.frames == rate


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("x.flac", "bits", 32), Code.ERANGE), (("x.wav", "bits", 20), Code.ERANGE),
        (("x.wav", "bits", 8), Code.ERANGE), (("x.wav", "rate", 8_000), Code.ERANGE),
        (("x.mp3",), Code.EPATH), (("x.wav", "format", "flac"), Code.EPATH),
        (("x.wav", "format", "mp3"), Code.ERANGE),
    ],
)  # fmt: skip
def test_a_form_that_there_is_not_is_refused(open_server, words, code):
    folder, client = open_server
    client.send("/msanii/clip/save", "made", *words, "id", "r")
    message = client.receive(10.0)
    assert message is not None
    assert (message.address, message.args[3]) == ("/msanii/fail", code)
    assert not list(folder.glob("x.*"))


def test_a_load_warns_of_what_was_changed(open_server):
    folder, client = open_server
    cases = {
        "six.wav": (np.full((4_410, 6), 0.1), "6 channels"),
        "hot.wav": (np.full((4_410, 2), 7.0), "above full scale"),
        "unscaled.wav": (np.full((4_410, 2), 9_830.0), "above full scale"),
        "fine.wav": (np.full((4_410, 2), 0.5), ""),
    }
    for name, (samples, text) in cases.items():
        soundfile.write(folder / name, samples, 44_100, subtype="FLOAT")
        found = warnings(client, "/msanii/clip/load", name)
        assert [text in each and name in each for each in found] == ([True] if text else [])
        (row,) = client.clip_info(Path(name).stem)
        assert row["seconds"] == pytest.approx(0.1)


@pytest.mark.parametrize("name", ["plain", "other", "third"])
def test_bars_of_a_file_without_a_tempo_are_warned_of(open_server, name):
    folder, client = open_server
    for file, is_known in ((f"{name}.wav", False), (f"{name}_120bpm.wav", True)):
        soundfile.write(folder / file, np.full((88_200, 2), 0.1), 44_100)
        client.send("/msanii/outpaint", file, "bars", 1, "keep", 0, "id", file)
        found = []
        while (message := client.receive(20.0)) is not None:
            if message.address == "/msanii/warn":
                found.append(str(message.args[1]))
            if message.address == "/msanii/job/done":
                break
        assert message is not None
        assert message.args[4] == pytest.approx(2.0)
        assert ["the tempo of" in text for text in found] == ([] if is_known else [True])


@pytest.mark.parametrize("name", ["theirs.wav", "theirs.flac", "sub/theirs.aiff"])
def test_a_users_file_is_refused_with_the_remedy(open_server, name):
    folder, client = open_server
    (folder / "sub").mkdir(exist_ok=True)
    (folder / name).write_bytes(b"theirs")
    with pytest.raises(CommandError, match="pick another path") as caught:
        client.clip_save("made", name)
    assert caught.value.code is Code.EPATH
    assert (folder / name).read_bytes() == b"theirs"


def test_notes_follow_their_clip_through_every_command(open_server):
    folder, client = open_server
    (folder / "song.mid").write_bytes(to_midi(BAND))
    made = client.render("song", clip="played")
    assert (folder / "played.mid").is_file()
    client.clip_rename("played", "renamed")
    assert not (folder / "played.mid").exists()
    assert (folder / "renamed.mid").is_file()
    client.clip_free("renamed")
    assert warnings(client, "/msanii/clip/load", "renamed.wav") == []
    assert (folder / "song.mid").read_bytes() == to_midi(BAND)
    mine = (folder / "renamed.mid").read_bytes()[:-1] + b"!"
    (folder / "renamed.mid").write_bytes(mine)
    client.render("song", clip="renamed")
    assert (folder / "renamed.mid").read_bytes() == mine
    assert (folder / "renamed-2.mid").is_file()
    names = {str(row["name"]) for row in client.clip_list()}
    assert names >= {"renamed"}
    assert made.name == "played"
    assert not [name for name in names if "mid" in name]
    assert any("renamed.mid is not msanii-live's own" in str(m.args) for m in client.received)
