"""A riff, and measures of pitch and brightness, for the tests of engines of notes."""

from pathlib import Path

import numpy as np
import soundfile

from msanii_live.midi import files
from msanii_live.notes import Note, Score


def arpeggio(folder, name, program=0, beats=8):
    """Write a riff in eighths of 0.5 s to a MIDI file of a folder; return it."""
    keys = (48, 55, 60, 64, 67, 72, 76, 79)
    notes = tuple(Note(n / 2, n / 2 + 0.45, keys[n % 8], 90, program) for n in range(beats))
    score = Score(notes, beats / 2, bpm=120.0)
    (Path(folder) / name).write_bytes(files.to_midi(score))
    return score


def read(fields):
    """Return the samples of a job's clip, (frames, channels)."""
    samples, rate = soundfile.read(str(fields[3]), dtype="float32", always_2d=True)
    assert rate == 44_100
    return samples


def centroid(samples):
    """Return the mean frequency of a sound's power, Hz."""
    power = np.abs(np.fft.rfft(samples.mean(1))) ** 2
    return float((power * np.fft.rfftfreq(len(samples), 1 / 44_100)).sum() / power.sum())


def pitch_at(samples, second):
    """Return the MIDI key that sounds for 0.3 s."""
    part = samples[int(second * 44_100) :][:13_230].mean(1)
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 2**17))
    frequencies = np.fft.rfftfreq(2**17, 1 / 44_100)
    # The comb of a key's first overtones that catches most.
    keys = 440 * 2 ** ((np.arange(40, 90) - 69) / 12)
    at = [[np.argmin(np.abs(frequencies - n * f)) for n in (1, 2, 3)] for f in keys]
    return 40 + int(
        np.argmax([spectrum[a[0]] + 0.6 * spectrum[a[1]] + 0.3 * spectrum[a[2]] for a in at])
    )
