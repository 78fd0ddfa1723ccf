"""`msanii-live live`: put the notes of a clip into Ableton Live, over AbletonOSC."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.arguments import Commands, add_server_address, port_number


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "live",
        help="put the notes of a clip into Ableton Live, over AbletonOSC",
        description="Puts the notes of a clip into Live's session, a MIDI track for each part, in "
        "the selected scene or the next free one. Live needs AbletonOSC, which has no message for "
        "sound files: drag those from the folder that is printed.",
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
    parser.add_argument("clip", nargs="?", default="last", help="its name (%(default)s)")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from msanii_live.client import Client
    from msanii_live.client.ableton_osc import AbletonOSC, put_notes
    from msanii_live.errors import MsaniiError
    from msanii_live.library import companions, sidecar

    with Client(arguments.host, arguments.port) as client:
        facts = client.clip_info(arguments.clip)[0]
    name, path = str(facts["name"]), Path(str(facts["path"]))
    try:
        info = sidecar.read_sidecar(path.parent, path.stem)
    except (OSError, ValueError) as error:
        raise MsaniiError(f"{path.with_suffix('.json')} cannot be read: {error}") from None
    midi = companions.find_path(path.parent, info, companions.MIDI)
    if midi is None:
        raise MsaniiError(
            f"{name} has no notes: the engine composer writes them, as in "
            "msanii-live send generate engine composer stems 1"
        )
    with AbletonOSC(arguments.ableton_port, arguments.reply_port) as live:
        tracks = put_notes(live, midi, name, info.loops)
    print(f"{name} is in Live, on {', '.join(tracks)}")
    print(f"Its sound and stems are in {path.parent}: drag them into Live.")
    return 0
