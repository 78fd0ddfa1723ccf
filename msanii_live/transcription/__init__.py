"""It listens: audio becomes notes by part, beats, bars and chords."""
