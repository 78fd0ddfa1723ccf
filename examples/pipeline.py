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
parser.add_argument("--prompt", default="house in A minor", help="of composer and mel-flow")
parser.add_argument("--bpm", type=float, default=124, help="of composer and mel-flow (%(default)s)")
parser.add_argument("--midi", type=Path, default="song.mid", help="of note-diffusion, mel2mel")
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
    new = kind.of(arguments.checkpoint) if arguments.checkpoint else kind.shipped()
    new.save_pretrained(folder)
pipeline = kind.from_pretrained(folder, local_files_only=True)
given: dict[str, object] = {"generator": torch.Generator().manual_seed(1)}
given |= {} if arguments.steps is None else {"num_inference_steps": arguments.steps}
if arguments.engine in ("composer", "mel-flow"):
    given |= {"prompt": arguments.prompt, "bpm": arguments.bpm}
elif arguments.engine == "msanii2023":
    given |= {"seconds": 6.0}
else:
    given |= {"notes": arguments.midi}
made = pipeline(**given)
soundfile.write(f"{folder}.wav", made.audios[0].T.numpy(), 44_100)
if arguments.engine == "composer":
    Path(f"{folder}.mid").write_bytes(to_midi(made.score))
print(f"{folder}.wav")
