"""A resident music-diffusion server, played over OSC."""

__version__ = "0.1.0"
