"""Training of the composer: its data set, its trainer and its measures."""
