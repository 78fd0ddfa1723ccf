"""Sinks for rendered frames: an audio device, or a silent one that runs at the same pace.

sounddevice is imported only inside functions: it fails without PortAudio, and it opens a JACK
client in the process that imports it. Only the audio host, a separate process, opens a device.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from msanii_live.audio import Samples

NANO = 1_000_000_000
_INPUT_RING_FRAMES = 32_768  # of input that may wait to be read
_STALL_NS = NANO * 7 // 10  # without a block for so long, the device is gone
_START_TIMEOUT = 1.5  # s in which a device must ask for its first block


class AudioDeviceError(Exception):
    """The device cannot be opened, or has stopped."""


class Sink(Protocol):
    """A consumer of frames with its own clock. Times are of `time.monotonic_ns`.

    rate: frames per second. block: frames taken at once. ring: frames written ahead at most, 0 for
    a sink without a ring. inputs: number of input channels. latency: ns from the moment that a
    block is taken until its first frame is heard. input_latency: ns from the moment that a block of
    input has come in until it can be read.
    """

    description: str
    rate: int
    block: int
    ring: int
    inputs: int
    latency: int
    input_latency: int

    def start(self) -> None:
        """Start to take what has been written."""

    def writable(self, position: int, now: int) -> int:
        """Return how many frames from `position` on can be written at once."""

    def write(self, block: Samples) -> None:
        """Write frames. block: float32 (frames, 2)."""

    def consumed(self, position: int, now: int) -> int:
        """Return the first frame that has not been taken. position: the end of what is written."""

    def has_underrun(self, now: int) -> bool:
        """Return whether frames were missing; if so, `start` must be called again.

        Raises: AudioDeviceError.
        """

    def read_input(self) -> Samples | None:
        """Return the input since the last call, float32 (frames, 2)."""

    def underflows(self) -> int:
        """Return how many blocks the device reports as lost."""

    def close(self) -> None:
        """Close the device."""


class SilentSink:
    """A sink that takes frames at the clock's pace and plays nothing."""

    latency = input_latency = 0
    inputs = 0
    block = 0
    ring = 0

    def __init__(self, origin: int, rate: int = 44_100, description: str = "none") -> None:
        """Set the clock. origin: when frame 0 was heard, ns. rate: frames per second."""
        self.description = description
        self.rate = rate
        self._origin = origin
        self._ahead = rate // 25

    def start(self) -> None:
        """Do nothing: the clock already runs."""

    def writable(self, position: int, now: int) -> int:
        """Return how many frames from `position` on are due within 40 ms."""
        return self.consumed(position, now) + self._ahead - position

    def write(self, block: Samples) -> None:
        """Discard the frames."""

    def consumed(self, position: int, now: int) -> int:
        """Return the frame that would be heard now."""
        return (now - self._origin) * self.rate // NANO

    def has_underrun(self, now: int) -> bool:
        """Return False: nobody listens."""
        return False

    def read_input(self) -> Samples | None:
        """Return None: there is no input."""
        return None

    def underflows(self) -> int:
        """Return 0."""
        return 0

    def close(self) -> None:
        """Do nothing."""


