"""From a clip to its score: notes by part, tempo, bars and chords."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from msanii_live.audio import Clip, Samples
from msanii_live.dsp.thread_limit import apply_limit
from msanii_live.engines.composer.notes import QUALITIES, Chord
from msanii_live.errors import Code, CommandError
from msanii_live.notes import CHORD, Marker, Note, Score
from msanii_live.transcription import weights
from msanii_live.transcription.beat_tracking import Bars, track_bars
from msanii_live.transcription.following import FollowedBars, follow_bars
from msanii_live.transcription.musicality import (
    NOTHING_HEARD,
    Listening,
    Musicality,
    clearest,
)
from msanii_live.transcription.network import CHORDS, Likelihoods, Transcriber
from msanii_live.transcription.note_decoding import DecodingSettings, decode_notes
from msanii_live.transcription.spectrogram import FRAMES_PER_SECOND, listen

MARGIN = 25  # frames of silence around a clip
WINDOW, EDGE = 1_500, 150  # frames that the network hears at once, and of its ends unused
_DOTTED = 1.5  # crotchets of a beat in 6/8
_MIN_SWING_NOTES = 8
_START_TOLERANCE, _LOOP_TOLERANCE = 0.025, 0.1  # s from a clip's start to its first bar

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Heard:
    """What was heard in a clip. bars: None where nothing beats."""

    notes: tuple[Note, ...]
    bars: Bars | None
    chords: tuple[Marker, ...]
    musicality: Musicality = NOTHING_HEARD


class Listener:
    """The shipped transcriber, read when it is first needed. Every method is safe in any thread."""

    def __init__(self, path: Path = weights.SHIPPED) -> None:
        """Take the file of the weights."""
        self._path = path
        self._lock = threading.Lock()
        self._net: Transcriber | None = None

    def score(self, clip: Clip, progress: Progress = lambda done, steps: None) -> Score:
        """Return the notes of a clip, as long as the clip.

        Raises: CommandError: EENGINE, the weights cannot be read; and what `progress` raises.
        """
        return self.listen(clip, progress).score

    def listen(self, clip: Clip, progress: Progress = lambda done, steps: None) -> Listening:
        """Return the notes of a clip, and whether it is music. Raises: as `score`."""
        score, heard = _transcribed(self._load(), clip, progress)
        return Listening(score, heard.musicality.is_music)

    def follow(
        self, clip: Clip, bars: int, progress: Progress = lambda done, steps: None
    ) -> FollowedBars | None:
        """Return the last whole bars of a clip; None where nothing beats. Raises: as `score`."""
        score, heard = _transcribed(self._load(), clip, progress, is_followed=True)
        return follow_bars(score, heard.bars, bars)

    def _load(self) -> Transcriber:
        with self._lock:
            if self._net is None:
                apply_limit()
                try:
                    self._net = weights.load(self._path)
                except (OSError, ValueError) as error:
                    raise CommandError(
                        Code.EENGINE, f"the transcriber cannot be read: {error}"
                    ) from None
            return self._net


def transcribe(
    net: Transcriber, clip: Clip, progress: Progress = lambda done, steps: None
) -> Score:
    """Return the notes of a clip as a score; its tempo is unknown where nothing beats.

    progress: called with the windows heard and their number; what it raises ends the work.
    """
    return _transcribed(net, clip, progress)[0]


def _transcribed(
    net: Transcriber, clip: Clip, progress: Progress, is_followed: bool = False
) -> tuple[Score, Heard]:
    info = clip.info
    heard = hear(net, clip.samples, info.sample_rate, info.bpm, None, progress, is_followed)
    score = Score(heard.notes, info.seconds, is_loop=info.loops, markers=heard.chords)
    if heard.bars is None or not heard.bars.is_steady:
        score = replace(score, bpm=info.bpm, bar=info.bar_offset if info.bpm else 0.0)
        return score, heard
    return _with_bars(score, heard.bars, info.bpm), heard


def hear(
    net: Transcriber,
    samples: Samples,
    rate: int,
    bpm: float = 0.0,
    settings: DecodingSettings | None = None,
    progress: Progress = lambda done, steps: None,
    is_followed: bool = False,
) -> Heard:
    """Return what is heard in samples.

    bpm: the tempo, if it is known. is_followed: see `track_bars`.
    """
    seconds = len(samples) / rate
    if not len(samples):
        return Heard((), None, ())
    # Silence before and after, so that what begins with the clip is heard to begin.
    made = likelihoods(net, listen(samples, rate, MARGIN), progress)
    made = Likelihoods(**{name: v[:, MARGIN:-MARGIN] for name, v in vars(made).items()})
    notes = decode_notes(made, seconds, settings)
    likely = made.beats[0].sigmoid().double().numpy()
    bars = track_bars(likely, FRAMES_PER_SECOND, bpm, is_followed)
    pitched = any(not note.drum for note in notes)
    chords = decode_chords(made.chords[0], bar_starts(bars, seconds)) if pitched else ()
    return Heard(notes, bars, chords, _musicality(made, notes, bars, seconds))


def _musicality(
    made: Likelihoods, notes: tuple[Note, ...], bars: Bars | None, seconds: float
) -> Musicality:
    def best(values: torch.Tensor) -> np.ndarray:
        return np.asarray(values[0].flatten(1).amax(1).sigmoid().double().numpy())

    beat = 0.0
    if bars is not None and bars.is_steady:
        likely = made.beats[0, :, 0].sigmoid().double().numpy()
        frames = np.array(bars.beats) * FRAMES_PER_SECOND
        beat = float(np.interp(frames, np.arange(len(likely)), likely).mean())
    onsets = clearest(best(made.onsets), seconds)
    return Musicality(beat, onsets, float(best(made.sounding).mean()), len(notes) / seconds)


@torch.no_grad()
def likelihoods(
    net: Transcriber, sound: torch.Tensor, progress: Progress = lambda done, steps: None
) -> Likelihoods:
    """Return the network's likelihoods of a spectrogram, (frames, BANDS), window by window."""
    step = WINDOW - 2 * EDGE
    firsts = range(0, max(1, len(sound) - 2 * EDGE), step)
    parts: list[Likelihoods] = []
    for number, first in enumerate(firsts):
        progress(number, len(firsts))
        window = sound[first : first + WINDOW]
        made = net(window[None])
        begin = EDGE if number else 0
        end = len(window) if number == len(firsts) - 1 else WINDOW - EDGE
        parts.append(Likelihoods(**{k: v[:, begin:end] for k, v in vars(made).items()}))
    progress(len(firsts), len(firsts))
    return Likelihoods(
        **{k: torch.cat([getattr(part, k) for part in parts], dim=1) for k in vars(parts[0])}
    )


