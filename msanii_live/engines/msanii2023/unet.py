"""The 2D U-Net of Msanii (2023): the network that the first release's diffusion ran on.

A mel spectrogram is read as a sequence of tokens, one for each mel frame of each audio channel; a
token is the column of all its mels, projected to `width` numbers. So the latent inside the network
has the shape (batch, width, channels, mel_frames), and its convolutions run over audio channels
and mel frames. Only mel_frames is down- and upsampled.

Module and parameter names are those of the 2023 checkpoints, so that a state dict from one loads
with `strict=True`; the names of the config's fields are this project's own.

Source: Maina 2023, "Msanii", arXiv:2301.06468, section 3.1 and appendix B.2. What the paper leaves
open was settled by matching reference outputs: where the skips join, that an encoder level widens
in its first block and a decoder level narrows in its last, the form of the timestep embedding, and
that attention sees each audio channel by itself, with softmax over features for queries and over
time for keys.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class UNet2023Config:
    """The sizes of a 2023 U-Net; the defaults are the published model, 49,878,016 parameters.

    The tuples hold one entry a level, from the full time resolution (first) to the coarsest.

    mels: mel bins of the spectrogram.
    width: base latent width, in features.
    hidden_factor: hidden width of each MLP as a multiple of its output width.
    multipliers: width of a level at its outer end, as a multiple of `width`; at its inner end a
        level has the width of the next one, and the last level has one width throughout.
    timestep_width: width of the timestep embedding, in features; even.
    heads: attention heads; divides every width.
    has_attention: whether the blocks of a level end in attention.
    has_resampling: whether mel_frames is halved after a level; False for the last.
    block_layers: blocks in a level, in the encoder and again in the decoder.
    dilations: of the 3×3 convolutions of a level's blocks; the middle block always has 1. Empty
        means 1 throughout, and becomes so where all are 1.

    Raises: ValueError: the tuples differ in length or are empty, a number is below 1,
        `timestep_width` is odd or below 4, `heads` does not divide a width, or the last level
        resamples.

    >>> UNet2023Config().total_stride
    64
    >>> UNet2023Config(heads=3)
    Traceback (most recent call last):
    ...
    ValueError: heads must divide every width, and 3 does not

    Source: Maina 2023, arXiv:2301.06468, table 2.
    """

    mels: int = 128
    width: int = 256
    hidden_factor: int = 4
    multipliers: tuple[int, ...] = (1, 1, 1, 1, 1, 1, 1)
    timestep_width: int = 128
    heads: int = 8
    has_attention: tuple[bool, ...] = (False, False, False, False, False, True, True)
    has_resampling: tuple[bool, ...] = (True, True, True, True, True, True, False)
    block_layers: tuple[int, ...] = (2, 2, 2, 2, 2, 2, 2)
    dilations: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        self._check()
        if set(self.dilations) == {1}:
            object.__setattr__(self, "dilations", ())

    def _check(self) -> None:
        levels = len(self.multipliers)
        dilations = self.level_dilations
        per_level = (self.has_attention, self.has_resampling, self.block_layers, dilations)
        if levels == 0 or any(len(entries) != levels for entries in per_level):
            raise ValueError(f"each tuple needs one entry a level, and there are {levels} levels")
        sizes = (self.mels, self.width, self.hidden_factor, self.heads)
        if min(*sizes, *self.multipliers, *self.block_layers, *dilations) < 1:
            raise ValueError("every size and count must be at least 1")
        if self.timestep_width < 4 or self.timestep_width % 2:
            raise ValueError(f"timestep_width must be even, 4 or more, got {self.timestep_width}")
        if any(self.width * multiplier % self.heads for multiplier in self.multipliers):
            raise ValueError(f"heads must divide every width, and {self.heads} does not")
        if self.has_resampling[-1]:
            raise ValueError("has_resampling must be False for the last level")

    @property
    def level_dilations(self) -> tuple[int, ...]:
        """The dilation of each level."""
        return self.dilations or (1,) * len(self.multipliers)

    @property
    def total_stride(self) -> int:
        """The number that mel_frames must be a multiple of."""
        return 1 << sum(self.has_resampling)


class TimestepEmbedding(nn.Module):
    """An embedding of the timestep: its sines and cosines, then a two-layer perceptron.

    Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.5, with angular frequencies that fall
    geometrically from 1 to exactly 1/10000 per timestep.
    """

    def __init__(self, width: int, hidden_factor: int) -> None:
        super().__init__()
        self.width = width
        self.fn = nn.Sequential(
            nn.Linear(width, width * hidden_factor),
            nn.GELU(),
            nn.Linear(width * hidden_factor, width),
        )

    def forward(self, timesteps: Tensor, dtype: torch.dtype) -> Tensor:
        """Return the embedding of each timestep, (batch, width), in `dtype`.

        timesteps: int or float, (batch,), in steps of the training schedule, 0 to 999. The angles
            are computed in float32 whatever `dtype` is.
        """
        half = self.width // 2
        exponents = torch.arange(half, device=timesteps.device, dtype=torch.float32) / (half - 1)
        angles = timesteps.float()[:, None] * torch.exp(-math.log(10_000.0) * exponents)
        embedding: Tensor = self.fn(torch.cat([angles.sin(), angles.cos()], dim=1).to(dtype))
        return embedding


class ResidualBlock(nn.Module):
    """A 3×3 convolution over channels and mel frames, the timestep added to it, and an MLP.

    The vocoder's block has no timestep. dilation: of the convolution.

    Source: Maina 2023, arXiv:2301.06468, section 3.1.2.
    """

    def __init__(
        self,
        in_width: int,
        out_width: int,
        hidden_factor: int,
        timestep_width: int | None = None,
        dilation: int = 1,
    ) -> None:
        super().__init__()
        hidden_width = out_width * hidden_factor
        self.in_fn = nn.Sequential(
            nn.InstanceNorm2d(in_width),
            nn.Conv2d(in_width, out_width, kernel_size=3, padding=dilation, dilation=dilation),
        )
        if timestep_width is not None:
            self.timestep_fn = nn.Conv2d(timestep_width, out_width, kernel_size=1)
        self.out_fn = nn.Sequential(
            nn.GELU(),
            nn.Conv2d(out_width, hidden_width, kernel_size=1),
            nn.GELU(),
            nn.Conv2d(hidden_width, out_width, kernel_size=1),
        )
        self.residual_fn: nn.Module = nn.Identity()
        if in_width != out_width:
            self.residual_fn = nn.Conv2d(in_width, out_width, kernel_size=1)

    def forward(self, h: Tensor, timestep: Tensor | None = None) -> Tensor:
        """Return float, (batch, out_width, channels, mel_frames).

        h: latent, float, (batch, in_width, channels, mel_frames).
        timestep: embedding, float, (batch, timestep_width, 1, 1); None in a block without one.
        """
        mixed = self.in_fn(h)
        if timestep is not None:
            mixed = mixed + self.timestep_fn(timestep)
        out: Tensor = self.residual_fn(h) + self.out_fn(mixed)
        return out


class LinearAttention(nn.Module):
    """Attention over time at a cost linear in mel_frames, for each audio channel by itself.

    Keys are softmaxed over time, so a head gathers one summary (features by features) of the whole
    length and every mel frame reads it through its query; no position enters. The values are
    divided by mel_frames, as the 2023 release does.

    Source: Maina 2023, arXiv:2301.06468, section 3.1.3; Shen et al. 2018, "Efficient Attention",
    arXiv:1812.01243, section 3.2 (the paper names Katharopoulos et al. 2020, whose feature map
    does not reproduce the release's outputs).
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_fn = nn.Sequential(
            nn.InstanceNorm2d(width),
            nn.Conv2d(width, 3 * width, kernel_size=1),
        )
        self.out_fn = nn.Conv2d(width, width, kernel_size=1)

    def forward(self, h: Tensor) -> Tensor:
        """Return h plus what it attends to; h: float, (batch, width, channels, mel_frames)."""
        batch, width, channels, mel_frames = h.shape
        head_width = width // self.heads
        split = self.in_fn(h).reshape(batch, 3, self.heads, head_width, channels, mel_frames)
        # query, key, value: (batch, channels, heads, head_width, mel_frames)
        query, key, value = split.permute(1, 0, 4, 2, 3, 5).unbind(0)
        query = query.softmax(dim=-2) / math.sqrt(head_width)
        key = key.softmax(dim=-1)
        summary = key @ (value / mel_frames).transpose(-1, -2)
        attended = summary.transpose(-1, -2) @ query
        merged = attended.permute(0, 2, 3, 1, 4).reshape(batch, width, channels, mel_frames)
        out: Tensor = h + self.out_fn(merged)
        return out


class UNetBlock(nn.Module):
    """A residual block, then attention where the level has it.

    Source: Maina 2023, arXiv:2301.06468, section 3.1.3 (attention after the residual block).
    """

    def __init__(self, in_width: int, out_width: int, config: UNet2023Config, level: int) -> None:
        super().__init__()
        self.residual_fn = ResidualBlock(
            in_width,
            out_width,
            config.hidden_factor,
            config.timestep_width,
            config.level_dilations[level],
        )
        self.attention_fn: nn.Module = nn.Identity()
        if config.has_attention[level]:
            self.attention_fn = LinearAttention(out_width, config.heads)

    def forward(self, h: Tensor, timestep: Tensor) -> Tensor:
        """Return float, (batch, out_width, channels, mel_frames); see ResidualBlock.forward."""
        out: Tensor = self.attention_fn(self.residual_fn(h, timestep))
        return out


class MiddleBlock(nn.Module):
    """The block between encoder and decoder: residual block, attention, residual block."""

    def __init__(self, width: int, config: UNet2023Config) -> None:
        super().__init__()
        sizes = (width, width, config.hidden_factor, config.timestep_width)
        self.in_residual_fn = ResidualBlock(*sizes)
        self.attention_fn = LinearAttention(width, config.heads)
        self.out_residual_fn = ResidualBlock(*sizes)

    def forward(self, h: Tensor, timestep: Tensor) -> Tensor:
        """Return float, the shape of h; h: (batch, width, channels, mel_frames)."""
        attended = self.attention_fn(self.in_residual_fn(h, timestep))
        out: Tensor = self.out_residual_fn(attended, timestep)
        return out


class UNet2023(nn.Module):
    """A network that predicts the noise in a mel spectrogram, for any number of audio channels.

    >>> small = UNet2023Config(
    ...     mels=8, width=8, heads=2, multipliers=(1, 1), has_attention=(False, True),
    ...     has_resampling=(True, False), block_layers=(1, 1),
    ... )
    >>> UNet2023(small)(torch.zeros(1, 2, 8, 6), torch.tensor([417])).shape
    torch.Size([1, 2, 8, 6])

    Source: Maina 2023, arXiv:2301.06468, section 3.1.
    """

    def __init__(self, config: UNet2023Config) -> None:
        super().__init__()
        self.config = config
        widths = [config.width * multiplier for multiplier in config.multipliers]
        ends = list(zip(widths, [*widths[1:], widths[-1]], strict=True))  # outer, inner
        # The identity keeps the layer's number: the release exchanged two axes there.
        self.input_fn = nn.Sequential(nn.Identity(), nn.Conv2d(config.mels, widths[0], 1))
        self.timestep_embedding = TimestepEmbedding(config.timestep_width, config.hidden_factor)
        self.encoder_blocks = nn.ModuleList()
        self.middle_block = MiddleBlock(widths[-1], config)
        self.decoder_blocks = nn.ModuleList()
        self.output_fn = nn.Sequential(nn.Conv2d(widths[0], config.mels, 1))
        for level, (outer, inner) in enumerate(ends):
            for in_width in (outer, *[inner] * (config.block_layers[level] - 1)):
                self.encoder_blocks.append(UNetBlock(in_width, inner, config, level))
            if config.has_resampling[level]:
                down = nn.Conv2d(inner, inner, (1, 3), stride=(1, 2), padding=(0, 1))
                self.encoder_blocks.append(down)
        for level, (outer, inner) in reversed(list(enumerate(ends))):
            if config.has_resampling[level]:
                up = nn.ConvTranspose2d(inner, inner, (1, 4), stride=(1, 2), padding=(0, 1))
                self.decoder_blocks.append(up)
            for out_width in (*[inner] * (config.block_layers[level] - 1), outer):
                self.decoder_blocks.append(UNetBlock(2 * inner, out_width, config, level))

    def forward(self, x: Tensor, timesteps: Tensor) -> Tensor:
        """Return the predicted noise, of the shape and dtype of x.

        x: noisy scaled log-mel, float, (batch, channels, mels, mel_frames), clean range -1 to 1.
        timesteps: int or float, (batch,), in steps of the training schedule, 0 to 999.

        Raises: ValueError: x is not four-dimensional or has another number of mels than the
            config; timesteps is not (batch,); mel_frames is 0 or no multiple of the config's
            `total_stride`, or equals it in mono (one number a feature cannot be normalised).
        """
        mels, stride = self.config.mels, self.config.total_stride
        if x.dim() != 4 or x.shape[2] != mels or timesteps.shape != x.shape[:1]:
            raise ValueError(
                f"x must be (batch, channels, {mels}, mel_frames) and timesteps (batch,), "
                f"got {tuple(x.shape)} and {tuple(timesteps.shape)}"
            )
        if x.shape[3] == 0 or x.shape[3] % stride:
            raise ValueError(f"mel_frames must be a multiple of {stride}, got {x.shape[3]}")
        timestep = self.timestep_embedding(timesteps, x.dtype)[:, :, None, None]
        h = self.input_fn(x.transpose(1, 2))  # (batch, width, channels, mel_frames)
        skips: list[Tensor] = []
        for block in self.encoder_blocks:
            if isinstance(block, UNetBlock):
                h = block(h, timestep)
                skips.append(h)
            else:
                h = block(h)
        h = self.middle_block(h, timestep)
        for block in self.decoder_blocks:
            if isinstance(block, UNetBlock):
                h = block(torch.cat([h, skips.pop()], dim=1), timestep)
            else:
                h = block(h)
        out: Tensor = self.output_fn(h)
        return out.transpose(1, 2)