class DeviceSink:
    """An audio device fed from a ring buffer by a callback in C, which Python cannot delay."""

    def __init__(self, device: str | int | None, *, realtime: bool, capture: bool) -> None:
        """Open a device at its own rate, with its input if `capture` is set and it has one.

        Raises: AudioDeviceError: it is absent, ambiguous or busy, or takes no audio.
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
        self.inputs = min(2, int(found["max_input_channels"])) if capture else 0
        index = int(found["index"])
        try:
            self._mixer = self._open(index)
        except (ValueError, sounddevice.PortAudioError) as error:
            raise AudioDeviceError(f"{found['name']} cannot be opened ({error})") from None
        self._underflows = 0
        self._stats_request: Any = None
        self._stats_time = 0
        self.block = self._start_stream()
        self.ring = _ring_frames(self.block, self.rate, realtime)
        self._out = rtmixer.RingBuffer(4 * self._channels, self.ring)
        self._playing: Any = None
        self._recording: Any = None
        self._in = rtmixer.RingBuffer(4 * self.inputs, _INPUT_RING_FRAMES) if self.inputs else None
        self._last_fill, self._last_change = -1, 0
        inputs = "" if not self.inputs else f", {self.inputs} in"
        self.description = f"{found['name']}, {self.rate} Hz{inputs}"
        latency = self._mixer.latency
        before, after = latency if isinstance(latency, tuple) else (0.0, latency)
        self.latency = int(float(after) * NANO)
        # What PortAudio tells is of a block's first frame, and holds the block itself.
        self.input_latency = max(0, int(float(before) * NANO) - self.block * NANO // self.rate)

    def start(self) -> None:
        """Start to take what has been written."""
        self._playing = self._mixer.play_ringbuffer(self._out)
        self._last_change = time.monotonic_ns()

    def writable(self, position: int, now: int) -> int:
        """Return how many frames the ring has room for."""
        return int(self._out.write_available)

    def write(self, block: Samples) -> None:
        """Write frames to the ring. block: float32 (frames, 2)."""
        if self._channels == 1:
            block = np.mean(block, axis=1, keepdims=True, dtype=np.float32)
        self._out.write(np.ascontiguousarray(block))

    def consumed(self, position: int, now: int) -> int:
        """Return the first frame that is still in the ring."""
        return position - int(self._out.read_available)

    def has_underrun(self, now: int) -> bool:
        """Return whether the ring was empty when frames were due; rtmixer then stops reading it.

        Raises: AudioDeviceError: the callback has stopped.
        """
        fill = int(self._out.read_available)
        if fill != self._last_fill:
            self._last_fill, self._last_change = fill, now
        elif now - self._last_change > _STALL_NS:
            raise AudioDeviceError("the audio device has stopped")
        if not self._mixer.active:
            raise AudioDeviceError("the audio device has gone")
        if self._playing is not None and self._playing not in self._mixer.actions:
            self._playing = None
            return True
        return False

    def read_input(self) -> Samples | None:
        """Return the input since the last call, float32 (frames, 2)."""
        if self._in is None:
            return None
        if self._recording is None or self._recording not in self._mixer.actions:
            self._recording = self._mixer.record_ringbuffer(self._in)
        waiting = int(self._in.read_available)
        if not waiting:
            return None
        block = np.frombuffer(self._in.read(waiting), dtype=np.float32)
        block = block.reshape(-1, self.inputs)
        return block if self.inputs == 2 else np.repeat(block, 2, axis=1)

    def underflows(self) -> int:
        """Return how many blocks the device reports as lost, as of a second ago."""
        if self._stats_request is not None and self._stats_request not in self._mixer.actions:
            self._underflows += int(self._stats_request.stats.output_underflows)
            self._stats_request = None
        now = time.monotonic_ns()
        if self._stats_request is None and now - self._stats_time > NANO:
            self._stats_request, self._stats_time = self._mixer.fetch_and_reset_stats(), now
        return self._underflows

    def close(self) -> None:
        """Stop at once and close the device."""
        self._mixer.abort()
        self._mixer.close()

    def _open(self, index: int) -> Any:
        """Open input and output; if that fails, the output alone."""
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

    def _start_stream(self) -> int:
        """Start the stream and return how many frames its callback asks for at once.

        Raises: AudioDeviceError: it does not start, or takes no audio.
        """
        import sounddevice

        try:
            self._mixer.start()
        except sounddevice.PortAudioError as error:
            self._mixer.close()
            raise AudioDeviceError(f"the audio device does not start ({error})") from None
        deadline = time.monotonic() + _START_TIMEOUT
        while time.monotonic() < deadline:
            time.sleep(0.02)
            request = self._mixer.fetch_and_reset_stats()
            while request in self._mixer.actions and time.monotonic() < deadline:
                time.sleep(0.002)
            if request not in self._mixer.actions and request.stats.blocks:
                return int(request.stats.max_blocksize)
        self._mixer.abort()
        self._mixer.close()
        raise AudioDeviceError("the audio device starts but takes no sound")


def _ring_frames(block: int, rate: int, realtime: bool) -> int:
    """Return the ring's size: four blocks, and at least 93 ms, or 46 ms with real-time priority."""
    safe = 2_048 if realtime and block <= 256 else 4_096
    return 1 << max(4 * block - 1, safe * max(1, round(rate / 48_000)) - 1).bit_length()
