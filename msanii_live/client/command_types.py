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

ClipParentRow = TypedDict(
    "ClipParentRow", {"depth": int, "clip": str, "parent": str, "is-there": int}
)

UndoEntryRow = TypedDict("UndoEntryRow", {"index": int, "total": int, "kind": str, "text": str})

SceneEntryRow = TypedDict("SceneEntryRow", {"index": int, "total": int, "name": str})

MapEntryRow = TypedDict(
    "MapEntryRow",
    {"param": str, "control": str, "channel": int, "number": int, "low": float, "high": float},
)

AutomationEntryRow = TypedDict(
    "AutomationEntryRow",
    {"index": int, "total": int, "name": str, "beats": float, "changes": int, "state": str},
)

JobEntryRow = TypedDict(
    "JobEntryRow",
    {"job": int, "position": int, "owner-token": str, "command": str, "fraction": float},
)

EngineEntryRow = TypedDict("EngineEntryRow", {"engine": str, "state": str, "verbs": str})

EngineInfoRow = TypedDict("EngineInfoRow", {"engine": str, "name": str, "value": str})

LoraEntryRow = TypedDict("LoraEntryRow", {"lora": str, "engine": str, "weight": float})

WorkerEntryRow = TypedDict(
    "WorkerEntryRow",
    {
        "worker": int,
        "state": str,
        "engines": str,
        "device": str,
        "host": str,
        "memory-MB": float,
        "job": int,
        "waiting": int,
    },
)

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

    # tempo; if absent, the source clip's, or else the transport's (20 to 300 bpm)
    bpm: float
    # a style that the engine knows, such as house
    style: str
    # musical key, such as C, 'A min' (or Am) or 'D dorian'
    key: str
    # how many notes and hits: 0 is sparse, 1 is full (0 to 1)
    density: float
    # the same seed on the same device gives the same audio; random if absent (0 to 2147483647)
    seed: int
    # denoising steps; the engine's default if absent (1 to 1000)
    steps: int
    # engine to use; the default one if absent
    engine: str
    # free text; words that name a style, a key or a tempo are used where style, key and bpm are
    # absent
    prompt: str
    # free text of what to avoid, for published models
    negative: str
    # how strictly a published model follows its words; the model's own if absent (0 to 30)
    guidance: float
    # words to be sung, for models that sing; after a prompt they begin with a section, such as
    # [verse], or the key is written @lyrics
    lyrics: str
    # a chord for each bar, such as 'Am F C G', or 'Am:2 Bb/D:2' for two bars each; repeated
    chords: str
    # metre: 4/4, 3/4, 6/8, 5/4, 7/8, 2/4, 9/8, 12/8; the transport's if absent
    metre: str
    # delay of each second sixteenth: 0 is straight, 1 is triplets (0 to 1)
    swing: float
    # sections and their bars, such as 'intro 4, verse 8'; sections are intro, verse, chorus,
    # bridge, break, outro; the clip is as long, if generate has neither seconds nor bars
    form: str
    # parts to make: drums, bass, chords, lead, pad; all if absent
    parts: str
    # saturation: 0 is clean, 1 is full; as the engine has it if absent (0 to 1)
    drive: float
    # room: 0 is dry, 1 is far away; as the engine has it if absent (0 to 1)
    space: float
    # 1: also write the parts as NAME.drums.wav and so on (0 to 1)
    stems: int
    # how often a clip that misses tempo or key is made again, by engines that promise neither,
    # for generate; each try takes the next seed (1 to 16)
    tries: int
    # clips to make, with this seed and the next ones: NAME-1, NAME-2 and so on (1 to 16)
    count: int
    # name of the new clip; generated if absent
    clip: str
    # 1: play the new clip when it is ready (0 to 1)
    play: int
    # when it is played: none (at once), the next beat or bar, or a number of beats from now
    at: Literal["none", "beat", "bar"] | float
    # jobs with a higher priority run first (-100 to 100)
    priority: int


class GenerateOptions(GenerationOptions, total=False):
    """Keys of /msanii/generate."""

    # length of the new audio (0.5 to 190 s)
    seconds: float
    # length in bars at bpm, instead of seconds; a whole number of bars makes a loop (0.125 to
    # 400 bars)
    bars: float


class OutpaintOptions(GenerationOptions, total=False):
    """Keys of /msanii/outpaint."""

    # length of the new audio (0.5 to 190 s)
    seconds: float
    # length in bars at bpm, instead of seconds; a whole number of bars makes a loop (0.125 to
    # 400 bars)
    bars: float
    # right: the new audio follows the source; left: it precedes the source
    side: Literal["right", "left"]
    # 1: the clip has the source and the new audio; 0: only the new audio (0 to 1)
    keep: int


class InterpolateOptions(GenerationOptions, total=False):
    """Keys of /msanii/interpolate."""

    # 0 is only a, 1 is only b (0 to 1)
    mix: float
    # how much of the blend is regenerated: 0 is the plain blend, 1 keeps little of it (0 to 1)
    strength: float


class AudioToAudioOptions(GenerationOptions, total=False):
    """Keys of /msanii/audio2audio."""

    # 0 returns the source unchanged, 1 keeps nothing of it (0 to 1)
    strength: float
    # notes: the same notes with another sound; sound: other notes with the same sound
    hold: Literal["none", "notes", "sound"]


class RenderOptions(GenerationOptions, total=False):
    """Keys of /msanii/render."""

    # instrument or kit; the notes' own programs if absent
    timbre: str
    # second instrument, to morph towards
    timbre2: str
    # 0 is only timbre, 1 is only timbre2 (0 to 1)
    mix: float
    # General MIDI program for all notes, from 0 (0 to 127)
    program: int
    # render only so much from the start; everything if absent (0.5 to 190 s)
    seconds: float
    # for take, the number of last bars (4 if absent); for a file, the number of first bars
    # (0.125 to 400 bars)
    bars: float


class VocodeOptions(GenerationOptions, total=False):
    """Keys of /msanii/vocode."""

    # vocoder to use; the server's if absent
    vocoder: Literal["", "vocos", "bands", "griffin-lim"]


class AccompanyOptions(GenerationOptions, total=False):
    """Keys of /msanii/accompany."""

    # of input, how many of the last bars are answered; fewer if there are not as many (1 to 16)
    bars: int
