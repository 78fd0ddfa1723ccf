"""Where rendered frames go: an audio device, or nowhere at the same pace.

sounddevice is imported inside functions alone: it fails without PortAudio, and opens a JACK client
in whichever process does it. Only the audio host, a process of its own, opens a device.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from msanii_live.audio import Samples

NANO = 1_000_000_000
_LISTENED = 32_768  # frames of input that may wait to be fetched
_STANDSTILL = NANO * 7 // 10  # without a block for so long, the device is gone
_GREETING = 1.5  # s in which a device must ask for its first blocks


class AudioDeviceError(Exception):
    """Tell that the device cannot be opened, or runs no more."""


class Sink(Protocol):
    """Take frames at the pace of a clock of its own. Times are of `time.monotonic_ns`.

    block: frames taken at once. inputs: channels heard. latency: ns from the moment that a block is
    taken until its first frame is heard.
    """

    description: str
    rate: int
    block: int
    inputs: int
    latency: int

    def begin(self) -> None:
        """Start to take what has been written."""

    def room(self, position: int, now: int) -> int:
        """Return how many frames from `position` on it wants at once."""

    def write(self, block: Samples) -> None:
        """Take frames. block: float32 (frames, 2)."""

    def taken(self, position: int, now: int) -> int:
        """Return the first frame before `position` that has not been taken."""

    def ran_dry(self, now: int) -> bool:
        """Tell whether frames were missing, and `begin` must be called again.

        Raises: DeviceLost.
        """

    def heard(self) -> Samples | None:
        """Return what came in since the last call, float32 (frames, 2)."""

    def underflows(self) -> int:
        """Return how many blocks the device says were lost."""

    def close(self) -> None:
        """Give the device back."""


class SilentSink:
    """Take frames by the clock and sound nothing."""

    latency = 0
    inputs = 0
    block = 0
    ring = 0

    def __init__(self, origin: int, rate: int = 44_100, description: str = "none") -> None:
        """Count from a time at which frame 0 was heard, ns."""
        self.description = description
        self.rate = rate
        self._origin = origin
        self._ahead = rate // 25

    def begin(self) -> None:
        """Do nothing: the clock runs already."""

    def room(self, position: int, now: int) -> int:
        """Return how many frames from `position` on are due within 40 ms."""
        return self.taken(position, now) + self._ahead - position

    def write(self, block: Samples) -> None:
        """Let frames go by."""

    def taken(self, position: int, now: int) -> int:
        """Return the frame that would be heard now."""
        return (now - self._origin) * self.rate // NANO

    def ran_dry(self, now: int) -> bool:
        """Tell that nothing was missing: nobody listens."""
        return False

    def heard(self) -> Samples | None:
        """Return nothing."""
        return None

    def underflows(self) -> int:
        """Return 0."""
        return 0

    def close(self) -> None:
        """Do nothing."""


class DeviceSink:
    """Fill a ring that a callback in C empties: what Python does cannot make it late."""

    def __init__(self, device: str | int | None, *, realtime: bool, listen: bool) -> None:
        """Open a device at its own rate, and its input too where it has one and `listen`.

        Raises: DeviceLost: absent, ambiguous, busy, or asking for no blocks.
        """
        try:
            import rtmixer
            import sounddevice
        except OSError:
            raise AudioDeviceError("PortAudio is missing: apt-get install libportaudio2") from None
        except ImportError as error:
            raise AudioDeviceError(f"{error.name} is missing: pip install {error.name}") from None
        self._rtmixer = rtmixer
        try:
            found = sounddevice.query_devices(device, "output")
        except (ValueError, sounddevice.PortAudioError) as error:
            raise AudioDeviceError(f"no audio device ({error}): connect one") from None
        self.rate = int(found["default_samplerate"])
        self._channels = min(2, int(found["max_output_channels"]))
        self.inputs = min(2, int(found["max_input_channels"])) if listen else 0
        index = int(found["index"])
        try:
            self._mixer = self._open(index)
        except (ValueError, sounddevice.PortAudioError) as error:
            raise AudioDeviceError(f"{found['name']} cannot be opened ({error})") from None
        self._underflows = 0
        self._counting: Any = None
        self._counted = 0
        self.block = self._greet()
        self.ring = _ring_frames(self.block, self.rate, realtime)
        self._out = rtmixer.RingBuffer(4 * self._channels, self.ring)
        self._playing: Any = None
        self._listening: Any = None
        self._in = rtmixer.RingBuffer(4 * self.inputs, _LISTENED) if self.inputs else None
        self._last_taken, self._last_move = -1, 0
        ports = "" if not self.inputs else f", {self.inputs} in"
        self.description = f"{found['name']}, {self.rate} Hz{ports}"
        latency = self._mixer.latency
        seconds = latency[1] if isinstance(latency, tuple) else latency
        self.latency = int(float(seconds) * NANO)

    def begin(self) -> None:
        """Start to take what has been written."""
        self._playing = self._mixer.play_ringbuffer(self._out)
        self._last_move = time.monotonic_ns()

    def room(self, position: int, now: int) -> int:
        """Return how many frames the ring has room for."""
        return int(self._out.write_available)

    def write(self, block: Samples) -> None:
        """Put frames into the ring. block: float32 (frames, 2)."""
        if self._channels == 1:
            block = np.mean(block, axis=1, keepdims=True, dtype=np.float32)
        self._out.write(np.ascontiguousarray(block))

    def taken(self, position: int, now: int) -> int:
        """Return the first frame that is still in the ring."""
        return position - int(self._out.read_available)

    def ran_dry(self, now: int) -> bool:
        """Tell whether the ring was empty when frames were due; rtmixer then leaves it for good.

        Raises: DeviceLost: the callback comes no more.
        """
        left = int(self._out.read_available)
        if left != self._last_taken:
            self._last_taken, self._last_move = left, now
        elif now - self._last_move > _STANDSTILL:
            raise AudioDeviceError("the audio device has stopped")
        if not self._mixer.active:
            raise AudioDeviceError("the audio device has gone")
        if self._playing is not None and self._playing not in self._mixer.actions:
            self._playing = None
            return True
        return False

    def heard(self) -> Samples | None:
        """Return what came in since the last call, float32 (frames, 2)."""
        if self._in is None:
            return None
        if self._listening is None or self._listening not in self._mixer.actions:
            self._listening = self._mixer.record_ringbuffer(self._in)
        waiting = int(self._in.read_available)
        if not waiting:
            return None
        block = np.frombuffer(self._in.read(waiting), dtype=np.float32)
        block = block.reshape(-1, self.inputs)
        return block if self.inputs == 2 else np.repeat(block, 2, axis=1)

    def underflows(self) -> int:
        """Return how many blocks the device says were lost, as of a second ago."""
        if self._counting is not None and self._counting not in self._mixer.actions:
            self._underflows += int(self._counting.stats.output_underflows)
            self._counting = None
        now = time.monotonic_ns()
        if self._counting is None and now - self._counted > NANO:
            self._counting, self._counted = self._mixer.fetch_and_reset_stats(), now
        return self._underflows

    def close(self) -> None:
        """Stop at once and give the device back."""
        self._mixer.abort()
        self._mixer.close()

    def _open(self, index: int) -> Any:
        """Open both ways where there is an input, and the output alone where that fails."""
        import sounddevice

        options = {"samplerate": self.rate, "blocksize": 0, "latency": "low"}
        if self.inputs:
            try:
                return self._rtmixer.MixerAndRecorder(
                    device=(index, index), channels=(self.inputs, self._channels), **options
                )
            except (ValueError, sounddevice.PortAudioError):
                self.inputs = 0
        return self._rtmixer.Mixer(device=index, channels=self._channels, **options)

    def _greet(self) -> int:
        """Start the stream and return how many frames its callback asks for at once.

        Raises: DeviceLost: it does not start, or asks for none.
        """
        import sounddevice

        try:
            self._mixer.start()
        except sounddevice.PortAudioError as error:
            self._mixer.close()
            raise AudioDeviceError(f"the audio device does not start ({error})") from None
        until = time.monotonic() + _GREETING
        while time.monotonic() < until:
            time.sleep(0.02)
            asked = self._mixer.fetch_and_reset_stats()
            while asked in self._mixer.actions and time.monotonic() < until:
                time.sleep(0.002)
            if asked not in self._mixer.actions and asked.stats.blocks:
                return int(asked.stats.max_blocksize)
        self._mixer.abort()
        self._mixer.close()
        raise AudioDeviceError("the audio device starts but takes no sound")


def _ring_frames(block: int, rate: int, realtime: bool) -> int:
    """Return how far to render ahead: four blocks, and 93 ms, or 46 where that was shown to do."""
    safe = 2_048 if realtime and block <= 256 else 4_096
    return 1 << max(4 * block - 1, safe * max(1, round(rate / 48_000)) - 1).bit_length()
