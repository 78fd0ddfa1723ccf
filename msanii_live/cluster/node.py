"""A Ray node that a user starts: the head of a cluster, or a machine that joins one."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from msanii_live.cluster.head import COMMON_WORDS, HEAD_WORDS, KERNEL_ENDS_WORKERS
from msanii_live.cluster.link import import_ray
from msanii_live.cluster.token import has_token, make_token, token_file
from msanii_live.errors import ConfigError

PORT, CLIENT_PORT = 6379, 10001
LOOPBACK = "127.0.0.1"
OTHER_SYSTEMS = (
    "note: Ray joins machines of Linux only. A machine with macOS or Windows can run serve with "
    "--workers N, or with the ray:// address of a head on Linux."
)


def head_words(bind: str, port: int, client_port: int) -> Sequence[str]:
    """Return the words of `ray start` for a head. bind: the address of this machine to use."""
    return (
        "--head", f"--node-ip-address={bind}", f"--port={port}",
        f"--ray-client-server-port={client_port}", *COMMON_WORDS, *HEAD_WORDS,
    )  # fmt: skip


def join_words(host: str, bind: str = "") -> Sequence[str]:
    """Return the words of `ray start` for a machine that joins.

    host: of the head, with or without a port. Raises: ConfigError: it is no host.
    """
    name, _, port = host.removeprefix("ray://").partition(":")
    if not name or (port and not port.isdigit()):
        raise ConfigError(f"--join is {host!r}: it must be the head's host, as 10.0.0.2")
    own = (f"--node-ip-address={bind}",) if bind else ()
    return (f"--address={name}:{port or PORT}", *own, *COMMON_WORDS)


def run_head(bind: str, port: int, client_port: int) -> None:
    """Be the head of a cluster until this process is ended.

    Raises: MissingTool; ConfigError: Ray does not start.
    """
    os.environ["RAY_AUTH_MODE"] = "token"
    # With gRPC's handlers of fork, a process that the head's proxy starts for a server may die.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    if bind == LOOPBACK:  # else Ray takes another address of the machine in its place
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    import_ray()
    made = make_token()
    print(f"serve with:     msanii-live serve --workers ray://{bind}:{client_port}")
    if bind == LOOPBACK:
        print("other machines: none, for this head is on loopback; --bind ADDRESS lets them join")
    else:
        print(f"other machines: msanii-live worker --join {bind}:{port}")
        print(f"token:          {token_file()}{' (made now)' if made else ''}: copy it to them")
        print(
            "Ray is for trusted networks: it listens on every interface, and whoever has the token "
            "runs programs here"
        )
    _run(head_words(bind, port, client_port), f"{bind}:{port}")


def run_joined(host: str, bind: str = "") -> None:
    """Give this machine to a cluster until this process is ended.

    Raises: MissingTool; ConfigError: there is no head, or its versions are others.
    """
    words = join_words(host, bind)
    if not has_token():
        raise ConfigError(
            f"this machine has no token: copy ~/.ray/auth_token of the head to {token_file()}"
        )
    os.environ["RAY_AUTH_MODE"] = "token"
    import_ray()
    _run(words, host)


def _run(words: Sequence[str], address: str) -> None:
    """Run `ray start` in this process. Raises: ConfigError."""
    from msanii_live.cluster.node_process import start_node

    if sys.platform != "linux":
        print(OTHER_SYSTEMS, file=sys.stderr)
    os.environ.update({"RAY_USAGE_STATS_ENABLED": "0", **KERNEL_ENDS_WORKERS})
    sys.stdout.flush()
    try:
        start_node(words)
    except Exception as error:  # Ray raises many kinds
        text = " ".join(str(error).split())
        if "ersion mismatch" in text:
            raise ConfigError(
                f"the head at {address} has another version of Python or Ray ({text[:300]}): "
                "install the same Python 3.x and the same Ray on all machines"
            ) from None
        raise ConfigError(f"Ray does not start for {address}: {text[:300]}") from None
