"""Training data: generated pieces, renders, data sets."""
