"""Composed pieces with form, harmony and five parts, the training data of the composer model."""

from msanii_live.engines.composer.notes import Chord, PartNote
from msanii_live.notes import PARTS
from msanii_live.training.data.composition.compose import compose
from msanii_live.training.data.composition.midi import to_midi
from msanii_live.training.data.composition.model import ALL_STYLES, STYLES, Composition

__all__ = [
    "ALL_STYLES",
    "PARTS",
    "STYLES",
    "Chord",
    "Composition",
    "PartNote",
    "compose",
    "to_midi",
]
