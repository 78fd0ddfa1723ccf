"""MIDI files as scores. They may come from anyone, so they are read within limits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mido

from msanii_live.errors import Code, CommandError
from msanii_live.midi.file_facts import FileFacts, read_facts
from msanii_live.midi.note_ends import settle_note_ends
from msanii_live.midi.note_tracker import NoteTracker
from msanii_live.midi.smf import read_smf
from msanii_live.midi.smf_writer import TICKS_PER_BEAT, to_midi
from msanii_live.midi.tempo_map import TempoMap
from msanii_live.notes import CHORD, PARTS, SECTION, Marker, Score, sort_notes

__all__ = ["SUFFIXES", "decode", "read", "score_from_midi", "to_midi"]

SUFFIXES = (".mid", ".midi", ".smf", ".rmi", ".kar")
MAX_BYTES = 2**20
MAX_NOTES = 50_000
MAX_SECONDS = 3_600.0
TAIL = 1.0  # s after the last note of a piece that is not whole bars long
_BAR_TOLERANCE = 1e-3  # bars by which the length of whole bars may be off
_MARKERS = {"marker": CHORD, "cue_marker": SECTION}  # in files of ours


class _NoNotes(ValueError):
    """A MIDI file without notes."""


def read(path: Path, shown: str) -> Score:
    """Read all tracks of a MIDI file as one score, as far as they can be understood.

    The score's warnings say what is missing. shown: the file's name in error texts.
    Raises: CommandError: EPATH, it is not a MIDI file, has no notes, or is beyond a limit.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it is longer than {MAX_BYTES // 2**20} MiB")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES)
        return decode(content)
    except OSError as error:
        why = error.strerror or str(error)
        raise CommandError(Code.EPATH, f"{shown!r} cannot be read as MIDI: {why}") from None
    except _NoNotes as error:
        raise CommandError(Code.EPATH, f"{shown!r} cannot be played: {error}") from None
    except ValueError as error:
        raise CommandError(Code.EPATH, f"{shown!r} cannot be read as MIDI: {error}") from None


def decode(content: bytes) -> Score:
    """Return the score of a MIDI file's bytes. Raises: ValueError: as `read`."""
    midi, damage = read_smf(content, MAX_NOTES)
    score = score_from_midi(midi)
    warnings = (*damage, *score.warnings)
    if not score.notes:
        raise _NoNotes("; ".join(("it has no notes", *warnings)))
    return replace(score, warnings=warnings)


def score_from_midi(midi: mido.MidiFile) -> Score:
    """Return the notes of a MIDI file, at most `MAX_SECONDS` of them.

    Tracks sound together; those of format 2 one after another. Every track pairs its own note-ons
    and note-offs; see `settle_note_ends`. A track that is named after a part is that part. Of a
    file that `to_midi` wrote and nobody has changed, the score is the one written, to the tick.
    Raises: ValueError: it has more than `MAX_NOTES` notes.
    """
    facts, markers = read_facts(midi), []
    tracker, tempo_map = NoteTracker(MAX_NOTES + 1, _parts(midi)), TempoMap(midi.ticks_per_beat)
    events, now, is_complete = _merge_tracks(midi, tempo_map.beat), 0.0, True
    metre = None
    if facts is not None and not (events and _is_unchanged(midi, facts, events[-1][0])):
        facts = replace(facts, end=-1, bpm=0.0)
    for tick, track, message in events:
        now = max(now, tempo_map.seconds(tick))
        if now > MAX_SECONDS:
            now = MAX_SECONDS
            is_complete = False
            break
        if message.type == "set_tempo":
            exact = 60e6 / facts.bpm if facts is not None and facts.bpm else None
            tempo_map.set_tempo(tick, exact or max(1, message.tempo))
        elif message.type == "time_signature" and message.numerator:
            metre = metre or (message.numerator, message.denominator)
            tempo_map.set_metre(tick, message.numerator * 4 / message.denominator)
        elif facts is not None and track == 0 and message.type in _MARKERS:
            markers.append(Marker(now, _MARKERS[message.type], message.text))
        else:
            tracker.receive(message, now, track)
    tracker.all_off(now)
    if len(tracker.finished) > MAX_NOTES:
        raise ValueError(f"it has more than {MAX_NOTES:,} notes")
    bpm = round(tempo_map.bpm, 4) if 20 <= tempo_map.bpm <= 300 else 0.0
    last = max((note.end for note in tracker.finished), default=0.0)
    bars = tempo_map.bars(events[-1][0]) if events and is_complete and bpm else 0.0
    is_whole_bars = bars >= 0.5 and abs(bars - round(bars)) < _BAR_TOLERANCE and last <= now + 1e-6
    warnings = tracker.warnings
    if not is_complete:
        warnings = (*warnings, f"what comes after {MAX_SECONDS:,.0f} s was left out")
    if midi.type == 2 and len(midi.tracks) > 1:
        warnings = (f"its {len(midi.tracks)} patterns are played one after another", *warnings)
    score = Score(
        notes=sort_notes(note for note in tracker.finished if note.end > note.start),
        seconds=now if is_whole_bars else last + TAIL,
        bpm=bpm,
        warnings=warnings,
        beats=tempo_map.beats,
        tempo_map=tempo_map.segments,
        metre=metre,
        markers=tuple(markers),
    )
    return _with_facts(score, facts, now) if facts is not None and is_complete else score


def _parts(midi: mido.MidiFile) -> dict[int, str]:
    """Return the parts of the tracks that are named after one."""
    if len(midi.tracks) == 1:  # which has all parts, whatever its name
        return {}
    names = {
        number: message.name.strip().lower()
        for number, track in enumerate(midi.tracks)
        for message in track
        if message.type == "track_name"
    }
    return {number: name for number, name in names.items() if name in PARTS}


def _is_unchanged(midi: mido.MidiFile, facts: FileFacts, end: int) -> bool:
    """Return whether the length and the tempo of a file are those that its facts tell."""
    tempos = {message.tempo for message in midi.tracks[0] if message.type == "set_tempo"}
    told = {mido.bpm2tempo(facts.bpm)} if facts.bpm else tempos
    return midi.ticks_per_beat == TICKS_PER_BEAT and facts.end == end and tempos == told


def _with_facts(score: Score, facts: FileFacts, seconds: float) -> Score:
    """Return a score with what its file tells besides. seconds: of the file's last tick."""
    score = replace(score, style=facts.style, key=facts.key, swing=facts.swing)
    if facts.end < 0:  # another program has changed the file
        return score
    return replace(
        score,
        seconds=seconds,
        bpm=facts.bpm,
        bar=facts.bar,
        beats=facts.beats or score.beats,
        is_loop=facts.is_loop,
    )


def _merge_tracks(midi: mido.MidiFile, beat: float) -> list[tuple[int, int, mido.Message]]:
    """Return all messages with their ticks and the numbers of their tracks.

    At equal ticks, tempo and note ends come first. beat: ticks.
    """
    events, start = [], 0
    for number, track in enumerate(midi.tracks):
        tick, messages = start, []
        for message in track:
            tick += message.time
            messages.append((tick, message))
        if midi.type == 2:  # patterns, one after another
            start = tick
        for index, (at, message) in enumerate(settle_note_ends(messages, beat)):
            events.append((at, _rank(message), number, index, message))
    events.sort(key=lambda event: event[:4])
    return [(tick, number, message) for tick, _, number, _, message in events]


def _rank(message: mido.Message) -> int:
    if message.type == "note_off" or (message.type == "note_on" and not message.velocity):
        return 1
    return 2 if message.type == "note_on" else 0
