"""The errors that a user can see. The text of each says what to do."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """The error codes of `/msanii/fail`."""

    EADDR = "EADDR"
    ETYPE = "ETYPE"
    ERANGE = "ERANGE"
    EARG = "EARG"
    EENGINE = "EENGINE"
    EBUSY = "EBUSY"
    EOOM = "EOOM"
    ENOCLIP = "ENOCLIP"
    EPATH = "EPATH"
    ECANCEL = "ECANCEL"
    ELATE = "ELATE"
    EINTERNAL = "EINTERNAL"


class MsaniiError(Exception):
    """The base class of errors that are shown to a user without a traceback."""


class CommandError(MsaniiError):
    """The failure of a command. code: for programs. text: for people."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Cancelled(MsaniiError):
    """The end of a job that was cancelled. step: the denoising step it had reached."""

    def __init__(self, step: int = 0) -> None:
        super().__init__(f"cancelled at step {step}")
        self.step = step


class ConfigError(MsaniiError):
    """An invalid configuration: an unknown key or a value out of range."""


class PortInUse(MsaniiError):
    """A port that another program uses. flag: the option that selects another port."""

    def __init__(self, port: int, flag: str) -> None:
        super().__init__(
            f"port {port} is already in use: end the other program, or pick another with {flag} "
            f"(0 picks a free one)"
        )
        self.port = port
        self.flag = flag


class MissingTool(MsaniiError):
    """A missing program or library. install: the command that installs it."""

    def __init__(self, what: str, install: str) -> None:
        super().__init__(f"{what} is not installed: {install}")
        self.what = what
        self.install = install
