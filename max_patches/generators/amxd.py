"""The file format of unfrozen Max for Live devices (.amxd): three chunks.

Each chunk has a tag of four letters, its length (32 bits, little-endian) and its content. `ampf` is
the kind of device, `meta` a number, and `ptch` the patcher's JSON, a line feed and a NUL.
"""

from __future__ import annotations

import json
import struct
from typing import Any

KINDS = {"audio effect": b"aaaa", "instrument": b"iiii", "midi effect": b"mmmm"}


def pack(patcher: dict[str, Any], kind: str = "instrument") -> bytes:
    """Return the content of a device file. patcher: a dict with the root key `patcher`."""
    text = json.dumps(patcher, indent=1, ensure_ascii=False).encode()
    return b"".join(
        (
            _chunk(b"ampf", KINDS[kind]),
            _chunk(b"meta", struct.pack("<I", 0)),
            _chunk(b"ptch", text + b"\n\0"),
        )
    )


def unpack(content: bytes) -> tuple[str, dict[str, Any]]:
    """Return the kind of device and its patcher.

    Raises: ValueError: the chunks are damaged, or the device is frozen (contains other files).
    """
    chunks, at = {}, 0
    while at + 8 <= len(content):
        length = struct.unpack_from("<I", content, at + 4)[0]
        chunks[content[at : at + 4]] = content[at + 8 : at + 8 + length]
        at += 8 + length
    if at != len(content):
        raise ValueError("the last chunk is cut short, or something follows it")
    patch = chunks[b"ptch"]
    if patch.startswith(b"mx@c"):
        raise ValueError("a frozen device: it contains other files")
    kind = {tag: name for name, tag in KINDS.items()}[chunks[b"ampf"]]
    return kind, json.loads(patch.rstrip(b"\0"))


def _chunk(tag: bytes, content: bytes) -> bytes:
    return tag + struct.pack("<I", len(content)) + content
