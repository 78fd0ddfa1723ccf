"""What an engine is, and what a job gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from msanii_live.audio import Clip, Samples, limit
from msanii_live.errors import Code, CommandError
from msanii_live.notes import Score
from msanii_live.protocol.commands import Inpaint, MakingCommand, Render


@dataclass(frozen=True)
class Capabilities:
    """Tell what an engine can do.

    verbs: command addresses. sample_rate: Hz. longest: seconds of one clip. styles: words that
    `style` and `prompt` know. steps: denoising steps where a command asks for none. timbres: words
    that `timbre` knows. drums: it plays them.
    """

    verbs: tuple[str, ...]
    sample_rate: int
    channels: int
    longest: float
    steps: int
    styles: tuple[str, ...] = ()
    needs_midi: bool = False
    timbres: tuple[str, ...] = ()
    drums: bool = False


def no_score(name: str) -> Score:
    """Refuse notes where there are none."""
    raise CommandError(Code.ENOCLIP, f"there is no MIDI here to be called {name!r}")


@dataclass(frozen=True)
class Context:
    """Give a running job what it needs of the rest.

    clip: returns a source clip by name; raises CommandError ENOCLIP. progress: takes (step, steps)
    and raises Cancelled once the job is cancelled; engines call it at every step. warn: takes a
    text for the musician. tempo: the transport's, bpm. beats: the transport's beats a bar.
    seed: the job's, already drawn. score: returns notes by name; raises CommandError ENOCLIP,
    EPATH. raw: played notes are a part of something longer, of which whoever asked holds the level.
    """

    clip: Callable[[str], Clip]
    progress: Callable[[int, int], None]
    warn: Callable[[str], None]
    tempo: float
    beats: int
    seed: int
    score: Callable[[str], Score] = no_score
    raw: bool = False


def no_clip(name: str) -> Clip:
    """Refuse clips where there are none."""
    raise CommandError(Code.ENOCLIP, f"no clip {name}")


def quiet_context(score: Callable[[str], Score] = no_score) -> Context:
    """Return what a command needs that no job runs: no clips, and nobody who listens."""
    return Context(
        clip=no_clip,
        progress=lambda step, steps: None,
        warn=lambda text: None,
        tempo=120.0,
        beats=4,
        seed=0,
        score=score,
    )


class Engine(Protocol):
    """Be one resident ability of the server."""

    name: str
    capabilities: Capabilities

    def load(self) -> None:
        """Read the weights and move them to the device; harmless when already loaded.

        Raises: CommandError: EENGINE where they cannot be read.
        """

    def warm(self) -> None:
        """Run once, so that the first command is as fast as the next."""

    def free(self) -> None:
        """Give the memory back."""

    @property
    def loaded(self) -> bool:
        """Tell whether the weights are in memory."""

    @property
    def precision(self) -> str:
        """The precision of its networks: fp32, bf16 or fp16; "" before loading, or without any."""

    def memory_mb(self) -> float:
        """Return device memory in use, MB; 0 on a CPU."""

    def run(self, command: MakingCommand, context: Context) -> Clip:
        """Carry a command out.

        Returns a clip with an empty name. Raises: CommandError, Cancelled.
        """


LOUDNESS = -18.0  # dBFS RMS, while something sounds, that played notes are brought to
QUIET = 30.0  # dB under the loudest part, beyond which nothing is taken to sound
MOST_GAIN = 24.0  # dB
LIVE_TAKE = "take"  # what the last bars played are called; their length is the command's already


def notes_of(command: Render, context: Context, longest: float) -> Score:
    """Return what a command has played: at its tempo and length, with its program.

    longest: s, beyond which it is cut. The musician is warned of what is left out.
    Raises: CommandError: as `Context.score`; EPATH, there are no notes.
    """
    score = context.score(command.midi)
    if command.bpm is not None:
        score = score.at_tempo(command.bpm)
    if command.bars is not None and command.midi != LIVE_TAKE:
        bar = context.beats * 60.0 / (score.bpm or context.tempo)
        closes = abs(command.bars - round(command.bars)) < 1e-6
        score = replace(score.cut(0.0, command.bars * bar), closes=closes)
    if command.seconds is not None:
        score = score.cut(0.0, command.seconds)
    if score.seconds > longest:
        context.warn(f"only the first {longest:g} s of {score.seconds:.0f} s are played")
        score = score.cut(0.0, longest)
    if not score.notes:
        raise CommandError(Code.EPATH, f"{command.midi!r} has no notes to play")
    for thing in score.lost:
        context.warn(f"{thing} was left out: it is not played here")
    if command.program is not None:
        notes = (n if n.drum else replace(n, program=command.program) for n in score.notes)
        score = replace(score, notes=tuple(notes))
    return score


def check_span(command: Inpaint, seconds: float) -> None:
    """Check that a span lies in a clip of so many seconds. Raises: CommandError: ERANGE."""
    if not 0 <= command.start < command.end or command.start >= seconds:
        raise CommandError(
            Code.ERANGE,
            f"start is {command.start:g} and end {command.end:g}: they must lie in this order "
            f"within the clip's {seconds:.3f} s",
        )


def fade_edges(samples: Samples, fade_in: int, fade_out: int) -> None:
    """Fade the edges of a fresh clip, in place, so that they do not click. The fades: frames."""
    samples[:fade_in] *= np.linspace(0, 1, fade_in, dtype=np.float32)[:, None]
    samples[-fade_out:] *= np.linspace(1, 0, fade_out, dtype=np.float32)[:, None]


def at_loudness(samples: Samples) -> Samples:
    """Bring a clip to the common loudness, measured while something sounds; peaks are held.

    samples: float32, (frames, channels). Returns a copy.
    """
    level = loudness(samples)
    gain = 10 ** (np.clip(LOUDNESS - level, -MOST_GAIN, MOST_GAIN) / 20)
    return limit(np.asarray(samples * gain, dtype=np.float32)).copy()


def loudness(samples: Samples) -> float:
    """Return the RMS level while something sounds, dBFS; `LOUDNESS` of silence.

    samples: float32, (frames, channels).
    """
    block = 2_205
    padded = np.pad(samples, ((0, -len(samples) % block), (0, 0)))
    power = (padded.reshape(-1, block * samples.shape[1]) ** 2).mean(1)
    sounding = power[power > power.max(initial=0.0) * 10 ** (-QUIET / 10)]
    return float(10 * np.log10(sounding.mean())) if len(sounding) else LOUDNESS
