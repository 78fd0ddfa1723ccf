"""What a command asks the composer for: length, metre, style, key, and the outline of a piece."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from msanii_live.engines.composer.conditions import PieceConditions
from msanii_live.engines.composer.notes import METRES, PartNote, steps_per_bar
from msanii_live.engines.composer.plans import Plan, draw_plan, order_of
from msanii_live.engines.composer.weights import Composer
from msanii_live.engines.mel_flow.vocabulary import MODES, STYLES, key_index
from msanii_live.engines.prompt_parser import PromptConditions, key_name
from msanii_live.notes import CHORD, PARTS, SECTION, Marker, Note, Score, sort_notes

SHORT = 8  # bars; a piece no longer than this begins where most parts of its plan play
PHRASE = 4  # bars
PROGRAMS = {"drums": 0, "bass": 33, "chords": 4, "lead": 80, "pad": 89}  # where a plan has none
SIMPLE_METRES = (4, 3, 5, 2)  # crotchets a bar


@dataclass(frozen=True)
class PieceOrder:
    """An order for a piece.

    conditions: for all bars. programs: General MIDI program of each part. style: its name. key:
    see `key_index`. seconds: length of the clip, at most that of the bars.
    """

    conditions: PieceConditions
    programs: dict[str, int]
    style: str
    key: int
    bpm: float
    seconds: float
    is_loop: bool

    def score(self, notes: list[PartNote]) -> Score:
        """Return notes on the composer's grid as a score of exactly `seconds`.

        In a loop, a note that micro-timing moves before the start goes to the end; in other pieces
        notes across the end are cut.
        """
        step = 15.0 / self.bpm  # s of a sixteenth
        timed = []
        for note in notes:
            start, end = note.start * step, (note.start + note.length) * step
            if self.is_loop and start < 0:
                start, end = start + self.seconds, end + self.seconds
            drum = note.part == "drums"
            program = 0 if drum else self.programs[note.part]
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
        order, bar = self.conditions, steps_per_bar(self.conditions.metre) * 15.0 / self.bpm
        markers, before = [], None
        for number in range(order.bars):
            place = order.form[number] if number < len(order.form) else None
            if place is not None and (place[1] == 0 or place[0] != before):
                before = place[0]
                markers.append(Marker(number * bar, SECTION, before))
            chord = order.chords[number] if number < len(order.chords) else None
            if chord is not None:
                markers.append(Marker(number * bar, CHORD, chord.name))
        return tuple(markers)


def order_piece(
    composer: Composer,
    words: PromptConditions,
    *,
    bpm: float,
    seconds: float,
    beats: int,
    is_loop: bool,
    density: float | None,
    seed: int,
    warn: Callable[[str], object],
) -> PieceOrder:
    """Return the order for a clip; style, key and outline are drawn from the seed if not given.

    beats: crotchets a bar. density: 0-1. warn: called with what cannot be followed.
    Raises: ValueError: the weights hold no plans.
    """
    rng = Random(f"composer {seed}")
    style, tonic = _style(composer, rng, words.style, warn), rng.randrange(12)
    minor = None
    if words.key is not None:
        minor, tonic = words.key >= 12, words.key % 12
    metre = find_metre(beats, words.metre, warn)
    plan = draw_plan(composer.tables, seed, style=style, minor=minor, metre=metre, density=density)
    bars = max(1, math.ceil(seconds * bpm * metre[1] / (240.0 * metre[0]) - 1e-3))
    if bars <= SHORT:
        plan = start_full(plan)
    conditions = order_of(plan, bars, tonic)
    mode = MODES[plan.minor if minor is None else minor]
    conditions = replace(
        conditions,
        minor=mode == "min",
        tempo=bpm,
        density=conditions.density if density is None else density,
    )
    programs = {
        part: program if program >= 0 else PROGRAMS[part]
        for part, program in zip(PARTS, plan.programs, strict=True)
    }
    key = key_index(tonic, mode)
    return PieceOrder(conditions, programs, style, key, bpm, seconds, is_loop)


def find_metre(beats: int, wanted: str, warn: Callable[[str], object]) -> tuple[int, int]:
    """Return a metre of METRES of which a bar of so many crotchets is one or more bars.

    wanted: such as "6/8", "" for none; used if its bar has as many crotchets. Where there is no
    such metre it is 4/4. warn: called if the metre is not that of the command or the transport.

    >>> [find_metre(beats, "", print) for beats in (4, 3, 6)], find_metre(3, "6/8", print)
    ([(4, 4), (3, 4), (3, 4)], (6, 8))
    """
    if wanted:
        upper, _, lower = wanted.partition("/")
        metre = int(upper), int(lower)
        if metre in METRES and 4 * metre[0] == beats * metre[1]:
            return metre
        warn(
            f"the metre {wanted} is not that of the transport, which has {beats} beats a bar: the "
            "composer plays the transport's"
        )
    for crotchets in SIMPLE_METRES:
        if beats % crotchets == 0:
            return crotchets, 4
    warn(f"the composer does not know bars of {beats} beats: it plays bars of 4/4")
    return 4, 4


def start_full(plan: Plan) -> Plan:
    """Return the plan from the phrase on in which most parts play."""
    counts = [
        sum(sum(bar) for bar in plan.plays[first : first + PHRASE])
        for first in range(0, len(plan.plays), PHRASE)
    ]
    first = PHRASE * counts.index(max(counts))
    return replace(
        plan,
        chords=plan.chords[first:] + plan.chords[:first],
        form=plan.form[first:] + plan.form[:first],
        plays=plan.plays[first:] + plan.plays[:first],
    )


def _style(
    composer: Composer, rng: Random, wanted: int | None, warn: Callable[[str], object]
) -> str:
    known = composer.net.config.styles
    drawn = rng.choice(known)
    if wanted is None:
        return drawn
    if STYLES[wanted] in known:
        return STYLES[wanted]
    warn(f"these weights do not know the style {STYLES[wanted]}: they play {drawn}")
    return drawn
