"""The MIDI mappings of a server: what they move, and the file that keeps them."""

from __future__ import annotations

import json
import logging
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from msanii_live.errors import Code, CommandError
from msanii_live.jobs.params import Params, Value
from msanii_live.library import json_files, naming, paths
from msanii_live.midi.input import MidiInput
from msanii_live.midi.mapping import Learning, MidiMapper, MidiMapping
from msanii_live.protocol.commands import BY_ADDRESS, PARAM_ROOT, MapLearn, Param, Quit
from msanii_live.protocol.request import parse_request
from msanii_live.protocol.schema import OscValue, arguments

MAP_FILE = ".msanii-live.map.json"
VERSION = 1
_ROOT = "/msanii/"
_ON_PAGE = re.compile(r"page\.[a-z0-9.-]{1,40}")
MAX_TARGET_BYTES = 700  # of a target, so that its /msanii/map/entry fits into a packet
_MAX_BYTES = 2**20
log = logging.getLogger("msanii_live.midi")

Run = Callable[[str, Sequence[OscValue]], object]


class MidiMap:
    """The mappings of MIDI controls to params, commands and the page, kept in the shared folder.

    page_controls: the place, 0 to 1, of each control of the page that a MIDI control has moved.
    """

    def __init__(
        self,
        folder: Path,
        params: Params,
        midi: MidiInput,
        run: Run,
        on_param: Callable[[str, Value], object] = lambda name, before: None,
    ) -> None:
        """Read the mappings that are kept.

        run: carries out a command, from any thread. on_param: called with the name of a param that
        a control has moved, and with its value before.
        """
        self._path = folder / MAP_FILE
        self._params = params
        self._run_message = run
        self._on_param = on_param
        self.page_controls: dict[str, float] = {}
        self.mapper = MidiMapper(self._value, self._set, self._run, self._save)
        found, self._in_the_way, self._is_later = _read(self._path)
        self.mapper.replace_all(found)
        midi.add_listener(self.mapper.receive)

    def learn(self, command: MapLearn, on_learnt: Callable[[MidiMapping], object]) -> None:
        """Map the next control that is moved to what a command names.

        Raises: CommandError: EADDR, there is no such param or command; ERANGE, it takes no number.
        """
        target = canonical_target(command.param)
        low, high, is_command = 0.0, 1.0, is_command_text(target)
        if is_param(target):
            value = arguments(BY_ADDRESS[PARAM_ROOT + target])[0]
            if value.kind == "s":
                raise CommandError(
                    Code.ERANGE, f"{target} is text: map a command such as 'param/{target} WORD'"
                )
            low, high = float(value.low or 0.0), float(value.high or 0.0)
        low = low if command.low is None else command.low
        high = high if command.high is None else command.high
        self.mapper.learn(Learning(target, command.control, low, high, is_command, on_learnt))

    def free(self, target: str) -> None:
        """Remove the mappings to a target, or all. Raises: CommandError: ERANGE, there is none."""
        known = {mapping.target for mapping in self.mapper.mappings}
        if target not in known and target != "all":
            try:
                target = canonical_target(target)
            except CommandError:
                text = f"mapped are {', '.join(sorted(known))}" if known else "none is mapped yet"
                error = CommandError(
                    Code.ERANGE, f"no control is mapped to {target[:60]!r}: {text}"
                )
                raise error from None
        self.mapper.free(target)

    def _value(self, target: str) -> float | None:
        return None if is_on_page(target) else self._params.number(target)

    def _set(self, name: str, value: float) -> None:
        if is_on_page(name):
            self.page_controls[name] = min(max(value, 0.0), 1.0)
            return
        before = self._params.value(name)
        try:
            request = parse_request(PARAM_ROOT + name, [_as_kind(name, value)])
        except CommandError as error:
            log.info("%s", error.text)
            return
        assert isinstance(request.command, Param)
        self._params.apply(request.command)
        self._on_param(name, before)

    def _run(self, target: str) -> None:
        address, words = split_target(target)
        self._run_message(address, words)

    def _save(self) -> None:
        mappings = [mapping.as_dict() for mapping in self.mapper.mappings]
        text = json.dumps({"version": VERSION, "mappings": mappings}, indent=1) + "\n"
        try:
            if self._in_the_way and self._is_later:
                raise CommandError(Code.EPATH, f"{MAP_FILE} stays: {self._in_the_way}")
            if self._in_the_way:
                json_files.set_aside(self._path, self._in_the_way)
                self._in_the_way = ""
            paths.write_atomically(self._path, text.encode())
        except CommandError as error:
            log.warning("the MIDI mappings are not kept: %s", error.text)
        except OSError as error:
            log.warning("the MIDI mappings cannot be written: %s", naming.error_reason(error))


