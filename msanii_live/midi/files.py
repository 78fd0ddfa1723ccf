"""MIDI files of the shared folder. They may come from anyone, so they are read within limits."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import mido

from msanii_live.errors import Code, CommandError
from msanii_live.library import naming, paths
from msanii_live.midi.note_ends import settle_note_ends
from msanii_live.midi.note_tracker import NoteTracker
from msanii_live.midi.smf import read_smf
from msanii_live.midi.tempo_map import TempoMap
from msanii_live.notes import DRUM_CHANNEL, Note, Score, sort_notes

SUFFIXES = (".mid", ".midi", ".smf", ".rmi", ".kar")
MAX_BYTES = 2**20
MAX_NOTES = 50_000
MAX_SECONDS = 3_600.0
TAIL = 1.0  # s after the last note of a piece that is not whole bars long
_BAR_TOLERANCE = 1e-3  # bars by which the length of whole bars may be off
_TICKS_PER_BEAT = 9_600  # in files written here: a tick is 0.05 ms at 120 bpm


def find(folder: Path, text: str) -> Path:
    """Return the MIDI file that a text names: a path inside the folder, with or without suffix.

    folder: absolute and resolved.
    Raises: CommandError: EPATH, outside the folder or not a MIDI file; ENOCLIP, there is none.
    """
    path = paths.resolve(folder, text)
    candidates = [path] if path.suffix.lower() in SUFFIXES else []
    candidates += [path.with_name(path.name + suffix) for suffix in SUFFIXES]
    for candidate in candidates:
        if paths.is_own_file(folder, candidate):
            return candidate
    if path.is_file():
        raise CommandError(Code.EPATH, f"{text!r} is no MIDI file: its name must end in .mid")
    try:
        known = [p.name for p in sorted(folder.iterdir()) if p.suffix.lower() in SUFFIXES]
    except OSError:
        known = []
    raise naming.unknown_name_error("MIDI file or take", text, known)


def write_new(folder: Path, stem: str, score: Score) -> Path:
    """Write a score under the first free name of STEM.mid, STEM-2.mid and so on.

    Raises: OSError: it cannot be written.
    """
    content, number, path = to_midi(score), 1, folder / f"{stem}.mid"
    while True:
        try:
            paths.write_new(path, content)
        except FileExistsError:
            number += 1
            path = folder / f"{stem}-{number}.mid"
        else:
            return path


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
        midi, damage = read_smf(content, MAX_NOTES)
    except (OSError, ValueError) as error:
        why = naming.error_reason(error)
        raise CommandError(Code.EPATH, f"{shown!r} cannot be read as MIDI: {why}") from None
    score = score_from_midi(midi)
    warnings = (*damage, *score.warnings)
    if not score.notes:
        why = "; ".join(("it has no notes", *warnings))
        raise CommandError(Code.EPATH, f"{shown!r} cannot be played: {why}")
    return replace(score, warnings=warnings)


def score_from_midi(midi: mido.MidiFile) -> Score:
    """Return the notes of a MIDI file, at most `MAX_SECONDS` of them.

    Tracks sound together; those of format 2 one after another. Every track pairs its own note-ons
    and note-offs; see `settle_note_ends`.
    Raises: ValueError: it has more than `MAX_NOTES` notes.
    """
    tracker, tempo_map = NoteTracker(MAX_NOTES + 1), TempoMap(midi.ticks_per_beat)
    events, now, is_complete = _merge_tracks(midi, tempo_map.beat), 0.0, True
    for tick, track, message in events:
        now = max(now, tempo_map.seconds(tick))
        if now > MAX_SECONDS:
            now = MAX_SECONDS
            is_complete = False
            break
        if message.type == "set_tempo":
            tempo_map.set_tempo(tick, max(1, message.tempo))
        elif message.type == "time_signature" and message.numerator:
            tempo_map.set_metre(tick, message.numerator * 4 / message.denominator)
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
    return Score(
        notes=sort_notes(note for note in tracker.finished if note.end > note.start),
        seconds=now if is_whole_bars else last + TAIL,
        bpm=bpm,
        warnings=warnings,
        beats=tempo_map.beats,
        tempo_map=tempo_map.segments,
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


def to_midi(score: Score) -> bytes:
    """Return a score as a MIDI file: one track for tempo and metre, and one per program."""
    bpm = score.bpm or 120.0
    tempo = mido.bpm2tempo(bpm)
    per_second = _TICKS_PER_BEAT * 1e6 / tempo
    midi = mido.MidiFile(type=1, ticks_per_beat=_TICKS_PER_BEAT)
    end = round(score.seconds * per_second)
    first = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=tempo)])
    first += _time_signature(score.beats)
    first.append(mido.MetaMessage("end_of_track", time=end))
    midi.tracks.append(first)
    programs = sorted({(note.drum, note.program) for note in score.notes})
    free = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    for number, (drum, program) in enumerate(programs):
        channel = DRUM_CHANNEL if drum else free[number % len(free)]
        notes = [n for n in score.notes if (n.drum, n.program) == (drum, program)]
        midi.tracks.append(_track(notes, channel, program, per_second))
    out = io.BytesIO()
    midi.save(file=out)
    return out.getvalue()


def _time_signature(beats: float) -> list[mido.MetaMessage]:
    """Return a time signature, if the metre is known and MIDI can represent it. beats: per bar."""
    for denominator in (4, 8, 16):
        numerator = beats * denominator / 4
        if numerator == round(numerator) and 0 < numerator < 256:
            signature = {"numerator": round(numerator), "denominator": denominator}
            return [mido.MetaMessage("time_signature", **signature)]
    return []


def _track(notes: list[Note], channel: int, program: int, per_second: float) -> mido.MidiTrack:
    events = [(0, 0, mido.Message("program_change", channel=channel, program=program))]
    for note in notes:
        start = round(note.start * per_second)
        end = max(start + 1, round(note.end * per_second))
        key = {"channel": channel, "note": note.pitch}
        events.append((start, 2, mido.Message("note_on", velocity=note.velocity, **key)))
        events.append((end, 1, mido.Message("note_off", velocity=0, **key)))
    events.sort(key=lambda event: event[:2])
    track, now = mido.MidiTrack(), 0
    for tick, _, message in events:
        track.append(message.copy(time=tick - now))
        now = tick
    return track
