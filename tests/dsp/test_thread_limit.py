"""The setting `threads` reaches torch. Each test has a process of its own: the limit is global."""

import os
import subprocess
import sys

import pytest

THREADS = (os.cpu_count() or 1) + 1  # a number that torch does not choose by itself


def printed_by(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_limit_waits_for_torch_and_0_leaves_the_number_to_it():
    script = (
        "import sys, threading\n"
        "from msanii_live.dsp.thread_limit import limit_threads\n"
        "limit_threads(int(sys.argv[1]))\n"
        "assert 'torch' not in sys.modules\n"
        "from msanii_live.dsp.device import pick_device\n"
        "loading = threading.Thread(target=pick_device, args=('cpu',))\n"
        "loading.start(); loading.join()\n"
        "import torch\n"
        "print(torch.get_num_threads())\n"
        "limit_threads(0); pick_device('cpu')\n"  # leaves the number as it is
        "print(torch.get_num_threads())\n"
    )
    assert printed_by(script, str(THREADS)).split() == [str(THREADS)] * 2


@pytest.mark.slow
def test_the_server_s_engines_run_with_the_threads_of_its_setting(tmp_path):
    script = (
        "import asyncio, sys, threading\n"
        "from msanii_live.app import Server\n"
        "from msanii_live.config import Config\n"
        "async def main():\n"
        "    config = Config(threads=int(sys.argv[1]), folder=sys.argv[2], audio='none',\n"
        "                    device='cpu', precision='fp32')\n"
        "    server = Server(config, lambda: None)\n"
        "    engine = server.services.registry.get()\n"
        "    loading = threading.Thread(target=engine.load)\n"
        "    loading.start(); loading.join()\n"
        "    import torch\n"
        "    print(torch.get_num_threads(), flush=True)\n"
        "    import os; os._exit(0)\n"
        "asyncio.run(main())\n"
    )
    assert printed_by(script, str(THREADS), str(tmp_path)) == str(THREADS)
