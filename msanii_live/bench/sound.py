"""All that is judged in sound: one run of the engine over held-out clips, many measures of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msanii_live.bench import follows, joins, long_run, voices
from msanii_live.bench.evaluation import EvalSettings
from msanii_live.bench.held_clips import continue_clips, held_clips
from msanii_live.engines.mel_flow import MelFlow
from msanii_live.training.dataset import DataSet


@dataclass(frozen=True)
class Sound:
    """Hold the rows of each measure; see the module that each is of."""

    seams: tuple[joins.SeamJump, ...]
    fits: tuple[joins.SeamFit, ...]
    loops: tuple[joins.SeamJump, ...]
    beats: tuple[follows.BeatOffset, ...]
    harmonies: tuple[follows.Harmony, ...]
    swaps: tuple[follows.ContextSwap, ...]
    drift: tuple[long_run.Link, ...]
    ways: tuple[long_run.Way, ...]
    voices: tuple[voices.VoiceRow, ...]

    def markdown(self) -> list[str]:
        """Return a section for each measure."""
        return [
            joins.seams_markdown(self.seams),
            joins.fits_markdown(self.fits),
            joins.loops_markdown(self.loops),
            follows.beats_markdown(self.beats),
            follows.harmonies_markdown(self.harmonies),
            follows.swaps_markdown(self.swaps),
            long_run.drift_markdown(self.drift),
            long_run.ways_markdown(self.ways),
            voices.voices_markdown(self.voices),
        ]


def measure_sound(
    data: DataSet, engine: MelFlow, settings: EvalSettings, report: Callable[[str], None]
) -> Sound:
    """Outpaint, loop, chain and interpolate held-out clips through the engine, and listen.

    Raises: CommandError: EENGINE, no weights.
    """
    engine.load()
    steps, seed = (settings.few, settings.many), settings.seed
    clips = held_clips(data, settings.clips, seed=seed)
    continued = continue_clips(engine, clips, steps, seed=seed, report=report)
    few = clips[: settings.long]
    chained = held_clips(data, settings.long, after=30.0, seed=seed)
    known = voices.voices_of(voices.nets_of(engine.voice, report))
    return Sound(
        seams=joins.seam_jumps(continued),
        fits=joins.measure_fits(engine.voice(), few, data.spec, seed=seed, report=report),
        loops=joins.measure_loops(engine, few, steps, seed=seed, report=report),
        beats=follows.beat_offsets(continued),
        harmonies=follows.harmonies(continued),
        swaps=follows.context_swaps(continued),
        drift=long_run.measure_drift(engine, chained, steps[:1], seed=seed, report=report),
        ways=long_run.measure_ways(engine, few, steps[:1], seed=seed, report=report),
        voices=voices.measure_voices(known, few, data.spec, seed=seed, report=report),
    )
