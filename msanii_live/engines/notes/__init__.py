"""Engines that play notes: Mel2Mel and note diffusion."""
