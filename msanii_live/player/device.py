"""The player that sounds through an audio device.

sounddevice is imported inside functions alone: it fails without PortAudio, and opens a JACK client.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from msanii_live.audio import Clip, Samples
from msanii_live.player.mixing import render
from msanii_live.player.timeline import Place, Timeline
from msanii_live.player.transport import Transport

_MARGIN_BLOCKS = 2  # the block being mixed, and one more in case it ends meanwhile
_FOLLOW = 0.02  # of each callback's jitter that the estimate of the device's clock takes over
_JUMP = 0.05  # s: further off than this the device has paused, and the estimate begins anew


class DevicePlayer:
    """Mix voices in the callback of an output stream."""

    def __init__(self, device: str | int | None, transport: Transport) -> None:
        """Open a device at its own sample rate. device: name, number, or None for the default.

        Raises: ValueError: none or several have this name. sounddevice.PortAudioError: it cannot
            be opened.
        """
        import sounddevice

        found = sounddevice.query_devices(device, "output")
        rate = int(found["default_samplerate"])
        self.description = f"{found['name']}, {rate} Hz"
        self.xruns = 0
        self._timeline = Timeline(transport, rate)
        self._position = 0
        self._block = 0
        self._origin: float | None = None  # the transport's time of frame 0, s
        self._stream = sounddevice.OutputStream(
            device=device,
            samplerate=rate,
            channels=min(2, int(found["max_output_channels"])),
            dtype="float32",
            latency="high",  # Python mixes beside the models: safety before speed
            callback=self._fill,
        )

    @property
    def latency(self) -> float:
        """Seconds from a command to its sound."""
        return float(self._stream.latency) + _MARGIN_BLOCKS * self._block / self._rate

    @property
    def _rate(self) -> int:
        return self._timeline.sample_rate

    def start(self) -> None:
        """Let the device run; harmless when it does.

        Raises: sounddevice.PortAudioError: it does not.
        """
        if not self._stream.active:
            self._stream.start()

    def close(self) -> None:
        """Stop at once and give the device back; harmless when that was done."""
        self._stream.close()

    def play(self, clip: Clip, *, at: str, loop: bool, gain_db: float, fade: float) -> None:
        """Sound a clip; one of the same name that sounds fades out meanwhile.

        at: "none", "beat", "bar" or a number of beats from now. gain_db: dB. fade: s.
        Raises: CommandError: ERANGE, `at` is illegal.
        """
        samples = self._timeline.fit(clip)  # before looking where the device is: it takes time
        self._timeline.play(
            clip, samples, self._place(), at=at, loop=loop, gain_db=gain_db, fade=fade
        )

    def stop(self, name: str | None, *, at: str, fade: float) -> None:
        """Fade a clip out, or all. at: as `play`. fade: s.

        Raises: CommandError: ERANGE, `at` is illegal.
        """
        self._timeline.stop(name, self._place(), at=at, fade=fade)

    def current(self) -> Clip | None:
        """Return the clip that started last of those that sound now."""
        place = self._place()
        self._timeline.prune(self._position)
        return self._timeline.current(place.earliest)

    def _place(self) -> Place:
        now = self._timeline.transport.now()
        position = self._position
        origin = self._origin
        frame = position if origin is None else (now - origin) * self._rate
        return Place(now, frame, position + _MARGIN_BLOCKS * self._block)

    def _fill(self, out: Samples, frames: int, times: object, status: Any) -> None:
        """Mix one block; called by PortAudio's thread. out: float32 (frames, 1 or 2)."""
        if status.output_underflow:
            self.xruns += 1
        position = self._position
        self._block = frames
        self._follow(position)
        mix = render(self._timeline.voices, position, frames)
        out[:] = mix if out.shape[1] == 2 else np.mean(mix, axis=1, keepdims=True)
        self._position = position + frames

    def _follow(self, position: int) -> None:
        """Keep an estimate of the device's clock that single late callbacks do not shift."""
        origin = self._timeline.transport.now() - position / self._rate
        if self._origin is None or abs(origin - self._origin) > _JUMP:
            self._origin = origin
        else:
            self._origin += _FOLLOW * (origin - self._origin)
