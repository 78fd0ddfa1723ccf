"""The styles and keys that engines know by number, and the music that mel-flow was trained on.

Imports no torch.
"""

from __future__ import annotations

STYLES = (
    "house", "techno", "hiphop", "lofi", "synth", "ambient", "bossa", "piano", "pop", "jazz",
)  # fmt: skip
MODES = ("maj", "min")
BEATS_PER_BAR = 4
TEMPO_RANGE = (60.0, 160.0)  # bpm


def key_index(pitch_class: int, mode: str) -> int:
    """Return the number of a key, 0 (C major) to 23 (B minor).

    pitch_class: 0 to 11. mode: "maj" or "min".
    """
    return pitch_class + 12 * MODES.index(mode)
