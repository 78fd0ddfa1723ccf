"""The OSC contract as a table of dataclasses, and its views."""
