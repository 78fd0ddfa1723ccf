"""Generators of the patches, from the command table and from sketches."""
