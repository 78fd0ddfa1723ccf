"""Compose solo piano pieces.

Every draw comes from the one `random.Random` handed in, so the order of draws is part of the data.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from msanii_live.training.data.groove_styles import (
    MAJOR,
    MINOR,
    PIANO_STYLES,
    PROGRESSIONS,
    Scale,
    chord_pitches,
    nearest_voicing,
)
from msanii_live.training.data.midi_parts import (
    BAR,
    STEP,
    Arrangement,
    MidiPart,
    Motif,
    TickNote,
    draw_motif,
    make_note,
    motif_lengths,
)

LEFT_HANDS = ("alberti", "broken", "block", "octaves")
PIANOS = (0, 0, 0, 0, 1, 2, 4, 5)  # General MIDI programs, the grand most often
MOTIF_ORDER = (0, 1, 0, 2)


@dataclass(frozen=True)
class _PianoPlan:
    """The choices that hold for a whole piano piece; jitter: standard deviation, ticks."""

    style: str
    tempo: int
    minor: bool
    key: int
    progressions: tuple[str, str]
    seventh: bool
    jitter: float
    motifs: tuple[Motif, Motif, Motif]
    left_hand: str
    program: int

    @property
    def scale(self) -> Scale:
        return MINOR if self.minor else MAJOR


@dataclass(frozen=True)
class _PianoBar:
    """One bar: its number, chord degree, voicing, lowest root and base velocity.

    at: maps a step 0-15 to a tick near it; each call draws a new deviation.
    """

    index: int
    degree: int
    voicing: list[int]
    bass: int
    velocity: float
    at: Callable[[int], float]


def compose_piano(rng: Random, bars: int, style: str | None) -> Arrangement:
    """Compose a piano piece of `bars` bars.

    style: one of PIANO_STYLES; None draws one; any other plays a melody over the left hand.
    """
    plan = _draw_plan(rng, style)
    notes: list[TickNote] = []
    roots: list[int] = []
    voicing: list[int] | None = None
    melody_degree = 4
    for index in range(bars):
        degree = int(plan.progressions[index // 8 % 2][index % 4])
        chord = chord_pitches(plan.key, plan.scale, degree, plan.seventh)
        roots.append(chord[0] % 12)
        voicing = nearest_voicing(chord, voicing, 48, 69)
        bass = 33 + (chord[0] - 33) % 12
        velocity = 62 + 14 * (index // 4 % 3) + rng.gauss(0, 3)
        at = _humanizer(rng, plan.jitter, index)
        bar = _PianoBar(index, degree, voicing, bass, velocity, at)
        notes += _accompaniment(rng, plan, bar)
        if plan.style != "minimal" and index % 8 != 7:
            melody, melody_degree = _melody(rng, plan, bar, melody_degree)
            notes += melody
    pedal_bars = bars if rng.random() < 0.6 else 0
    part = MidiPart("piano", 0, plan.program, 110, 64, notes, pedal_bars)
    return Arrangement(
        "piano", plan.style, plan.tempo, plan.key, plan.minor, tuple(roots), 0.0, [part]
    )


def _draw_plan(rng: Random, style: str | None) -> _PianoPlan:
    style = style or rng.choice(PIANO_STYLES)
    tempo = rng.randint(66, 132)
    minor = rng.random() < 0.5
    key = rng.randint(0, 11)
    pool = PROGRESSIONS["min" if minor else "maj"]
    return _PianoPlan(  # the fields are drawn in this order
        style=style,
        tempo=tempo,
        minor=minor,
        key=key,
        progressions=(rng.choice(pool), rng.choice(pool)),
        seventh=rng.random() < 0.4,
        jitter=rng.uniform(3, 14),
        motifs=(draw_motif(rng), draw_motif(rng), draw_motif(rng)),
        left_hand=rng.choice(LEFT_HANDS),
        program=rng.choice(PIANOS),
    )


def _humanizer(rng: Random, jitter: float, index: int) -> Callable[[int], float]:
    return lambda step: index * BAR + step * STEP + rng.gauss(0, jitter)


def _accompaniment(rng: Random, plan: _PianoPlan, bar: _PianoBar) -> Iterator[TickNote]:
    """Return all notes of one bar except the melody."""
    if plan.style == "chorale":
        yield from _chorale(rng, bar)
    elif plan.style == "arp":
        yield from _arpeggio(rng, bar, stride=2)
    elif plan.style == "minimal":
        yield from _arpeggio(rng, bar, stride=1)
    elif plan.style == "stride":
        yield from _stride(rng, bar)
    else:
        yield from _left_hand(rng, plan, bar)
        if plan.style == "pop":
            yield from _pop_chords(rng, bar)


def _chorale(rng: Random, bar: _PianoBar) -> Iterator[TickNote]:
    for step in (0, 8) if rng.random() < 0.5 else (0, 4, 8, 12):
        length = 8 if step % 8 == 0 and rng.random() < 0.6 else 4
        for pitch in (bar.bass, *bar.voicing, bar.voicing[0] + 12):
            ticks = length * STEP * 0.97
            yield make_note(bar.at(step), ticks, pitch, bar.velocity + rng.gauss(0, 4))


def _arpeggio(rng: Random, bar: _PianoBar, stride: int) -> Iterator[TickNote]:
    """Return notes up and down two octaves, one every `stride` steps."""
    v = bar.voicing
    rising = [bar.bass, bar.bass + 12, *v, v[0] + 12, v[1] + 12]
    wave = rising + rising[-2:0:-1]
    for i, step in enumerate(range(0, 16, stride)):
        accent = 8 if step == 0 else 0
        yield make_note(
            bar.at(step),
            stride * STEP * 1.6,
            wave[i % len(wave)],
            bar.velocity + accent + rng.gauss(0, 4),
        )


def _stride(rng: Random, bar: _PianoBar) -> Iterator[TickNote]:
    for step, pitch in ((0, bar.bass), (8, bar.bass - 5)):
        yield make_note(bar.at(step), 3 * STEP, pitch, bar.velocity + 6)
    for step in (4, 12):
        for pitch in bar.voicing:
            yield make_note(bar.at(step), 2 * STEP, pitch, bar.velocity - 4 + rng.gauss(0, 4))


def _left_hand(rng: Random, plan: _PianoPlan, bar: _PianoBar) -> Iterator[TickNote]:
    if plan.left_hand == "alberti":
        low, middle, high = (pitch - 12 for pitch in bar.voicing[:3])
        for i, pitch in enumerate((low, high, middle, high) * 2):
            yield make_note(bar.at(2 * i), 2 * STEP, pitch, bar.velocity - 12)
    elif plan.left_hand == "broken":
        third = 15 if plan.minor else 16
        for i, interval in enumerate((0, 7, 12, third, 19, 12, 7, 12)):
            yield make_note(bar.at(2 * i), 5 * STEP, bar.bass + interval, bar.velocity - 12)
    elif plan.left_hand == "octaves":
        for step in range(0, 16, 4):
            yield make_note(bar.at(step), 3.8 * STEP, bar.bass, bar.velocity)
            yield make_note(bar.at(step), 3.8 * STEP, bar.bass + 12, bar.velocity - 6)
    else:
        yield make_note(bar.at(0), 15 * STEP, bar.bass, bar.velocity)
        for pitch in bar.voicing:
            yield make_note(bar.at(rng.choice((0, 4))), 11 * STEP, pitch, bar.velocity - 10)


def _pop_chords(rng: Random, bar: _PianoBar) -> Iterator[TickNote]:
    for step in (0, 6, 8, 12) if rng.random() < 0.6 else (0, 4, 8, 12):
        for pitch in bar.voicing:
            yield make_note(bar.at(step), 3 * STEP, pitch, bar.velocity - 8 + rng.gauss(0, 4))


def _melody(
    rng: Random, plan: _PianoPlan, bar: _PianoBar, degree: int
) -> tuple[list[TickNote], int]:
    """Return the melody of a bar from scale degree `degree` (0-11), and its last degree."""
    motif = plan.motifs[MOTIF_ORDER[bar.index % 4]]
    chord_degrees = [bar.degree + third + octave for third in (0, 2, 4) for octave in (0, 7)]
    notes: list[TickNote] = []
    for (step, move), length in zip(motif, motif_lengths(motif), strict=True):
        degree = max(0, min(11, degree + move))
        if step % 8 == 0:  # strong beats land on the chord
            degree = _nearest(chord_degrees, degree)
        pitch = 60 + plan.key + plan.scale[degree % 7] + 12 * (degree // 7)
        ticks = length * STEP
        tick, duration = bar.at(step), ticks * rng.uniform(0.8, 1.05)
        notes.append(make_note(tick, duration, pitch, bar.velocity + 16 + rng.gauss(0, 6)))
        if rng.random() < 0.12:  # double it at the octave
            tick = bar.at(step)
            doubled = pitch - 12 if rng.random() < 0.5 else pitch + 12
            notes.append(make_note(tick, ticks, doubled, bar.velocity + 6))
    return notes, degree


def _nearest(tones: list[int], degree: int) -> int:
    return min(tones, key=lambda tone: abs(tone - degree))
