"""The patches for Max, Live, Pure Data and others, and how they are installed."""
