"""Networks, features, samplers and vocoders in plain PyTorch."""
