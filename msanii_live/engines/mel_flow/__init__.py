"""The mel-flow engine: one flow network over mel spectrograms for every verb but render."""
