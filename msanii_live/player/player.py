"""What a player is, and which one a server gets."""

from __future__ import annotations

from types import ModuleType
from typing import Protocol

from msanii_live.audio import Clip
from msanii_live.errors import ConfigError
from msanii_live.player.device import DevicePlayer
from msanii_live.player.silent import SilentPlayer
from msanii_live.player.transport import Transport

_NO_PORTAUDIO = "PortAudio is missing: apt-get install libportaudio2"
_FOLDER_ONLY = "clips go to the folder only"


class Player(Protocol):
    """Sound clips. Every method may be called from any thread."""

    @property
    def xruns(self) -> int:
        """How often the device had no samples in time."""

    @property
    def latency(self) -> float:
        """Seconds from a command to its sound."""

    @property
    def description(self) -> str:
        """The device, in words."""

    def start(self) -> None:
        """Let the device run; harmless when it does."""

    def close(self) -> None:
        """Stop at once and give the device back."""

    def play(self, clip: Clip, *, at: str, loop: bool, gain_db: float, fade: float) -> None:
        """Sound a clip beside what sounds; one of the same name fades out as it fades in.

        at: "none", "beat", "bar" or a number of beats from now. gain_db: dB. fade: s.
        Raises: CommandError: ERANGE, `at` is illegal.
        """

    def stop(self, name: str | None, *, at: str, fade: float) -> None:
        """Fade a clip out, or all where `name` is None. at: as `play`. fade: s.

        Raises: CommandError: ERANGE, `at` is illegal.
        """

    def current(self) -> Clip | None:
        """Return the clip that started last of those that sound now."""


def open_player(name: str, transport: Transport) -> tuple[Player, str | None]:
    """Open and start the player that `--audio` asks for.

    name: "none", "default", or a device's name or number. Returns it, and a notice for the user
    where "default" found nothing to sound through; that is never an error.
    Raises: ConfigError: a named device is absent or cannot be opened; it lists those there are.
    """
    if name == "none":
        return SilentPlayer(transport), None
    try:
        import sounddevice
    except (OSError, ImportError) as error:  # OSError: no PortAudio
        remedy = _NO_PORTAUDIO if isinstance(error, OSError) else "pip install sounddevice"
        if name != "default":
            raise ConfigError(f"audio is {name!r}: {remedy}") from None
        return _silent(transport, remedy)
    device = None if name == "default" else int(name) if name.isdecimal() else name
    try:
        player = DevicePlayer(device, transport)
    except (ValueError, sounddevice.PortAudioError) as error:
        if name != "default":
            raise ConfigError(f"audio is {name!r}: {error}; {_outputs(sounddevice)}") from None
        return _silent(transport, f"no audio device ({error}): connect one and start again")
    try:
        player.start()
    except sounddevice.PortAudioError as error:
        player.close()
        if name != "default":
            raise ConfigError(f"audio is {name!r}: {error}; {_outputs(sounddevice)}") from None
        return _silent(transport, f"the audio device does not start ({error})")
    return player, None


def _silent(transport: Transport, why: str) -> tuple[Player, str]:
    return SilentPlayer(transport), f"{why}; {_FOLDER_ONLY}"


def _outputs(sounddevice: ModuleType) -> str:
    names = [d["name"] for d in sounddevice.query_devices() if d["max_output_channels"] > 0]
    return f"output devices are: {', '.join(names)}" if names else "there is no output device"
