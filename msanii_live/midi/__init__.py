"""MIDI files, MIDI input and recorded takes."""
