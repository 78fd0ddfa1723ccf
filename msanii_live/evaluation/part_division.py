"""How clean the stems of played notes are, how wide they are, and whether velocity is heard.

The truth is FluidSynth's dry playing of each part alone. What masks leave of other parts in a stem
is measured on FluidSynth's own mix, which the network's masks divide, because only there is the
energy of each part in a stem known. Where parts are played one by one, it is what changes in a
stem when the other parts are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import mido
import numpy as np
import torch
from numpy.typing import NDArray

from msanii_live.audio import Samples
from msanii_live.dsp.mel import log_mel
from msanii_live.dsp.phase import linear_grid
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.base import Engine, standalone_context
from msanii_live.engines.composer.playing import PartsPlayer
from msanii_live.engines.mel2mel.engine import Mel2MelEngine
from msanii_live.engines.note_diffusion import network as note_diffusion
from msanii_live.engines.note_diffusion.engine import WEIGHTS, NoteDiffusionEngine
from msanii_live.engines.note_diffusion.network import NoteDiffusion, notes_in_window
from msanii_live.engines.note_diffusion.note_alignment import note_batch
from msanii_live.engines.note_spectra.engine import NoteSpectraEngine
from msanii_live.engines.notes.part_masks import notes_by_part, part_masks, part_shares
from msanii_live.engines.notes.part_player import PartPlayerEngine
from msanii_live.evaluation.validation_scores import FIRST_SEED, band_scores
from msanii_live.notes import PARTS, Note, Score
from msanii_live.protocol.commands import Render
from msanii_live.training.data import dataset
from msanii_live.training.data.grooves import generate
from msanii_live.training.data.note_set import render_parts
from msanii_live.training.data.timbre_set import render_score

VELOCITIES = (20, 40, 64, 90, 110, 127)
PHRASES = {  # program and keys of each phrase whose velocity is measured; program None: drums
    "piano": (0, (48, 60, 67)),
    "bass": (33, (36, 43, 48)),
    "lead": (80, (60, 67, 72)),
    "pad": (48, (48, 60, 67)),
    "drums": (None, (36, 38, 42)),
}
PHRASE_SECONDS = 3.0
LAST_NOISE = 0.05  # noise level of a sampler's last step
MASKS = ("mix", "partials", "network", "ideal bands", "ideal bins")
PLAYED = "part by part"


@dataclass(frozen=True)
class Bleed:
    """The energy of other parts in a stem over its own, dB, by kind of masks and for PLAYED."""

    part: str
    decibels: Mapping[str, float]


def energy_db(above: float, below: float) -> float:
    """Return a ratio of energies in dB, at least -90."""
    return 10 * float(np.log10(max(above, 1e-12) / max(below, 1e-12) + 1e-9))


@torch.inference_mode()
def predicted_levels(net: NoteDiffusion, score: Score, mel: torch.Tensor) -> torch.Tensor | None:
    """Return the levels of the parts that a network predicts for a true mel.

    mel: ln magnitudes, (mel_frames, mels). Returns (parts, mel_frames, mels), None for one part.
    """
    if len(score.parts) < 2:
        return None
    window, rate = net.config.window, net.frames_per_second
    parts = [PARTS.index(part) for part in score.parts]
    generator = torch.Generator().manual_seed(0)
    before = torch.zeros(1, window, net.spec.mels)
    there = torch.zeros(1, window, dtype=torch.bool)
    made = []
    for first in range(0, len(mel), window):
        clean = torch.zeros(1, window, net.spec.mels)
        some = net.normalise(mel[first : first + window])
        clean[0, : len(some)] = some
        notes = notes_in_window(score.notes, first / rate, window / rate)
        context = net.encode(note_batch([notes], net.config.programs, rate), before, there)
        noise = torch.randn(clean.shape, generator=generator)
        noisy = (1 - LAST_NOISE) * clean + LAST_NOISE * noise
        features = net.decode(noisy, torch.tensor([LAST_NOISE]), context)[1]
        made.append(net.part_levels(context, features, parts)[:, 0])
        before, there = clean, torch.ones_like(there)
    return torch.cat(made, dim=1)[:, : len(mel)]


def measure_bleed(net: NoteDiffusion, score: Score) -> list[Bleed]:
    """Return the bleed of each part of a piece."""
    spec, parts = net.spec, notes_by_part(score.notes)
    waves = torch.from_numpy(render_parts(score))
    grid = linear_grid(spec, waves.shape[1], spec.mel_frames(waves.shape[1]), waves.device)
    bins = grid.analyse(waves)
    mels = [log_mel(each.abs().T, spec).T for each in (bins.sum(0), *bins)]
    levels = {
        "partials": None,
        "network": predicted_levels(net, score, mels[0]),
        "ideal bands": 2 * torch.stack(mels[1:]),
    }
    masks = {}
    for kind, each in levels.items():
        shares = part_shares(each, parts, grid.centres, spec)
        masks[kind] = part_masks(shares, parts, grid.centres, spec)
    power = bins.abs().square() + 1e-12
    masks["ideal bins"] = power / power.sum(0)
    masks["mix"] = torch.ones_like(power)
    return [
        Bleed(part, {kind: bleed_of(masks[kind][number], bins, number) for kind in MASKS})
        for number, part in enumerate(parts)
    ]


def played_bleed(player: PartsPlayer, score: Score) -> dict[str, float]:
    """Return by how much the stem of each part changes without the other parts, dB of its own."""
    context = replace(standalone_context(), skip_normalization=True)

    def play(some: Score) -> Mapping[str, Samples]:
        return player.render_parts(some, Render(midi="piece"), context).stems

    found = {}
    for part, stem in play(score).items():
        notes = tuple(notes_by_part(score.notes)[part])
        alone = play(replace(score, notes=notes))[part].astype(float)
        found[part] = energy_db(float(((stem - alone) ** 2).sum()), float((alone**2).sum()))
    return found


def bleed_of(mask: torch.Tensor, bins: torch.Tensor, number: int) -> float:
    """Return the energy of the other parts that a mask lets through over the part's own, dB.

    mask: (mel_frames, bins). bins: complex, of each part, (parts, mel_frames, bins).
    """
    others = bins.sum(0) - bins[number]
    through = (mask * others).abs().square().sum().item()
    return energy_db(through, (mask * bins[number]).abs().square().sum().item())


def width(samples: Samples) -> float:
    """Return the energy of the side over that of the middle, dB. samples: (frames, 2)."""
    middle, side = samples.mean(1), (samples[:, 0] - samples[:, 1]) / 2
    return energy_db(
        float((side.astype(float) ** 2).sum()), float((middle.astype(float) ** 2).sum())
    )


def true_widths(seed: int, seconds: float) -> dict[str, float]:
    """Return the widths of a generated groove as FluidSynth plays it dry, the mix and its parts."""
    midi, _ = generate(seed, kind="groove")
    frames = round(seconds * 44_100)
    found = {"mix": width(dataset.render(midi, dry=True)[:frames])}
    for track in midi.tracks[1:]:
        alone = mido.MidiFile(type=1, ticks_per_beat=midi.ticks_per_beat)
        alone.tracks += [midi.tracks[0], track]
        wave = dataset.render(alone, dry=True)[:frames]
        if np.abs(wave).max() > 1e-3:
            found[track.name] = width(wave)
    return found


def measure_widths(engine: PartsPlayer, count: int) -> dict[str, tuple[float, float]]:
    """Return the median widths of the mix and of each part: ours and FluidSynth's, dB."""
    ours: dict[str, list[float]] = {}
    true: dict[str, list[float]] = {}
    for number, score in enumerate(band_scores(count)):
        played = engine.render_parts(score, Render(midi="piece"), standalone_context())
        for name, samples in {"mix": played.clip.samples, **played.stems}.items():
            ours.setdefault(name, []).append(width(samples))
        for name, value in true_widths(FIRST_SEED + 500 + number, score.seconds).items():
            true.setdefault(name, []).append(value)
    return {
        name: (float(np.median(ours[name])), float(np.median(true[name])))
        for name in ("mix", *PARTS)
        if name in ours and name in true
    }


