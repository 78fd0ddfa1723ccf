"""The MIDI input: a port of this machine, a virtual port, or a TCP connection; it reconnects."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from msanii_live.errors import ConfigError

log = logging.getLogger("msanii_live.midi")

VIRTUAL_PORT = "msanii-live"
TCP_PREFIX = "tcp:"
_SCAN_INTERVAL = 2.0  # s between searches for the port
_POLL_INTERVAL = 0.002  # s between two reads of the connections
_JACK_BACKEND = "mido.backends.rtmidi/UNIX_JACK"
_LINUX_REMEDY = "it needs the ALSA sequencer (modprobe snd-seq) or a JACK server"
Listener = Callable[[Any, float], None]
T = TypeVar("T")


class MidiInput:
    """One MIDI input and its listeners. Every method may be called from any thread."""

    def __init__(self, wanted: str = "none", clock: Callable[[], float] = time.monotonic) -> None:
        """Open the input, or keep searching for its port.

        wanted: "none", "virtual" for a port that other programs connect to, "tcp:PORT" for mido's
        network protocol, from this machine only, or a part of a port's name. clock: the time, s,
        that listeners get with a message.
        Raises: ConfigError: MIDI cannot be opened on this machine.
        """
        self.description = "none"
        self._wanted = wanted
        self._clock = clock
        self._listeners: tuple[Listener, ...] = ()
        self._on_disconnect: tuple[Callable[[float], None], ...] = ()
        self._port: Any = None
        self._name = ""
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        if wanted == "none":
            return
        if wanted.startswith(TCP_PREFIX):
            self._start_thread(self._serve, _open_server(wanted))
        elif wanted == "virtual":
            if sys.platform == "win32":
                raise ConfigError(f"midi_in is virtual: {find_virtual_port_fault()}")
            self._port = _open(VIRTUAL_PORT, self._receive, virtual=True)
            self.description = f"virtual port {VIRTUAL_PORT}"
        else:
            self._scan()
            self._start_thread(self._search)

    @property
    def is_open(self) -> bool:
        """Whether there is an input, or may be one once its port appears."""
        return self.description != "none"

    def add_listener(
        self, listener: Listener, on_disconnect: Callable[[float], None] | None = None
    ) -> None:
        """Call a listener with every message and its time, s, on a thread of the port.

        on_disconnect: called with the time when the port is lost, so that no note hangs.
        """
        self._listeners = (*self._listeners, listener)
        if on_disconnect is not None:
            self._on_disconnect = (*self._on_disconnect, on_disconnect)

    def remove_listener(self, listener: Listener) -> None:
        """Stop calling a listener."""
        self._listeners = tuple(known for known in self._listeners if known != listener)

    def close(self) -> None:
        """Close the input. Closing twice is harmless."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(1.0)
        self._close_port()

    def _start_thread(self, call: Callable[..., None], *args: Any) -> None:
        self._thread = threading.Thread(target=call, args=args, name="midi-in", daemon=True)
        self._thread.start()

    def _receive(self, message: Any) -> None:
        now = self._clock()
        for listener in self._listeners:
            try:
                listener(message, now)
            except Exception:
                log.exception("a listener failed on %s", message)

    # -- a port by its name ------------------------------------------------------------------------

    def _search(self) -> None:
        """Open the port when it appears, and again after it was lost."""
        while not self._closed.wait(_SCAN_INTERVAL):
            try:
                self._scan()
            except ConfigError as error:
                log.warning("%s", error)

    def _scan(self) -> None:
        available = port_names()
        if self._port is not None:
            if self._name not in available:
                log.warning("MIDI input %s has gone", self._name)
                self._close_port()
                self.description = f"{self._wanted}, which is not there"
            return
        name = next((n for n in available if self._wanted.lower() in n.lower()), None)
        if name is not None:
            self._port, self._name = _open(name, self._receive), name
            self.description = name
            log.info("MIDI input %s", name)
        elif not self.is_open:
            self.description = f"{self._wanted}, which is not there"
            log.warning(
                "no MIDI input is called %s; there are: %s. It is taken as soon as it comes",
                self._wanted,
                ", ".join(available) or "none",
            )

    def _close_port(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(Exception):  # a vanished device may raise anything
                port.close()
            self._notify_disconnect()

    # -- TCP connections --------------------------------------------------------------------------

    def _serve(self, server: Any) -> None:
        # mido's own `server.receive` never returns once a client has connected.
        self.description = self._wanted
        connections: list[Any] = []
        with server:
            while not self._closed.wait(_POLL_INTERVAL):
                while (new := server.accept(block=False)) is not None:
                    connections.append(new)
                for connection in connections:
                    self._read(connection)
                if any(connection.closed for connection in connections):
                    connections = [each for each in connections if not each.closed]
                    self._notify_disconnect()
            for connection in connections:
                connection.close()

    def _read(self, connection: Any) -> None:
        try:
            for message in connection.iter_pending():
                self._receive(message)
        except OSError as error:  # it ended within a message
            log.info("MIDI connection: %s", error)
            connection.close()

    def _notify_disconnect(self) -> None:
        now = self._clock()
        for on_disconnect in self._on_disconnect:
            on_disconnect(now)


def _open_server(wanted: str) -> Any:
    from mido.sockets import PortServer

    try:
        return PortServer("127.0.0.1", int(wanted.removeprefix(TCP_PREFIX)), backlog=4)
    except (ValueError, OverflowError):
        raise ConfigError(
            f"midi_in is {wanted!r}: it must be {TCP_PREFIX} and a port's number"
        ) from None
    except OSError as error:
        raise ConfigError(f"midi_in is {wanted!r}: {error.strerror}; pick another port") from None


def import_fault(error: ImportError) -> str:
    """Return what is missing for MIDI ports, and how to get it, in words."""
    if error.name == "rtmidi":
        return (
            "python-rtmidi, the Python package for MIDI ports, is not installed; get it by "
            "pip install 'msanii-live[midi]'"
        )
    return (
        f"a Python package for MIDI ports cannot be loaded ({error}); the usual one comes by "
        "pip install 'msanii-live[midi]', and MIDO_BACKEND must name no other"
    )


def find_virtual_port_fault() -> str:
    """Return why this machine can have no virtual MIDI port; "" if it can."""
    if sys.platform == "win32":
        return "Windows has none of its own; loopMIDI (tobias-erichsen.de) adds some"
    try:
        _with_backend(lambda backend: backend.open_input(VIRTUAL_PORT, virtual=True).close())
    except ConfigError as error:
        return str(error)
    return ""


def port_names() -> list[str]:
    """Return the names of the MIDI inputs. Raises: ConfigError: MIDI cannot be used here."""
    return _with_backend(lambda backend: [str(name) for name in backend.get_input_names()])


def _open(name: str, callback: Callable[[Any], None], virtual: bool = False) -> Any:
    return _with_backend(
        lambda backend: backend.open_input(name, virtual=virtual, callback=callback)
    )


def _with_backend(call: Callable[[Any], T]) -> T:
    """Call with mido's default backend, then with JACK's: a Linux may have no ALSA sequencer."""
    with _config_errors():
        import mido

        try:
            return call(mido)
        except ImportError:
            raise
        except Exception:
            if sys.platform != "linux" or "MIDO_BACKEND" in os.environ:
                raise
            with contextlib.suppress(Exception):  # the first error is more helpful
                return call(mido.Backend(_JACK_BACKEND))
            raise


@contextlib.contextmanager
def _config_errors() -> Iterator[None]:
    """Turn whatever a backend raises into an error that the user can act on.

    Raises: ConfigError.
    """
    try:
        yield
    except ImportError as error:
        raise ConfigError(import_fault(error)) from None
    except Exception as error:  # each backend raises its own types
        remedy = f"; {_LINUX_REMEDY}" if sys.platform == "linux" else ""
        reason = str(error).rstrip(".")
        raise ConfigError(f"MIDI cannot be opened here: {reason}{remedy}") from None
