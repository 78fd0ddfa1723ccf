"""MIDI in: a port of this machine, a virtual one, or a connection; found again when it goes."""

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

OWN_NAME = "msanii-live"
TCP = "tcp:"
_LOOK = 2.0  # s between looks at whether the port is there
_POLL = 0.002  # s between looks at a connection
_JACK = "mido.backends.rtmidi/UNIX_JACK"
_LINUX = "it needs the ALSA sequencer (modprobe snd-seq) or a JACK server"
Hear = Callable[[Any, float], None]
T = TypeVar("T")


class MidiInput:
    """Hear one MIDI input. Every method may be called from any thread."""

    def __init__(self, wanted: str = "none", clock: Callable[[], float] = time.monotonic) -> None:
        """Open it, or go on looking for it.

        wanted: "none", "virtual" for a port of our own that others connect to, "tcp:PORT" for
        mido's own way over the network, from this machine only, or a part of a port's name.
        clock: s, as listeners are told the time. Raises: ConfigError: there is no way to MIDI here.
        """
        self.description = "none"
        self._wanted = wanted
        self._clock = clock
        self._listeners: tuple[Hear, ...] = ()
        self._gone: tuple[Callable[[float], None], ...] = ()
        self._port: Any = None
        self._name = ""
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        if wanted == "none":
            return
        if wanted.startswith(TCP):
            self._begin(self._serve, _listening(wanted))
        elif wanted == "virtual":
            self._port = _open(OWN_NAME, self._hear, virtual=True)
            self.description = f"virtual port {OWN_NAME}"
        else:
            self._look()
            self._begin(self._watch)

    @property
    def is_open(self) -> bool:
        """Tell whether there is an input that may be heard."""
        return self.description != "none"

    def add_listener(self, receive: Hear, gone: Callable[[float], None] | None = None) -> None:
        """Have every message told, with its time, s, on a thread of the port's.

        gone: called with the time when the port has gone, so that nothing hangs.
        """
        self._listeners = (*self._listeners, receive)
        if gone is not None:
            self._gone = (*self._gone, gone)

    def remove_listener(self, receive: Hear) -> None:
        """End `listen`."""
        self._listeners = tuple(known for known in self._listeners if known != receive)

    def close(self) -> None:
        """Give the input back; harmless when that was done."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(1.0)
        self._drop()

    def _begin(self, call: Callable[..., None], *args: Any) -> None:
        self._thread = threading.Thread(target=call, args=args, name="midi-in", daemon=True)
        self._thread.start()

    def _hear(self, message: Any) -> None:
        now = self._clock()
        for receive in self._listeners:
            try:
                receive(message, now)
            except Exception:
                log.exception("cannot take in %s", message)

    # -- a port by its name ------------------------------------------------------------------------

    def _watch(self) -> None:
        """Open the port when it comes, and again when it was away."""
        while not self._over.wait(_LOOK):
            try:
                self._look()
            except ConfigError as error:
                log.warning("%s", error)

    def _look(self) -> None:
        there = _names()
        if self._port is not None:
            if self._name not in there:
                log.warning("MIDI input %s has gone", self._name)
                self._drop()
                self.description = f"{self._wanted}, which is not there"
            return
        name = next((n for n in there if self._wanted.lower() in n.lower()), None)
        if name is not None:
            self._port, self._name = _open(name, self._hear), name
            self.description = name
            log.info("MIDI input %s", name)
        elif not self.is_open:
            self.description = f"{self._wanted}, which is not there"
            log.warning(
                "no MIDI input is called %s; there are: %s. It is taken as soon as it comes",
                self._wanted,
                ", ".join(there) or "none",
            )

    def _drop(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(Exception):  # whatever a vanished device still says
                port.close()
            self._tell_gone()

    # -- a connection ------------------------------------------------------------------------------

    def _serve(self, server: Any) -> None:
        # mido's own `server.receive` never comes back once somebody has connected.
        self.description = self._wanted
        connections: list[Any] = []
        with server:
            while not self._over.wait(_POLL):
                while (new := server.accept(block=False)) is not None:
                    connections.append(new)
                for connection in connections:
                    self._take_from(connection)
                if any(connection.closed for connection in connections):
                    connections = [each for each in connections if not each.closed]
                    self._tell_gone()
            for connection in connections:
                connection.close()

    def _take_from(self, connection: Any) -> None:
        try:
            for message in connection.iter_pending():
                self._hear(message)
        except OSError as error:  # it ended in the middle
            log.info("MIDI connection: %s", error)
            connection.close()

    def _tell_gone(self) -> None:
        now = self._clock()
        for gone in self._gone:
            gone(now)


def _listening(wanted: str) -> Any:
    from mido.sockets import PortServer

    try:
        return PortServer("127.0.0.1", int(wanted.removeprefix(TCP)), backlog=4)
    except (ValueError, OverflowError):
        raise ConfigError(f"midi_in is {wanted!r}: it must be {TCP} and a port's number") from None
    except OSError as error:
        raise ConfigError(f"midi_in is {wanted!r}: {error.strerror}; pick another port") from None


def _names() -> list[str]:
    return _ask(lambda way: [str(name) for name in way.get_input_names()])


def _open(name: str, receive: Callable[[Any], None], virtual: bool = False) -> Any:
    return _ask(lambda way: way.open_input(name, virtual=virtual, callback=receive))


def _ask(call: Callable[[Any], T]) -> T:
    """Ask mido's own way to ports, then JACK's: a Linux may have no ALSA sequencer."""
    with _told():
        import mido

        try:
            return call(mido)
        except ImportError:
            raise
        except Exception:
            if sys.platform != "linux" or "MIDO_BACKEND" in os.environ:
                raise
            with contextlib.suppress(Exception):  # the first error tells more
                return call(mido.Backend(_JACK))
            raise


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn whatever the way to MIDI raises into what the musician can mend.

    Raises: ConfigError.
    """
    try:
        yield
    except ImportError as error:
        raise ConfigError(f"MIDI needs pip install 'msanii-live[midi]': {error}") from None
    except Exception as error:  # each backend has errors of its own
        remedy = f"; {_LINUX}" if sys.platform == "linux" else ""
        raise ConfigError(f"MIDI cannot be opened here: {error}{remedy}") from None
