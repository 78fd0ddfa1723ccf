"""What a disk may do to the server, and what a killed server leaves on it."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
import soundfile

from msanii_live.client import Client, CommandError
from msanii_live.client.server_process import SERVE
from tests.faults.test_engine_faults import FAULTY
from tests.live import live

QUICK = ("--engine", "tones")


def failure(call):
    with pytest.raises(CommandError) as caught:
        call()
    return caught.value


@pytest.mark.skipif(sys.platform == "win32", reason="the disk is filled by a limit of POSIX")
def test_a_full_disk_is_told_and_the_clip_plays_from_memory(tmp_path, monkeypatch):
    monkeypatch.setenv("FULL_DISK_BYTES", "600000")  # a second and a half
    log = tmp_path / "log" / "log.txt"
    log.parent.mkdir()
    with (
        live(tmp_path, *QUICK, serve=FAULTY, log=log) as it,
        Client(it.server.host, it.server.osc_port, "int32") as client,
    ):
        error = failure(lambda: client.generate(seconds=6, clip="big"))
        assert error.code == "EPATH"
        assert "memory" in error.text
        assert client.generate(seconds=1, clip="small").path.is_file()
        assert client.outpaint("big", seconds=1, keep=0).seconds == 1.0
        assert client.interpolate("big", "small").seconds == 1.0
        assert not list(tmp_path.glob(".*.partial"))


def test_a_folder_that_goes_is_told_and_may_come_back(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    with (
        live(folder, *QUICK, log=tmp_path / "log.txt") as it,
        Client(it.server.host, it.server.osc_port, "int32") as client,
    ):
        client.generate(seconds=1, clip="before")
        shutil.rmtree(folder)
        error = failure(lambda: client.generate(seconds=1, clip="lost"))
        assert error.code == "EPATH"
        assert "memory" in error.text
        assert failure(lambda: client.clip_load("x.wav")).code == "EPATH"
        folder.mkdir()
        client.clip_save("lost", "lost.wav")
        assert (folder / "lost.wav").is_file()
        assert client.generate(seconds=1).path.is_file()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    places = [tmp_path / "file", tmp_path / "file" / "inside"]
    if os.geteuid() != 0:  # root may write anywhere
        (tmp_path / "closed").mkdir(mode=0o500)
        places.append(tmp_path / "closed")
    for place in places:
        run = subprocess.run(
            [*SERVE, "--port", "0", "--http-port", "0", "--folder", str(place), *QUICK],
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert run.returncode == 2
        assert "--folder" in run.stderr
        assert run.stdout == ""


def test_a_path_too_long_for_a_reply_is_refused(tmp_path):
    place = tmp_path.joinpath(*["deep" * 12] * 13)
    run = subprocess.run(
        [*SERVE, "--port", "0", "--http-port", "0", "--folder", str(place), *QUICK],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert "--folder" in run.stderr


def test_two_servers_on_one_folder(tmp_path):
    with live(tmp_path, *QUICK) as it:
        second = subprocess.run(
            [*SERVE, "--port", "0", "--http-port", "0", "--folder", str(tmp_path), *QUICK],
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert second.returncode == 2
        assert f"process {it.server.child.pid}" in second.stderr
        assert "--folder" in second.stderr
        it.job("/msanii/generate", "a", "seconds", 0.5)
        it.server.child.kill()  # a lock does not outlive its holder, however that ends
        it.server.child.wait()
    with live(tmp_path, *QUICK) as it:
        assert it.job("/msanii/generate", "b", "seconds", 0.5)[4] == 0.5


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_a_killed_server_leaves_every_finished_clip_and_no_half_one(tmp_path):
    rng = random.Random(9)
    finished: dict[str, float] = {}
    for start in range(3):
        with (
            live(tmp_path, *QUICK) as it,
            Client(it.server.host, it.server.osc_port, "int32") as client,
        ):
            rows = [row for page in (1, 2, 3) for row in client.clip_list(page=page)]
            listed = {str(row["name"]): float(row["seconds"]) for row in rows}
            assert finished.items() <= listed.items()
            for name, seconds in listed.items():
                info = soundfile.info(tmp_path / f"{name}.wav")
                assert info.frames == round(seconds * 44_100)
            for n in range(40):
                client.send(
                    "/msanii/generate", "seconds", 1 + n % 3, "steps", 1,
                    "clip", f"k{start}-{n}", "id", f"{start}-{n}",
                )  # fmt: skip
            first = client.wait(("/msanii/job/done",))
            finished[str(first.args[2])] = float(first.args[4])
            until = time.monotonic() + rng.uniform(0.0, 0.4)
            while (left := until - time.monotonic()) > 0:
                heard = client.receive(left)
                if heard is not None and heard.address == "/msanii/job/done":
                    finished[str(heard.args[2])] = float(heard.args[4])
            it.server.child.send_signal(signal.SIGKILL)
            it.server.child.wait()
            while (heard := client.receive(0.1)) is not None:  # all that it sent is here
                if heard.address == "/msanii/job/done":
                    finished[str(heard.args[2])] = float(heard.args[4])
    assert len(finished) >= 3


def test_wrong_sidecars_and_user_files_stop_nothing_and_survive(tmp_path):
    sidecars = {
        "digits": '{"name": "a", "sample_rate": 44100, "channels": 2, "frames": 10, "bpm": 1%s}'
        % ("0" * 400),
        "seed": '{"name": "a", "sample_rate": 44100, "channels": 2, "frames": 10, "seed": 1e300}',
        "deep": "[" * 50_000,
        "binary": "\0\1\2",
    }
    kept = {}
    for name, text in sidecars.items():
        soundfile.write(tmp_path / f"{name}.wav", [[0.1, 0.1]] * 10, 44_100)
        (tmp_path / f"{name}.json").write_text(text)
        for path in (tmp_path / f"{name}.wav", tmp_path / f"{name}.json"):
            kept[path] = path.read_bytes()
    with (
        live(tmp_path, *QUICK, "--keep-gb", "0.000001") as it,
        Client(it.server.host, it.server.osc_port, "int32") as client,
    ):
        assert list(client.clip_list()) == []
        for name in sidecars:
            assert (
                failure(lambda name=name: client.generate(seconds=0.5, clip=name)).code == "EPATH"
            )
            assert failure(lambda name=name: client.clip_load(f"{name}.wav")).code == "EPATH"
            assert (
                failure(lambda name=name: client.clip_save("last", f"{name}.wav")).code == "EPATH"
            )
        client.generate(seconds=0.5)
    for path, content in kept.items():
        assert path.read_bytes() == content


@pytest.mark.parametrize("form", ["wav16", "flac", "aiff24"])
def test_the_folders_form_is_found_again(tmp_path, form):
    flags = ("--save-format", form, "--save-rate", "48000")
    with (
        live(tmp_path, *QUICK, *flags) as it,
        Client(it.server.host, it.server.osc_port, "int32") as client,
    ):
        made = client.generate(seconds=1, clip="a")
        path = made.path
        assert made.sample_rate == client.clip_info("a")[0]["samplerate"] == 48_000
        header = soundfile.info(path)
        assert (header.format, header.samplerate, header.frames) == (
            form.rstrip("0123456789").upper(),
            48_000,
            48_000,
        )
        with urllib.request.urlopen(f"http://127.0.0.1:{it.server.http_port}/api/state") as page:
            told = " ".join(json.load(page)["server"]["hindrances"])
        assert ("Pure Data" in told) == (form == "flac")
        assert ("Chrome and Firefox" in told) == (form == "aiff24")
    with (
        live(tmp_path, *QUICK) as it,
        Client(it.server.host, it.server.osc_port, "int32") as client,
    ):
        assert client.clip_info("a")[0]["seconds"] == 1.0
        assert client.outpaint("a", seconds=0.5).seconds == 1.5
