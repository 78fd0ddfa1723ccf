"""Measures of time: where the figures of speed in docs come from."""
