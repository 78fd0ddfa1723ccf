"""The audio recorder: takes of the input or the output, from now on or from the last minute."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from msanii_live.audio import Clip, Samples, limit, make_clip
from msanii_live.audio.resampling import resample
from msanii_live.errors import Code, CommandError
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.playback.player import Player
from msanii_live.playback.shared_state import HISTORY_SECONDS

MAX_TAKE_SECONDS = 600.0
_FETCH_INTERVAL = 0.25  # s; the player keeps the last minute


class _AudioTake:
    """A take in progress: the blocks fetched so far, up to a maximum length."""

    def __init__(self, player: Player, source: str, name: str, seconds: float | None) -> None:
        self.name = name
        self.source = source
        self._player = player
        self._blocks: list[Samples] = []
        self.first = self._next = player.position(source)
        self._host_rate = player.rate
        self._max_frames = player.to_frames(MAX_TAKE_SECONDS if seconds is None else seconds)
        self.start = player.now()
        player.read_history(source, self.first, self.first)  # raises if there is no input
        self.ended = threading.Event()
        self._lock = threading.Lock()

    def fetch(self) -> bool:
        """Fetch what has come in; return whether more is to come."""
        with self._lock:
            return self._fetch()

    def _fetch(self) -> bool:
        written = self._player.position(self.source)
        if self._player.rate != self._host_rate or written < self._next:
            return False  # another device: its input is not part of this take
        last = min(written, self.first + self._max_frames)
        self._blocks.append(self._player.read_history(self.source, self._next, last))
        self._next = max(self._next, last)
        return self._next < self.first + self._max_frames

    def samples(self) -> Samples:
        """Return all that was fetched: float32 (frames, 2) at the device's rate."""
        return np.concatenate(self._blocks) if self._blocks else np.zeros((0, 2), np.float32)


class AudioRecorder:
    """A recorder of one take at a time. Every method may be called from any thread."""

    def __init__(self, player: Player) -> None:
        """Start without a take."""
        self._player = player
        self._take: _AudioTake | None = None
        self._lock = threading.Lock()

    @property
    def is_recording(self) -> bool:
        """Whether a take is being recorded."""
        return self._take is not None

    def start(
        self, name: str, source: str, seconds: float | None, finished: Callable[[Clip], None]
    ) -> None:
        """Start a take.

        source: "input" or "output". seconds: after this time it ends by itself, and `finished` is
        called with it on another thread.
        Raises: CommandError: EBUSY, a take is being recorded; ENOCLIP, there is no input.
        """
        with self._lock:
            if self._take is not None:
                raise CommandError(Code.EBUSY, "a take is running: /msanii/record/stop ends it")
            take = self._take = _AudioTake(self._player, source, name, seconds)

        def run() -> None:
            while take.fetch() and not take.ended.wait(_FETCH_INTERVAL):
                pass
            with self._lock:
                is_current = self._take is take
                if is_current:
                    self._take = None
            if is_current:
                finished(self._clip(take.name, take.samples(), take.start, take.source))

        threading.Thread(target=run, name="recorder", daemon=True).start()

    def stop(self, name: str, source: str, seconds: float | None) -> Clip:
        """End the take and return it; without a take, return the last minute.

        name: replaces the name given at the start. seconds: only the last ones are returned.
        Raises: CommandError: ENOCLIP, nothing came in.
        """
        with self._lock:
            take, self._take = self._take, None
        if take is None:
            last = self._player.position(source)
            first = max(0, last - self._player.to_frames(seconds or HISTORY_SECONDS))
            samples = self._player.read_history(source, first, last)
            start = self._player.now() - len(samples) / self._player.rate
            return self._clip(name, samples, start, source)
        take.ended.set()
        take.fetch()
        samples, start = take.samples(), take.start
        if seconds is not None and (cut := len(samples) - self._player.to_frames(seconds)) > 0:
            samples, start = samples[cut:], start + cut / self._player.rate
        return self._clip(name or take.name, samples, start, take.source)

    def close(self) -> None:
        """Discard the take, if there is one."""
        with self._lock:
            if self._take is not None:
                self._take.ended.set()
            self._take = None

    def _clip(self, name: str, samples: Samples, start: float, source: str) -> Clip:
        if len(samples) < SAMPLE_RATE // 100:
            raise CommandError(Code.ENOCLIP, "nothing has come in that could be a take")
        if source == "output" and float(np.abs(samples).max()) >= 1.0:
            samples = limit(samples)  # the mix was too loud for the device, whose peaks are cut
        transport = self._player.transport
        return make_clip(
            resample(samples, self._player.rate, SAMPLE_RATE),
            SAMPLE_RATE,
            name=name,
            bpm=transport.bpm,
            bar_offset=transport.bars_at(start) % 1.0,
            command={"address": "/msanii/record/stop"},
        )
