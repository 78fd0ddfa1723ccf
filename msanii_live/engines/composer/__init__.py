"""The composer: a diffusion model that writes notes for drums, bass, chords, lead and pad."""
