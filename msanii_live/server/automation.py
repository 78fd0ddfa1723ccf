"""Automation of params: recorded as it happens, kept in the folder, played with the transport."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msanii_live.errors import Code, CommandError
from msanii_live.jobs.params import Params, Value
from msanii_live.library import naming, paths
from msanii_live.library.json_files import AUTOMATIONS
from msanii_live.protocol.commands import PARAM_ROOT, Param
from msanii_live.protocol.request import parse_request
from msanii_live.protocol.schema import OscValue
from msanii_live.timing.automation import (
    MAX_BEATS,
    Automation,
    AutomationDraft,
    AutomationEvent,
)
from msanii_live.timing.automation_run import AutomationRun
from msanii_live.timing.transport import Transport

LONGEST_WAIT = 0.1  # s between two looks at the transport, whose tempo may have changed
SHORTEST_WAIT = 0.005  # s
_INSTANT = 1e-9  # beats
log = logging.getLogger("msanii_live.server")


@dataclass(frozen=True)
class AutomationState:
    """What is recorded or played now. state: "recording", "playing" or "" for neither."""

    name: str = ""
    state: str = ""


class AutomationRecorder:
    """What records the changes of params and plays them. Every method is safe from any thread."""

    def __init__(self, folder: Path, params: Params, transport: Transport) -> None:
        """Begin idle. folder: the shared folder."""
        self._folder = folder
        self._params = params
        self._transport = transport
        self._commands = threading.Lock()  # held by a command as a whole, which may wait for a disk
        self._lock = threading.RLock()  # of what follows
        self._run: AutomationRun | None = None
        self._player: threading.Thread | None = None
        self._is_playing = False  # while what is due is set
        self._woken = threading.Event()
        self._unsaved: dict[str, Automation] = {}
        self._listed: tuple[paths.Stamp | None, list[str]] = (None, [])
        params.observe(self._observe)

    @property
    def state(self) -> AutomationState:
        """What is recorded or played now."""
        run = self._run
        if run is None:
            return AutomationState()
        return AutomationState(run.name, "playing" if run.draft is None else "recording")

    def summary(self) -> dict[str, object]:
        """Return the names of what is kept, and what is recorded or played, ready for JSON."""
        state = self.state
        return {"names": self.names(), "name": state.name, "state": state.state}

    def names(self) -> list[str]:
        """Return the names of what is in the folder, read again when a file has come or gone."""
        stamp = paths.stamp(self._folder / AUTOMATIONS.subfolder)
        if stamp != self._listed[0]:
            self._listed = (stamp, AUTOMATIONS.names(self._folder))
        return self._listed[1]

    def size(self, name: str) -> tuple[float, int]:
        """Return the length of an automation, beats, and its changes; zeros if it is not kept."""
        try:
            automation = self.read(name)
        except CommandError:
            return 0.0, 0
        return automation.length, len(automation.events)

    def read(self, name: str) -> Automation:
        """Return an automation from the folder, or one that could not be written to it.

        Raises: CommandError: as `JsonFiles.load`; EPATH, it is wrong.
        """
        if name in self._unsaved:
            return self._unsaved[name]
        content = AUTOMATIONS.load(self._folder, name)
        try:
            automation = Automation.from_dict(content)
        except ValueError as error:
            raise _wrong(name, str(error)) from None
        for event in automation.events:
            _check(event, name)
        return automation

    def record(self, name: str, is_overdub: bool) -> None:
        """Record changes from now on, counted from the last bar line; what was recorded is kept.

        is_overdub: over what is recorded under that name, which plays on or begins to.
        Raises: CommandError: ERANGE, the name is illegal; ENOCLIP, there is nothing to overdub;
            EPATH, a file that is not ours is in the way, or what was recorded cannot be written.
        """
        path = AUTOMATIONS.path(self._folder, name)
        if path.exists() and not AUTOMATIONS.is_own(path):
            raise naming.occupied_error(f"{AUTOMATIONS.subfolder}/{name}.json")
        with self._commands:
            run = self._finish()
            base = self.read(name) if is_overdub else None
            if base is not None and run is not None and run.name == name:
                with self._lock:
                    run.draft, run.is_loop = AutomationDraft(base), True
                return
            now = self._transport.now()
            beat, bars = self._transport.beats_at(now), self._transport.bars_at(now)
            begun = (bars - math.floor(bars + _INSTANT)) * self._transport.beats
            self._begin(AutomationRun(name, beat - begun, begun, base, AutomationDraft(base)))

    def play(self, name: str, is_loop: bool, at: str) -> None:
        """Play an automation from its start. at: none, beat, bar or a number of beats from now.

        Raises: CommandError: as `read`; ERANGE, `at` is illegal; EPATH, what was recorded cannot be
            written.
        """
        with self._commands:
            self._finish()
            automation = self.read(name)
            now = self._transport.now()
            start = self._transport.beats_at(now + self._transport.seconds_until(at, now))
            self._begin(AutomationRun(name, start, automation=automation, is_loop=is_loop))

    def stop(self) -> None:
        """End and keep what is recorded, and end what is played.

        Raises: CommandError: EPATH, it cannot be written; it can be played, and the next stop tries
            to write it again.
        """
        with self._commands:
            try:
                self._finish()
                for name, automation in list(self._unsaved.items()):
                    self._save(name, automation)
            finally:
                self._end()

    def free(self, name: str) -> None:
        """Delete an automation, or drop the one that is being recorded, which is not kept.

        Raises: CommandError: as `JsonFiles.delete`.
        """
        with self._commands:
            run = self._run
            is_mine = run is not None and run.name == name
            is_unwritten = self._unsaved.pop(name, None) is not None or is_mine
            if not is_unwritten or AUTOMATIONS.path(self._folder, name).exists():
                AUTOMATIONS.delete(self._folder, name)
            if is_mine:
                self._end()

    def close(self) -> None:
        """End; what is recorded is kept if it can be."""
        try:
            self.stop()
        except CommandError as error:
            log.warning("the automation is not kept: %s", error.text)
        player = self._player
        if player is not None:
            player.join(2.0)

    # -- recording ---------------------------------------------------------------------------------

    def _observe(self, name: str, before: Value, value: Value, beats: float, shape: str) -> None:
        with self._lock:
            run = self._run
            if run is None or run.draft is None or self._is_playing:
                return  # what is played is not recorded again
            beat = max(0.0, self._transport.beat_now() - run.origin)
            if run.automation is not None:
                self._set([each for each in run.due(beat) if each.name != name])
                beat %= run.automation.length
            if run.draft.is_full:
                log.warning("%s is full: later changes are not recorded", run.name)
                return
            run.draft.add(AutomationEvent(beat, name, value, beats, shape), before)

    def _finish(self) -> AutomationRun | None:
        """Keep what is recorded. Return what is still played: the automation of an overdub.

        Raises: CommandError: EPATH, as `stop`.
        """
        with self._lock:
            run = self._run
            if run is None or run.draft is None:
                return run
            beat = max(0.0, self._transport.beat_now() - run.origin)
            if run.automation is None:
                bar = self._transport.beats
                length = float(bar * max(1, math.ceil(beat / bar - _INSTANT)))
                automation = run.draft.finish(min(length, MAX_BEATS), beat)
                self._run = None
                if not automation.events and self._is_kept(run.name):
                    log.info("no change was recorded: %s stays as it was", run.name)
                    return None
            else:
                self._set(run.due(beat))
                length = run.automation.length
                automation = run.automation = run.draft.finish(length, beat % length)
                run.draft = None
            self._unsaved[run.name] = automation
            left = self._run
        self._save(run.name, automation)
        return left

    def _is_kept(self, name: str) -> bool:
        return name in self._unsaved or AUTOMATIONS.path(self._folder, name).exists()

    def _save(self, name: str, automation: Automation) -> None:
        AUTOMATIONS.save(self._folder, name, automation.as_dict())
        self._unsaved.pop(name, None)

    # -- playback ----------------------------------------------------------------------------------

    def _begin(self, run: AutomationRun) -> None:
        with self._lock:
            self._run = run
            if self._player is None:
                self._player = threading.Thread(target=self._play, name="automation", daemon=True)
                self._player.start()
        self._woken.set()

    def _end(self) -> None:
        with self._lock:
            self._run = None
        self._woken.set()

    def _play(self) -> None:
        """Play what there is to play, until there is nothing."""
        while True:
            self._woken.clear()
            with self._lock:
                run = self._run
                beat = 0.0 if run is None else self._transport.beat_now() - run.origin
                if run is not None:
                    self._set(run.due(beat))
                    if run.is_over(beat):
                        self._run = run = None
                if run is None:
                    self._player = None
                    return
                wait = self._seconds_to_next(run, beat)
            self._woken.wait(wait)

    def _set(self, due: Sequence[AutomationEvent]) -> None:
        """Change params. The lock is held: the observer is called on this thread alone."""
        self._is_playing = True
        try:
            for event in due:
                self._params.change(event.name, event.value, event.beats, event.shape)
        finally:
            self._is_playing = False

    def _seconds_to_next(self, run: AutomationRun, beat: float) -> float | None:
        """Return how long to wait for the next change; None where nothing is played."""
        if run.automation is None:
            return None
        if not self._transport.is_running:
            return LONGEST_WAIT
        seconds = (run.automation.next_after(beat) - beat) * 60.0 / self._transport.bpm
        return min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT)


def _check(event: AutomationEvent, name: str) -> None:
    """Check that an event is a change of a param. Raises: CommandError: EPATH, it is none."""
    value = event.value if event.value != "" else "none"
    words: list[OscValue] = [value, "@time", event.beats, "@shape", event.shape]
    try:
        command = parse_request(PARAM_ROOT + event.name, words).command
    except CommandError as error:
        raise _wrong(name, error.text) from None
    if not isinstance(command, Param):
        raise _wrong(name, f"{event.name} is no param")


def _wrong(name: str, why: str) -> CommandError:
    return CommandError(Code.EPATH, f"{AUTOMATIONS.subfolder}/{name}.json cannot be played: {why}")
