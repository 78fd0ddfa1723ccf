"""The audio of a clip, made again from its sidecar."""

from __future__ import annotations

from pathlib import Path

import soundfile

from msanii_live.audio import ClipInfo
from msanii_live.config import PRECISIONS
from msanii_live.engines.base import Context, Engine
from msanii_live.engines.effects import with_drive_and_space
from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import ConfigError, MsaniiError
from msanii_live.library import midi_files
from msanii_live.library.library import Library
from msanii_live.midi import files
from msanii_live.protocol.commands import GenerationCommand
from msanii_live.protocol.request import parse_request

AUDIO_SUFFIXES = (".wav", ".flac", ".aif", ".aiff", ".mp3", ".ogg")


def render_again(
    sidecar: Path, out: Path | None, device: str, precision: str | None = None
) -> Path:
    """Make the audio of a sidecar again; its sources must lie beside it.

    precision: of the networks; None takes the one in the sidecar, or auto where it has none.
    Returns the WAV written: the same samples on the same kind of device at the same precision.
    Raises: MsaniiError: the sidecar is unreadable or is of a clip that no engine made, or the
    device lacks its precision.
    """
    info = read_sidecar(sidecar)
    pairs = [(f"@{k}", v) for k, v in info.command.items() if k != "address" and v != ""]
    positional = ("src", "start", "end", "a", "b", "midi")
    places = [info.command[name] for name in positional if name in info.command]
    keys = [part for k, v in pairs if k[1:] not in positional for part in (k, v)]
    command = parse_request(str(info.command["address"]), [*places, *keys]).command
    if not isinstance(command, GenerationCommand):
        raise MsaniiError(f"{sidecar} says {command.address}, which makes no clip")
    engine = _engine(info, device, precision)
    library = Library(sidecar.parent.absolute())
    context = Context(
        clip=library.get,
        progress=lambda step, steps: None,
        warn=print,
        tempo=info.bpm or 120.0,
        beats=4,
        seed=info.seed,
        score=lambda name: files.read(midi_files.find(library.folder, name), name),
    )
    clip = with_drive_and_space(engine, command, context, engine.run(command, context))
    path = out or sidecar.with_name(f"{info.name}-again.wav")
    try:
        soundfile.write(path, clip.samples, clip.info.sample_rate, subtype="FLOAT")
    except (OSError, soundfile.SoundFileError) as error:
        raise MsaniiError(f"cannot write {path}: {error}") from None
    return path


def read_sidecar(path: Path) -> ClipInfo:
    """Return what a sidecar says of a clip that an engine made.

    Raises: MsaniiError: it cannot be read, is no sidecar, or no engine made its clip.
    """
    if path.suffix.lower() in AUDIO_SUFFIXES:
        raise MsaniiError(
            f"{path} is sound: give the clip's sidecar, {path.with_suffix('.json').name} beside it"
        )
    try:
        info = ClipInfo.from_json(path.read_text("utf-8"))
        is_command = isinstance(info.command, dict) and isinstance(info.name, str)
    except OSError as error:
        raise MsaniiError(f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, TypeError, RecursionError):
        is_command = False
    if not is_command:
        raise MsaniiError(f"{path} is no sidecar of a clip: give the .json that lies beside one")
    if "address" not in info.command:
        raise MsaniiError(f"{info.name} was not made by an engine: there is nothing to make again")
    return info


def _engine(info: ClipInfo, device: str, precision: str | None) -> Engine:
    """Return the engine that made a clip, loaded. Raises: MsaniiError: as `render_again`."""
    wanted = precision or info.precision or "auto"
    if wanted not in PRECISIONS:
        raise MsaniiError(
            f"{info.name} was made at the precision {wanted!r}, which is unknown here: "
            f"give --precision, one of {', '.join(PRECISIONS)}"
        )
    engine = EngineRegistry(device, info.engine, precision=wanted).get()
    try:
        engine.load()
    except ConfigError as error:
        if precision is not None or wanted == "auto":
            raise
        raise ConfigError(
            f"{info.name} was made in {wanted}, which its sidecar asks for again: {error}"
        ) from None
    return engine
