"""What a command asks the composer for: length, metre, style, key, and the outline of a piece."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from msanii_live.engines.composer.bar_grid import PROGRAMS, SIMPLE_METRES
from msanii_live.engines.composer.chord_spelling import chord_symbol
from msanii_live.engines.composer.conditions import PieceConditions
from msanii_live.engines.composer.constraints import Constraints
from msanii_live.engines.composer.notes import PartNote, steps_per_bar
from msanii_live.engines.composer.plans import (
    Plan,
    activity_in_any_style,
    conditions_of_plan,
    draw_plan,
    usual_activity,
)
from msanii_live.engines.composer.weights import Composer
from msanii_live.engines.prompt_parser import key_name
from msanii_live.engines.vocabulary import MODES, key_index
from msanii_live.notes import CHORD, PARTS, SECTION, Marker, Note, Score, sort_notes

SHORT = 8  # bars; a piece no longer than this begins where most parts of its plan play
PHRASE = 4  # bars
FEWEST_NOTES = 4  # of a part in a piece of so many bars or more
USUAL_CHORDS = 8.0  # notes of chords a bar, where no plan has any


@dataclass(frozen=True)
class PiecePlan:
    """A plan of a whole piece.

    conditions: for all bars. programs: General MIDI program of each part. style: its name. key:
    see `key_index`. seconds: length of the clip, at most that of the bars. parts: those that play.
    """

    conditions: PieceConditions
    programs: dict[str, int]
    style: str
    key: int
    bpm: float
    seconds: float
    is_loop: bool
    parts: tuple[str, ...] = PARTS

    def score(self, notes: list[PartNote]) -> Score:
        """Return notes on the composer's grid as a score of exactly `seconds`.

        In a loop, a note that micro-timing moves before the start goes to the end; in other pieces
        notes across the end are cut.
        """
        step = 15.0 / self.bpm  # s of a sixteenth
        timed = []
        for note in notes:
            if note.part not in self.parts:
                continue
            start, end = note.start * step, (note.start + note.length) * step
            if self.is_loop and start < 0:
                start, end = start + self.seconds, end + self.seconds
            drum = note.part == "drums"
            program = self.programs[note.part]
            timed.append(Note(start, end, note.pitch, note.velocity, program, drum, note.part))
        metre = self.conditions.metre
        score = Score(
            sort_notes(timed),
            self.seconds,
            bpm=self.bpm,
            beats=4 * metre[0] / metre[1],
            metre=metre,
            key=key_name(self.key),
            style=self.style,
            swing=self.conditions.swing or 0.0,
            markers=self._markers(),
        )
        if not self.is_loop:
            return score.cut(0.0, self.seconds)
        inside = tuple(note for note in score.notes if note.start < self.seconds)
        return replace(score, notes=inside, is_loop=True)

    def _markers(self) -> tuple[Marker, ...]:
        """Return the chord of each bar, and the sections where they begin."""
        conditions, bar = self.conditions, steps_per_bar(self.conditions.metre) * 15.0 / self.bpm
        markers, before = [], None
        for number in range(conditions.bars):
            place = conditions.form[number] if number < len(conditions.form) else None
            if place is not None and (place[1] == 0 or place[0] != before):
                before = place[0]
                markers.append(Marker(number * bar, SECTION, before))
            chord = conditions.chords[number] if number < len(conditions.chords) else None
            if chord is not None:
                markers.append(Marker(number * bar, CHORD, chord_symbol(chord, self.key)))
        return tuple(markers)


def plan_piece(
    composer: Composer,
    constraints: Constraints,
    *,
    bpm: float,
    metre: tuple[int, int],
    seconds: float,
    is_loop: bool,
    seed: int,
) -> PiecePlan:
    """Return the plan of a clip; what is left open is drawn from the seed.

    Raises: ValueError: the weights hold no plans.
    """
    rng = Random(f"composer {seed}")
    drawn_style, tonic = rng.choice(composer.net.config.styles), rng.randrange(12)
    style = constraints.style or drawn_style
    minor = None
    asked = constraints.key_after(None)
    if asked is not None:
        minor, tonic = asked >= 12, asked % 12
    density = constraints.density
    plan = draw_plan(composer.tables, seed, style=style, minor=minor, metre=metre, density=density)
    bars = max(1, math.ceil(seconds * bpm * metre[1] / (240.0 * metre[0]) - 1e-3))
    if constraints.form:
        plan = in_form(plan, constraints.form, bars)
    elif bars <= SHORT:
        plan = start_full(plan, bars)
    conditions = conditions_of_plan(plan, bars, tonic)
    mode = MODES[plan.minor if minor is None else minor]
    conditions = replace(
        conditions,
        minor=mode == "min",
        tempo=bpm,
        density=conditions.density if density is None else density,
        swing=conditions.swing if constraints.swing is None else constraints.swing,
    )
    if constraints.chords:
        line = constraints.chords
        conditions = replace(conditions, chords=[line[bar % len(line)] for bar in range(bars)])
    if not constraints.is_all:
        conditions = _with_parts(composer, conditions, constraints.parts)
    elif constraints.chords:
        conditions = _with_chords_played(composer, conditions)
    conditions = replace(conditions, activity=_enough_notes(conditions))
    programs = {
        part: program if program >= 0 else PROGRAMS[part]
        for part, program in zip(PARTS, plan.programs, strict=True)
    }
    key = key_index(tonic, mode)
    return PiecePlan(conditions, programs, style, key, bpm, seconds, is_loop, constraints.parts)


def _with_chords_played(composer: Composer, conditions: PieceConditions) -> PieceConditions:
    """Return conditions in which the part of chords plays where nothing would play its chords."""
    plays = dict(conditions.plays)
    both = zip(plays["chords"], plays["pad"], strict=True)
    plays["chords"] = [bool(chords) or not pad for chords, pad in both]
    activity = usual_activity(composer.tables, conditions.style, conditions.metre)
    activity = {"chords": activity.get("chords", USUAL_CHORDS)} | conditions.activity
    return replace(conditions, plays=plays, activity=activity)


def _enough_notes(conditions: PieceConditions) -> dict[str, float]:
    """Return the notes a bar of each part; one that plays is heard often enough to be a part."""
    found = {}
    for part, a_bar in conditions.activity.items():
        bars = sum(bool(each) for each in conditions.plays[part])
        found[part] = max(a_bar, min(FEWEST_NOTES, conditions.bars) / max(1, bars))
    return found


def _with_parts(
    composer: Composer, conditions: PieceConditions, parts: tuple[str, ...]
) -> PieceConditions:
    """Return the conditions in which only some parts play; those that never did play throughout."""
    usual = activity_in_any_style(composer.tables, conditions.style, conditions.metre)
    plays: dict[str, Sequence[bool | None]] = {}
    activity: dict[str, float] = {}
    for part in PARTS:
        ever = any(conditions.plays[part])
        plays[part] = [
            part in parts and (bool(each) or not ever) for each in conditions.plays[part]
        ]
        if part in parts and (count := conditions.activity.get(part) or usual.get(part)):
            activity[part] = count
    return replace(conditions, plays=plays, activity=activity)


def find_metre(beats: int, warn: Callable[[str], object]) -> tuple[int, int]:
    """Return a metre of METRES of which a bar of so many crotchets is one or more bars.

    Where there is no such metre it is 4/4. warn: called if the metre is not the transport's.

    >>> [find_metre(beats, print) for beats in (4, 3, 6)]
    [(4, 4), (3, 4), (3, 4)]
    """
    for crotchets in SIMPLE_METRES:
        if beats % crotchets == 0:
            return crotchets, 4
    warn(f"the composer does not know bars of {beats} beats: it plays bars of 4/4")
    return 4, 4


def in_form(plan: Plan, form: Sequence[tuple[str, int]], bars: int) -> Plan:
    """Return a plan of so many bars whose sections are those of a form, which may begin anew.

    A section takes its chords and parts from the plan's section of that name; sections that the
    plan lacks take different phrases of it. form: of each bar, the section and its place there.
    """
    size = len(plan.form)
    rows: dict[str, list[int]] = {}
    for name, _ in form:
        if name not in rows:
            own = [bar for bar, (section, _) in enumerate(plan.form) if section == name]
            first = PHRASE * len(rows)
            rows[name] = own or [(first + bar) % size for bar in range(size)]
    places = [form[bar % len(form)] for bar in range(bars)]
    chosen = [rows[name][place % len(rows[name])] for name, place in places]
    return replace(
        plan,
        chords=tuple(plan.chords[bar] for bar in chosen),
        plays=tuple(plan.plays[bar] for bar in chosen),
        form=tuple(places),
    )


def start_full(plan: Plan, bars: int = PHRASE) -> Plan:
    """Return the plan from the phrase on after which most parts play for so many bars.

    Drums and bass count twice: music that lacks one of them sounds like its own introduction.
    """
    twice = [sum(bar) + sum(bar[:2]) for bar in (*plan.plays, *plan.plays)]
    counts = [sum(twice[first : first + bars]) for first in range(0, len(plan.plays), PHRASE)]
    first = PHRASE * counts.index(max(counts))
    return replace(
        plan,
        chords=plan.chords[first:] + plan.chords[:first],
        form=plan.form[first:] + plan.form[:first],
        plays=plan.plays[first:] + plan.plays[:first],
    )
