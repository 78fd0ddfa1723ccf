"""The measures of audio: the engine continues held-out clips once, and every measure uses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msanii_live.engines.mel_flow.engine import MelFlowEngine
from msanii_live.evaluation import continuation, long_runs, music_features, vocoders
from msanii_live.evaluation import seams as seam_measures
from msanii_live.evaluation.settings import EvalSettings
from msanii_live.evaluation.validation_clips import continue_clips, cut_validation_clips
from msanii_live.training.data.dataset import DataSet


@dataclass(frozen=True)
class AudioFigures:
    """The rows of every measure that needs audio; each is defined in its own module."""

    seams: tuple[seam_measures.SeamJump, ...]
    fits: tuple[seam_measures.SeamFit, ...]
    loops: tuple[seam_measures.SeamJump, ...]
    beats: tuple[continuation.BeatOffset, ...]
    harmonies: tuple[continuation.Harmony, ...]
    swaps: tuple[continuation.ContextSwap, ...]
    drift: tuple[long_runs.ChainLink, ...]
    ways: tuple[long_runs.InterpolationPath, ...]
    voices: tuple[vocoders.VocoderFigures, ...]
    music: tuple[music_features.MusicFigures, ...]

    def markdown(self) -> list[str]:
        """Return a section for each measure."""
        return [
            seam_measures.seams_markdown(self.seams),
            seam_measures.seam_fits_markdown(self.fits),
            seam_measures.loops_markdown(self.loops),
            continuation.beats_markdown(self.beats),
            continuation.harmonies_markdown(self.harmonies),
            continuation.swaps_markdown(self.swaps),
            long_runs.drift_markdown(self.drift),
            long_runs.interpolations_markdown(self.ways),
            vocoders.vocoders_markdown(self.voices),
            music_features.music_markdown(self.music),
        ]


def measure_audio(
    data: DataSet, engine: MelFlowEngine, settings: EvalSettings, report: Callable[[str], None]
) -> AudioFigures:
    """Outpaint, loop, chain and interpolate held-out clips through the engine, and measure them.

    Raises: CommandError: EENGINE, no weights.
    """
    engine.load()
    steps, seed = (settings.few, settings.many), settings.seed
    clips = cut_validation_clips(data, settings.clips, seed=seed)
    continued = continue_clips(engine, clips, steps, seed=seed, report=report)
    few = clips[: settings.long]
    chained = cut_validation_clips(data, settings.long, after=30.0, seed=seed)
    known = vocoders.vocoder_variants(vocoders.available_networks(engine.vocoder, report))
    return AudioFigures(
        seams=seam_measures.seam_jumps(continued),
        fits=seam_measures.measure_seam_fits(
            engine.vocoder(), few, data.spec, seed=seed, report=report
        ),
        loops=seam_measures.measure_loops(engine, few, steps, seed=seed, report=report),
        beats=continuation.beat_offsets(continued),
        harmonies=continuation.harmonies(continued),
        swaps=continuation.context_swaps(continued),
        drift=long_runs.measure_drift(engine, chained, steps[:1], seed=seed, report=report),
        ways=long_runs.measure_interpolations(engine, few, steps[:1], seed=seed, report=report),
        voices=vocoders.measure_vocoders(known, few, data.spec, seed=seed, report=report),
        music=music_features.measure_music(engine, chained, steps, seed=seed, report=report),
    )
