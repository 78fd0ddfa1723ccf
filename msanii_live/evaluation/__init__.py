"""Measures of a model's quality: where the figures of sound in docs come from."""
