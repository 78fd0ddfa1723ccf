"""Neural vocoders: from mel spectrograms to samples."""
