"""`msanii-live render`: make a clip again from its sidecar."""

from __future__ import annotations

from pathlib import Path

import soundfile

from msanii_live.audio import ClipInfo
from msanii_live.config import PRECISIONS
from msanii_live.engines.base import Context, Engine
from msanii_live.engines.registry import Shelf
from msanii_live.errors import ConfigError, MsaniiError
from msanii_live.player import midi_files
from msanii_live.player.folder import Library
from msanii_live.protocol.commands import MakingCommand, parse


def render_again(
    sidecar: Path, out: Path | None, device: str, precision: str | None = None
) -> Path:
    """Make the audio of a sidecar again; its sources must lie beside it.

    precision: of the networks; None takes the one in the sidecar, or auto where it has none.
    Returns the WAV written: the same samples on the same kind of device at the same precision.
    Raises: MsaniiError: the sidecar is unreadable or is of a clip that no engine made, or the
    device lacks its precision.
    """
    try:
        info = ClipInfo.from_json(sidecar.read_text())
    except (OSError, ValueError) as error:
        raise MsaniiError(f"cannot read {sidecar}: {error}") from None
    if "address" not in info.command:
        raise MsaniiError(f"{info.name} was not made by an engine: there is nothing to make again")
    pairs = [(f"@{k}", v) for k, v in info.command.items() if k != "address" and v != ""]
    positional = ("src", "start", "end", "a", "b", "midi")
    places = [info.command[name] for name in positional if name in info.command]
    keys = [part for k, v in pairs if k[1:] not in positional for part in (k, v)]
    command = parse(str(info.command["address"]), [*places, *keys]).command
    assert isinstance(command, MakingCommand)
    engine = _engine(info, device, precision)
    library = Library(sidecar.parent.absolute())
    context = Context(
        clip=library.get,
        progress=lambda step, steps: None,
        warn=print,
        tempo=info.bpm or 120.0,
        beats=4,
        seed=info.seed,
        score=lambda name: midi_files.read(midi_files.find(library.folder, name), name),
    )
    clip = engine.run(command, context)
    path = out or sidecar.with_name(f"{info.name}-again.wav")
    soundfile.write(path, clip.samples, clip.info.sample_rate, subtype="FLOAT")
    return path


def _engine(info: ClipInfo, device: str, precision: str | None) -> Engine:
    """Load the engine that made a clip. Raises: MsaniiError, as `render_again`."""
    wanted = precision or info.precision or "auto"
    if wanted not in PRECISIONS:
        raise MsaniiError(
            f"{info.name} was made at the precision {wanted!r}, which is unknown here: "
            f"give --precision, one of {', '.join(PRECISIONS)}"
        )
    engine = Shelf(device, info.engine, precision=wanted).get()
    try:
        engine.load()
    except ConfigError as error:
        if precision is not None or wanted == "auto":
            raise
        raise ConfigError(
            f"{info.name} was made in {wanted}, which its sidecar asks for again: {error}"
        ) from None
    return engine
