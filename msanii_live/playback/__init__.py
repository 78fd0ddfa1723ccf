"""Clips to the sound device: a renderer in a process of its own, supervised."""
