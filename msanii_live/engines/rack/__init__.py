"""The rack engine: synthesised instruments play notes, those of a file or those of the composer."""
