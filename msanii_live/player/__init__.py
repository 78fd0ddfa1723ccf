"""Where clips go: the shared folder and the audio device."""
