"""Keep the shared folder within a size, where the user asked for that."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from msanii_live.audio import ClipInfo
from msanii_live.library.paths import delete_if_possible
from msanii_live.library.sidecar import sidecar_path, wav_path

log = logging.getLogger("msanii_live.player")


def beyond(infos: Iterable[ClipInfo], most_bytes: int) -> list[str]:
    """Return the names of the oldest clips, without which the rest fits; the newest always stays.

    infos: oldest first. most_bytes: of 32-bit samples.

    >>> clips = [ClipInfo(name, 44_100, 2, 1_000) for name in ("a", "b", "c")]
    >>> beyond(clips, 16_000)
    ['a']
    """
    clips = list(infos)
    size = sum(4 * clip.frames * clip.channels for clip in clips)
    over = []
    for clip in clips[:-1]:
        if size <= most_bytes:
            break
        over.append(clip.name)
        size -= 4 * clip.frames * clip.channels
    return over


def delete(folder: Path, name: str) -> None:
    """Delete a clip's two files, the sidecar first: a WAV alone is nobody's clip."""
    delete_if_possible(sidecar_path(folder, name))
    delete_if_possible(wav_path(folder, name))
    log.info("deleted %s to keep the folder within its size", name)
