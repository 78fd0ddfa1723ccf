"""The outline of bars that are to be composed beside a piece: chords, sections, parts, style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from msanii_live.engines.composer.bar_grid import PROGRAMS
from msanii_live.engines.composer.constraints import Constraints
from msanii_live.engines.composer.notes import Chord
from msanii_live.engines.composer.piece_plan import start_full
from msanii_live.engines.composer.plans import (
    Plan,
    activity_at,
    activity_in_any_style,
    draw_plan,
    usual_activity,
)
from msanii_live.engines.composer.progressions import LINE, draw_progression
from msanii_live.engines.composer.read_piece import Place, ReadPiece
from msanii_live.engines.composer.weights import Composer
from msanii_live.notes import PARTS

ACTIVITY_BARS = 8  # bars of a piece in which its notes are counted
TO_USUAL = 0.1  # weight of its style's mean, so that an endless piece does not drift away
SHORTEST, LONGEST = 8, 16  # bars of a section where nobody names them
CHANGE = 0.5  # chance that one ends where it may
SAME_LINE = 0.5  # chance that a new section keeps the chords of the one before
FOLLOWING = {  # sections that come after a section
    "": ("chorus", "verse"),
    "intro": ("verse",),
    "verse": ("chorus", "bridge"),
    "chorus": ("verse", "break", "bridge"),
    "bridge": ("chorus",),
    "break": ("chorus", "verse"),
    "outro": ("verse",),
}


@dataclass(frozen=True)
class OutlinedBar:
    """What is known of a bar before its notes. plays: the parts that play."""

    chord: Chord | None
    plays: frozenset[str]
    place: Place | None = None


@dataclass(frozen=True)
class NewBars:
    """The outline of new bars. See `PieceConditions` for the fields; key: see `key_index`."""

    bars: list[OutlinedBar]
    key: int
    style: str | None
    density: float | None
    activity: dict[str, float]
    programs: dict[str, int]


def outline_new_bars(
    composer: Composer,
    piece: ReadPiece,
    constraints: Constraints,
    count: int,
    seed: int,
    *,
    leftwards: bool = False,
    metre: tuple[int, int] | None = None,
) -> NewBars:
    """Outline bars after a piece, or before it.

    Chords go on as in its last line of four or eight bars, and so do the parts, until a section
    ends; then another one follows, whose chords are drawn from the composer's own progressions or
    kept. What is asked for comes first. metre: of the new bars, that of the piece if None.
    """
    rng = Random(f"new bars {seed}")
    found = constraints.key_after(piece.key)
    key = rng.randrange(24) if found is None else found
    style = constraints.style or piece.style or None
    style = style if style in composer.net.config.styles else None
    plan = start_full(
        draw_plan(
            composer.tables, seed, style=style, minor=key >= 12,
            metre=metre or piece.grid.metre, density=constraints.density,
        )
    )  # fmt: skip
    line = _last_line(piece, plan, constraints, key, leftwards)
    if piece.key is not None and piece.key // 12 != key // 12:  # another mode has other chords
        chords = draw_progression(
            composer.tables, seed, len(line), tonic=key % 12, style=style, minor=key >= 12
        )
        line = [replace(bar, chord=chord) for bar, chord in zip(line, chords, strict=True)]
    if leftwards:
        bars = [replace(line[(bar - count) % len(line)], place=None) for bar in range(count)]
    else:
        bars = _bars_after(composer, piece, constraints, plan, line, count, rng, (style, key))
    bars = _with_chords(bars, piece, constraints, leftwards)
    if leftwards:
        own = piece.activity(0, min(piece.bars, ACTIVITY_BARS))
    else:
        own = piece.activity(max(0, piece.bars - ACTIVITY_BARS), piece.bars)
    if constraints.density is not None or constraints.style not in (None, piece.style):
        own = {}
    activity = dict(zip(PARTS, plan.activity, strict=True)) | own
    usual = usual_activity(composer.tables, style, metre or piece.grid.metre)
    for part in own:
        if usual.get(part):
            activity[part] = own[part] ** (1 - TO_USUAL) * usual[part] ** TO_USUAL
    if constraints.density is not None:
        activity |= activity_at(
            composer.tables, style, metre or piece.grid.metre, constraints.density
        )
    if not constraints.is_all:  # a part that the style does not have is played as elsewhere
        usual = activity_in_any_style(composer.tables, style, metre or piece.grid.metre)
    activity = {part: each or usual.get(part, 0.0) for part, each in activity.items()}
    activity = {part: each for part, each in activity.items() if each > 0}
    programs = {
        part: program if program >= 0 else PROGRAMS[part]
        for part, program in zip(PARTS, plan.programs, strict=True)
    }
    if not constraints.style or constraints.style == piece.style:
        programs |= piece.programs
    return NewBars(bars, key, style, constraints.density, activity, programs)


def shift_between(before: int | None, after: int) -> int:
    """Return the semitones, -6 to 5, from the tonic of a key to that of another.

    >>> shift_between(0, 14), shift_between(9, 4), shift_between(None, 3)
    (2, -5, 0)
    """
    return 0 if before is None else (after - before + 6) % 12 - 6


def transposed(chord: Chord | None, semitones: int) -> Chord | None:
    """Return a chord higher by some semitones."""
    if chord is None:
        return None
    bass = None if chord.bass is None else (chord.bass + semitones) % 12
    return Chord((chord.root + semitones) % 12, chord.quality, bass)


def next_of_line(line: Sequence[Chord], before: Sequence[Chord | None]) -> int:
    """Return the place in a repeated line of chords at which it goes on after other chords.

    It is where the longest end of `before` agrees with the line; 0 where nothing does.

    >>> a, f, c = Chord(9, "min"), Chord(5, "maj"), Chord(0, "maj")
    >>> next_of_line([a, f, c], [c, a, f]), next_of_line([a, f, c], [c, c]), next_of_line([a], [])
    (2, 0, 0)
    """
    size = len(line)
    names = [(chord.root, chord.quality) for chord in line]
    ends = [None if chord is None else (chord.root, chord.quality) for chord in before]
    best, place = 0, 0
    for start in range(size):
        length = 0
        while length < min(size, len(ends)) and (
            ends[-1 - length] == names[(start - 1 - length) % size]
        ):
            length += 1
        if length > best:
            best, place = length, start
    return place


def _last_line(
    piece: ReadPiece, plan: Plan, constraints: Constraints, key: int, leftwards: bool
) -> list[OutlinedBar]:
    """Return the bars that are repeated: the first of them follows the piece, or precedes it."""
    shift = shift_between(piece.key, key)
    known = [
        OutlinedBar(
            transposed(chord, shift),
            frozenset(),
            piece.form[bar],
        )
        for bar, chord in enumerate(piece.chords)
    ]
    size = min(LINE, len(known))
    if len(known) >= 2 * LINE:
        halves = known[: 2 * LINE] if leftwards else known[-2 * LINE :]
        roots = [bar.chord and bar.chord.root for bar in halves]
        size = LINE if roots[:LINE] == roots[LINE:] else 2 * LINE
    line = known[:size] if leftwards else known[-size:]
    first = 0 if leftwards else max(0, len(known) - LINE)
    plays = piece.playing(first, first + LINE)  # a part that rests for a bar or two goes on
    line = [replace(bar, plays=plays) for bar in line]
    drawn = frozenset(part for part, on in zip(PARTS, plan.plays[0], strict=True) if on)
    if not plays:
        line = [replace(bar, plays=drawn) for bar in line]
    if not any(bar.chord for bar in line):
        chords = [transposed(chord, key % 12) for chord in plan.chords]
        line = [replace(bar, chord=chords[n % len(chords)]) for n, bar in enumerate(line)]
    return [_asked(bar, constraints) for bar in line]


def _asked(bar: OutlinedBar, constraints: Constraints) -> OutlinedBar:
    """Return a bar in which the named parts play and no others."""
    return bar if constraints.is_all else replace(bar, plays=frozenset(constraints.parts))


def _bars_after(
    composer: Composer,
    piece: ReadPiece,
    constraints: Constraints,
    plan: Plan,
    line: list[OutlinedBar],
    count: int,
    rng: Random,
    style_and_key: tuple[str | None, int],
) -> list[OutlinedBar]:
    style, key = style_and_key
    sections: dict[str, list[OutlinedBar]] = {}
    name, place = piece.form[-1]
    bars, of_line = [], 0
    for number in range(count):
        before, place = name, place + 1
        if constraints.form:
            name, place = constraints.form[number % len(constraints.form)]
        elif _may_end(place) and (place >= LONGEST or rng.random() < CHANGE):
            name, place = rng.choice(FOLLOWING.get(name, ("verse",))), 0
        if place == 0 and (name != before or constraints.form):
            if name not in sections:
                chords: Sequence[Chord | None] = [bar.chord for bar in line]
                if rng.random() >= SAME_LINE:
                    chords = draw_progression(
                        composer.tables, rng.randrange(2**31), LINE,
                        tonic=key % 12, style=style, minor=key >= 12,
                    )  # fmt: skip
                sections[name] = _section(plan, name, chords, line, constraints)
            line, of_line = sections[name], 0
        bars.append(replace(line[of_line % len(line)], place=(name, place) if name else None))
        of_line += 1
    return bars


def _may_end(place: int) -> bool:
    """Return whether a section of so many bars may end."""
    return place >= SHORTEST and place % SHORTEST == 0


def _section(
    plan: Plan,
    name: str,
    chords: Sequence[Chord | None],
    before: list[OutlinedBar],
    constraints: Constraints,
) -> list[OutlinedBar]:
    """Return the line of a new section: parts as in the plan's section of that name."""
    of_name = [bar for bar, (section, _) in enumerate(plan.form) if section == name]
    bars = []
    for number, chord in enumerate(chords):
        plays = before[number % len(before)].plays
        if of_name:
            row = plan.plays[of_name[number % len(of_name)]]
            plays = frozenset(part for part, on in zip(PARTS, row, strict=True) if on)
        bars.append(_asked(OutlinedBar(chord, plays), constraints))
    return bars


def _with_chords(
    bars: list[OutlinedBar], piece: ReadPiece, constraints: Constraints, leftwards: bool
) -> list[OutlinedBar]:
    """Return bars with the chords that are asked for, which go on where the piece has them."""
    line = constraints.chords
    if not line:
        return bars
    start = -len(bars) if leftwards else next_of_line(line, piece.chords)
    return [
        replace(bar, chord=line[(start + number) % len(line)]) for number, bar in enumerate(bars)
    ]
