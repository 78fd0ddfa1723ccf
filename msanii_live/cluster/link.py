"""The connection to a Ray cluster. Only this module imports Ray, and only when it connects."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from msanii_live.cluster.engine_actor import GROUPS, EngineActor
from msanii_live.cluster.kept_clips import KeptClips
from msanii_live.cluster.news_hub import HUB_GROUPS, NewsHub
from msanii_live.cluster.token import has_token
from msanii_live.errors import Code, CommandError, ConfigError, MissingTool
from msanii_live.jobs.task import SlotLost

log = logging.getLogger("msanii_live.cluster")

INSTALL = "pip install 'msanii-live[cluster]'"
GRACE = 2  # s that Ray tries to mend a broken connection
CHECK_SECONDS = 2.5  # in which the head answers
TICKET_SECONDS = 1.0  # after which a call asks whether the head is there
SENT_BYTES = 512 * 2**20  # of clips that the cluster keeps for the server
FETCHES = 2  # clips that are on their way to the server at a time
ON_HEAD = {"node:__internal_head__": 0.001}  # what Ray calls the head's machine
UNREACHABLE = (
    "the workers cannot be reached; the server goes on trying, and needs them only for new clips"
)


def unreachable() -> CommandError:
    """Return the error of a command while there is no connection."""
    return CommandError(Code.EENGINE, UNREACHABLE)


@contextlib.contextmanager
def own_sigterm() -> Iterator[None]:
    """Keep what the process does on SIGTERM: Ray would end it at once, without its clean end."""
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM) if is_main else None
    try:
        yield
    finally:
        if handler is not None:
            signal.signal(signal.SIGTERM, handler)


class RayLink:
    """A connection by Ray's client, whose process outlives the cluster.

    lost: done once the connection is gone. Every method may be called from any thread.
    """

    def __init__(self, address: str) -> None:
        """Connect to an address, ray://HOST:PORT.

        Raises: MissingTool; ConfigError: there is no cluster, or its versions are others.
        """
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        os.environ["RAY_CLIENT_RECONNECT_GRACE_PERIOD"] = str(GRACE)
        self.address = address
        self.lost: Future[None] = Future()
        self._fetching = threading.BoundedSemaphore(FETCHES)
        self._lock, self._loss_lock = threading.Lock(), threading.Lock()
        self._sent: KeptClips[Any] = KeptClips(SENT_BYTES)
        self._unsent: list[Any] = []  # calls that did not reach the cluster
        if has_token():  # Ray reads this when it is imported
            os.environ.setdefault("RAY_AUTH_MODE", "token")
        self._ray = import_ray()
        self._connect()
        logging.getLogger("ray").setLevel(logging.ERROR)

    def _connect(self) -> None:
        """Connect, at the second try if need be. Raises: ConfigError."""
        for may_retry in (True, False):
            try:
                with own_sigterm():
                    self._ray.init(self.address, log_to_driver=False, logging_level=logging.ERROR)
                return
            except Exception as error:  # Ray raises many kinds
                self._disconnect()
                # A proxy of Ray may fail to start a process for a client, and succeed later.
                if not (may_retry and "Initialization failure" in str(error)):
                    raise ConfigError(connection_failure(self.address, error)) from None

    def resources(self) -> dict[str, float]:
        """Return what the nodes have, such as CPU and GPU."""
        return dict(self._ray.cluster_resources())

    def free_resources(self) -> dict[str, float]:
        """Return what of it nobody uses."""
        return dict(self._ray.available_resources())

    def new_hub(self) -> Any:
        """Start what gathers the news of workers, on the head, where the client's end of it is.

        Raises: ConfigError: as `new_actor`.
        """
        return self._start_actor(
            NewsHub, num_cpus=0, resources=ON_HEAD, concurrency_groups=HUB_GROUPS
        )

    def new_actor(self, setup: object, hub: Any, gpus: float, memory: int) -> Any:
        """Start a worker, which Ray starts again where its process ends.

        gpus, memory: that it asks of its machine; memory in bytes, 0 for none.
        Raises: ConfigError: the cluster's msanii-live is another one, or is not there.
        """
        options: dict[str, Any] = {
            "num_cpus": 0 if gpus else 1,
            "num_gpus": gpus,
            "memory": memory or None,
            "concurrency_groups": GROUPS,
            "scheduling_strategy": "SPREAD",
        }
        return self._start_actor(EngineActor, setup, hub, **options)

    def _start_actor(self, actor: type, *args: object, **options: Any) -> Any:
        start = self._ray.remote(max_restarts=-1, max_task_retries=0, **options)
        try:
            return start(actor).remote(*args)
        except (ImportError, AttributeError) as error:  # as Python says at the other end
            raise ConfigError(
                f"the cluster at {self.address} cannot run this msanii-live ({error}): install the "
                "same version on all its machines"
            ) from None

    def restart_actor(self, actor: Any) -> None:
        """End the process of a worker that hangs; Ray starts another."""
        try:
            self._ray.kill(actor, no_restart=False)
        except Exception as error:
            log.debug("a worker could not be started again: %s", error)

    def end_actor(self, actor: Any) -> None:
        """End a worker for good."""
        try:
            self._ray.kill(actor)
        except Exception as error:  # it is gone already
            log.debug("a worker could not be ended: %s", error)

    def call(self, actor: Any, method: str, *args: object) -> Future[Any]:
        """Call a method of a worker. Raises: CommandError: EENGINE, there is no connection."""
        return self._future(self._submit(actor, method, args))

    def start(self, actor: Any, method: str, *args: object) -> tuple[Future[Any], Any]:
        """Call a method that returns two things; return the first, and what `fetch` takes.

        Raises: as `call`.
        """
        first, second = self._submit(actor, method, args)
        return self._future(first), second

    def fetch(self, reference: Any) -> Any:
        """Return what a call has made, once few others are on their way.

        What is small, as the ends of other calls, does not wait behind many large things then.
        Raises: SlotLost: it was lost with its machine; CommandError: EENGINE, as `call`.
        """
        with self._fetching:
            fetched = self._future(reference)
            wait([fetched, self.lost], return_when=FIRST_COMPLETED)
            if not fetched.done():
                raise unreachable()
            return self.result(fetched)

    def _submit(self, actor: Any, method: str, args: Sequence[object]) -> Any:
        """Call a method; return what stands for the things that it returns."""
        if self.lost.done():
            raise unreachable()
        try:
            references = getattr(actor, method).remote(*args)
            self._await_ticket(references[0] if isinstance(references, list) else references)
        except CommandError:
            raise
        except (TypeError, ValueError):  # what Ray refuses is a fault of ours
            raise
        except Exception as error:
            self.note_loss(error)
            raise unreachable() from None
        return references

    def _future(self, reference: Any) -> Future[Any]:
        try:
            future: Future[Any] = reference.future()
        except Exception as error:
            self.note_loss(error)
            raise unreachable() from None
        return future

    def _await_ticket(self, reference: Any) -> None:
        """Wait until the cluster has a call. Raises: CommandError: EENGINE, it is not reached.

        `future` would wait without an end where packets are lost and nobody says so.
        """
        ticket = getattr(reference, "_id_future", None)
        while ticket is not None:
            try:
                ticket.result(TICKET_SECONDS)
                return
            except TimeoutError:
                if not self.check():
                    self._unsent.append(reference)  # its end would wait for the ticket as well
                    raise unreachable() from None

    def result(self, future: Future[Any]) -> Any:
        """Return what a call returned. Raises: SlotLost; CommandError: EENGINE, as `call`."""
        try:
            return future.result()
        except Exception as error:
            if self._is_end_of_actor(error):
                raise SlotLost(str(error).strip().splitlines()[0]) from None
            if isinstance(error, self._ray.exceptions.RayTaskError):
                raise
            self.note_loss(error)
            raise unreachable() from None

    def put(self, key: str, value: object, size: int) -> Any:
        """Put a clip into the cluster once, and return what stands for it in a call."""
        with self._lock:
            try:
                return self._sent.or_add(key, lambda: self._ray.put(value), size)
            except Exception as error:
                self.note_loss(error)
                raise unreachable() from None

    def check(self) -> bool:
        """Return whether the head answers, after 2.5 s at most."""
        if self.lost.done():
            return False
        try:
            client = self._ray.util.client.ray.get_context().client_worker
            if client is not None and client.is_connected() and client.ping_server(CHECK_SECONDS):
                return True
            self.note_loss("it does not answer")
        except Exception as error:
            self.note_loss(error)
        return False

    def close(self) -> None:
        """Disconnect, which ends the workers."""
        self.note_loss("")
        self._disconnect()

    def _disconnect(self) -> None:
        try:
            self._ray.shutdown()
        except Exception as error:
            log.debug("Ray's client could not be closed: %s", error)

    def _is_end_of_actor(self, error: Exception) -> bool:
        exceptions = self._ray.exceptions
        return isinstance(
            error, (exceptions.RayActorError, exceptions.WorkerCrashedError,
                    exceptions.OutOfMemoryError, exceptions.NodeDiedError,
                    exceptions.ObjectLostError),
        )  # fmt: skip

    def note_loss(self, reason: object) -> None:
        """Note that there is no connection any more. reason: for the log, "" for none."""
        with self._loss_lock:
            if self.lost.done():
                return
            self.lost.set_result(None)
        if reason:
            log.error("the connection to %s is lost: %s", self.address, reason)


def import_ray() -> Any:
    """Import Ray. Raises: MissingTool: it, or grpcio, is not installed."""
    try:
        import grpc  # noqa: F401
        import ray
    except ImportError:
        raise MissingTool("Ray", INSTALL) from None
    return ray


def connection_failure(address: str, error: Exception) -> str:
    """Return why there is no connection, and what to do."""
    text = " ".join(str(error).split())
    if "ersion mismatch" in text:
        return (
            f"the cluster at {address} has another version of Python or Ray ({text[:300]}): "
            "install the same Python 3.x and the same Ray on all machines"
        )
    if "oken" in text or "UNAUTHENTICATED" in text:
        return f"{address} wants another token: copy ~/.ray/auth_token of its head to this machine"
    return (
        f"no Ray cluster answers at {address} ({text[:200] or type(error).__name__}): start one "
        "with msanii-live worker --head, and give serve the address that it prints"
    )
