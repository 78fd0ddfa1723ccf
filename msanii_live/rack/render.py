"""From a score to sound: every part played, mixed in a rig, as a mix and its stems."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio import Samples
from msanii_live.notes import PARTS, Note, Score, part_of, usual_program
from msanii_live.rack.drums.kits import KITS
from msanii_live.rack.effects.dynamics import compress, ducking, saturate
from msanii_live.rack.effects.modulation import Drift, chorus, tape_wow, whole_turns
from msanii_live.rack.effects.space import convolve, early_side, room_response, tempo_delay
from msanii_live.rack.filters import highpass, lowpass, shelve
from msanii_live.rack.instruments import INSTRUMENTS
from msanii_live.rack.levels import LEVELS
from msanii_live.rack.rigs import Rig, Strip, rig_of
from msanii_live.rack.section_changes import carrier_of, play_section_changes, section_changes
from msanii_live.rack.variation import varied_instrument, varied_strip
from msanii_live.rack.voices import NoteClock
from msanii_live.rack.waves import RATE, Stereo

PREROLL = (
    4.0  # s of the round before that a loop is played with, so that its end rings into its start
)
USUAL_TEMPO = 120.0  # bpm, where a score has none
LOWEST = 22.0  # Hz, below which no part has sound
SHINES = 1_500.0  # Hz, where the shelf of `Strip.shine` begins
WIDE_FROM = 220.0  # Hz; below, a part is no wider than its instrument
RATIO = 3.0  # of the compressor of each part
KICKS = frozenset({35, 36})
PUSH = 0.75  # of `drive`: what it adds to the saturation of each part at most
WET = 0.9  # of `space`: what it adds to the sends at most


@dataclass(frozen=True)
class RackOptions:
    """How a score is played.

    style: of the rig; the score's own if empty. instrument: for all parts but drums, instead of the
    rig's. kit: of the drums, instead of the rig's. drive, space: 0 to 1, more saturation and more
    room; 0.0 leaves the rig as it is. parts: that sound; empty for all. with_stems: return the
    stems as well.
    """

    style: str = ""
    instrument: str = ""
    kit: str = ""
    drive: float = 0.0
    space: float = 0.0
    parts: tuple[str, ...] = ()
    with_stems: bool = False


@dataclass(frozen=True)
class RackSound:
    """What the rack played: the mix and its stems by part, float32, (frames, 2); their sum is the
    mix, to rounding.
    """

    mix: Samples
    stems: Mapping[str, Samples] = field(default_factory=dict)


@dataclass(frozen=True)
class _Stage:
    """The buffer that the parts of a score are played into.

    strips: of the parts that play. frames: of the buffer. clock: where in it the music begins.
    kicks: s, in the buffer.
    """

    rig: Rig
    strips: Mapping[str, Strip]
    frames: int
    clock: NoteClock
    kicks: tuple[float, ...]
    beat: float


def render_score(
    score: Score,
    options: RackOptions | None = None,
    on_part: Callable[[], None] = lambda: None,
) -> RackSound:
    """Play a score on the rack. on_part: called after each part; it may raise, to end the work.

    The level is that of the faders: it peaks near or above 1, so that the caller sets a loudness
    and limits. Equal scores and options give equal samples.
    """
    options = options or RackOptions()
    rig = rig_of(options.style or score.style)
    before = PREROLL if score.is_loop else 0.0
    played = _with_round_before(score, before) if before else score
    frames, origin = round(score.seconds * RATE), round(before * RATE)
    clock = NoteClock(origin, frames if score.is_loop else 0)
    notes = [n for n in played.notes if not options.parts or part_of(n) in options.parts]
    kicks = tuple(n.start for n in notes if n.drum and n.pitch in KICKS)
    parts = {part: [note for note in notes if part_of(note) == part] for part in PARTS}
    parts = {part: own for part, own in parts.items() if own}
    strips = {part: _strip(rig, part, own, options) for part, own in parts.items()}
    beat = 60.0 / (score.tempo or USUAL_TEMPO)
    stage = _Stage(rig, strips, frames + origin, clock, kicks, beat)
    channels: dict[str, Stereo] = {}
    for part, own in parts.items():
        channels[part] = _channel(stage, part, own, options)
        on_part()
    carrier = carrier_of(channels)
    changes = section_changes(played) if rig.transitions and carrier else []
    if carrier and changes:
        channels[carrier] = channels[carrier] + play_section_changes(changes, stage.frames, clock)
    return _mixed(stage, channels, options)


def _with_round_before(score: Score, seconds: float) -> Score:
    """Return a loop with so many seconds of the rounds before it, moved to second 0."""
    turns = math.ceil(seconds / score.seconds)
    return score.looped(turns * score.seconds - seconds, (turns + 1) * score.seconds)


def _channel(stage: _Stage, part: str, notes: Sequence[Note], options: RackOptions) -> Stereo:
    """Return a part after its insert effects, side-chain and fader, (2, frames)."""
    strip = stage.strips[part]
    out = np.zeros((2, stage.frames), dtype=np.float32)
    for (name, program), own in _by_instrument(stage.rig, part, notes, options).items():
        if part == "drums":
            KITS[name].play(own, out, stage.clock)
        else:
            single, instrument = np.zeros_like(out), INSTRUMENTS[name]
            if stage.rig.varies and not options.instrument:
                instrument = varied_instrument(instrument, part, program)
            instrument.play(own, single, stage.clock)
            out += np.float32(10 ** (LEVELS[name] / 20)) * single
    if strip.chorus:
        out = chorus(out, whole_turns(0.6, stage.clock.period / RATE), mix=strip.chorus)
    drive = min(1.0, strip.drive + PUSH * options.drive)
    if drive > 0.0:
        out = saturate(out, drive, bias=0.15)  # which gives a wave a mean
    if strip.shine:
        out = shelve(out, SHINES, strip.shine)
    if drive > 0.0 or part != "drums":
        out = highpass(out, max(strip.low_cut, LOWEST))
    if strip.low_mono:
        out = _mono_below(out, strip.low_mono)
    if strip.threshold:
        out = compress(out, strip.threshold, RATIO)
    if strip.duck and stage.kicks:
        seconds = min(0.35, 0.8 * stage.beat)
        out = out * ducking(stage.kicks, stage.frames, strip.duck, seconds)
    faded: Stereo = out * np.float32(10 ** (strip.decibels / 20))
    return faded


def _strip(rig: Rig, part: str, notes: Sequence[Note], options: RackOptions) -> Strip:
    """Return the channel of a part; what is named has the rig's own."""
    named = options.kit if part == "drums" else options.instrument
    strip = rig.strips[part]
    return varied_strip(strip, part, usual_program(notes)) if rig.varies and not named else strip


