"""The old place of the 2023 model; it goes in the next version."""
