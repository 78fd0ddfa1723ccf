"""Write a composition as a MIDI file."""

from __future__ import annotations

import mido

from msanii_live.engines.composer.notes import PartNote
from msanii_live.notes import PARTS, PITCH_NAMES
from msanii_live.training.data.composition.model import Composition

TICKS_A_BEAT = 480
TICKS_A_STEP = TICKS_A_BEAT // 4
CHANNELS = {"bass": 0, "chords": 1, "lead": 2, "pad": 3, "drums": 9}
Event = tuple[int, int, mido.Message | mido.MetaMessage]  # tick, order within it, message


def to_midi(composition: Composition) -> mido.MidiFile:
    """Return the piece with a track for each part, and its sections and chords as markers.

    Every track ends exactly at the end of the last bar.
    """
    midi = mido.MidiFile(type=1, ticks_per_beat=TICKS_A_BEAT)
    end = composition.bars * composition.steps_per_bar * TICKS_A_STEP
    midi.tracks.append(_track(_conductor(composition), end))
    for part in PARTS:
        notes = [note for note in composition.notes if note.part == part]
        if notes:
            events = _events(notes, CHANNELS[part], end)
            program = composition.programs[part]
            change = mido.Message("program_change", channel=CHANNELS[part], program=program)
            name = mido.MetaMessage("track_name", name=part)
            midi.tracks.append(_track([(0, -2, name), (0, -1, change), *events], end))
    return midi


def _conductor(composition: Composition) -> list[Event]:
    numerator, denominator = composition.metre
    key = PITCH_NAMES[composition.tonic] + ("m" if composition.minor else "")
    respelled = {"G#": "Ab", "Abm": "G#m", "D#": "Eb", "A#": "Bb", "C#": "Db"}
    events: list[Event] = [
        (0, -3, mido.MetaMessage("set_tempo", tempo=round(60e6 / composition.tempo))),
        (0, -2, mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)),
        (0, -1, mido.MetaMessage("key_signature", key=respelled.get(key, key))),
    ]
    bar = 0
    bar_ticks = composition.steps_per_bar * TICKS_A_STEP
    for name, bars in composition.sections:
        events.append((bar * bar_ticks, 0, mido.MetaMessage("text", text=name)))
        bar += bars
    for number, chord in enumerate(composition.chords):
        events.append((number * bar_ticks, 1, mido.MetaMessage("marker", text=chord.name)))
    return events


def _events(notes: list[PartNote], channel: int, end: int) -> list[Event]:
    events: list[Event] = []
    for note in notes:
        on = min(end - 1, round(note.start * TICKS_A_STEP))
        off = max(on + 1, min(end, round((note.start + note.length) * TICKS_A_STEP)))
        key = {"channel": channel, "note": note.pitch}
        events.append((on, 1, mido.Message("note_on", velocity=note.velocity, **key)))
        events.append((off, 0, mido.Message("note_off", velocity=0, **key)))
    return events


def _track(events: list[Event], end: int) -> mido.MidiTrack:
    track = mido.MidiTrack()
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    return track
