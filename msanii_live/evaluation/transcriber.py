"""How well the transcriber hears: held-out pieces, played by soundfonts it knows and by another.

Onsets count as found within 50 ms, with their key; beats within 70 ms, as is usual. A chord is
right in a bar if its root and its third are. basic-pitch hears the same clips, for its notes.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from msanii_live.audio import make_clip
from msanii_live.engines.composer.chord_symbols import parse_chord
from msanii_live.engines.composer.notes import INTERVALS, Chord
from msanii_live.errors import ConfigError, MissingTool
from msanii_live.evaluation.basic_pitch import (
    OnsetMatch,
    fetch_network,
    match_onsets,
    open_network,
    transcribe_onsets,
)
from msanii_live.notes import CHORD, PARTS, Note, Score, part_of
from msanii_live.training.data.composition.compose import compose
from msanii_live.training.data.composition.midi import to_midi
from msanii_live.training.data.composition.model import Composition
from msanii_live.training.data.dataset import render
from msanii_live.training.data.distortions import distort
from msanii_live.training.data.heard_pieces import beat_times
from msanii_live.training.data.heard_set import SOUNDFONTS
from msanii_live.transcription import weights
from msanii_live.transcription.drums import drum_sound
from msanii_live.transcription.network import Transcriber
from msanii_live.transcription.transcribe import transcribe

FIRST_SEED = 3_100_000
RATE = 44_100
SECONDS = 24.0  # of a piece
UNSEEN = Path("/usr/share/sounds/sf2/sf_GMbank.sf2")  # csound-soundfont
BEAT_TOLERANCE = 0.07  # s
Report = Callable[[str], None]


@dataclass
class Hearing:
    """The figures of one way to play the pieces: counts of matches, and bars with right chords.

    basic_pitch: counts of the notes that basic-pitch hears; None without it. ratio: seconds of
    sound that are heard in a second.
    """

    notes: OnsetMatch = field(default_factory=lambda: OnsetMatch(0, 0, 0))
    with_part: OnsetMatch = field(default_factory=lambda: OnsetMatch(0, 0, 0))
    drums: OnsetMatch = field(default_factory=lambda: OnsetMatch(0, 0, 0))
    beats: OnsetMatch = field(default_factory=lambda: OnsetMatch(0, 0, 0))
    downbeats: OnsetMatch = field(default_factory=lambda: OnsetMatch(0, 0, 0))
    bars: int = 0
    right_chords: int = 0
    pieces: int = 0
    right_tempi: int = 0
    basic_pitch: OnsetMatch | None = None
    ratio: float = 0.0

    def figures(self) -> dict[str, float]:
        """Return F1 scores and shares by name."""
        found = {
            "note F1": self.notes.f1,
            "note and part F1": self.with_part.f1,
            "drum F1": self.drums.f1,
            "beat F1": self.beats.f1,
            "downbeat F1": self.downbeats.f1,
            "chords right": self.right_chords / max(1, self.bars),
            "tempo right": self.right_tempi / max(1, self.pieces),
            "times real time": self.ratio,
        }
        if self.basic_pitch is not None:
            found["basic-pitch's note F1"] = self.basic_pitch.f1
        return found


@dataclass(frozen=True)
class HeldOutClip:
    """A piece as it sounds. samples: float32, (frames, 2), at RATE."""

    composition: Composition
    samples: np.ndarray

    @property
    def score(self) -> Score:
        """The notes of the span that sounds."""
        step = 15 / self.composition.tempo
        notes = (
            Note(
                note.start * step,
                (note.start + note.length) * step,
                note.pitch,
                note.velocity,
                drum=note.part == "drums",
                part=note.part,
            )
            for note in self.composition.notes
        )
        return Score(tuple(notes), self.composition.seconds).cut(0.0, SECONDS)


def held_out_clips(
    soundfonts: Iterable[Path], pieces: int, is_distorted: bool
) -> Iterable[HeldOutClip]:
    """Yield pieces that no training saw, each played by one of the soundfonts in turn.

    Raises: MissingTool: FluidSynth or a soundfont is missing.
    """
    known = list(soundfonts)
    for number in range(pieces):
        composition = _beginning(compose(FIRST_SEED + number))
        wave = render(to_midi(composition), known[number % len(known)])[: round(SECONDS * RATE)]
        if is_distorted:
            rng = np.random.default_rng([FIRST_SEED, number])
            wave = np.repeat(distort(wave.mean(axis=1), RATE, rng)[:, None], 2, axis=1)
        yield HeldOutClip(composition, np.ascontiguousarray(wave, np.float32))


def _beginning(composition: Composition) -> Composition:
    """Return the bars of a composition that sound within SECONDS."""
    bar = composition.steps_per_bar * 15 / composition.tempo
    bars = min(composition.bars, math.ceil(SECONDS / bar) + 1)
    last = bars * composition.steps_per_bar
    notes = tuple(note for note in composition.notes if note.start < last)
    chords, form = composition.chords[:bars], (("verse", bars),)
    return replace(composition, bars=bars, chords=chords, notes=notes, sections=form)


def measure(
    net: Transcriber, clips: Iterable[HeldOutClip], session: Any, report: Report
) -> Hearing:
    """Return the figures of a network on clips. session: of basic-pitch, None without it."""
    found, seconds, spent = Hearing(), 0.0, 0.0
    if session is not None:
        found.basic_pitch = OnsetMatch(0, 0, 0)
    for number, clip in enumerate(clips, 1):
        begun = time.process_time()
        made = transcribe(net, make_clip(clip.samples, RATE))
        spent += time.process_time() - begun
        seconds += len(clip.samples) / RATE
        add_piece(found, made, clip)
        if session is not None:
            heard = transcribe_onsets(session, clip.samples.mean(axis=1), RATE)
            true = _onsets(clip.score, lambda note: note.pitch)
            found.basic_pitch += match_onsets(heard, true)  # type: ignore[operator]
        report(f"{number}: {made.bpm:g} bpm for {clip.composition.tempo:g}")
    found.ratio = seconds / max(spent, 1e-6)
    return found


def add_piece(found: Hearing, made: Score, clip: HeldOutClip) -> None:
    """Add the figures of a piece to those of the pieces before."""
    true, piece = clip.score, clip.composition

    def with_part(note: Note) -> int:
        return note.pitch + 128 * PARTS.index(part_of(note))

    found.notes += match_onsets(
        _onsets(made, lambda note: note.pitch), _onsets(true, lambda note: note.pitch)
    )
    found.with_part += match_onsets(_onsets(made, with_part), _onsets(true, with_part))
    found.drums += match_onsets(_hits(made), _hits(true))
    beats = beat_times(piece, 0.0, SECONDS)
    for name, chosen in (("beats", beats), ("downbeats", [b for b in beats if b[1]])):
        expected = tuple((moment, 0) for moment, _ in chosen)
        matched = match_onsets(_grid_times(made, name == "downbeats"), expected, BEAT_TOLERANCE)
        setattr(found, name, getattr(found, name) + matched)
    bar = piece.steps_per_bar * 15 / piece.tempo
    for number, chord in enumerate(piece.chords):
        if (number + 1) * bar <= SECONDS and any(not note.drum for note in true.notes):
            found.bars += 1
            found.right_chords += is_same_chord(chord_at(made, (number + 0.5) * bar), chord)
    found.pieces += 1
    found.right_tempi += abs(made.bpm / piece.tempo - 1) < 0.02


def chord_at(score: Score, seconds: float) -> Chord | None:
    """Return the chord that a score's markers name at a time."""
    names = [m.text for m in score.markers if m.kind == CHORD and m.start <= seconds]
    return parse_chord(names[-1]) if names else None


