"""What a score says of its piece: key, chords, sections, and which parts play how much."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from msanii_live.engines.composer.bar_grid import BarGrid, grid_notes, grid_of, programs_of
from msanii_live.engines.composer.chord_symbols import parse_chord
from msanii_live.engines.composer.keys import estimate_key
from msanii_live.engines.composer.notes import SECTIONS, Chord, PartNote
from msanii_live.engines.composer.read_chords import read_chords
from msanii_live.engines.prompt_parser import parse_key, parse_style
from msanii_live.engines.vocabulary import STYLES
from msanii_live.notes import CHORD, PARTS, SECTION, Score

RECENT = 32  # bars
LONGEST_SECTION = 16  # bars

Place = tuple[str, int]  # a section, and the bars since its start


@dataclass(frozen=True)
class ReadPiece:
    """A score on the composer's grid, and what was read of it.

    notes: on the grid. bars: from the one in which second 0 lies to the end. key: see `key_index`,
    None without pitched notes. chords, form: one a bar. plays: by part, whether it plays in each
    bar. style: "" if unknown.
    """

    score: Score
    grid: BarGrid
    notes: list[PartNote]
    bars: int
    key: int | None
    style: str
    chords: list[Chord | None]
    form: list[Place]
    plays: dict[str, list[bool]]
    programs: dict[str, int] = field(default_factory=dict)

    def playing(self, first: int, last: int) -> frozenset[str]:
        """Return the parts that play somewhere in bars [first, last)."""
        return frozenset(part for part, plays in self.plays.items() if any(plays[first:last]))

    def activity(self, first: int, last: int) -> dict[str, float]:
        """Return the notes a bar of each part, over bars [first, last) from its first one on."""
        bars = [note.step // self.grid.per_bar for note in self.notes]
        found = {}
        for part in self.playing(first, last):
            begins = self.plays[part].index(True, first)
            inside = sum(
                note.part == part and begins <= bar < last
                for note, bar in zip(self.notes, bars, strict=True)
            )
            found[part] = inside / (last - begins)
        return found


def read_piece(score: Score, bpm: float, beats: float) -> ReadPiece:
    """Read a score. bpm, beats: tempo and crotchets a bar, where the score does not know its own.

    Chords are those of the markers; where there are none, they are estimated from the notes.
    """
    grid = grid_of(score, bpm, beats)
    notes = grid_notes(score, grid)
    bars = max(1, grid.bars_until(score.seconds))
    key = parse_key(score.key) if score.key else None
    style = parse_style(score.style) if score.style else None
    return ReadPiece(
        score=score,
        grid=grid,
        notes=notes,
        bars=bars,
        key=estimate_key(notes) if key is None else key,
        style="" if style is None else STYLES[style],
        chords=_chords(score, grid, notes, bars),
        form=_form(score, grid, bars),
        plays=_plays(notes, grid.per_bar, bars),
        programs=programs_of(score.notes),
    )


def recent_bars(score: Score, beats: float) -> Score:
    """Return the last bars of a piece, from a section's start on: RECENT bars or more.

    They are all that a continuation looks at, if the piece tells its key and its tempo. beats:
    crotchets a bar, where the score does not know its own.
    """
    if score.is_loop or score.tempo_map or not (score.key and score.bpm):
        return score
    grid = grid_of(score, score.bpm, beats)
    latest = grid.bars_until(score.seconds) - RECENT
    sections = [
        round(grid.position(marker.start) / grid.per_bar)
        for marker in score.markers
        if marker.kind == SECTION
    ]
    first = max((bar for bar in sections or range(0, latest, LONGEST_SECTION) if bar <= latest),
                default=0)  # fmt: skip
    if first <= 0:
        return score
    return replace(score.cut(grid.seconds(first * grid.per_bar), score.seconds), bar=0.0)


def _chords(score: Score, grid: BarGrid, notes: list[PartNote], bars: int) -> list[Chord | None]:
    """Return the chord of each bar; bars without one take that of the bar before."""
    markers = [
        (marker.start, chord)
        for marker in score.markers
        if marker.kind == CHORD and (chord := parse_chord(marker.text)) is not None
    ]
    if not markers:
        chords = read_chords(notes, grid.metre, bars)
    else:
        middles = [grid.seconds((bar + 0.5) * grid.per_bar) for bar in range(bars)]
        chords = [
            next((chord for start, chord in reversed(markers) if start <= middle), None)
            for middle in middles
        ]
    before: Chord | None = None
    for bar, chord in enumerate(chords):
        before = chord or before
        chords[bar] = before
    return chords


def _form(score: Score, grid: BarGrid, bars: int) -> list[Place]:
    """Return the section and place of each bar; the section is "" before the first marker."""
    form: list[Place] = []
    name, first = "", 0
    begins = {
        round(grid.position(marker.start) / grid.per_bar): marker.text.strip().lower()
        for marker in score.markers
        if marker.kind == SECTION
    }
    for bar in range(bars):
        if bar in begins:
            name, first = begins[bar], bar
        form.append((name if name in SECTIONS else "", bar - first))
    return form


def _plays(notes: list[PartNote], per_bar: int, bars: int) -> dict[str, list[bool]]:
    """Return for each part the bars in which its notes start or sound on."""
    plays = {part: [False] * bars for part in PARTS}
    for note in notes:
        last = max(note.step, int(np.ceil(note.start + note.length - 1.0)) - 1)
        for bar in range(max(0, note.step // per_bar), min(bars - 1, last // per_bar) + 1):
            plays[note.part][bar] = True
    return plays
