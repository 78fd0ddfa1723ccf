"""The OSC contract as a table of command and reply types, and everything derived from it."""
