"""Clips of a server whose folder is not here: their audio comes from its page."""

import asyncio
import shutil
import socket
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from msanii_live.client import AsyncClient, Client, UnreadableClip
from msanii_live.client.clip_source import PageAddress, is_this_machine
from tests.live import free_port, live


def own_address():
    """Return an address of this machine beyond loopback; "" if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return ""
        return probe.getsockname()[0]


@pytest.fixture(scope="module")
def remote(tmp_path_factory):
    """A server as another machine has it: reached by an address that is not loopback."""
    address = own_address()
    if not address or is_this_machine(address):
        pytest.skip("this machine has no address beyond loopback")
    flags = ["--engine", "tones", "--bind", address, "--allow", f"{address}/32"]
    flags += ["--announce", "off"]
    with live(tmp_path_factory.mktemp("remote"), *flags) as it:
        yield it.server


@pytest.mark.parametrize("transport", ["udp", "int32", "slip"])
def test_a_clip_of_another_machine_comes_from_its_page(remote, transport):
    with Client(remote.host, remote.osc_port, transport) as client:
        clip = client.generate(seconds=0.7, seed=3, clip=f"far-{transport}")
        assert clip.page is not None
        expected, _ = soundfile.read(clip.path, dtype="float32")
        assert np.array_equal(clip.read(), expected)
        assert np.array_equal(client.read(clip.name), expected)


def test_the_async_client_fetches_as_well(remote):
    async def main():
        async with AsyncClient(remote.host, remote.osc_port) as client:
            clips = await asyncio.gather(*(client.generate(seconds=0.5, seed=n) for n in range(3)))
            audio = await asyncio.gather(*(client.read(clip.name) for clip in clips))
            for clip, samples in zip(clips, audio, strict=True):
                assert clip.page is not None
                assert np.array_equal(samples, clip.read())
                assert samples.shape == (22_050, 2)

    asyncio.run(main())


def test_a_udp_client_of_another_machine_is_not_cut_off(remote):
    """Without a registration, a server sends three bytes for each that it was sent."""
    with Client(remote.host, remote.osc_port) as client:
        for number in range(4):
            client.generate(seconds=0.5, seed=number)
        rows = client.caps()
        assert len(rows) > 30
        assert {"name": "http-port", "value": str(remote.http_port)} in rows


HIDDEN = """
import sys
from msanii_live.client import Client
with Client("127.0.0.1", int(sys.argv[1])) as client:
    clip = client.generate(seconds=0.6, seed=5)
    print(clip.path.exists(), clip.read().shape, client.read(clip.name).shape)
"""


def test_a_folder_that_is_hidden_from_the_client(tones):
    """As with a server in a container: its port is here, its folder is not."""
    hide = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    if not shutil.which("unshare") or subprocess.run([*hide, "true"], check=False).returncode:
        pytest.skip("needs Linux that lets a user have mounts of his own (unshare)")
    command = f'mount -t tmpfs none "{tones.folder}" && exec "$0" "$@"'
    port = str(tones.server.osc_port)
    seen = subprocess.run(
        [*hide, command, sys.executable, "-c", HIDDEN, port],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert seen.stdout.split("\n")[0] == "False (26460, 2) (26460, 2)"


def test_what_cannot_be_read_is_said_with_the_remedy(tones, remote):
    with Client(remote.host, remote.osc_port, http_port=free_port()) as client:
        clip = client.generate(seconds=0.5)
        with pytest.raises(UnreadableClip, match=r"nobody answers at http://.*share that folder"):
            clip.read()
        with pytest.raises(UnreadableClip, match=r"--bind ADDRESS --allow NETWORK"):
            client.read(clip.name)
    with Client(remote.host, remote.osc_port, http_port=0) as client:
        clip = client.generate(seconds=0.5)
        with pytest.raises(UnreadableClip, match="does not say where its page is"):
            clip.read()
    with Client(remote.host, remote.osc_port) as client:
        clip = client.generate(seconds=0.5)
        clip.path.unlink()
        with pytest.raises(UnreadableClip, match=f"no file of a clip {clip.name}"):
            clip.read()
    with Client(tones.server.host, tones.server.osc_port) as client:
        clip = client.generate(seconds=0.5)
        assert clip.page is None
        clip.path.unlink()
        with pytest.raises(UnreadableClip, match="cannot read .*" + clip.path.name):
            clip.read()


def test_addresses_of_both_kinds_are_understood():
    assert (
        PageAddress("192.0.2.7", 7771).clip_url("a.b-c") == "http://192.0.2.7:7771/clips/a.b-c.wav"
    )
    assert PageAddress("fd00::2", 80).clip_url("x") == "http://[fd00::2]:80/clips/x.wav"
    assert all(map(is_this_machine, ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1")))
    assert not any(map(is_this_machine, ("192.0.2.1", "fe80::1%eth0", "::ffff:192.0.2.1")))
