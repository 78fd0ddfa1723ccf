"""The flow network: a transformer over patches of mel frames that predicts the clean mel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from msanii_live.dsp.layers import rotate_pairs, timestep_embedding
from msanii_live.engines.mel_flow.conditions import PHASE_CHANNELS, Conditions
from msanii_live.engines.mel_flow.detail_network import DetailNetwork
from msanii_live.engines.vocabulary import MODES, STYLES
from msanii_live.notes import PITCH_NAMES


@dataclass(frozen=True)
class FlowConfig:
    """The sizes of the network.

    patch: mel frames per token. width: features per token. window: mel frames seen in training.
    detail_width: features per mel frame of `DetailNetwork`. detail_blocks: 0 leaves it out.
    """

    channels: int = 2
    mels: int = 128
    patch: int = 4
    width: int = 320
    blocks: int = 8
    heads: int = 5
    kernel: int = 7
    window: int = 528
    detail_width: int = 256
    detail_blocks: int = 2


class RotaryAttention(nn.Module):
    """Self-attention over all tokens with rotary positions.

    Source: Su et al. 2021, arXiv:2104.09864, eq. 34; angles kept in float32 under autocast.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        frequency = 10_000.0 ** (-torch.arange(0, width // heads, 2) / (width // heads))
        self.frequency: torch.Tensor
        self.register_buffer("frequency", frequency, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Mix tokens. x: (batch, tokens, width) → the same shape."""
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        angle = torch.arange(tokens, device=x.device)[:, None].float() * self.frequency.float()
        cos, sin = angle.cos().to(q.dtype), angle.sin().to(q.dtype)
        mixed = F.scaled_dot_product_attention(
            rotate_pairs(q, cos, sin), rotate_pairs(k, cos, sin), v
        )
        out: torch.Tensor = self.out(mixed.transpose(1, 2).reshape(batch, tokens, width))
        return out


class GatedConvolution(nn.Module):
    """A gated depthwise convolution over time, which mixes neighbouring tokens."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, 2 * width)
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Mix tokens. x: (batch, tokens, width) → the same shape."""
        value, gate = self.gate(x).chunk(2, dim=-1)
        mixed = self.depthwise(value.transpose(1, 2)).transpose(1, 2)
        out: torch.Tensor = self.out(mixed * F.silu(gate))
        return out


class AdaLNBlock(nn.Module):
    """A mixer (attention or convolution) and an MLP, both scaled and shifted by the conditions.

    Source: Peebles & Xie 2022, arXiv:2212.09748, section 3.2 (adaLN-Zero); one projection shared
    by all blocks plus an offset each: Chen et al. 2023, arXiv:2310.00426, section 2.3.
    """

    def __init__(self, config: FlowConfig, mixer: nn.Module) -> None:
        super().__init__()
        width = config.width
        self.mixer = mixer
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width)
        )
        self.offset = nn.Parameter(torch.zeros(6, width))

    def forward(self, x: torch.Tensor, modulation: torch.Tensor) -> torch.Tensor:
        """Apply the block. x: (batch, tokens, width); modulation: (batch, 6, width)."""
        shift_1, scale_1, gate_1, shift_2, scale_2, gate_2 = (modulation + self.offset)[
            :, :, None
        ].unbind(1)
        h = F.layer_norm(x, x.shape[-1:]) * (1 + scale_1) + shift_1
        x = x + gate_1 * self.mixer(h)
        h = F.layer_norm(x, x.shape[-1:]) * (1 + scale_2) + shift_2
        out: torch.Tensor = x + gate_2 * self.mlp(h)
        return out


class FlowNet(nn.Module):
    """A network that predicts the clean mel from a noisy one, a partly known one, and conditions.

    No layer takes a statistic over time. So no norm of the past depends on the future, and any
    length that is a multiple of `config.patch` works.
    """

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        self.config = config
        width, patch = config.width, config.patch
        values = config.channels * config.mels * patch
        self.tokenise = nn.Linear(2 * values + patch * (1 + PHASE_CHANNELS), width)
        self.style = nn.Embedding(len(STYLES) + 1, width)
        self.key = nn.Embedding(len(PITCH_NAMES) * len(MODES) + 1, width)
        self.scalars = nn.Linear(4, width)
        self.time = nn.Sequential(nn.Linear(128, width), nn.SiLU(), nn.Linear(width, width))
        self.jump = nn.Linear(128, width)
        self.modulate = nn.Sequential(
            nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 6 * width)
        )
        self.blocks = nn.ModuleList(
            AdaLNBlock(
                config,
                GatedConvolution(width, config.kernel)
                if i % 2 == 0
                else RotaryAttention(width, config.heads),
            )
            for i in range(config.blocks)
        )
        self.final = nn.Linear(width, 2 * width)
        self.detokenise = nn.Linear(width, values)
        self.detail = (
            DetailNetwork(
                config.channels * config.mels, config.detail_width, config.detail_blocks, width
            )
            if config.detail_blocks
            else None
        )
        for layer in (self.detokenise, self.modulate[2], self.final, self.jump):
            assert isinstance(layer, nn.Linear)
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.normal_(self.style.weight, std=0.02)
        nn.init.normal_(self.key.weight, std=0.02)

    def forward(
        self,
        x: torch.Tensor,
        t: torch.Tensor,
        known: torch.Tensor,
        mask: torch.Tensor,
        conditions: Conditions,
        to: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the predicted clean mel.

        x: noisy normalised mel, float32, (batch, channels, mels, mel_frames).
        t: noise level, float32, (batch,), 0 is clean and 1 is noise.
        known: clean mel where `mask` is 1, anything elsewhere, same shape as x.
        mask: float32, (batch, 1, 1, mel_frames), 1 where the mel is known.
        to: noise level that the next step goes to, (batch,). The result is then the mel for which
        one straight step reaches the level that many small steps would. None: a small step.
        Source of `to`: Frans et al. 2024, arXiv:2410.12557, section 3.
        Raises: ValueError: mel_frames is not a multiple of the patch.
        """
        if x.shape[-1] % self.config.patch:
            raise ValueError(f"mel_frames {x.shape[-1]} is no multiple of {self.config.patch}")
        inputs = torch.cat(
            [
                self.fold(x.flatten(1, 2)),
                self.fold((known * mask).flatten(1, 2)),
                self.fold(mask.flatten(1, 2)),
                self.fold(conditions.phase),
            ],
            dim=-1,
        )
        h = self.tokenise(inputs)
        vector = self.condition_vector(t, conditions)
        vector = vector + self.jump(timestep_embedding(t - (t if to is None else to)))
        modulation = self.modulate(vector).reshape(len(x), 6, -1)
        for block in self.blocks:
            h = block(h, modulation)
        shift, scale = self.final(F.silu(vector))[:, None].chunk(2, dim=-1)
        h = F.layer_norm(h, h.shape[-1:]) * (1 + scale) + shift
        clean = self._unfold(self.detokenise(h)).float()
        if self.detail is not None:
            clean = clean + self.detail(clean, x, known, mask, F.silu(vector)).float()
        return clean

    def condition_vector(self, t: torch.Tensor, conditions: Conditions) -> torch.Tensor:
        """Return what the noise level and the conditions say to all layers, (batch, width)."""
        tempo_known = (conditions.tempo > 0).float()
        density_known = (conditions.density >= 0).float()
        tempo = torch.log2(conditions.tempo.clamp_min(1.0) / 120.0) * tempo_known
        density = (conditions.density - 0.5) * 2 * density_known
        scalars = torch.stack([tempo, tempo_known, density, density_known], dim=-1)
        # UNKNOWN is -1, so that the first row of each table stands for it.
        vector: torch.Tensor = (
            self.time(timestep_embedding(t))
            + self.style(conditions.style + 1)
            + self.key(conditions.key + 1)
            + self.scalars(scalars)
        )
        return vector

    def fold(self, x: torch.Tensor) -> torch.Tensor:
        """Gather each patch into one token. (batch, c, mel_frames) → (batch, tokens, c * patch)."""
        return x.unfold(-1, self.config.patch, self.config.patch).permute(0, 2, 1, 3).flatten(2)

    def _unfold(self, tokens: torch.Tensor) -> torch.Tensor:
        """Undo `fold` → (batch, channels, mels, mel_frames)."""
        c = self.config
        split = tokens.reshape(*tokens.shape[:2], c.channels, c.mels, c.patch)
        return split.permute(0, 2, 3, 1, 4).flatten(3)
