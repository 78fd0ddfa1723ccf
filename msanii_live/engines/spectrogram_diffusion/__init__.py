"""The published Spectrogram Diffusion, read from a diffusers folder."""
