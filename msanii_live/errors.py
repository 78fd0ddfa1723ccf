"""Every error that a user can meet, each with its remedy in the text."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Name the kinds of failure that `/msanii/fail` reports."""

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
    """Be the root of the errors that are told to a user without a traceback."""


class CommandError(MsaniiError):
    """Refuse a command: `code` is for the patch, `text` for the musician."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Cancelled(MsaniiError):
    """Leave a job because its cancel flag was set, at denoising step `step`."""

    def __init__(self, step: int = 0) -> None:
        super().__init__(f"cancelled at step {step}")
        self.step = step


class ConfigError(MsaniiError):
    """Refuse a configuration: an unknown key or a value out of range."""


class PortInUse(MsaniiError):
    """Report that a port is taken, and the flag that picks another."""

    def __init__(self, port: int, flag: str) -> None:
        super().__init__(
            f"port {port} is already in use: end the other program, or pick another with {flag} "
            f"(0 picks a free one)"
        )
        self.port = port
        self.flag = flag


class MissingTool(MsaniiError):
    """Report that a program or library is absent, and the command that installs it."""

    def __init__(self, what: str, install: str) -> None:
        super().__init__(f"{what} is not installed: {install}")
        self.what = what
        self.install = install
