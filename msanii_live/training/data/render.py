"""Render a folder of MIDI files to FLAC: with FluidSynth, as the 2023 paper did, or by the rack."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import mido
import numpy as np
import soundfile

from msanii_live.errors import ConfigError
from msanii_live.training.data.dataset import SOUNDFONT, render
from msanii_live.training.data.rack_audio import render_midi

RATE = 44_100
SOUNDFONTS = (  # General MIDI soundfonts of Debian packages, the best first
    SOUNDFONT,
    Path("/usr/share/sounds/sf3/default-GM.sf3"),
    Path("/usr/share/sounds/sf2/default-GM.sf2"),
    Path("/usr/share/sounds/sf2/sf_GMbank.sf2"),
)
SUFFIXES = frozenset({".mid", ".midi"})


def render_folder(
    folder: Path,
    out: Path,
    soundfont: Path | None = None,
    player: str = "fluidsynth",
    style: str = "",
) -> int:
    """Render every MIDI file under a folder; existing results are kept.

    out: receives the same folders and names, ending in .flac: 16-bit stereo at 44.1 kHz, peaks at
    -1 dBFS. soundfont: None for the first of SOUNDFONTS that exists. player: one of
    `rack_audio.PLAYERS`. style: whose rig of the rack plays. Returns the exit status: 1 if a file
    could not be rendered.

    Raises: ConfigError: there are no MIDI files. MissingTool: FluidSynth or the soundfont is
        missing.

    Source: Maina 2023, arXiv:2301.06468, section 4.1.
    """
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not files:
        raise ConfigError(f"{folder} holds no MIDI files")
    chosen = soundfont or next((path for path in SOUNDFONTS if path.exists()), SOUNDFONT)
    by_rack = player == "rack"
    play = partial(render_midi, style=style) if by_rack else partial(render, soundfont=chosen)
    failed = _render_all(files, folder, out, play)
    told = "the rack" if by_rack else chosen.name
    print(f"{len(files) - failed} of {len(files)} pieces in {out}, played with {told}")
    return 1 if failed else 0


def _render_all(
    files: Sequence[Path], folder: Path, out: Path, play: Callable[[mido.MidiFile], np.ndarray]
) -> int:
    """Return the number of files that could not be rendered."""
    failed = 0
    for number, path in enumerate(files, 1):
        target = (out / path.relative_to(folder)).with_suffix(".flac")
        if target.exists():
            continue
        try:
            wave = play(mido.MidiFile(path))
        except (OSError, ValueError, EOFError, KeyError, IndexError) as error:
            print(f"left out {path}: {error or type(error).__name__}", file=sys.stderr)
            failed += 1
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".partial")
        soundfile.write(partial, wave, RATE, format="FLAC", subtype="PCM_16")
        partial.replace(target)
        print(f"\r{number}/{len(files)} {path.name}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return failed