def phrases(name: str, velocities: Sequence[int]) -> Score:
    """Return a phrase of an instrument at each velocity, one after another."""
    program, keys = PHRASES[name]
    notes = tuple(
        Note(
            at * PHRASE_SECONDS + n * 0.5, at * PHRASE_SECONDS + n * 0.5 + 0.4, key, velocity,
            program or 0, program is None,
        )
        for at, velocity in enumerate(velocities)
        for n, key in enumerate(keys)
    )  # fmt: skip
    return Score(notes, PHRASE_SECONDS * len(velocities), bpm=120.0)


def levels_of_phrases(samples: NDArray[np.float32], count: int) -> list[float]:
    """Return the level of each of `count` equal spans, dB below the last."""
    spans = np.array_split(samples.astype(float), count)
    power = [float((span**2).sum()) for span in spans]
    return [energy_db(each, power[-1]) for each in power]


def measure_velocities(engine: Engine, name: str) -> dict[str, list[float]]:
    """Return the levels at VELOCITIES, of one clip, of clips of their own, and FluidSynth's, dB."""
    context = replace(standalone_context(), skip_normalization=True)

    def play(score: Score) -> NDArray[np.float32]:
        made = engine.run(Render(midi="phrase"), replace(context, score=lambda _: score))
        return np.array(made.samples.mean(1))

    count, score = len(VELOCITIES), phrases(name, VELOCITIES)
    alone = [play(phrases(name, (velocity,))) for velocity in VELOCITIES]
    return {
        "one clip": levels_of_phrases(play(score), count),
        "alone": levels_of_phrases(np.concatenate(alone), count),
        "FluidSynth": levels_of_phrases(render_score(score), count),
    }


