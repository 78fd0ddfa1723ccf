"""Carry OSC: bytes to messages, messages to commands, commands to jobs."""
