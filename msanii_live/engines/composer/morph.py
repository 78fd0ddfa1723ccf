"""Notes between two pieces: bar by bar, the notes of one give way to those of the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from msanii_live.engines.composer.bar_grid import grid_of, loop_steps, on_grid
from msanii_live.engines.composer.new_bars import shift_between
from msanii_live.engines.composer.read_piece import ReadPiece, read_piece
from msanii_live.notes import CHORD, Note, Score, part_of, sort_notes


def fitted(b: Score, a: ReadPiece, seconds: float) -> Score:
    """Return a score at the tempo and in the bars of a piece, as long as `seconds`.

    A score that is too short begins anew.
    """
    at_tempo = b.at_tempo(a.grid.bpm)
    if at_tempo.seconds < seconds - 1e-6:
        at_tempo = at_tempo.looped(0.0, seconds)
    elif at_tempo.seconds > seconds + 1e-6:
        at_tempo = at_tempo.cut(0.0, seconds)
    return replace(
        at_tempo, seconds=seconds, bpm=a.grid.bpm, bar=a.score.bar, beats=a.score.beats,
        metre=a.score.metre, is_loop=a.score.is_loop,
    )  # fmt: skip


def morphed(a: ReadPiece, b: Score, mix: float, seed: int, parts: tuple[str, ...]) -> Score:
    """Return the notes of `a` with those of `b` in a share of the bars, and its chords there.

    b: as `fitted` returns it. mix: the share, 0-1; more of it only adds to the bars that are b's.
    Both are moved to the key of the nearer one. parts: those that change.
    """
    if mix <= 0.0 or mix >= 1.0:
        return a.score if mix <= 0.0 else b
    other = read_piece(b, a.grid.bpm, a.grid.per_bar / 4)
    key = a.key if mix < 0.5 else other.key
    rng = Random(f"morph {seed}")
    turns = {"harmony": _thresholds(a.bars, rng), "drums": _thresholds(a.bars, rng)}

    def of_b(part: str, bar: int) -> bool:
        row = turns["drums" if part == "drums" else "harmony"]
        return part in parts and row[min(max(bar, 0), a.bars - 1)] < mix

    notes = [
        *_chosen(a.score, a.key, key, lambda part, bar: not of_b(part, bar)),
        *_chosen(b, other.key, key, of_b),
    ]
    nearer = a.score if mix < 0.5 else b
    markers = [marker for marker in nearer.markers if marker.kind != CHORD]
    if a.key == other.key:  # else the chords are read from the notes
        for score, is_b in ((a.score, False), (b, True)):
            markers += [
                marker
                for marker in score.markers
                if marker.kind == CHORD and of_b("bass", a.grid.bar_at(marker.start)) == is_b
            ]
    return replace(
        a.score,
        notes=sort_notes(notes),
        key=nearer.key,
        style=nearer.style,
        markers=tuple(sorted(markers, key=lambda marker: marker.start)),
    )


def _thresholds(bars: int, rng: Random) -> list[float]:
    """Return for each bar the mix from which it is b's, spread evenly over 0-1."""
    values = [(bar + 0.5) / bars for bar in range(bars)]
    rng.shuffle(values)
    return values


def _chosen(
    score: Score, own: int | None, key: int | None, choose: Callable[[str, int], bool]
) -> list[Note]:
    """Return the notes that are chosen by part and bar, moved from one key to another."""
    grid = grid_of(score, score.bpm, score.beats or 4)
    around = loop_steps(score, grid)
    shift = 0 if key is None else shift_between(own, key)
    found = []
    for note in score.notes:
        if choose(part_of(note), on_grid(note, grid, around).step // grid.per_bar):
            pitch = note.pitch if note.drum else min(max(note.pitch + shift, 0), 127)
            found.append(replace(note, pitch=pitch))
    return found
