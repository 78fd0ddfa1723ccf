"""Clips that get notes after they were made: a MIDI file beside them, recorded in the sidecar."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import replace

from msanii_live.audio import Clip, ClipInfo
from msanii_live.library import companions, naming, ownership, paths, sidecar
from msanii_live.library.audio_encoding import AudioFormat
from msanii_live.library.restorable_clips import RestorableClips
from msanii_live.notes import Score

_log = logging.getLogger(__name__)

_SAME_BAR = 0.01  # bars: a MIDI file keeps them by its ticks


class ScoredClips(RestorableClips):
    """The clips of a folder, to which notes can be added. Every method is safe from any thread."""

    def set_score(
        self, clip: Clip, score: Score, warn: Callable[[str], None], with_file: bool = True
    ) -> ClipInfo:
        """Give a clip its notes, write NAME.mid beside it, and return its new info.

        A file of its former notes goes, unless the user has changed it.

        clip: of this library, as its notes were heard; a clip that has changed since is left alone.
        Where its tempo is unknown, or was heard before, it gets that of the notes. The clip keeps
        its place in the list.
        warn: called with a sentence where the file has another name or could not be written.
        with_file: False where the notes were in memory alone, and are to be so again.
        Raises: CommandError: ENOCLIP, the clip is no longer there.
        """
        before = self.info(clip.info.name)
        if before != clip.info:
            return before
        info = replace(before, heard=self._audio_hash(before))
        if score.bpm and (not info.bpm or self._has_heard_bars(clip)):
            info = replace(info, bpm=score.bpm, bar_offset=score.bar % 1.0)
        with self._lock:
            is_unsaved = before.name in self._unsaved
        staged: list[companions.StagedFile] = []
        outdated: list[companions.OwnFile] = []
        if not is_unsaved:
            own = companions.own_files(self.folder, before)
            replaced = [file for file in own if companions.kind(file.suffix) == companions.MIDI]
            alone = Clip(clip.samples, info, score=score if with_file else None)
            staged, records = companions.stage(self.folder, alone, AudioFormat(), replaced, warn)
            others = {
                suffix: record
                for suffix, record in before.companions.items()
                if companions.kind(suffix) != companions.MIDI
            }
            info = replace(info, companions={**records, **others})
            outdated = [file for file in replaced if file.suffix not in records]
        with self._lock:
            if self._infos.get(before.name) != before:
                companions.discard(staged)
                return self.info(before.name)
            self._infos[before.name] = info
            self._cache.put(
                before.name, replace(clip, info=info, score=score, stems={}), pinned=is_unsaved
            )
            if not is_unsaved:
                companions.publish(staged)
                companions.delete(outdated)
                self._write_info(info)
        return info

    def _write_info(self, info: ClipInfo) -> None:
        try:
            sidecar.write_sidecar(self.folder, info)
        except OSError as error:
            _log.warning("%s.json cannot be written: %s", info.name, naming.error_reason(error))

    def _audio_hash(self, info: ClipInfo) -> str:
        """Return the hash of a sound file of the user's, by which a change of it is seen."""
        if info.blake2b:
            return ""  # the sidecar has it
        path = sidecar.audio_path(self.folder, info)
        if paths.stamp(path) is None:
            return ""
        try:
            return ownership.file_fingerprint(path).blake2b
        except OSError:
            return ""

    def _has_heard_bars(self, clip: Clip) -> bool:
        """Return whether the tempo and the bars of a clip are those that were heard before."""
        if not clip.info.heard:
            return False
        old = self.get(clip.info.name).score
        offset = clip.info.bar_offset
        return (
            old is not None
            and math.isclose(old.bpm, clip.info.bpm, rel_tol=1e-3)
            and abs((old.bar - offset + 0.5) % 1.0 - 0.5) < _SAME_BAR
        )
