"""The types of commands and answers; written by `tools/generate_client.py` from the command table.

Options are the keys of commands that make a clip. Rows are the fields of answers.
"""

from __future__ import annotations

from typing import Literal, TypedDict

DoneRow = TypedDict("DoneRow", {"command": str, "job": int})

TransportRow = TypedDict("TransportRow", {"bpm": float, "beats": int, "bar-position": float})

FloatParamRow = TypedDict("FloatParamRow", {"value": float})

TextParamRow = TypedDict("TextParamRow", {"value": str})

IntParamRow = TypedDict("IntParamRow", {"value": int})

ClipEntryRow = TypedDict(
    "ClipEntryRow",
    {"index": int, "total": int, "name": str, "seconds": float, "samplerate": int, "channels": int},
)

ClipInfoRow = TypedDict(
    "ClipInfoRow",
    {
        "name": str,
        "path": str,
        "seconds": float,
        "samplerate": int,
        "channels": int,
        "seed": int,
        "bpm": float,
        "engine": str,
    },
)

JobEntryRow = TypedDict(
    "JobEntryRow",
    {"job": int, "position": int, "owner-token": str, "command": str, "fraction": float},
)

EngineEntryRow = TypedDict("EngineEntryRow", {"engine": str, "state": str, "verbs": str})

EngineInfoRow = TypedDict("EngineInfoRow", {"engine": str, "name": str, "value": str})

SyncedRow = TypedDict("SyncedRow", {"number": str})

PongRow = TypedDict("PongRow", {})

StatusRow = TypedDict(
    "StatusRow",
    {
        "state": str,
        "jobs-running": int,
        "jobs-queued": int,
        "clips": int,
        "load-percent": float,
        "vram-MB": float,
        "xruns": int,
    },
)

VersionRow = TypedDict("VersionRow", {"version": str, "protocol": int})

CapsRow = TypedDict("CapsRow", {"name": str, "value": str})


class GenerationOptions(TypedDict, total=False):
    """Keys of every command that makes a clip."""

    # tempo; of a source clip its own, else the transport's (20 to 300 bpm)
    bpm: float
    # style word of the engine, such as house
    style: str
    # key, such as C or 'A min' (Am works too)
    key: str
    # how busy: 0 sparse, 1 full (0 to 1)
    density: float
    # same seed, same device, same audio; random if absent (0 to 2147483647)
    seed: int
    # denoising steps; the engine's own if absent (1 to 1000)
    steps: int
    # engine to use; the default one if absent
    engine: str
    # words; those that name a style or a key steer
    prompt: str
    # name of the result; made up if absent
    clip: str
    # play the result when it is ready (0 to 1)
    play: int
    # when to play: at once, at the next beat or bar, or so many beats from now
    at: Literal["none", "beat", "bar"] | float
    # higher goes first in the queue (-100 to 100)
    priority: int


class GenerateOptions(GenerationOptions, total=False):
    """Keys of /msanii/generate."""

    # length of the new audio (0.5 to 190 s)
    seconds: float
    # length in bars at bpm, instead of seconds; whole bars close as a loop (0.125 to 400 bars)
    bars: float


class OutpaintOptions(GenerationOptions, total=False):
    """Keys of /msanii/outpaint."""

    # length of the new audio (0.5 to 190 s)
    seconds: float
    # length in bars at bpm, instead of seconds; whole bars close as a loop (0.125 to 400 bars)
    bars: float
    # where the new audio goes
    side: Literal["right", "left"]
    # 1: source and new audio in one clip; 0: new audio alone (0 to 1)
    keep: int


class InterpolateOptions(GenerationOptions, total=False):
    """Keys of /msanii/interpolate."""

    # 0 is all a, 1 is all b (0 to 1)
    mix: float
    # how far the blend is made anew (0 to 1)
    strength: float


class AudioToAudioOptions(GenerationOptions, total=False):
    """Keys of /msanii/audio2audio."""

    # 0 returns the source, 1 keeps nothing of it (0 to 1)
    strength: float


class RenderOptions(GenerationOptions, total=False):
    """Keys of /msanii/render."""

    # instrument; the notes' own programs if absent
    timbre: str
    # instrument to morph towards
    timbre2: str
    # 0 is all timbre, 1 is all timbre2 (0 to 1)
    mix: float
    # General MIDI program of all notes, from 0 (0 to 127)
    program: int
    # only so much, from the start; all of it if absent (0.5 to 190 s)
    seconds: float
    # so many of the last bars of take (4 if absent); of a file the first (0.125 to 400 bars)
    bars: float


class VocodeOptions(GenerationOptions, total=False):
    """Keys of /msanii/vocode."""

    # which; the server's own if absent
    vocoder: Literal["", "vocos", "bands", "griffin-lim"]
