"""In time and in key by measurement: what a model made is measured, stretched and cut.

Models that follow words promise neither tempo nor key: nothing is claimed that was not measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from msanii_live.audio import Samples
from msanii_live.dsp.beats import BeatEstimate, estimate_beat, octave_ratio
from msanii_live.dsp.keys import key_of_audio
from msanii_live.engines.prompt_parser import key_name

STRETCH = 0.03  # of the tempo: what is further off would be heard to be stretched
EXACT = 0.001  # of the tempo: what is nearer is within the error of measuring
ON_DOWNBEAT = 0.03  # s: what begins so soon after a downbeat is not cut


@dataclass(frozen=True)
class MusicalAim:
    """What a new clip is to be.

    rate: Hz. frames: its length. bpm: its tempo. bar: quarter notes of a bar. key: such as "A min",
    "" for any.
    """

    rate: int
    frames: int
    bpm: float
    bar: float
    key: str

    @property
    def bar_frames(self) -> float:
        """The length of a bar."""
        return self.bar * 60 / self.bpm * self.rate

    def judge(self, samples: Samples, seed: int) -> MeasuredAudio:
        """Measure audio made with a seed, and stretch it to the tempo if it is near.

        samples: float32, (frames, 2), at least as long as the aim. Without python-stretch, audio
        keeps its own tempo.
        """
        beats = round(self.bar)
        beat = estimate_beat(samples, self.rate, max(1, beats))
        key = key_of_audio(samples, self.rate)
        named = "" if key is None else key_name(key.key)
        if beat is None:
            return MeasuredAudio(samples, seed, named, None, 1.0, self.bpm, 0.0)
        octave = octave_ratio(beat.bpm, self.bpm)
        tempo = beat.bpm / octave
        bar = beat.bar / octave % 1.0 if beats == self.bar else 0.0
        factor = self.bpm / tempo
        off = abs(1 / factor - 1)
        is_long_enough = len(samples) / factor >= self.frames
        if off < EXACT:
            factor = 1.0
        elif off > STRETCH or not is_long_enough or not can_stretch():
            return MeasuredAudio(samples, seed, named, beat, 1.0, tempo, bar)
        else:
            samples = stretched(samples, self.rate, factor)
        return MeasuredAudio(samples, seed, named, beat, factor, self.bpm, bar)


@dataclass(frozen=True)
class MeasuredAudio:
    """Audio that was made for an aim, and what was found in it.

    samples: float32, (frames, 2). seed: that it was made with. key: such as "A min", "" if it has
    none. beat: before any stretch; None without a steady beat, which fits every tempo. factor: by
    which it was played faster. tempo: that it has now. bar: bars from a downbeat to its first
    frame.
    """

    samples: Samples
    seed: int
    key: str
    beat: BeatEstimate | None
    factor: float
    tempo: float
    bar: float

    def misses(self, aim: MusicalAim) -> tuple[bool, bool]:
        """Return whether the tempo and whether the key is another than the aim's."""
        return self.tempo != aim.bpm, bool(aim.key) and self.key != aim.key

    def downbeat(self, aim: MusicalAim) -> int:
        """Return the frame of the first downbeat; 0 where the audio begins on one."""
        frame = round(-self.bar % 1.0 * aim.bar_frames)
        early = ON_DOWNBEAT * aim.rate
        return 0 if min(frame, aim.bar_frames - frame) < early else frame

    def missed(self, aim: MusicalAim, tries: int) -> str:
        """Return a sentence on what it lacks of the aim; "" if nothing. tries: clips made."""
        off_tempo, off_key = self.misses(aim)
        parts = [f"the tempo is {self.tempo:.2f} bpm, not {aim.bpm:g}"] if off_tempo else []
        parts += [f"the key sounds like {self.key or 'none'}, not {aim.key}"] if off_key else []
        if not parts:
            return ""
        often = f"after {tries} tries " if tries > 1 else ""
        remedy = "" if tries > 1 else "; with tries 4 it would be made again, with other seeds"
        return f"{often}{' and '.join(parts)}{remedy}"

    def report(self, tries: int) -> dict[str, int | float | str]:
        """Return what the sidecar tells of it. tries: clips made."""
        bpm = 0.0 if self.beat is None else round(self.beat.bpm, 3)
        return {"bpm": bpm, "key": self.key, "faster": round(self.factor, 5), "tries": tries}


def make_until(
    make: Callable[[int], Samples], aim: MusicalAim, seed: int, tries: int, stride: int = 1
) -> tuple[MeasuredAudio, int]:
    """Make a clip with a seed and the next ones until it has the aim's tempo and key.

    make: returns audio of a seed, as long as the aim or longer. stride: from a seed to the next.
    Returns the best and how many were made. The tempo counts before the key; of equals the first
    is the best.
    """
    best: MeasuredAudio | None = None
    for number in range(tries):
        own = (seed + number * stride) % 2**31
        made = aim.judge(make(own), own)
        if best is None or made.misses(aim) < best.misses(aim):
            best = made
        if not any(best.misses(aim)):
            return best, number + 1
    assert best is not None
    return best, tries


def can_stretch() -> bool:
    """Return whether python-stretch is installed. It has no wheels for Linux on ARM."""
    return find_spec("python_stretch") is not None


def stretched(samples: Samples, rate: int, factor: float) -> Samples:
    """Return audio played faster at the same pitch; its transients stay where and what they are.

    samples: float32, (frames, channels). factor: of the tempo; above 1 is faster. Returns
    round(frames / factor) frames. Raises: ImportError: python-stretch is not installed.
    """
    from python_stretch import Signalsmith

    stretch = Signalsmith.Stretch()
    stretch.preset(samples.shape[1], rate)
    stretch.setTimeFactor(factor)
    made = np.asarray(stretch.process(np.ascontiguousarray(samples.T))).T
    frames = round(len(samples) / factor)
    short = max(0, frames - len(made))
    return np.ascontiguousarray(np.pad(made, ((0, short), (0, 0)))[:frames], dtype=np.float32)
