"""Reading a clip that the server made: from the shared folder, or from the server's page."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path

import numpy as np
import soundfile

from msanii_live.audio import Samples
from msanii_live.client.packets import Sent
from msanii_live.errors import MsaniiError

PAGE_TIMEOUT = 30.0  # s without a byte
NOT_FOUND = 404
HTTP_PORT = "http-port"  # the fact of /msanii/caps


class UnreadableClip(MsaniiError):
    """A clip whose audio cannot be reached from here; the text says why and what to do."""


@dataclass(frozen=True)
class PageAddress:
    """The server's page, as a client reaches it. port: 0 if the server did not say."""

    host: str
    port: int

    def clip_url(self, name: str, suffix: str = ".wav") -> str:
        """Return the address of a clip's file. suffix: ".mid" for notes, ".bass.wav" for bass."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/clips/{name}{suffix}"


def is_this_machine(host: str) -> bool:
    """Return whether an IP address is surely this machine, so that paths may mean the same here."""
    address = ip_address(host.split("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def page_port(facts: Sequence[dict[str, Sent]]) -> int:
    """Return the port of the page from the rows of `/msanii/caps`; 0 if they do not have it."""
    return next((int(row["value"]) for row in facts if row["name"] == HTTP_PORT), 0)


def read_file(path: Path) -> Samples:
    """Return the audio of a file, float32 (frames, channels). Raises: UnreadableClip."""
    try:
        samples, _ = soundfile.read(str(path), dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise UnreadableClip(f"cannot read {path}: {error}") from None
    return np.asarray(samples, dtype=np.float32)


def fetch(page: PageAddress, name: str, path: str) -> Samples:
    """Return the audio of a clip from the server's page, float32 (frames, channels).

    path: of its file on the server, for the error text.
    Raises: UnreadableClip: the page cannot be reached, or does not have the clip.
    """
    url = page.clip_url(name)
    try:
        content = _get(page, url, name, path)
        samples, _ = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except urllib.error.HTTPError as error:
        raise UnreadableClip(f"{url}: {_reason(error)}") from None
    except soundfile.SoundFileError as error:
        raise UnreadableClip(f"{url} is no sound: {error}") from None
    return np.asarray(samples, dtype=np.float32)


def fetch_file(page: PageAddress, name: str, suffix: str, path: str) -> bytes | None:
    """Return a file that lies beside a clip, from the server's page; None if there is none.

    suffix: see `PageAddress.clip_url`. path: of the clip on the server, for the error text.
    Raises: UnreadableClip: the page cannot be reached.
    """
    url = page.clip_url(name, suffix)
    try:
        return _get(page, url, name, path)
    except urllib.error.HTTPError as error:
        if error.code == NOT_FOUND:
            return None
        raise UnreadableClip(f"{url}: {_reason(error)}") from None


def _get(page: PageAddress, url: str, name: str, path: str) -> bytes:
    """Return the content of an address. Raises: UnreadableClip; urllib.error.HTTPError."""
    remedy = (
        f"The file of {name} is {path} on the server's machine: share that folder, or let "
        "`msanii-live serve --bind ADDRESS --allow NETWORK` serve its page to this one too"
    )
    if not page.port:
        raise UnreadableClip(f"this server does not say where its page is. {remedy}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on this network
    try:
        with opener.open(url, timeout=PAGE_TIMEOUT) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError:
        raise
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise UnreadableClip(f"nobody answers at {url} ({reason}). {remedy}") from None


def _reason(error: urllib.error.HTTPError) -> str:
    """Return what the page says of an error."""
    try:
        return str(json.loads(error.read())["error"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason}"
