"""Published models with random weights, at their published sizes: their speed is the real one.

How long a network takes depends on its sizes and not on its weights, so these folders tell how fast
a model is where its weights cannot be had. What they play is noise.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

RATE = 44_100
VOCABULARY = 64  # words of the random tokenizers; what a text says does not change its cost


@dataclass(frozen=True)
class TextSizes:
    """Sizes of a text encoder. tokens: the length that each text is padded to."""

    width: int = 768
    inner: int = 2_048
    layers: int = 12
    heads: int = 12
    vocabulary: int = 256_000
    tokens: int = 256


@dataclass(frozen=True)
class StableAudio3Sizes:
    """Sizes of Stable Audio 3 small-music: 459 M, 107 M and 282 M parameters.

    Source: the constants of optimized/mlx in Stability-AI/stable-audio-3; the autoencoder is
    SAME-S, the default of diffusers; the text encoder is T5Gemma b-b's.
    """

    width: int = 1_024
    layers: int = 20
    heads: int = 16
    latent: int = 256
    coder: int = 128
    coder_layers: int = 6
    seconds: float = 384.0
    text: TextSizes = field(default_factory=TextSizes)


@dataclass(frozen=True)
class StableAudioOpenSizes:
    """Sizes of Stable Audio Open 1.0: 1,057 M, 156 M and 110 M parameters.

    Source: the defaults of diffusers, which are that model's; the text encoder is T5-base's.
    """

    width: int = 64  # of a head
    layers: int = 24
    heads: int = 24
    window: int = 1_024  # latents
    latent: int = 64
    coder: int = 128
    strides: tuple[int, ...] = (2, 4, 4, 8, 8)
    text: TextSizes = field(
        default_factory=lambda: TextSizes(inner=3_072, vocabulary=32_128, tokens=128)
    )


def stable_audio_3(sizes: StableAudio3Sizes) -> Any:
    """Return a `StableAudio3Pipeline` with random weights."""
    diffusers: Any = importlib.import_module("diffusers")
    parts: Any = importlib.import_module("diffusers.pipelines.stable_audio_3")
    transformers: Any = importlib.import_module("transformers")

    text = sizes.text
    module: dict[str, Any] = {
        "vocab_size": text.vocabulary, "hidden_size": text.width, "intermediate_size": text.inner,
        "num_hidden_layers": text.layers, "num_attention_heads": text.heads,
        "num_key_value_heads": text.heads, "head_dim": text.width // text.heads,
    }  # fmt: skip
    config = transformers.T5GemmaConfig(
        encoder=transformers.T5GemmaModuleConfig(**module),
        decoder=transformers.T5GemmaModuleConfig(**module),
        is_encoder_decoder=False,
        vocab_size=text.vocabulary,
    )
    with torch.device("cpu"):  # schedulers compute with NumPy
        scheduler = diffusers.FlowMatchEulerDiscreteScheduler(
            num_train_timesteps=1, shift=1.0, stochastic_sampling=True
        )
    return diffusers.StableAudio3Pipeline(
        vae=diffusers.AutoencoderSAME(
            encoder_channels=sizes.coder, encoder_transformer_depths=(sizes.coder_layers,),
            latent_dim=sizes.latent, sampling_rate=RATE,
        ),
        text_encoder=transformers.T5GemmaEncoderModel(config),
        tokenizer=_tokenizer(text.tokens),
        duration_embedder=parts.StableAudio3DurationEmbedder(text.width, max_val=sizes.seconds),
        transformer=diffusers.StableAudio3DiTModel(
            io_channels=sizes.latent, embed_dim=sizes.width, depth=sizes.layers,
            num_heads=sizes.heads, cond_token_dim=text.width, global_cond_dim=text.width,
            local_add_cond_dim=sizes.latent + 1, use_differential_attention=False,
        ),
        scheduler=scheduler,
    )  # fmt: skip


def stable_audio_open(sizes: StableAudioOpenSizes) -> Any:
    """Return a `StableAudioPipeline` with random weights."""
    diffusers: Any = importlib.import_module("diffusers")
    transformers: Any = importlib.import_module("transformers")
    text = sizes.text
    encoder = transformers.T5Config(
        vocab_size=text.vocabulary, d_model=text.width, d_kv=text.width // text.heads,
        d_ff=text.inner, num_layers=text.layers, num_heads=text.heads, decoder_start_token_id=0,
    )  # fmt: skip
    with torch.device("cpu"):  # schedulers compute with NumPy
        scheduler = diffusers.CosineDPMSolverMultistepScheduler(
            solver_order=2,
            prediction_type="v_prediction",
            sigma_data=1.0,
            sigma_schedule="exponential",
        )
    return diffusers.StableAudioPipeline(
        vae=diffusers.AutoencoderOobleck(
            encoder_hidden_size=2 * sizes.latent, decoder_channels=sizes.coder,
            decoder_input_channels=sizes.latent, downsampling_ratios=list(sizes.strides),
            channel_multiples=[2**each for each in range(len(sizes.strides))], sampling_rate=RATE,
        ),
        text_encoder=transformers.T5EncoderModel(encoder),
        projection_model=diffusers.StableAudioProjectionModel(
            text_encoder_dim=text.width, conditioning_dim=text.width, min_value=0, max_value=512
        ),
        tokenizer=_tokenizer(text.tokens),
        transformer=diffusers.StableAudioDiTModel(
            sample_size=sizes.window, in_channels=sizes.latent, out_channels=sizes.latent,
            num_layers=sizes.layers, attention_head_dim=sizes.width,
            num_attention_heads=sizes.heads, num_key_value_attention_heads=sizes.heads // 2,
            cross_attention_dim=text.width, cross_attention_input_dim=text.width,
            global_states_input_dim=2 * text.width,
        ),
        scheduler=scheduler,
    )  # fmt: skip


PUBLISHED: dict[str, Callable[[], Any]] = {
    "stable-audio-3-small": lambda: stable_audio_3(StableAudio3Sizes()),
    "stable-audio-open": lambda: stable_audio_open(StableAudioOpenSizes()),
}


def save_random(
    make: Callable[[], Any], folder: Path, device: torch.device, dtype: torch.dtype
) -> int:
    """Make a pipeline on a device and save it as a user's folder is. Returns its parameters.

    dtype: of its weights. The seed is fixed. Weights that begin as zeros are given small values, so
    that no product is trivial.
    """
    with warnings.catch_warnings(), torch.device(device):
        warnings.simplefilter("ignore")  # of the libraries, about themselves
        torch.manual_seed(0)
        pipeline = make()
        count = 0
        for part in pipeline.components.values():
            if isinstance(part, torch.nn.Module):
                count += _fill_zeros(part)
                torch.nn.Module.to(part, dtype)  # diffusers' own warns of an empty list
        pipeline.save_pretrained(folder)
    return count


def _fill_zeros(network: torch.nn.Module) -> int:
    """Give random values to weights that are all zero. Returns the number of parameters."""
    with torch.no_grad():
        for weights in network.parameters():
            if weights.numel() and not weights.any():
                weights.normal_(std=0.02)
    return sum(weights.numel() for weights in network.parameters())


def _tokenizer(tokens: int) -> Any:
    """Return a tokenizer of a few words that pads each text to so many tokens."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    transformers: Any = importlib.import_module("transformers")
    special = ["<pad>", "</s>", "<unk>", "<s>"]
    words = [*special, *(f"w{number}" for number in range(VOCABULARY - len(special)))]
    fast = Tokenizer(
        models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>")
    )
    fast.pre_tokenizer = pre_tokenizers.Whitespace()
    fast.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=fast, pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
        bos_token="<s>", model_max_length=tokens,
    )  # fmt: skip
