"""Compose grooves in 4/4: drums, bass, chords, lead and pad, bar by bar.

Every draw comes from the one `random.Random` handed in, so the order of draws is part of the data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from msanii_live.training.data import groove_styles as tables
from msanii_live.training.data.groove_styles import (
    BassRhythm,
    DrumGrid,
    Scale,
    chord_pitches,
    nearest_voicing,
)
from msanii_live.training.data.midi_parts import (
    BAR,
    BEAT,
    STEP,
    Arrangement,
    MidiPart,
    Motif,
    TickNote,
    draw_motif,
    make_note,
    motif_lengths,
)

CHANNELS = {"bass": 0, "chords": 1, "lead": 2, "pad": 3, "drums": 9}
PAD_PROGRAMS = (48, 50, 88, 89, 90, 91, 94, 95)


@dataclass(frozen=True)
class _GroovePlan:
    """The choices that hold for a whole groove.

    layers: the parts that play, one set for each four bars. jitter: standard deviation of the
    timing, ticks. comps: chord patterns, which alternate every eight bars, as the progressions do.
    lead_degree: first degree of the lead on the scale. arp_order: indices into the chord.
    arp_stride: in steps. arp_lift: in semitones.
    """

    name: str
    tempo: float
    minor: bool
    scale: Scale
    key: int
    swing: float
    bars: int
    progressions: tuple[str, str]
    seventh: bool
    grid: DrumGrid
    programs: dict[str, int]
    bass_line: str
    comps: tuple[str, str]
    jitter: float
    layers: tuple[frozenset[str], ...]
    motifs: tuple[Motif, Motif]
    lead_degree: int
    arp_order: list[int]
    arp_stride: int
    arp_lift: int
    pulse: tuple[int, ...]


@dataclass(frozen=True)
class _GrooveBar:
    """One bar: its number, the degree and pitches of its chord, and the bass note below it."""

    index: int
    degree: int
    voicing: list[int]
    bass: int


def compose_groove(rng: Random, bars: int | None, name: str | None) -> Arrangement:
    """Return a groove. bars: None for 16 or 24. name: a style in STYLES; None draws one.

    Raises: ValueError: no such style of grooves.
    """
    name = name or rng.choice(sorted(tables.STYLES))
    if name not in tables.STYLES:
        raise ValueError(f"{name!r} is a style of piano pieces, not of grooves")
    plan = _draw_plan(rng, name, bars)
    notes: dict[str, list[TickNote]] = {part: [] for part in CHANNELS}
    roots: list[int] = []
    voicing: list[int] | None = None
    lead_degree = plan.lead_degree
    for index in range(plan.bars):
        degree = int(plan.progressions[index // 8 % 2][index % 4])
        chord = chord_pitches(plan.key, plan.scale, degree, plan.seventh)
        roots.append(chord[0] % 12)
        voicing = nearest_voicing(chord, voicing, 52, 76)
        bar = _GrooveBar(index, degree, voicing, 28 + (chord[0] - 28) % 12)
        layers = plan.layers[index // 4]
        if "drums" in layers and plan.grid:
            notes["drums"] += _drums(rng, plan, bar)
        if "bass" in layers and plan.bass_line != "none":
            notes["bass"] += _bass(rng, plan, bar)
        if "chords" in layers:
            notes["chords"] += _chords(rng, plan, bar)
        if "pad" in layers:
            notes["pad"] += [make_note(index * BAR, 15.8 * STEP, pitch, 54) for pitch in voicing]
        if "lead" in layers and not (index % 4 == 3 and rng.random() < 0.5):
            line, lead_degree = _lead(rng, plan, bar, lead_degree)
            notes["lead"] += line
    parts = _mix(rng, plan, notes)
    return Arrangement(
        "groove", name, plan.tempo, plan.key, plan.minor, tuple(roots), plan.swing, parts
    )


def _draw_plan(rng: Random, name: str, bars: int | None) -> _GroovePlan:
    style = tables.STYLES[name]
    feel, lines, sounds = style.feel, style.lines, style.sounds
    tempo = rng.uniform(*feel.tempo) if rng.random() < 0.3 else rng.randint(*feel.tempo)
    minor = feel.scale is not None or rng.random() < 0.5  # the scales that styles name are minor
    mode = "min" if minor else "maj"
    major_scales = (tables.MAJOR, tables.MAJOR, tables.MIXOLYDIAN)
    scale = feel.scale or (tables.MINOR if minor else rng.choice(major_scales))
    key = rng.randint(0, 11)
    swing = rng.uniform(*feel.swing)
    bars = bars or rng.choice((16, 16, 24))
    first = rng.choice(tables.PROGRESSIONS["vamp" if rng.random() < 0.12 else mode])
    second = rng.choice(tables.PROGRESSIONS[mode])
    return _GroovePlan(  # the fields are drawn in this order
        name=name,
        tempo=tempo,
        minor=minor,
        scale=scale,
        key=key,
        swing=swing,
        bars=bars,
        seventh=rng.random() < (0.7 if name in tables.EXTENDED_STYLES else 0.25),
        grid=tables.DRUM_GRIDS[rng.choice(feel.grids)] if feel.grids else {},
        programs={
            "bass": rng.choice(sounds.bass),
            "chords": rng.choice(sounds.chords),
            "lead": rng.choice(sounds.lead),
            "pad": rng.choice(PAD_PROGRAMS),
            "drums": rng.choice(sounds.kits),
        },
        bass_line=rng.choice(lines.bass),
        comps=(rng.choice(lines.chords), rng.choice(lines.chords)),
        jitter=rng.uniform(0, 6) if name in tables.TIGHT_STYLES else rng.uniform(3, 12),
        layers=tuple(_draw_layers(rng, first=block == 0) for block in range((bars + 3) // 4)),
        motifs=(draw_motif(rng), draw_motif(rng)),
        lead_degree=rng.randint(0, 6),
        progressions=(first, second if rng.random() < 0.5 else first),
        arp_order=rng.sample(range(4), 4),
        arp_stride=rng.choice((1, 2, 2)),
        arp_lift=rng.choice((0, 0, 12)),
        pulse=rng.choice(tables.PULSES),
    )


def _draw_layers(rng: Random, first: bool) -> frozenset[str]:
    """Draw the parts that play for four bars, which gives intros, drops and breaks."""
    core = ("drums", "bass", "chords")
    playing = {*core}
    playing |= {part for part, chance in (("lead", 0.55), ("pad", 0.35)) if rng.random() < chance}
    if first and rng.random() < 0.45:
        playing -= set(rng.sample(core, rng.choice((1, 2))))
    elif rng.random() < 0.18:
        playing.remove(rng.choice(core))
    return frozenset(playing)


def _at(rng: Random, plan: _GroovePlan, bar: _GrooveBar, step: int) -> float:
    """Return a tick near a step of the bar, swung; each call draws a new deviation."""
    swung = plan.swing * STEP if step % 2 else 0
    return bar.index * BAR + step * STEP + swung + rng.gauss(0, plan.jitter)


def _drums(rng: Random, plan: _GroovePlan, bar: _GrooveBar) -> Iterator[TickNote]:
    for drum, pattern in plan.grid.items():
        for step, hit in enumerate(pattern):
            if hit == "." or (hit == "?" and rng.random() > 0.4):
                continue
            ghost = 80 if drum == tables.KICK else 40
            velocity = ghost if hit == "?" else int(hit) * 12 + rng.gauss(0, 5)
            yield make_note(_at(rng, plan, bar, step), STEP, drum, velocity)
    if bar.index % 8 == 0 and bar.index and rng.random() < 0.7:
        yield make_note(_at(rng, plan, bar, 0), BEAT, tables.CRASH, 100)
    if bar.index % 4 == 3 and rng.random() < 0.45:
        yield from _fill(rng, plan, bar)
    if plan.name == "trap" and rng.random() < 0.4:
        roll = bar.index * BAR + rng.choice((4, 6, 12, 14)) * STEP
        for i in range(6):
            yield make_note(roll + i * STEP // 3, 30, tables.HAT, 60 + 6 * i)


def _fill(rng: Random, plan: _GroovePlan, bar: _GrooveBar) -> Iterator[TickNote]:
    drums = (tables.SNARE, tables.SNARE, *tables.TOMS)
    for step in range(rng.choice((8, 12, 12, 14)), 16):
        if rng.random() < 0.75:
            yield make_note(
                _at(rng, plan, bar, step), STEP, rng.choice(drums), rng.randint(65, 112)
            )


def _bass(rng: Random, plan: _GroovePlan, bar: _GrooveBar) -> Iterator[TickNote]:
    intervals = tables.BASS_INTERVALS.get(plan.bass_line, (0,) * 16)
    for (step, length), interval in zip(_bass_rhythm(rng, plan), intervals, strict=False):
        if plan.bass_line == "funk":
            if step and rng.random() < 0.45:
                interval = rng.choice((7, 12, 10, 12))
            if rng.random() < 0.15:
                continue
        tick = _at(rng, plan, bar, step)
        yield make_note(tick, length * STEP * 0.95, bar.bass + interval, 92 + rng.gauss(0, 6))


def _bass_rhythm(rng: Random, plan: _GroovePlan) -> BassRhythm:
    second_half = rng.choice((6, 8, 10))  # drawn whether used or not: seeds depend on it
    if plan.bass_line == "half":
        return ((0, 6), (second_half, 5))
    if plan.bass_line == "pulse":
        return tuple((step, 0.9) for step in plan.pulse)
    return tables.BASS_RHYTHMS[plan.bass_line]


def _chords(rng: Random, plan: _GroovePlan, bar: _GrooveBar) -> Iterator[TickNote]:
    comp = plan.comps[bar.index // 8 % 2]
    if comp == "pad":
        for pitch in bar.voicing:
            yield make_note(bar.index * BAR, 15.5 * STEP, pitch, 70 + rng.gauss(0, 4))
    elif comp == "block":
        for step in (0,) if bar.index % 2 else (0, rng.choice((6, 10, 8))):
            for pitch in bar.voicing:
                yield make_note(_at(rng, plan, bar, step), 6 * STEP, pitch, 74 + rng.gauss(0, 5))
    elif comp in ("arp", "arp8"):
        yield from _arpeggio(rng, plan, bar, plan.arp_stride if comp == "arp" else 2)
    elif comp != "none":
        yield from _strikes(rng, plan, bar, comp)


def _arpeggio(rng: Random, plan: _GroovePlan, bar: _GrooveBar, stride: int) -> Iterator[TickNote]:
    pitches = [*bar.voicing, bar.voicing[0] + 12]
    for i, step in enumerate(range(0, 16, stride)):
        pitch = pitches[plan.arp_order[i % 4] % len(pitches)] + plan.arp_lift
        velocity = 80 if step % 4 == 0 else 72
        tick = _at(rng, plan, bar, step)
        yield make_note(tick, stride * STEP * 0.9, pitch, velocity + rng.gauss(0, 5))


def _strikes(rng: Random, plan: _GroovePlan, bar: _GrooveBar, comp: str) -> Iterator[TickNote]:
    steps, length = tables.COMPS[comp]
    chopped = [step for step in range(16) if rng.random() < 0.4 or step == 4]  # see above
    pitches = [bar.bass + 12, bar.bass + 19, bar.bass + 24] if comp == "power" else bar.voicing
    for step in chopped if comp == "chop" else steps:
        velocity = 84 if step % 4 == 0 else 70
        for i, pitch in enumerate(pitches):
            tick = _at(rng, plan, bar, step) + (9 * i if comp == "strum" else 0)
            yield make_note(tick, length * STEP, pitch, velocity + rng.gauss(0, 5))


def _lead(
    rng: Random, plan: _GroovePlan, bar: _GrooveBar, degree: int
) -> tuple[list[TickNote], int]:
    """Return a motif from scale degree `degree` (-2..9), and its last degree."""
    motif = plan.motifs[bar.index // 2 % 2] if rng.random() < 0.85 else draw_motif(rng)
    register = 72 if plan.key < 5 else 60
    notes: list[TickNote] = []
    for (step, move), length in zip(motif, motif_lengths(motif), strict=True):
        degree = max(-2, min(9, degree + move))
        if step % 8 == 0:  # strong beats land on the chord
            degree = _nearest_chord_degree(bar.degree, degree)
        pitch = register + plan.key + plan.scale[degree % 7] + 12 * (degree // 7)
        tick, duration = _at(rng, plan, bar, step), length * STEP * rng.uniform(0.6, 0.98)
        notes.append(make_note(tick, duration, pitch, 88 + rng.gauss(0, 7)))
    return notes, degree


def _nearest_chord_degree(root: int, degree: int) -> int:
    """Return the chord tone nearest to a degree modulo the octave; ties go to the closer one."""
    tones = (root, root + 2, root + 4)
    return min(tones, key=lambda t: abs((t - degree + 3) % 7 - 3) + 0.01 * abs(t - degree))


def _mix(rng: Random, plan: _GroovePlan, notes: dict[str, list[TickNote]]) -> list[MidiPart]:
    """Draw the pan and the volume of each part."""
    pans = {"chords": rng.randint(40, 88), "lead": rng.randint(48, 80)}
    loudness = {"bass": (88, 110), "chords": (70, 100), "lead": (74, 104), "pad": (56, 84)}
    loudness["drums"] = (90, 118)
    volumes = {name: rng.randint(*limits) for name, limits in loudness.items()}
    return [
        MidiPart(name, channel, plan.programs[name], volumes[name], pans.get(name, 64), notes[name])
        for name, channel in CHANNELS.items()
    ]
