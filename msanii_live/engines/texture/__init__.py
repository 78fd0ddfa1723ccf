"""Continues what is no music by its own texture: noise, hum, speech, the sound of a room."""
