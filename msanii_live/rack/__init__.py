"""A rack of synthesised instruments and drums, in NumPy and SciPy: no samples, nobody's rights."""
