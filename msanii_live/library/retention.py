"""The size limit of the shared folder, if the user sets one."""

from __future__ import annotations

from collections.abc import Iterable

from msanii_live.audio import ClipInfo


def clips_over_limit(infos: Iterable[ClipInfo], max_bytes: int) -> list[str]:
    """Return the names of the oldest clips that must go for the rest to fit.

    The newest and those with a star stay. infos: oldest first. max_bytes: of 32-bit samples, MIDI
    files and stems.

    >>> clips = [ClipInfo(name, 44_100, 2, 1_000) for name in ("a", "b", "c")]
    >>> clips_over_limit(clips, 16_000)
    ['a']
    """
    clips = list(infos)
    size = total_bytes(clips)
    over_limit = []
    for clip in clips[:-1]:
        if size <= max_bytes:
            break
        if clip.starred:
            continue
        over_limit.append(clip.name)
        size -= _bytes(clip)
    return over_limit


def total_bytes(infos: Iterable[ClipInfo]) -> int:
    """Return the size of clips with their MIDI files and stems."""
    return sum(_bytes(info) for info in infos)


def _bytes(clip: ClipInfo) -> int:
    beside = sum(int(record["size"]) for record in clip.companions.values())
    return 4 * clip.frames * clip.channels + beside
