"""What engines share in PyTorch: features, phase, vocoders, samplers, weights."""
