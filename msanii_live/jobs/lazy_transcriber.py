"""The transcriber, as jobs use it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from msanii_live.audio import Clip
from msanii_live.notes import Score

if TYPE_CHECKING:
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
        with self._lock:
            if self._listener is None:
                from msanii_live.transcription.transcribe import Listener

                self._listener = Listener()
        return self._listener.score(clip, progress)
