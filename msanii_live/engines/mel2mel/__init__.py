"""The mel2mel engine: notes to sound by one pass of two LSTMs, with timbres that can be mixed."""
