"""Training data that the rack of instruments plays, in place of FluidSynth and a soundfont."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import mido
import numpy as np

from msanii_live.errors import ConfigError
from msanii_live.midi import files
from msanii_live.notes import Note, Score
from msanii_live.rack.drums.kits import KITS
from msanii_live.rack.instruments import INSTRUMENTS
from msanii_live.rack.levels import LEVELS
from msanii_live.rack.render import RackOptions, render_score
from msanii_live.rack.rigs import NEUTRAL
from msanii_live.rack.waves import RATE

PLAYERS = ("fluidsynth", "rack")
PEAK = 10 ** (-1 / 20)  # -1 dBFS
PART_GAIN = 0.35  # of parts alone: polyphonic music then lies near -20 dBFS, as FluidSynth's does


def player_of(recipe: Path, data: Mapping[str, Any]) -> str:
    """Return what plays the notes of a recipe's training set, the key `player` of [data].

    Raises: ConfigError: there is no such player.
    """
    player = str(data.get("player", PLAYERS[0]))
    if player not in PLAYERS:
        raise ConfigError(f"{recipe}: player is {player!r}: it must be {' or '.join(PLAYERS)}")
    return player


def render_midi(midi: mido.MidiFile, style: str = "") -> np.ndarray:
    """Play a MIDI file in the rig of a style, peak at -1 dBFS.

    Returns float32, (frames, 2) at 44.1 kHz, as long as the score.
    """
    score = replace(files.score_from_midi(midi), is_loop=False)
    wave = render_score(score, RackOptions(style=style)).mix
    return np.asarray(wave * (PEAK / max(float(np.abs(wave).max()), 1e-6)), dtype=np.float32)


def render_parts(score: Score) -> np.ndarray:
    """Play each part of a score alone, dry and mono, all at one gain; their sum is the piece.

    Each program plays as `rigs.instrument_of_program` says, whatever the style, and no part is
    changed by another one. Returns float32, (parts, frames) at 44.1 kHz, in the order of
    `score.parts`.
    """
    frames = round(score.seconds * RATE)
    parts = []
    for part in score.parts:
        out = np.zeros((2, frames), dtype=np.float32)
        own: dict[str, list[Note]] = {}
        for note in score.only((part,)).notes:
            name = NEUTRAL.kit(0) if note.drum else NEUTRAL.instrument(part, note.program)
            own.setdefault(name, []).append(note)
        for name, notes in own.items():
            _play(name, notes, out, part == "drums")
        parts.append(out.mean(0) * np.float32(PART_GAIN))
    return np.stack(parts)


def _play(name: str, notes: list[Note], out: np.ndarray, is_kit: bool) -> None:
    """Add an instrument or a kit to `out`, (2, frames), at its level."""
    if is_kit:
        KITS[name].play(notes, out)
        return
    single = np.zeros_like(out)
    INSTRUMENTS[name].play(notes, single)
    out += np.float32(10 ** (LEVELS[name] / 20)) * single