def _by_instrument(
    rig: Rig, part: str, notes: Sequence[Note], options: RackOptions
) -> dict[tuple[str, int], list[Note]]:
    """Return the notes of each instrument and program, or of each kit with the number 0."""
    found: dict[tuple[str, int], list[Note]] = {}
    for note in notes:
        if part == "drums":
            key = (options.kit or rig.kit(note.program), 0)
        else:
            name = options.instrument or rig.instrument(part, note.program)
            key = (name, note.program)
        found.setdefault(key, []).append(note)
    return found


def _mono_below(wave: Stereo, hertz: float) -> Stereo:
    """Return a wave whose channels are one below a frequency."""
    middle, side = wave.mean(0), np.float32(0.5) * (wave[0] - wave[1])
    if not side.any():
        return wave
    side = highpass(side, hertz)
    return np.stack([middle + side, middle - side])


# -- the mix -------------------------------------------------------------------------------------


def _mixed(stage: _Stage, channels: Mapping[str, Stereo], options: RackOptions) -> RackSound:
    """Return the channels with their rooms and echoes; a stem has its own share of these."""
    strips = stage.strips
    if not channels:
        silence = np.zeros((stage.frames - stage.clock.origin, 2), dtype=np.float32)
        return RackSound(silence)
    room = {part: strips[part].room * (1 + 2 * options.space) + _more(part, options)
            for part in channels}  # fmt: skip
    delay = {part: _delay_send(strips[part], options) for part in channels}
    dry = sum(channels.values(), np.zeros((2, stage.frames), dtype=np.float32))
    drift = None
    if stage.rig.wow:
        drift = tape_wow(stage.frames, stage.rig.wow, stage.clock.period / RATE)
    mix = _finished(stage, dry + _wet(stage, channels, room, delay, options.space), drift)
    if not options.with_stems:
        return RackSound(mix)
    stems = {}
    for part, wave in channels.items():
        wet = _wet(stage, {part: wave}, room, delay, options.space)
        stems[part] = _finished(stage, wave + wet, drift)
    return RackSound(mix, stems)


def _more(part: str, options: RackOptions) -> float:
    """Return what `space` adds to the room send of a part; the bass keeps its place."""
    return options.space * {"bass": 0.08, "drums": 0.35}.get(part, WET)


def _delay_send(strip: Strip, options: RackOptions) -> float:
    return strip.delay * (1.0 + options.space)


def _wet(
    stage: _Stage,
    channels: Mapping[str, Stereo],
    room: Mapping[str, float],
    delay: Mapping[str, float],
    space: float,
) -> Stereo:
    """Return the room and the echoes of channels, (2, frames)."""
    rig = stage.rig
    out = np.zeros((2, stage.frames), dtype=np.float32)
    echoed = [np.float32(delay[part]) * wave for part, wave in channels.items() if delay[part]]
    if echoed:
        send = sum(echoed[1:], echoed[0])
        out += tempo_delay(send, rig.delay * stage.beat, rig.feedback)
    send = np.float32(0.5) * out.mean(0)  # the echoes stand in the room as well
    wide = np.zeros(stage.frames, dtype=np.float32)
    for part, wave in channels.items():
        middle = np.float32(0.5) * (wave[0] + wave[1])
        send += np.float32(room[part]) * middle
        wide += np.float32(stage.strips[part].width) * middle
    if wide.any():
        side = early_side(wide, WIDE_FROM)
        out += np.stack([side, -side])
    if send.any():
        out += convolve(send, room_response(round(rig.room * (1.0 + 0.8 * space), 1)))
    return out


def _finished(stage: _Stage, wave: Stereo, drift: Drift | None) -> NDArray[np.float32]:
    """Return the music without what was played before it, (frames, 2).

    drift: of tape, which also loses what is high.
    """
    if drift is not None:
        wave = lowpass(drift.apply(wave), 11_000.0, 1)
    return np.ascontiguousarray(wave[:, stage.clock.origin :].T)
