"""What a vocoder keeps of true mels when it is told the notes: tones, onsets, attacks of drums."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from msanii_live.dsp import torch_runtime
from msanii_live.dsp.device import network_dtype
from msanii_live.dsp.mel import MelSpec, log_mel, stft_magnitudes
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS, VocoderRegistry
from msanii_live.dsp.vocoding import VocoderSettings, vocode_line
from msanii_live.engines.mel_flow.engine import WEIGHTS
from msanii_live.engines.notes.part_masks import notes_by_part
from msanii_live.engines.notes.synthesis import mel_grid, vocode_grid
from msanii_live.evaluation.basic_pitch import (
    OnsetMatch,
    fetch_network,
    match_onsets,
    open_network,
    score_onsets,
    transcribe_onsets,
)
from msanii_live.evaluation.drum_hits import DRUMS, RATE, VELOCITIES, drum_score
from msanii_live.evaluation.music_features import tonal_share
from msanii_live.evaluation.validation_scores import solo_scores
from msanii_live.notes import Score
from msanii_live.training.data.timbre_set import render_score

SPEC = MelSpec()
PLAIN_ITERATIONS = 12  # of Griffin-Lim after the network, where it is not told the notes
SMOOTH = 44  # frames, 1 ms, over which the power of an attack is taken
BEFORE, AFTER = 1_323, 2_205  # frames around a hit in which its attack lies
TIMED_SECONDS, ROUNDS = 6.0, 7

Wave = NDArray[np.float32]
Trip = Callable[[Score, Wave], Wave]


def mel_of(wave: Wave) -> torch.Tensor:
    """Return the ln magnitudes of a mono sound, (1, mels, mel_frames)."""
    return log_mel(stft_magnitudes(torch.from_numpy(wave[None].copy()), SPEC), SPEC)


def through(vocoder: VocoderSettings, score: Score, wave: Wave) -> Wave:
    """Return a mono sound made anew from its mel and the settings. Both (frames,)."""
    made = vocode_grid(mel_of(wave)[0], mel_grid(score, SPEC), vocoder, 0, lambda: None)
    return made.float().numpy()


def trips(vocoder: VocoderSettings) -> dict[str, Trip]:
    """Return the ways from a sound to its mel and back, by name."""
    plain = VocoderSettings(vocoder.net, PLAIN_ITERATIONS)

    def by_part(score: Score, _: Wave) -> Wave:
        total = np.zeros(round(score.seconds * RATE), np.float32)
        for part, notes in notes_by_part(score.notes).items():
            told = mel_grid(score, SPEC).vocoder(vocoder, notes)
            total += through(told, score, render_score(score.only([part])))
        return total

    return {
        "not told the notes": lambda score, wave: through(plain, score, wave),
        "told the notes": lambda score, wave: through(
            mel_grid(score, SPEC).vocoder(vocoder, score.notes), score, wave
        ),
        "told the notes, part by part": by_part,
    }


def rise_time(wave: Wave, onset: int) -> float:
    """Return the time that a hit takes from a tenth to nine tenths of its greatest level, ms.

    onset: frame about which the hit begins. The level is the RMS over 1 ms.
    """
    part = wave[max(0, onset - BEFORE) : onset + AFTER].astype(np.float64)
    level = np.sqrt(np.convolve(part**2, np.full(SMOOTH, 1 / SMOOTH), "valid"))
    top = int(np.argmax(level >= 0.9 * level.max()))
    below = np.flatnonzero(level[: top + 1] < 0.1 * level.max())
    return 1e3 * (top - (int(below[-1]) if len(below) else 0)) / RATE


def rise_times(vocoder: VocoderSettings) -> tuple[float, float]:
    """Return the median rise of single drums through a vocoder, and of FluidSynth's own, ms."""
    made, own = [], []
    for velocity in VELOCITIES:
        score = drum_score(0, velocity)
        true = render_score(score)
        again = through(mel_grid(score, SPEC).vocoder(vocoder, score.notes), score, true)
        for note in score.notes[: len(DRUMS)]:
            onset = round(note.start * RATE)
            made.append(rise_time(again, onset))
            own.append(rise_time(true, onset))
    return float(np.median(made)), float(np.median(own))


