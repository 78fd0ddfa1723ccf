"""The note-diffusion engine: notes of a whole band to sound, window by window."""