def report_parts(players: Sequence[str], weights: Path | None, count: int, out: Path | None) -> int:
    """Measure bleed, widths and velocities, print the tables and write them. Returns the status.

    players: of "note-spectra", "note-diffusion" and "mel2mel", which has no parts. weights: of
    note-diffusion, whose network also divides FluidSynth's mixes. Raises: MissingTool: FluidSynth.
    """
    path = weights or SHIPPED_WEIGHTS / WEIGHTS
    made: dict[str, Engine] = {
        "note-spectra": NoteSpectraEngine("cpu"),
        "note-diffusion": NoteDiffusionEngine("cpu", path),
        "mel2mel": Mel2MelEngine("cpu"),
    }
    engines = {name: made[name] for name in players}
    bands = {name: each for name, each in engines.items() if isinstance(each, PartPlayerEngine)}
    net = note_diffusion.load(path, torch.device("cpu")) if "note-diffusion" in bands else None
    rows: list[Bleed] = []
    for score in band_scores(count):
        played = {f"{PLAYED}, {name}": played_bleed(each, score) for name, each in bands.items()}
        divided = {} if net is None else {r.part: r.decibels for r in measure_bleed(net, score)}
        for part in notes_by_part(score.notes):
            alone = {kind: each[part] for kind, each in played.items()}
            rows.append(Bleed(part, {**divided.get(part, {}), **alone}))
    bleeds = {
        part: {kind: _median_of(rows, part, kind) for kind in rows[0].decibels}
        for part in PARTS
        if any(row.part == part for row in rows)
    }
    if bands:
        print("bleed, dB | " + " | ".join(rows[0].decibels))
    for part, each in bleeds.items():
        print(f"{part} | " + " | ".join(f"{value:.1f}" for value in each.values()))
    widths = {name: measure_widths(each, count) for name, each in bands.items()}
    for name, found in widths.items():
        print(f"width, dB | {name} | FluidSynth")
        for part, (ours, true) in found.items():
            print(f"{part} | {ours:.1f} | {true:.1f}")
    velocities = {
        f"{engine} {name}": measure_velocities(other, name)
        for engine, other in engines.items()
        for name in PHRASES
        if name != "drums" or other.capabilities.drums
    }
    print("level, dB | " + " | ".join(map(str, VELOCITIES)))
    for name, lines in velocities.items():
        for kind, levels in lines.items():
            print(f"{name}, {kind} | " + " | ".join(f"{level:.1f}" for level in levels))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        figures = {"bleed": bleeds, "width": widths, "velocity": velocities}
        figures["pieces"] = [asdict(row) for row in rows]
        (out / "parts.json").write_text(json.dumps(figures, indent=1))
    return 0


def _median_of(rows: Sequence[Bleed], part: str, kind: str) -> float:
    return float(np.median([row.decibels[kind] for row in rows if row.part == part]))
