"""Use our networks as pipelines of diffusers, without a server: save one, load it, make a clip."""

import argparse
import importlib
from pathlib import Path

import soundfile
import torch

from msanii_live.midi.files import to_midi

PIPELINES = {
    "composer": ("composer", "ComposerPipeline"),
    "mel-flow": ("mel_flow", "MelFlowDiffusionPipeline"),
    "note-diffusion": ("note_diffusion", "NoteDiffusionPipeline"),
    "mel2mel": ("mel2mel", "Mel2MelPipeline"),
    "msanii2023": ("msanii2023", "Msanii2023DiffusionPipeline"),
}
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--engine", choices=PIPELINES, default="mel-flow", help="(%(default)s)")
parser.add_argument(
    "--prompt", default="house in A minor", help="for composer and mel-flow (%(default)s)"
)
parser.add_argument(
    "--bpm", type=float, default=124, help="for composer and mel-flow (%(default)s)"
)
parser.add_argument("--midi", type=Path, help="notes, for note-diffusion and mel2mel")
parser.add_argument("--checkpoint", type=Path, help="weights, for msanii2023")
parser.add_argument("--steps", type=int, help="the engine's own")
parser.add_argument("--folder", type=Path, help="where the pipeline is saved (its name)")
arguments = parser.parse_args()

room, name = PIPELINES[arguments.engine]
kind = getattr(importlib.import_module(f"msanii_live.engines.{room}.diffusers_pipeline"), name)
folder = arguments.folder or Path(arguments.engine)
if not folder.exists():
    if arguments.engine == "msanii2023" and arguments.checkpoint is None:
        parser.error("name the weights of the 2023 system with --checkpoint")
    new = kind.of(arguments.checkpoint) if arguments.engine == "msanii2023" else kind.shipped()
    new.save_pretrained(folder)
pipeline = kind.from_pretrained(folder, local_files_only=True)

given = {} if arguments.steps is None else {"num_inference_steps": arguments.steps}
seed = torch.Generator().manual_seed(1)
if arguments.engine in ("composer", "mel-flow"):
    made = pipeline(arguments.prompt, bpm=arguments.bpm, generator=seed, **given)
elif arguments.engine == "msanii2023":
    made = pipeline(seconds=6.0, generator=seed, **given)
elif arguments.midi is None:
    parser.error("name a MIDI file with --midi")
else:
    made = pipeline(arguments.midi, generator=seed, **given)
path = folder.with_suffix(".wav")
soundfile.write(path, made.audios[0].T.numpy(), 44_100)
if arguments.engine == "composer":
    path.with_suffix(".mid").write_bytes(to_midi(made.score))
print(path)
