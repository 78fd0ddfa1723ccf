"""A writer of Standard MIDI Files (MIDI 1.0, RP-001): a track for each part, exact to the tick."""

from __future__ import annotations

import io
from itertools import groupby

import mido

from msanii_live.midi.file_facts import facts_of
from msanii_live.midi.general_midi import program_name
from msanii_live.notes import CHORD, DRUM_CHANNEL, PARTS, Note, Score, TempoSegment

TICKS_PER_BEAT = 9_600  # a tick is 0.05 ms at 120 bpm
_DEFAULT_BPM = 120.0  # of a score whose tempo is unknown
_MAX_TEXT = 100  # characters of a marker
_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]
# RP-001 allows seven flats to seven sharps: the names with the fewest, by semitones above C.
_MAJOR_KEYS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_KEYS = ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm")
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_Event = tuple[int, int, mido.Message | mido.MetaMessage]  # tick, rank within it, message
_Track = tuple[str, bool, int]  # part, drum, program


def to_midi(score: Score) -> bytes:
    """Return a score as a MIDI file; the same score gives the same bytes.

    The first track has tempo, metre, key, chords as markers and sections as cue points. One track
    follows for each part and program. All end at the score's end, to the tick. A note without a
    part is in a track that is named after its program. A key that is struck again ends its note.
    """
    clock = _TickClock(score)
    end = clock.tick(score.seconds)
    midi = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    midi.tracks.append(_finish(_conductor(score, clock, end), end))
    tracks = sorted({_track_of(note) for note in score.notes}, key=_track_order)
    free = 0
    for part, drum, program in tracks:
        channel = DRUM_CHANNEL if drum else _CHANNELS[free % len(_CHANNELS)]
        free += not drum
        notes = [note for note in score.notes if _track_of(note) == (part, drum, program)]
        name = program_name(program, drum=drum)
        events: list[_Event] = [
            (0, -3, mido.MetaMessage("track_name", name=part or name)),
            (0, -2, mido.MetaMessage("instrument_name", name=name)),
            (0, -1, mido.Message("program_change", channel=channel, program=program)),
        ]
        midi.tracks.append(_finish(events + _notes(notes, channel, clock, end), end))
    out = io.BytesIO()
    midi.save(file=out)
    return out.getvalue()


class _TickClock:
    """The time of a score in ticks."""

    def __init__(self, score: Score) -> None:
        steady = TempoSegment(0.0, 0.0, score.bpm or _DEFAULT_BPM, score.beats)
        forms = {(each.bpm, each.beats) for each in score.tempo_map}
        varies = len(forms) > 1 or (not score.bpm and len(forms) == 1)
        self.segments = score.tempo_map if varies else (steady,)
        self._ticks = [0]
        for before, after in zip(self.segments, self.segments[1:], strict=False):
            self._ticks.append(self._ticks[-1] + _ticks(after.start - before.start, before.bpm))

    def tick(self, seconds: float) -> int:
        """Return the tick nearest to a second."""
        index = max(n for n, each in enumerate(self.segments) if each.start <= seconds or not n)
        segment = self.segments[index]
        return max(0, self._ticks[index] + _ticks(seconds - segment.start, segment.bpm))

    def changes(self) -> list[tuple[int, TempoSegment]]:
        """Return the spans of one tempo and metre, with the ticks at which they begin."""
        return list(zip(self._ticks, self.segments, strict=True))


def _ticks(seconds: float, bpm: float) -> int:
    return round(seconds * bpm / 60.0 * TICKS_PER_BEAT)


def _conductor(score: Score, clock: _TickClock, end: int) -> list[_Event]:
    """Return the events of the first track."""
    events: list[_Event] = [
        (0, -9, mido.MetaMessage("track_name", name="msanii-live")),
        (0, -8, facts_of(score, end).event()),
    ]
    beats = None
    for number, (tick, segment) in enumerate(clock.changes()):
        tempo = min(2**24 - 1, mido.bpm2tempo(segment.bpm))
        events.append((tick, -7, mido.MetaMessage("set_tempo", tempo=tempo)))
        if segment.beats != beats:
            metre = score.metre if number == 0 and score.metre else _metre(segment.beats)
            events += [(tick, -6, each) for each in _time_signature(metre)]
        beats = segment.beats
    if signature := key_signature(score.key):
        events.append((0, -5, mido.MetaMessage("key_signature", key=signature)))
    for marker in score.markers:
        kind = "marker" if marker.kind == CHORD else "cue_marker"
        text = marker.text[:_MAX_TEXT]
        if text and (tick := clock.tick(marker.start)) < max(1, end):
            events.append((tick, 0, mido.MetaMessage(kind, text=text)))
    return events


def key_signature(key: str) -> str:
    """Return the name of a key signature for a key such as "A minor"; "" if it is none.

    >>> key_signature("A minor"), key_signature("D# maj"), key_signature("lydian")
    ('Am', 'Eb', '')
    """
    tonic, _, mode = key.partition(" ")
    if tonic[:1] not in _SEMITONES or tonic[1:] not in ("", "#", "b"):
        return ""
    if mode[:3] not in ("maj", "min"):
        return ""
    semitone = (_SEMITONES[tonic[0]] + {"": 0, "#": 1, "b": -1}[tonic[1:]]) % 12
    return (_MINOR_KEYS if mode.startswith("min") else _MAJOR_KEYS)[semitone]


def _metre(beats: float) -> tuple[int, int] | None:
    """Return the simplest metre of so many quarter notes, None if MIDI can represent none."""
    for denominator in (4, 8, 16):
        numerator = beats * denominator / 4
        if numerator == round(numerator) and 0 < numerator < 256:
            return round(numerator), denominator
    return None


def _time_signature(metre: tuple[int, int] | None) -> list[mido.MetaMessage]:
    if metre is None or not 0 < metre[0] < 256 or metre[1] not in (1, 2, 4, 8, 16, 32, 64):
        return []
    return [mido.MetaMessage("time_signature", numerator=metre[0], denominator=metre[1])]


def _track_of(note: Note) -> _Track:
    return note.part, note.drum, note.program


def _track_order(track: _Track) -> tuple[int, bool, int]:
    part, drum, program = track
    return PARTS.index(part) if part in PARTS else len(PARTS), drum, program


def _notes(notes: list[Note], channel: int, clock: _TickClock, end: int) -> list[_Event]:
    """Return the note-ons and note-offs of one channel; no two notes of a key overlap."""
    events: list[_Event] = []
    spans = sorted(
        (note.pitch, clock.tick(note.start), clock.tick(note.end), note.velocity)
        for note in notes
        if clock.tick(note.start) < end
    )
    for pitch, group in groupby(spans, key=lambda span: span[0]):
        strikes = {start: (stop, velocity) for _, start, stop, velocity in group}
        following = [*list(strikes)[1:], end]
        for (start, (stop, velocity)), limit in zip(strikes.items(), following, strict=True):
            stop = min(max(start + 1, stop), limit)
            velocity = min(127, max(1, velocity))
            key = {"channel": channel, "note": pitch}
            events.append((start, 1, mido.Message("note_on", velocity=velocity, **key)))
            events.append((stop, 0, mido.Message("note_off", velocity=0, **key)))
    return events


def _finish(events: list[_Event], end: int) -> mido.MidiTrack:
    """Return the events as a track. end: its last tick."""
    track, now = mido.MidiTrack(), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
    return track
