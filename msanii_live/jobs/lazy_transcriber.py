"""The transcriber, as jobs use it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from msanii_live.audio import Clip
from msanii_live.notes import Score

if TYPE_CHECKING:
    from msanii_live.transcription.following import FollowedBars
    from msanii_live.transcription.musicality import Listening
    from msanii_live.transcription.transcribe import Listener

Progress = Callable[[int, int], None]


class LazyTranscriber:
    """The transcriber, which is imported with PyTorch when it is first needed."""

    def __init__(self) -> None:
        """Import nothing yet."""
        self._lock = threading.Lock()
        self._listener: Listener | None = None

    def transcribe(self, clip: Clip, progress: Progress = lambda done, steps: None) -> Score:
        """Return the notes of a clip, as long as the clip.

        Raises: CommandError: EENGINE, the transcriber cannot be read; and what `progress` raises.
        """
        return self.listen(clip, progress).score

    def listen(self, clip: Clip, progress: Progress = lambda done, steps: None) -> Listening:
        """Return the notes of a clip, and whether it is music. Raises: as `transcribe`."""
        return self._loaded().listen(clip, progress)

    def follow(
        self, clip: Clip, bars: int, progress: Progress = lambda done, steps: None
    ) -> FollowedBars | None:
        """Return at most so many last whole bars of a clip; None where nothing beats.

        Raises: as `transcribe`.
        """
        return self._loaded().follow(clip, bars, progress)

    def _loaded(self) -> Listener:
        with self._lock:
            if self._listener is None:
                from msanii_live.transcription.transcribe import Listener

                self._listener = Listener()
            return self._listener
