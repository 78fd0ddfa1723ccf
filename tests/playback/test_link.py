"""Two transports in two processes agree on the beat through Ableton Link."""

import json
import shutil
import subprocess
import sys
import tempfile

import pytest

# In a network of their own, so that nobody's session is disturbed. On Linux all clocks here are
# the system's: two processes can tell what beat it is at one and the same time.
PEER = """
import json, sys, time
from msanii_live.playback.transport_sync import TransportSync
from msanii_live.timing.transport import Transport

transport = Transport(bpm=float(sys.argv[1]))
sync = TransportSync(transport)
sync.set_source("link")
until = time.monotonic() + 20
while time.monotonic() < until and "1 peers" not in sync.describe():
    time.sleep(0.05)
if sys.argv[2] == "leads":
    sync.set(123.0, None, None)
time.sleep(2.0)
while time.monotonic() < until and abs(transport.bpm - 123.0) > 1e-3:
    time.sleep(0.05)
looks = []
for _ in range(50):
    now = transport.now()
    looks.append((now, transport.beats_at(now)))
    time.sleep(0.02)
found = {"bpm": transport.bpm, "source": sync.describe(), "looks": looks}
print(json.dumps(found), flush=True)
sys.stdin.readline()
sync.close()
"""


def network_of_our_own() -> list[str]:
    """Return the words that run a shell in an empty network, or skip."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    for words in ([unshare, "-n"], [unshare, "-rn"]):
        tried = subprocess.run([*words, "ip", "link", "set", "lo", "up"], capture_output=True)
        if tried.returncode == 0:
            return words
    pytest.skip("no network of our own can be made here")


@pytest.mark.slow
def test_two_processes_agree_on_the_phase():
    pytest.importorskip("link", reason="needs pip install LinkPython-extern")
    words = network_of_our_own()
    script = (
        "ip link set lo up; ip link set lo multicast on; "
        "ip route add 224.0.0.0/4 dev lo 2>/dev/null; "
        f"mkfifo $0/in; sleep 60 > $0/in & held=$!; "
        f"'{sys.executable}' -c \"$1\" 90 leads < $0/in & first=$!; "
        f"'{sys.executable}' -c \"$1\" 150 follows < $0/in & second=$!; "
        "sleep 12; kill $held; wait $first $second"
    )
    with tempfile.TemporaryDirectory() as folder:
        found = subprocess.run(
            [*words, "bash", "-c", script, folder, PEER], capture_output=True, text=True, timeout=60
        )
    peers = [json.loads(line) for line in found.stdout.splitlines()]
    assert len(peers) == 2, found.stderr
    assert [peer["source"] for peer in peers] == ["link, 1 peers"] * 2
    assert [peer["bpm"] for peer in peers] == pytest.approx([123.0, 123.0], abs=1e-3)
    # Where each would put the bar line, in seconds of the one clock, modulo a bar.
    bar = 4 * 60 / 123
    lines = [
        sorted((now - (beat % 4) * 60 / 123) % bar for now, beat in peer["looks"]) for peer in peers
    ]
    middle = [line[len(line) // 2] for line in lines]
    apart = (middle[0] - middle[1] + bar / 2) % bar - bar / 2
    assert abs(apart) < 0.001