def is_same_chord(made: Chord | None, true: Chord) -> bool:
    """Return whether two chords have the same root and third.

    >>> is_same_chord(Chord(0, "min7"), Chord(0, "min")), is_same_chord(None, Chord(0, "maj"))
    (True, False)
    """
    if made is None:
        return False
    thirds = [INTERVALS[chord.quality or "maj"][1] for chord in (made, true)]
    return made.root == true.root and thirds[0] == thirds[1]


def _onsets(score: Score, key: Callable[[Note], int]) -> tuple[tuple[float, int], ...]:
    found = {(round(note.start, 3), key(note)) for note in score.notes if not note.drum}
    return tuple(sorted(found))


def _hits(score: Score) -> tuple[tuple[float, int], ...]:
    found = {(round(n.start, 3), drum_sound(n.pitch)) for n in score.notes if n.drum}
    return tuple(sorted(found))


def _grid_times(score: Score, only_first: bool) -> tuple[tuple[float, int], ...]:
    """Return the beats of a score, or the first ones of its bars: s, from its start."""
    if not score.bpm:
        return ()
    beat = 60.0 / score.bpm * (1.5 if score.metre == (6, 8) else 1.0)
    bar = 60.0 / score.bpm * (score.beats or 4.0)
    step = bar if only_first else beat
    first = -score.bar * bar % step
    first = first - step if step - first < 0.02 else first
    count = int((score.seconds - first) / step) + 1
    times = (first + step * number for number in range(count))
    return tuple((moment, 0) for moment in times if -0.02 <= moment < score.seconds)


def report_transcriber(path: Path | None, out: Path | None, pieces: int) -> int:
    """Measure weights; print a table of both ways to play. Returns the exit status.

    path: a file, or the folder of a run; None for those that ship. out: folder for
    transcriber.json. Raises: ConfigError: the weights cannot be read; MissingTool: as
    `held_out_clips`.
    """
    chosen = path or weights.SHIPPED
    chosen = chosen / weights.WEIGHTS if chosen.is_dir() else chosen
    try:
        net = weights.load(chosen)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read the transcriber's weights: {error}") from None
    session = None
    try:
        session = open_network(fetch_network())
    except MissingTool as error:
        _to_stderr(f"basic-pitch is left out: {error}")
    known = [soundfont for soundfont, _ in SOUNDFONTS if soundfont.exists()]
    ways = {
        "known soundfonts": held_out_clips(known, pieces, is_distorted=False),
        "known, distorted": held_out_clips(known, pieces, is_distorted=True),
        "csound's soundfont": held_out_clips([UNSEEN], pieces, is_distorted=False),
    }
    found = {name: measure(net, clips, session, _to_stderr) for name, clips in ways.items()}
    print(table(found))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        figures = {n: {**asdict(h), **h.figures()} for n, h in found.items()}
        (out / "transcriber.json").write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def table(found: dict[str, Hearing]) -> str:
    """Return a Markdown table: a row for each figure, a column for each way to play."""
    figures = {name: hearing.figures() for name, hearing in found.items()}
    lines = ["| | " + " | ".join(figures) + " |", "|---" * (len(figures) + 1) + "|"]
    for row in next(iter(figures.values())):
        cells = (f"{column[row]:.3g}" for column in figures.values())
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
