"""The player that the configuration asks for."""

from __future__ import annotations

from msanii_live.errors import CommandError, ConfigError
from msanii_live.playback.host_proxy import HostProxy, ProcessHost, list_devices
from msanii_live.playback.player import Player
from msanii_live.playback.sinks import AudioDeviceError
from msanii_live.playback.supervisor import OnEvent
from msanii_live.playback.timebase import Timebase
from msanii_live.timing.transport import Transport

_FOLDER_ONLY = "clips go to the folder only"


def open_player(
    name: str, transport: Transport, timebase: Timebase, *, capture: bool = True
) -> tuple[Player, str | None]:
    """Open the player that `--audio` asks for.

    name: "none", "default", or a device's name or number. capture: open its input too. Returns the
    player, and a notice if "default" found no device; that is not an error.
    Raises: ConfigError: a named device is absent or cannot be opened; the text lists all devices.
    """
    if name == "none":
        return Player(transport, timebase), None
    device = None if name == "default" else int(name) if name.isdecimal() else name

    def open_host(on_event: OnEvent, origin: int) -> HostProxy:
        return ProcessHost(on_event, origin, device, capture)

    try:
        return Player(transport, timebase, open_host), None
    except (AudioDeviceError, CommandError, OSError) as error:
        if name != "default":
            raise ConfigError(f"audio is {name!r}: {error}; {_list_outputs()}") from None
        player = Player(transport, timebase, description="none", wants_device=True)
        return player, f"{error}; {_FOLDER_ONLY}"


def _list_outputs() -> str:
    try:
        found, _ = list_devices()
    except AudioDeviceError as error:
        return str(error)
    names = [str(d["name"]) for d in found if d["max_output_channels"]]
    return f"output devices are: {', '.join(names)}" if names else "there is no output device"
