"""Use mel-flow as a pipeline of diffusers, without a server: save it, load it, make a clip."""

import argparse
from pathlib import Path

import soundfile
import torch

from msanii_live.engines.mel_flow.diffusers_pipeline import MelFlowDiffusionPipeline

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--prompt", default="house in A minor", help="style and key (%(default)s)")
parser.add_argument("--bpm", type=float, default=124, help="(%(default)s)")
parser.add_argument("--steps", type=int, default=16, help="(%(default)s)")
parser.add_argument("--folder", type=Path, default=Path("mel-flow"), help="(%(default)s)")
arguments = parser.parse_args()

if not arguments.folder.exists():
    MelFlowDiffusionPipeline.shipped().save_pretrained(arguments.folder)
pipeline = MelFlowDiffusionPipeline.from_pretrained(arguments.folder, local_files_only=True)
made = pipeline(
    arguments.prompt,
    bpm=arguments.bpm,
    num_inference_steps=arguments.steps,
    generator=torch.Generator().manual_seed(1),
)
path = arguments.folder.with_suffix(".wav")
soundfile.write(path, made.audios[0].T.numpy(), 44_100)
print(path)
