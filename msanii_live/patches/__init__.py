"""The patches for other programs: where they are, where they go, and how they get there."""
