"""The system of Msanii (2023): U-Net, vocoder, features, phase search, samplers, checkpoints.

Source: Maina 2023, "Msanii: High Fidelity Music Synthesis on a Shoestring Budget",
arXiv:2301.06468. docs/msanii2023.md lists the differences from the paper.
"""

from msanii_live.engines.msanii2023.checkpoint import CheckpointError as CheckpointError
from msanii_live.engines.msanii2023.checkpoint import write as write
from msanii_live.engines.msanii2023.model import Msanii2023 as Msanii2023
from msanii_live.engines.msanii2023.model import load as load
