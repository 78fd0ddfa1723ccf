"""The material of generated pieces: notes, motifs, parts, and the MIDI file.

Every draw comes from the one `random.Random` handed in, so the order of draws is part of the data.
"""

from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

import mido

Kind = Literal["groove", "piano"]

BEAT = 480  # MIDI ticks
BAR = 4 * BEAT
STEP = BEAT // 4  # a sixteenth note, 16 in a bar

Motif = list[tuple[int, int]]  # (step 0-15, move in scale degrees -2..2) of each note in a bar

NOTE_OFF, NOTE_ON, CONTROL = 0x80, 0x90, 0xB0  # MIDI status bytes, without the channel


class TickNote(NamedTuple):
    """One note: start and length in ticks, pitch 0-127, velocity 1-127."""

    tick: int
    ticks: int
    pitch: int
    velocity: int


@dataclass(frozen=True)
class MidiPart:
    """One part: MIDI channel 0-15, General MIDI program, volume and pan 0-127, notes.

    pedal_bars: bars in each of which the sustain pedal is pressed anew.
    """

    name: str
    channel: int
    program: int
    volume: int
    pan: int
    notes: list[TickNote]
    pedal_bars: int = 0


@dataclass(frozen=True)
class Arrangement:
    """A finished piece before it becomes MIDI; tempo in bpm, key and chord roots 0-11."""

    kind: Kind
    style: str
    tempo: float
    key: int
    minor: bool
    chord_roots: tuple[int, ...]
    swing: float
    parts: list[MidiPart]


def make_note(tick: float, ticks: float, pitch: int, velocity: float) -> TickNote:
    """Return a note within MIDI's limits: whole ticks, not before the start, velocity 1-127."""
    return TickNote(max(0, int(tick)), max(20, int(ticks)), pitch, max(1, min(127, int(velocity))))


def draw_motif(rng: Random) -> Motif:
    """Draw the onsets of a one-bar melody and its contour."""
    size = rng.choice((3, 4, 5, 6, 8))
    steps = sorted(rng.sample(range(0, 16, rng.choice((1, 2, 2, 2))), size))
    return [(step, rng.choice((-2, -1, -1, 0, 1, 1, 2))) for step in steps]


def motif_lengths(motif: Motif) -> list[int]:
    """Return the steps from each onset to the next; the last one lasts to the end of the bar."""
    ends = [step for step, _ in motif[1:]] + [16]
    return [end - step for end, (step, _) in zip(ends, motif, strict=True)]


def midi_file(rng: Random, parts: list[MidiPart], beat_microseconds: int) -> mido.MidiFile:
    """Return a MIDI file: a track with tempo and metre, then one for each part with notes."""
    midi = mido.MidiFile(type=1, ticks_per_beat=BEAT)
    conductor = [
        mido.MetaMessage("set_tempo", tempo=beat_microseconds),
        mido.MetaMessage("time_signature", numerator=4, denominator=4),
    ]
    midi.tracks.append(mido.MidiTrack(conductor))
    for part in parts:
        if part.notes:
            midi.tracks.append(_track(part, reverb=rng.randint(10, 70)))
    return midi


def _track(part: MidiPart, reverb: int) -> mido.MidiTrack:
    channel = part.channel
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=part.name)])
    track.append(mido.Message("program_change", channel=channel, program=part.program))
    for control, value in ((7, part.volume), (10, part.pan), (91, reverb)):
        track.append(mido.Message("control_change", channel=channel, control=control, value=value))
    now = 0
    for tick, status, *data in _events(part):
        track.append(mido.Message.from_bytes([status | channel, *data], time=tick - now))
        now = tick
    return track


def _events(part: MidiPart) -> list[tuple[int, int, int, int]]:
    """Return a part's events in playing order: tick, status byte and two data bytes.

    A note ends one tick before the next onset of its pitch, but lasts at least 10 ticks.
    """
    notes = sorted(part.notes)
    ends = [played.tick + played.ticks for played in notes]
    latest: dict[int, int] = {}  # pitch: place in `notes`
    for i, played in enumerate(notes):
        before = latest.get(played.pitch)
        if before is not None and ends[before] > played.tick:
            ends[before] = max(notes[before].tick + 10, played.tick - 1)
        latest[played.pitch] = i
    events = [(n.tick, NOTE_ON, n.pitch, n.velocity) for n in notes]
    events += [(end, NOTE_OFF, n.pitch, 0) for end, n in zip(ends, notes, strict=True)]
    for bar in range(part.pedal_bars):
        events += [(bar * BAR + 30, CONTROL, 64, 127), ((bar + 1) * BAR - 20, CONTROL, 64, 0)]
    return sorted(events)