def stereo_seconds(vocoder: VocoderSettings, score: Score, wave: Wave) -> tuple[float, float]:
    """Return the time of two channels told the notes, and the processor's for one, s.

    Each is the least of `ROUNDS`. A channel has a core of its own, so that the processor's time is
    that of a quiet machine, whatever else runs.
    """
    frames = round(TIMED_SECONDS * RATE)
    part = score.cut(0.0, TIMED_SECONDS)
    told = mel_grid(part, SPEC).vocoder(vocoder, part.notes)
    mel = mel_of(wave[:frames]).repeat(2, 1, 1)
    took, worked = [], []
    for _ in range(ROUNDS):
        began, before = time.perf_counter(), time.process_time()
        vocode_line(
            mel, torch.zeros(2, frames), 0, frames, SPEC, vocoder=told,
            on_iteration=lambda: None, on_span=lambda: None,
        )  # fmt: skip
        took.append(time.perf_counter() - began)
        worked.append((time.process_time() - before) / 2)
    return min(took), min(worked)


def report_round_trip(name: str, count: int, precision: str = "auto") -> int:
    """Print what a vocoder keeps of FluidSynth's playing. Returns the exit status.

    name: of a vocoder with a network. count: number of unseen pieces without drums.
    Raises: MissingTool: FluidSynth, basic-pitch or onnxruntime.
    """
    cpu = torch.device("cpu")
    known = VocoderRegistry(SHIPPED_WEIGHTS / WEIGHTS, "griffin-lim", VocoderSettings())
    vocoder = known.vocoder(name, SPEC, cpu)
    session = open_network(fetch_network())
    scores = solo_scores(count, False)
    true = [render_score(score) for score in scores]
    wanted = [score_onsets(score.notes) for score in scores]

    def measure(waves: Sequence[Wave]) -> tuple[float, float, float]:
        """Return the tonal share, F1 of onsets, and F1 against another piece's notes."""
        loud = [wave * np.float32(0.89 / max(1e-6, np.abs(wave).max())) for wave in waves]
        heard = [transcribe_onsets(session, wave, RATE) for wave in loud]
        right = sum(map(match_onsets, heard, wanted), OnsetMatch(0, 0, 0))
        wrong = sum(map(match_onsets, heard, [*wanted[1:], wanted[0]]), OnsetMatch(0, 0, 0))
        tonal = [tonal_share(wave[:, None], RATE) for wave in loud]
        return float(np.median(tonal)), right.f1, wrong.f1

    print(f"{len(scores)} pieces of 24 s without drums; {name}, from true mels, in mono\n")
    print("| | tonal share | of real | F1 of onsets | of real | another's notes |")
    print("|---|---:|---:|---:|---:|---:|")
    real = measure(true)
    print(f"| FluidSynth | {real[0]:.2f} | | {real[1]:.2f} | | {real[2]:.2f} |", flush=True)
    with torch_runtime.inference(network_dtype(cpu, precision)):
        for way, trip in trips(vocoder).items():
            tonal, right, wrong = measure([trip(*each) for each in zip(scores, true, strict=True)])
            print(
                f"| {way} | {tonal:.2f} | {tonal / real[0]:.2f} | {right:.2f} "
                f"| {right / real[1]:.2f} | {wrong:.2f} |",
                flush=True,
            )
        made, own = rise_times(vocoder)
        seconds, worked = stereo_seconds(vocoder, scores[0], true[0])
    print(f"\nRise of single drums, 10 to 90 %, median: {made:.1f} ms; of the source: {own:.1f} ms")
    print(
        f"{TIMED_SECONDS:.0f} s of stereo: {seconds:.2f} s, the least of {ROUNDS}; "
        f"{worked:.2f} s of a processor's time for each channel"
    )
    return 0