def bar_starts(bars: Bars | None, seconds: float) -> list[float]:
    """Return the starts of the bars of a clip, s, from the one that second 0 lies in.

    Where nothing beats, a bar is two seconds.
    """
    if bars is None:
        return [2.0 * n for n in range(max(1, math.ceil(seconds / 2.0)))]
    begins = list(bars.beats[bars.first :: bars.per_bar])
    if not begins:
        return [0.0]
    length = bars.period * bars.per_bar
    before = [begins[0] - length] if begins[0] > 0.1 * length else []
    return [*before, *begins]


def decode_chords(logits: torch.Tensor, starts: list[float]) -> tuple[Marker, ...]:
    """Return the chord of each bar, where it changes. logits: (frames, CHORDS). starts: s."""
    shares = logits.log_softmax(-1)
    edges = [*(max(0, round(start * FRAMES_PER_SECOND)) for start in starts), len(shares)]
    markers: list[Marker] = []
    for start, first, last in zip(starts, edges[:-1], edges[1:], strict=True):
        if last - first < FRAMES_PER_SECOND / 4:
            continue
        best = int(shares[first:last].mean(0).argmax())
        if best == CHORDS - 1:
            continue
        name = Chord(best // len(QUALITIES), QUALITIES[best % len(QUALITIES)]).name
        if not markers or markers[-1].text != name:
            markers.append(Marker(max(0.0, start), CHORD, name))
    return tuple(markers)


def _with_bars(score: Score, bars: Bars, known: float) -> Score:
    """Return a score with its tempo, metre, place in the bar and swing. known: bpm, 0 if not."""
    per_beat = 1.0
    metre = (bars.per_bar, 4)
    if bars.per_bar == 2 and _is_in_threes(score.notes, bars):
        metre, per_beat = (6, 8), _DOTTED
    bpm = 60.0 / bars.period * per_beat
    if known:  # a file that says it is surer; the bar stays the one that was heard
        bpm = known
    elif abs(bpm - round(bpm)) < 0.15:
        bpm = float(round(bpm))
    bar_seconds = bars.period * bars.per_bar
    downbeat = bars.origin + bars.period * bars.first
    bar = -downbeat / bar_seconds % 1.0
    missed = min(bar, 1 - bar) * bar_seconds
    if missed < (_LOOP_TOLERANCE if score.is_loop else _START_TOLERANCE):
        bar = 0.0  # what begins with a bar begins with it exactly
    return replace(
        score,
        bpm=round(bpm, 3),
        bar=bar,
        beats=bars.per_bar * per_beat,
        metre=metre,
        swing=_swing(score.notes, bars) if metre != (6, 8) else 0.0,
    )


def _is_in_threes(notes: tuple[Note, ...], bars: Bars) -> bool:
    """Return whether notes between the beats fall on thirds rather than on quarters."""
    places = _places(notes, bars)
    inner = places[(places > 0.1) & (places < 0.9)]
    thirds = np.abs(inner * 3 - np.round(inner * 3)).mean() / 3 if len(inner) else 1.0
    quarters = np.abs(inner * 4 - np.round(inner * 4)).mean() / 4 if len(inner) else 0.0
    return bool(thirds < quarters)


def _swing(notes: tuple[Note, ...], bars: Bars) -> float:
    """Return the delay of each second sixteenth, in sixteenths; 0 where too few notes show it."""
    sixteenths = _places(notes, bars) * 4
    odd = sixteenths % 2
    off = odd[(odd > 0.7) & (odd < 1.6)] - 1
    if len(off) < _MIN_SWING_NOTES:
        return 0.0
    delay = float(np.median(off))
    return round(min(0.5, delay), 2) if delay > 0.08 else 0.0


def _places(notes: tuple[Note, ...], bars: Bars) -> np.ndarray:
    """Return where between two beats each note begins, 0 to 1."""
    starts = np.array([note.start for note in notes])
    return (starts - bars.origin) / bars.period % 1.0
