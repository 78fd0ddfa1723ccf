"""Tiny random pipelines of the real classes, saved as users' folders are."""

import warnings
from pathlib import Path

import torch

WORDS = (
    "<pad> </s> <unk> <s> <mask> dark techno house vinyl noise drums bright piano a b no vocals bpm"
)


def tokenizer(max_length=16):
    """Return a tokenizer of words, made offline."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = {word: number for number, word in enumerate(WORDS.split())}
    fast = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    fast.pre_tokenizer = pre_tokenizers.Whitespace()
    fast.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", words["</s>"])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=fast, pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
        bos_token="<s>", mask_token="<mask>", model_max_length=max_length,
    )  # fmt: skip


def letters():
    """Return a vocabulary of a few letters, for tokenizers that must be of their own class."""
    words = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "▁", *"abcdehiknoprstuvy"]
    return {word: number for number, word in enumerate(words)}


def stable_audio_3(inpainting=True, stochastic=True, rate=44_100):
    from diffusers import (
        AutoencoderSAME,
        FlowMatchEulerDiscreteScheduler,
        StableAudio3DiTModel,
        StableAudio3Pipeline,
    )
    from diffusers.pipelines.stable_audio_3 import StableAudio3DurationEmbedder
    from transformers import T5GemmaConfig, T5GemmaEncoderModel, T5GemmaModuleConfig

    torch.manual_seed(0)
    module = {
        "vocab_size": 32, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8,
        "max_position_embeddings": 64, "layer_types": ["full_attention"] * 2,
    }  # fmt: skip
    config = T5GemmaConfig(
        encoder=T5GemmaModuleConfig(**module), decoder=T5GemmaModuleConfig(**module),
        is_encoder_decoder=False, vocab_size=32,
    )  # fmt: skip
    net = StableAudio3DiTModel(
        io_channels=8, patch_size=1, embed_dim=32, depth=2, num_heads=4, cond_token_dim=16,
        global_cond_dim=16, local_add_cond_dim=9 if inpainting else 5, timestep_features_dim=16,
        ff_mult=2, num_memory_tokens=3, use_differential_attention=False,
    )  # fmt: skip
    return StableAudio3Pipeline(
        vae=AutoencoderSAME(
            audio_channels=2, patch_size=64, encoder_channels=8, encoder_c_mults=(2,),
            encoder_strides=(8,), encoder_transformer_depths=(1,), latent_dim=8, dim_heads=4,
            ff_mult=2, sampling_rate=rate, use_differential_attention=False,
        ),
        text_encoder=T5GemmaEncoderModel(config),
        tokenizer=tokenizer(),
        duration_embedder=StableAudio3DurationEmbedder(16, 16, max_val=4.0),
        transformer=net,
        scheduler=FlowMatchEulerDiscreteScheduler(
            num_train_timesteps=1, shift=1.0, stochastic_sampling=stochastic
        ),
    )  # fmt: skip


def oobleck(rate, latents):
    from diffusers import AutoencoderOobleck

    return AutoencoderOobleck(
        encoder_hidden_size=2 * latents, downsampling_ratios=[8, 8, 8], channel_multiples=[1, 1, 1],
        decoder_channels=4, decoder_input_channels=latents, audio_channels=2, sampling_rate=rate,
    )  # fmt: skip


def stable_audio_open(rate=44_100):
    from diffusers import (
        CosineDPMSolverMultistepScheduler,
        StableAudioDiTModel,
        StableAudioPipeline,
        StableAudioProjectionModel,
    )
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(0)
    text = T5Config(
        vocab_size=32,
        d_model=4,
        d_kv=2,
        d_ff=8,
        num_layers=1,
        num_heads=2,
        decoder_start_token_id=0,
    )
    return StableAudioPipeline(
        vae=oobleck(rate, 4),
        text_encoder=T5EncoderModel(text),
        projection_model=StableAudioProjectionModel(
            text_encoder_dim=4, conditioning_dim=4, min_value=0, max_value=32
        ),
        tokenizer=tokenizer(),
        transformer=StableAudioDiTModel(
            sample_size=300, in_channels=4, num_layers=2, attention_head_dim=4,
            num_attention_heads=2, num_key_value_attention_heads=2, out_channels=4,
            cross_attention_dim=4, time_proj_dim=8, global_states_input_dim=8,
            cross_attention_input_dim=4,
        ),
        scheduler=CosineDPMSolverMultistepScheduler(
            solver_order=2, prediction_type="v_prediction", sigma_data=1.0,
            sigma_schedule="exponential",
        ),
    )  # fmt: skip


def ace_step(turbo=True, cover=True, rate=48_000):
    from diffusers import (
        AceStepPipeline,
        AceStepTransformer1DModel,
        FlowMatchEulerDiscreteScheduler,
    )
    from diffusers.pipelines.ace_step import (
        AceStepAudioTokenDetokenizer,
        AceStepAudioTokenizer,
        AceStepConditionEncoder,
    )
    from transformers import Qwen3Config, Qwen3Model

    torch.manual_seed(0)
    sizes = {
        "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 8, "sliding_window": 16,
    }  # fmt: skip
    text = Qwen3Config(
        vocab_size=32, hidden_size=16, intermediate_size=32, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, head_dim=8, max_position_embeddings=512,
        pad_token_id=0,
    )  # fmt: skip
    words = {"audio_acoustic_hidden_dim": 8, "pool_window_size": 2,
             "num_attention_pooler_hidden_layers": 1}  # fmt: skip
    return AceStepPipeline(
        vae=oobleck(rate, 8),
        text_encoder=Qwen3Model(text),
        tokenizer=tokenizer(512),
        transformer=AceStepTransformer1DModel(
            num_hidden_layers=2, in_channels=24, audio_acoustic_hidden_dim=8, patch_size=2,
            is_turbo=turbo, model_version="turbo" if turbo else "base", **sizes,
        ),
        condition_encoder=AceStepConditionEncoder(
            text_hidden_dim=16, timbre_hidden_dim=8, num_lyric_encoder_hidden_layers=1,
            num_timbre_encoder_hidden_layers=1, **sizes,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0),
        audio_tokenizer=AceStepAudioTokenizer(
            fsq_dim=32, fsq_input_levels=[4, 4, 4], **words, **sizes
        ) if cover else None,
        audio_token_detokenizer=AceStepAudioTokenDetokenizer(**words, **sizes) if cover else None,
    )  # fmt: skip


def longcat():
    from diffusers import (
        FlowMatchEulerDiscreteScheduler,
        LongCatAudioDiTPipeline,
        LongCatAudioDiTTransformer,
        LongCatAudioDiTVae,
    )
    from transformers import UMT5Config, UMT5EncoderModel

    torch.manual_seed(0)
    text = UMT5Config(
        vocab_size=32, d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4, pad_token_id=0,
        decoder_start_token_id=0,
    )  # fmt: skip
    return LongCatAudioDiTPipeline(
        vae=LongCatAudioDiTVae(
            in_channels=1, channels=16, c_mults=[1, 2], strides=[16, 16],
            latent_dim=8, encoder_latent_dim=16, downsampling_ratio=256, sample_rate=24_000,
        ),
        text_encoder=UMT5EncoderModel(text),
        tokenizer=tokenizer(),
        transformer=LongCatAudioDiTTransformer(
            dit_dim=64, dit_depth=2, dit_heads=4, dit_text_dim=32, latent_dim=8, text_conv=False
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.0, invert_sigmas=True),
    )  # fmt: skip


def _mel_parts(mels=8):
    from diffusers import AutoencoderKL
    from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

    vae = AutoencoderKL(
        block_out_channels=[16, 32], in_channels=1, out_channels=1, norm_num_groups=8,
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
        latent_channels=4,
    )  # fmt: skip
    vocoder = SpeechT5HifiGan(SpeechT5HifiGanConfig(
        model_in_dim=mels, sampling_rate=16_000, upsample_initial_channel=16,
        upsample_rates=[10, 8, 2], upsample_kernel_sizes=[20, 16, 4], resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]], normalize_before=False,
    ))  # fmt: skip
    with torch.no_grad():  # random weights hardly sound
        vocoder.conv_post.weight.mul_(10)
    return vae, vocoder


def _clap():
    from transformers import ClapAudioConfig, ClapConfig, ClapTextConfig

    return ClapConfig(
        text_config=ClapTextConfig(
            vocab_size=32, hidden_size=8, intermediate_size=16, num_hidden_layers=1,
            num_attention_heads=2, projection_dim=8, pad_token_id=0, max_position_embeddings=64,
        ).to_dict(),
        audio_config=ClapAudioConfig(
            spec_size=8, window_size=4, num_mel_bins=8, patch_stride=2, patch_size=2,
            hidden_size=8, depths=[1, 1], num_attention_heads=[2, 2], num_hidden_layers=2,
            intermediate_size=8, projection_dim=8, patch_embeds_hidden_size=4,
        ).to_dict(),
        projection_dim=8,
    )  # fmt: skip


def audioldm2():
    from diffusers import (
        AudioLDM2Pipeline,
        AudioLDM2ProjectionModel,
        AudioLDM2UNet2DConditionModel,
        DDIMScheduler,
    )
    from transformers import (
        ClapFeatureExtractor,
        ClapModel,
        GPT2Config,
        GPT2LMHeadModel,
        RobertaTokenizer,
        T5Config,
        T5EncoderModel,
        T5Tokenizer,
    )

    torch.manual_seed(0)
    vae, vocoder = _mel_parts()
    t5 = T5Config(vocab_size=32, d_model=8, d_kv=4, d_ff=16, num_layers=1, num_heads=2)
    gpt = GPT2Config(vocab_size=32, n_embd=8, n_layer=1, n_head=2, n_ctx=32, n_positions=64)
    gpt.max_new_tokens = 4
    return AudioLDM2Pipeline(
        vae=vae,
        text_encoder=ClapModel(_clap()),
        text_encoder_2=T5EncoderModel(t5),
        projection_model=AudioLDM2ProjectionModel(
            text_encoder_dim=8, text_encoder_1_dim=8, langauge_model_dim=8
        ),
        language_model=GPT2LMHeadModel(gpt),
        tokenizer=RobertaTokenizer(vocab=letters(), merges=[], model_max_length=16),
        tokenizer_2=T5Tokenizer(
            vocab=[(word, -1.0) for word in letters()], extra_ids=0, model_max_length=16
        ),
        feature_extractor=ClapFeatureExtractor(feature_size=8),
        unet=AudioLDM2UNet2DConditionModel(
            block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=8, sample_size=32,
            in_channels=4, out_channels=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=(8, 8),
            attention_head_dim=2,
        ),
        scheduler=DDIMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
            set_alpha_to_one=False,
        ),
        vocoder=vocoder,
    )  # fmt: skip


def musicldm():
    from diffusers import DDIMScheduler, MusicLDMPipeline, UNet2DConditionModel
    from transformers import ClapFeatureExtractor, ClapModel

    torch.manual_seed(0)
    vae, vocoder = _mel_parts()
    return MusicLDMPipeline(
        vae=vae,
        text_encoder=ClapModel(_clap()),
        tokenizer=tokenizer(),
        feature_extractor=ClapFeatureExtractor(feature_size=8),
        unet=UNet2DConditionModel(
            block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=8, sample_size=32,
            in_channels=4, out_channels=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=(8, 16),
            attention_head_dim=2, class_embed_type="simple_projection",
            projection_class_embeddings_input_dim=8, class_embeddings_concat=True,
        ),
        scheduler=DDIMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
            set_alpha_to_one=False,
        ),
        vocoder=vocoder,
    )  # fmt: skip


def wake(network):
    """Give random values to weights that begin as zeros, through which nothing would pass."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in network.parameters():
            if weights.numel() and not weights.any():
                weights.copy_(0.1 * torch.randn(weights.shape, generator=generator))


FAMILIES = {
    "stable-audio-3": stable_audio_3,
    "stable-audio-open": stable_audio_open,
    "ace-step": ace_step,
    "audioldm2": audioldm2,
    "longcat": longcat,
    "musicldm": musicldm,
}


def save(make, folder: Path) -> Path:
    """Write a pipeline as a user's folder is written, with a card that names a licence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries, about themselves
        pipeline = make()
        for part in pipeline.components.values():
            if isinstance(part, torch.nn.Module):
                wake(part)
        pipeline.save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\nRandom weights.\n")
    return folder
