"""The state of an endless stream: all that the next chunk depends on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from msanii_live.audio import Clip, ClipInfo, Samples, as_stereo
from msanii_live.engines.composer.recording_sound import RecordingSound
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.notes import Score
from msanii_live.playback.crossfade import close_loop
from msanii_live.playback.now_playing import LOOKBACK_SECONDS
from msanii_live.streaming.heard_bars import Accompaniment

STREAM_NAME = "stream"  # the track that the stream plays on
SOURCE = "stream-so-far"  # the name by which an engine asks for the end of the stream
NO_NOTES = Score((), 0.0)


@dataclass(frozen=True)
class BarPosition:
    """A tempo and a place in the bar.

    bpm: 0 if unknown. beats: a bar. bar: bars since a downbeat, 0 to 1.
    """

    bpm: float
    beats: float
    bar: float


@dataclass(frozen=True)
class ReaderPosition:
    """How far the notes of a source have been played.

    played_until: seconds in the source's own time; None before the first phrase. is_consecutive:
    the last chunk played new notes up to there. phrase: the notes to repeat if there are no new
    ones.
    """

    played_until: float | None = None
    is_consecutive: bool = False
    phrase: Score | None = None


@dataclass(frozen=True)
class Steering:
    """What the params ask of the next chunks; see `GenerationCommand` for the fields."""

    style: str = ""
    key: str = ""
    chords: str = ""
    density: float | None = None
    prompt: str = ""


@dataclass(frozen=True)
class ComposedNotes:
    """The notes of a stream that is composed.

    score: the last bars of the stream and what is composed ahead, from a bar line on. end: second
    of it at which the stream ends. steering: by which the rest was composed; None for notes that
    were there before. parts: that sound at the end; empty for all. transport: bpm of the transport
    when they were composed.
    """

    score: Score
    end: float
    steering: Steering | None = None
    parts: tuple[str, ...] = ()
    transport: float = 0.0

    @property
    def bar(self) -> float:
        """The length of a bar, s."""
        return self.score.beats * 60.0 / self.score.bpm


@dataclass(frozen=True, eq=False)
class Chunk:
    """A chunk of the stream.

    clip: 44,100 Hz. overlap: its first frames, which replace the last frames of the stream. notes:
    what its last seconds play. position: tempo and place in the bar at its start, if it sets its
    own.
    """

    clip: Clip
    overlap: int = 0
    notes: Score = NO_NOTES
    position: BarPosition | None = None


@dataclass(frozen=True, eq=False)
class StreamState:
    """The end of a stream.

    samples: its last 12 s at most, float32 (frames, 2), 44,100 Hz. info: of the clip that it began
    with. bar_offset: bars since a downbeat at the first of these samples, 0 to 1. bpm: 0 if
    unknown. beats: a bar. frames: since the stream began. index: of the next chunk. notes: what
    its last seconds play. gain: dB, of rendered notes at its end; None before the first. reader:
    how far the notes have been played. composed: the notes of a stream that is composed, or of the
    clip that it began with; None where they are unknown. accompaniment: what it has answered to a
    player; None if it accompanies nobody. sound: of the recording that it began with, for all that
    is played after it. is_texture: it began with what is no music.
    """

    samples: Samples = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    info: ClipInfo | None = None
    bar_offset: float = 0.0
    bpm: float = 0.0
    beats: float = 4.0
    frames: int = 0
    index: int = 0
    notes: Score = NO_NOTES
    gain: float | None = None
    reader: ReaderPosition = field(default_factory=ReaderPosition)
    composed: ComposedNotes | None = None
    accompaniment: Accompaniment | None = None
    sound: RecordingSound | None = None
    is_texture: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been played yet."""
        return self.info is None

    @classmethod
    def from_clip(cls, clip: Clip, beats: float) -> StreamState:
        """Return the state of a stream that has played one clip. beats: a bar of the clip."""
        return replace(cls(beats=beats).extended(Chunk(clip)), composed=notes_of(clip))

    def extended(self, chunk: Chunk) -> StreamState:
        """Return the state after a chunk; `gain` and `reader` stay as they are."""
        info, bpm, beats, bar_offset = self.info, self.bpm, self.beats, self.bar_offset
        if info is None:
            info = chunk.clip.info
            bpm, bar_offset = info.bpm, info.bar_offset
        if chunk.position is not None:
            bpm, beats = chunk.position.bpm, chunk.position.beats
            bar_offset = chunk.position.bar - len(self.samples) * _bars_per_frame(bpm, beats)
        samples = as_stereo(chunk.clip.samples)
        kept = self.samples[: len(self.samples) - chunk.overlap]
        whole = np.concatenate([kept, samples])
        drop = max(0, len(whole) - round(LOOKBACK_SECONDS * SAMPLE_RATE))
        return replace(
            self,
            samples=whole[drop:],
            info=info,
            bar_offset=(bar_offset + drop * _bars_per_frame(bpm, beats)) % 1.0,
            bpm=bpm,
            beats=beats,
            frames=self.frames + len(samples) - chunk.overlap,
            index=self.index + (not self.is_empty),
            notes=chunk.notes,
        )

    def with_new_source(self) -> StreamState:
        """Return the state for chunks that come from another source from now on."""
        return replace(self, gain=None, reader=ReaderPosition())

    def last_bar(self, tempo: float) -> Samples:
        """Return the last bar as a loop, or all there is if that is less.

        tempo: bpm, used if the stream's own is unknown. Returns float32, (frames, 2).
        """
        frames = round(self.beats * 60.0 / (self.bpm or tempo) * SAMPLE_RATE)
        return close_loop(self.samples[-frames:])

    def to_clip(self) -> Clip:
        """Return the last seconds as a source clip, called `SOURCE`."""
        assert self.info is not None, "the stream is empty"
        info = replace(
            self.info,
            name=SOURCE,
            frames=len(self.samples),
            sample_rate=SAMPLE_RATE,
            channels=2,
            bpm=self.bpm,
            bar_offset=self.bar_offset,
            loops=False,
        )
        return Clip(self.samples.copy(), info)


def notes_of(clip: Clip) -> ComposedNotes | None:
    """Return the notes of a clip from a bar line on, if they are known and have a tempo and metre.

    They end where the clip does.
    """
    score = clip.score
    if score is None or not score.notes or not score.bpm or not score.beats:
        return None
    if score.bar:  # the clip begins within a bar
        lead = Score((), score.bar * score.beats * 60.0 / score.bpm)
        score = replace(lead.followed_by(score), bar=0.0)
    return ComposedNotes(replace(score, is_loop=False, tempo_map=()), score.seconds)


def _bars_per_frame(bpm: float, beats: float) -> float:
    return bpm / 60.0 / beats / SAMPLE_RATE if bpm else 0.0