def is_param(target: str) -> bool:
    """Return whether a target is the name of a param."""
    command = BY_ADDRESS.get(PARAM_ROOT + target)
    return command is not None and issubclass(command, Param)


def is_on_page(target: str) -> bool:
    """Return whether a target is a dial or slider of the page, such as page.density."""
    return _ON_PAGE.fullmatch(target) is not None


def is_command_text(target: str) -> bool:
    """Return whether a target is a command, not a param or a control of the page."""
    return not is_param(target) and not is_on_page(target)


def canonical_target(text: str) -> str:
    """Return a param's name, a control of the page, or a whole command, for what a client wrote.

    >>> canonical_target("/msanii/param/stream.mix"), canonical_target("play loop1 loop 1")
    ('stream.mix', '/msanii/play loop1 loop 1')

    Raises: CommandError: EADDR, ERANGE and others, it is no command that can be sent.
    """
    if len(text.encode()) > MAX_TARGET_BYTES:
        limit = f"at most {MAX_TARGET_BYTES} bytes can be mapped: shorten it"
        raise CommandError(Code.ERANGE, f"param is too long a command: {limit}")
    name = text.removeprefix(PARAM_ROOT)
    if is_param(name) or is_on_page(name):
        return name
    whole = text if text.startswith(_ROOT) else _ROOT + text
    address, words = split_target(whole)
    if parse_request(address, words).command.address == Quit.address:
        raise CommandError(Code.ERANGE, "a MIDI control cannot end the server")
    return whole


def read_mapping(raw: object) -> MidiMapping:
    """Return a mapping from JSON.

    Raises: ValueError: it is none; CommandError: as `canonical_target`; ERANGE, the param is text.
    """
    found = MidiMapping.from_dict(raw)
    target = canonical_target(found.target)
    if is_param(target) and arguments(BY_ADDRESS[PARAM_ROOT + target])[0].kind == "s":
        raise CommandError(Code.ERANGE, f"{target} is text: no control can be mapped to it")
    return replace(found, target=target, is_command=is_command_text(target))


def split_target(target: str) -> tuple[str, list[OscValue]]:
    """Return the address and the words of a command's text."""
    try:
        address, *words = shlex.split(target)
    except ValueError as error:
        raise CommandError(Code.EARG, f"{target[:60]!r} is no command: {error}") from None
    return address, list(words)


def _as_kind(name: str, value: float) -> float | int:
    kind = arguments(BY_ADDRESS[PARAM_ROOT + name])[0].kind
    return round(value) if kind == "i" else value


def _read(path: Path) -> tuple[list[MidiMapping], str, bool]:
    """Return the mappings of a file, why it may not be replaced ("" if it may), and its version.

    The last is whether a later version wrote it: then it stays. Else it is set aside before another
    is written.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("it is too long")
        content = json.loads(path.read_text("utf-8"))
        if content["version"] != VERSION:
            text = "a later version of msanii-live wrote it; move it away to keep new mappings"
            log.warning("skipped %s: %s", path.name, text)
            return [], text, True
        raws = list(content["mappings"])
    except FileNotFoundError:
        return [], "", False
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        text = str(error)[:200]
        log.warning("skipped %s: it has no MIDI mappings (%s)", path.name, text)
        return [], f"it has no MIDI mappings: {text}", False
    found, wrong = [], ""
    for raw in raws:
        try:
            found.append(read_mapping(raw))
        except (ValueError, CommandError) as error:
            log.warning("skipped a mapping of %s: %s", path.name, str(error)[:200])
            wrong = f"some of its mappings are wrong: {str(error)[:200]}"
    return found, wrong, False
