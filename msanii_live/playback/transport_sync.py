"""Who keeps time: this server, Ableton Link, or a MIDI clock."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from msanii_live.errors import Code, CommandError
from msanii_live.midi.input import MidiInput
from msanii_live.timing.midi_clock import ClockTracker
from msanii_live.timing.transport import Transport

SOURCES = ("internal", "link", "midi")
_POLL_SECONDS = 0.02  # s between looks at a Link session
_MAX_READ_US = 200  # µs that reading two clocks may take, or the reading is not used


class _ExternalSync(Protocol):
    """Drive the transport from outside until closed."""

    def set_tempo(self, bpm: float) -> None:
        """Ask for a tempo. Raises: CommandError: it cannot be asked."""

    def describe(self) -> str:
        """Return how it is, in words."""

    def close(self) -> None:
        """Let the transport go."""


class TransportSync:
    """Hold the one source of time. Every method may be called from any thread."""

    def __init__(self, transport: Transport, midi: MidiInput | None = None) -> None:
        """Begin with this server's own. midi: an input that may be open already."""
        self.source = "internal"
        self._midi = midi
        self._transport = transport
        self._external: _ExternalSync | None = None
        self._lock = threading.Lock()

    def set_source(self, source: str) -> None:
        """Take time from a source of `SOURCES`.

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
        """Change tempo, metre and run, of a session too where time comes from one.

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
        """Return the source, and how it is."""
        external = self._external
        return self.source if external is None else f"{self.source}, {external.describe()}"

    def close(self) -> None:
        """Let the source go."""
        self.set_source("internal")


class LinkSync:
    """Follow an Ableton Link session, and set its tempo."""

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
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="link", daemon=True)
        self._thread.start()

    def set_tempo(self, bpm: float) -> None:
        """Set the session's tempo."""
        state = self._link.captureSessionState()
        state.setTempo(bpm, self._link.clock().micros())
        self._link.commitSessionState(state)

    def describe(self) -> str:
        """Return how many others there are."""
        return f"{self._link.numPeers()} peers"

    def close(self) -> None:
        """Leave the session."""
        self._over.set()
        self._thread.join(1.0)
        self._link.enabled = False

    def _follow(self) -> None:
        while not self._over.is_set():
            self._look()
            self._over.wait(_POLL_SECONDS)

    def _look(self) -> None:
        clock: Any = self._link.clock()
        before = clock.micros()
        moment = self._transport.now()
        after = clock.micros()
        if (
            after - before > _MAX_READ_US
        ):  # something came between: the two clocks do not belong together
            return
        state = self._link.captureSessionState()
        beat = state.beatAtTime((before + after) // 2, self._transport.beats)
        self._transport.sync_to(state.tempo(), beat, moment)


class MidiPortSync:
    """Follow the clock of the first MIDI input."""

    def __init__(self, transport: Transport) -> None:
        """Open the input.

        Raises: CommandError: ERANGE, there is no MIDI here, or no input.
        """
        self._transport = transport
        self._tracker = ClockTracker()
        try:
            import mido

            names = mido.get_input_names()
            if not names:
                raise CommandError(Code.ERANGE, "source is midi: there is no MIDI input")
            self._name = str(names[0])
            self._port = mido.open_input(self._name, callback=self._receive)
        except (ImportError, OSError) as error:
            raise CommandError(
                Code.ERANGE,
                f"source is midi: {error}; it may need pip install 'msanii-live[midi]'",
            ) from None

    def set_tempo(self, bpm: float) -> None:
        """Refuse.

        Raises: CommandError: ERANGE, always.
        """
        raise CommandError(Code.ERANGE, f"bpm is {bpm:g}: the tempo comes from {self._name}")

    def describe(self) -> str:
        """Return the input's name."""
        return self._name

    def close(self) -> None:
        """Give the input back."""
        self._port.close()

    def _receive(self, message: Any) -> None:
        follow_midi_clock(self._tracker, self._transport, message)


class MidiInputSync:
    """Follow the clock of the MIDI input that is open for notes."""

    def __init__(self, transport: Transport, midi: MidiInput) -> None:
        """Begin to listen."""
        self._transport = transport
        self._midi = midi
        self._tracker = ClockTracker()
        midi.listen(self._receive)

    def set_tempo(self, bpm: float) -> None:
        """Refuse.

        Raises: CommandError: ERANGE, always.
        """
        raise CommandError(
            Code.ERANGE, f"bpm is {bpm:g}: the tempo comes from {self._midi.description}"
        )

    def describe(self) -> str:
        """Return the input's name."""
        return self._midi.description

    def close(self) -> None:
        """Listen no more; the input stays open for notes."""
        self._midi.remove_listener(self._receive)

    def _receive(self, message: Any, now: float) -> None:
        follow_midi_clock(self._tracker, self._transport, message)


def follow_midi_clock(tracker: ClockTracker, transport: Transport, message: Any) -> None:
    """Take one MIDI message in, and let the transport follow. message: has `type`, as mido's."""
    now = transport.now()
    tracker.receive(message.type, now, int(getattr(message, "pos", 0)))
    place = tracker.estimate()
    if place is not None:
        bpm, beat, moment = place
        transport.sync_to(bpm, beat, moment, tracker.is_running)
