"""`msanii-live live`: put a clip into Ableton Live, over AbletonOSC."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from msanii_live.cli.arguments import Commands, add_server_address, port_number

if TYPE_CHECKING:
    from msanii_live.audio import ClipInfo
    from msanii_live.client.ableton_osc import AbletonOSC


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "live",
        help="put a clip into Ableton Live, over AbletonOSC",
        description="Puts the notes of a clip into Live's session, a MIDI track for each part, or "
        "its sound or its stems, each on an audio track, in the selected scene or the next free "
        "one. Live needs AbletonOSC; for sound, one that has /live/clip_slot/create_audio_clip.",
    )
    add_server_address(parser)
    parser.add_argument(
        "--ableton-port", type=port_number, default=11_000,
        help="port on which AbletonOSC listens (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--reply-port", type=port_number, default=11_001,
        help="port to which it answers (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--put", choices=("notes", "sound", "stems"), default="notes", help="what (%(default)s)"
    )
    parser.add_argument("clip", nargs="?", default="last", help="its name (%(default)s)")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from msanii_live.client import Client
    from msanii_live.client.ableton_osc import AbletonOSC
    from msanii_live.errors import MsaniiError
    from msanii_live.library import sidecar

    with Client(arguments.host, arguments.port) as client:
        path = Path(str(client.clip_info(arguments.clip)[0]["path"]))
    try:
        info = sidecar.read_sidecar(path.parent, path.stem)
    except (OSError, ValueError) as error:
        raise MsaniiError(f"{path.with_suffix('.json')} cannot be read: {error}") from None
    put = _put_notes if arguments.put == "notes" else _put_sounds
    with AbletonOSC(arguments.ableton_port, arguments.reply_port) as live:
        put(live, path, info, arguments.put)
    return 0


def _put_notes(live: AbletonOSC, path: Path, info: ClipInfo, what: str) -> None:
    from msanii_live.client.ableton_osc import put_notes
    from msanii_live.library import companions

    midi = companions.find_path(path.parent, info, companions.MIDI)
    if midi is None:
        raise _missing(info, what)
    tracks = put_notes(live, midi, info.name, info.loops)
    print(f"The notes of {info.name} are in Live, on {', '.join(tracks)}.")


def _put_sounds(live: AbletonOSC, path: Path, info: ClipInfo, what: str) -> None:
    from msanii_live.client.ableton_osc import COMPLEX, MODES, SoundFile, put_sounds
    from msanii_live.library.companions import STEMS, find_path

    sounds = [SoundFile(path, info.name, "msanii")]
    if what == "stems":
        found = {part: find_path(path.parent, info, suffix) for part, suffix in STEMS.items()}
        sounds = [
            SoundFile(file, f"{info.name} {part}", f"msanii {part}", MODES.get(part, COMPLEX))
            for part, file in found.items()
            if file is not None
        ]
    if not sounds:
        raise _missing(info, what)
    for warning in put_sounds(live, sounds, info.seconds * info.bpm / 60, info.loops):
        print(warning)
    print(f"{info.name} is in Live, on {', '.join(sound.track for sound in sounds)}.")


def _missing(info: ClipInfo, what: str) -> Exception:
    from msanii_live.errors import MsaniiError

    return MsaniiError(
        f"{info.name} has no {what}: the engine composer makes clips with them, as in msanii-live "
        "send generate engine composer stems 1"
    )
