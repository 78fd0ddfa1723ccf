"""The source of musical time: this server's own transport, Ableton Link, or a MIDI clock."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from msanii_live.errors import Code, CommandError
from msanii_live.midi.input import MidiInput, import_fault
from msanii_live.timing.midi_clock import MidiClockTracker
from msanii_live.timing.transport import Transport

SOURCES = ("internal", "link", "midi")
_LINK_INTERVAL = 0.02  # s between two readings of a Link session
_MAX_READ_US = 200  # a reading of two clocks that takes longer is not used


class _ExternalSync(Protocol):
    """An external source that drives the transport until it is closed."""

    def set_tempo(self, bpm: float) -> None:
        """Set the source's tempo. Raises: CommandError: ERANGE, the source does not take one."""

    def describe(self) -> str:
        """Return the source's state in words."""

    def close(self) -> None:
        """Stop driving the transport."""


class TransportSync:
    """The choice of the one source of time. Every method may be called from any thread."""

    def __init__(self, transport: Transport, midi: MidiInput | None = None) -> None:
        """Start with the internal source. midi: the server's MIDI input, if it has one."""
        self.source = "internal"
        self._midi = midi
        self._transport = transport
        self._external: _ExternalSync | None = None
        self._lock = threading.Lock()

    def set_source(self, source: str) -> None:
        """Change the source of time to one of `SOURCES`.

        Raises: CommandError: ERANGE, it is not installed, or there is no such input.
        """
        with self._lock:
            if source == self.source:
                return
            external: _ExternalSync | None = None
            if source == "link":
                external = LinkSync(self._transport)
            elif source == "midi":
                midi = self._midi
                if midi is not None and midi.is_open:
                    external = MidiInputSync(self._transport, midi)
                else:
                    external = MidiPortSync(self._transport)
            if self._external is not None:
                self._external.close()
            self._external, self.source = external, source

    def set(self, bpm: float | None, beats: int | None, run: int | None) -> None:
        """Change tempo, metre and running state; the tempo also of a Link session.

        bpm: beats per minute. beats: per bar. run: 1 starts and 0 stops; ignored with an external
        source. None leaves a value as it is.
        Raises: CommandError: ERANGE, the source does not take a tempo.
        """
        external = self._external
        if external is not None:
            if bpm is not None:
                external.set_tempo(bpm)
            self._transport.set(beats=beats)
            return
        self._transport.set(bpm=bpm, beats=beats)
        if run is not None:
            self._transport.set_running(bool(run))

    def describe(self) -> str:
        """Return the source and its state."""
        external = self._external
        return self.source if external is None else f"{self.source}, {external.describe()}"

    def close(self) -> None:
        """Close an external source."""
        self.set_source("internal")


class LinkSync:
    """An Ableton Link session that drives the transport."""

    def __init__(self, transport: Transport) -> None:
        """Join the session.

        Raises: CommandError: ERANGE, the optional package is not installed.
        """
        try:
            import link
        except ImportError:
            raise CommandError(
                Code.ERANGE, "source is link: it needs pip install 'msanii-live[link]'"
            ) from None
        self._transport = transport
        self._link = link.Link(transport.bpm)
        self._link.enabled = True
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._thread.start()

    def set_tempo(self, bpm: float) -> None:
        """Set the session's tempo."""
        state = self._link.captureSessionState()
        state.setTempo(bpm, self._link.clock().micros())
        self._link.commitSessionState(state)

    def describe(self) -> str:
        """Return the number of peers."""
        return f"{self._link.numPeers()} peers"

    def close(self) -> None:
        """Leave the session."""
        self._closed.set()
        self._thread.join(1.0)
        self._link.enabled = False

    def _run(self) -> None:
        while not self._closed.is_set():
            self._update_transport()
            self._closed.wait(_LINK_INTERVAL)

    def _update_transport(self) -> None:
        clock: Any = self._link.clock()
        before = clock.micros()
        moment = self._transport.now()
        after = clock.micros()
        if after - before > _MAX_READ_US:  # interrupted: the two readings do not belong together
            return
        state = self._link.captureSessionState()
        beat = state.beatAtTime((before + after) // 2, self._transport.beats)
        self._transport.sync_to(state.tempo(), beat, moment)


class MidiPortSync:
    """The clock of the first MIDI port, opened for this alone."""

    def __init__(self, transport: Transport) -> None:
        """Open the port.

        Raises: CommandError: ERANGE, MIDI is not installed, or there is no input.
        """
        self._transport = transport
        self._tracker = MidiClockTracker()
        try:
            import mido

            names = mido.get_input_names()
            if not names:
                raise CommandError(Code.ERANGE, "source is midi: there is no MIDI input")
            self._name = str(names[0])
            self._port = mido.open_input(self._name, callback=self._receive)
        except ImportError as error:
            raise CommandError(Code.ERANGE, f"source is midi: {import_fault(error)}") from None
        except OSError as error:
            raise CommandError(Code.ERANGE, f"source is midi: {error}") from None

    def set_tempo(self, bpm: float) -> None:
        """Raise an error: a MIDI clock takes no tempo.

        Raises: CommandError: ERANGE, always.
        """
        raise _tempo_error(bpm, self._name)

    def describe(self) -> str:
        """Return the port's name."""
        return self._name

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def _receive(self, message: Any) -> None:
        follow_midi_clock(self._tracker, self._transport, message)


class MidiInputSync:
    """The clock of the MIDI input that is already open for notes."""

    def __init__(self, transport: Transport, midi: MidiInput) -> None:
        """Start to listen."""
        self._transport = transport
        self._midi = midi
        self._tracker = MidiClockTracker()
        midi.add_listener(self._receive)

    def set_tempo(self, bpm: float) -> None:
        """Raise an error: a MIDI clock takes no tempo.

        Raises: CommandError: ERANGE, always.
        """
        raise _tempo_error(bpm, self._midi.description)

    def describe(self) -> str:
        """Return the input's name."""
        return self._midi.description

    def close(self) -> None:
        """Stop listening; the input stays open for notes."""
        self._midi.remove_listener(self._receive)

    def _receive(self, message: Any, now: float) -> None:
        follow_midi_clock(self._tracker, self._transport, message)


def follow_midi_clock(tracker: MidiClockTracker, transport: Transport, message: Any) -> None:
    """Track a MIDI message and synchronise the transport. message: with a `type`, as mido's."""
    now = transport.now()
    tracker.receive(message.type, now, int(getattr(message, "pos", 0)))
    estimate = tracker.estimate()
    if estimate is not None:
        bpm, beat, moment = estimate
        transport.sync_to(bpm, beat, moment, tracker.is_running)


def _tempo_error(bpm: float, name: str) -> CommandError:
    return CommandError(Code.ERANGE, f"bpm is {bpm:g}: the tempo comes from {name}")
