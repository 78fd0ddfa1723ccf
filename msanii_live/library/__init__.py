"""Clips on disk: WAV files, sidecars, names, limits."""
