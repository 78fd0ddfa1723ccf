"""Plucked strings as an engine for msanii-live, in NumPy.

Source of the sound: Karplus & Strong 1983, "Digital synthesis of plucked-string and drum timbres",
Computer Music Journal 7(2).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from msanii_live.audio import Clip, Samples, as_stereo, make_clip
from msanii_live.engines.base import Capabilities, Context, EngineSettings, engine_factory
from msanii_live.engines.loudness import TARGET_LOUDNESS, measure_loudness, normalize_loudness
from msanii_live.engines.prompt_parser import key_name, parse_key
from msanii_live.errors import Code, CommandError
from msanii_live.protocol.commands import Generate, GenerationCommand, Outpaint

RATE = 44_100
FADE = 512  # frames at the end of a source that is continued
# Each style: seconds until a string is silent, and how bright it is, 0 to 1.
STYLES = {"harp": (2.5, 0.5), "guitar": (1.5, 0.7), "koto": (1.0, 1.0), "muted": (0.25, 0.4)}
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))  # major and minor, semitones
PROGRESSIONS = ((0, 5, 3, 4), (0, 3, 4, 0), (0, 4, 5, 3))  # scale degrees, one chord a bar


class PlucksEngine:
    """An engine of plucked strings. It has no weights, so it is always loaded."""

    loaded = True
    precision = ""
    capabilities = Capabilities(
        verbs=(Generate.address, Outpaint.address),
        sample_rate=RATE,
        channels=2,
        max_seconds=190.0,
        steps=1,
        styles=tuple(STYLES),
        follows=("style", "key", "density"),
    )

    def __init__(self, name: str) -> None:
        """Take the name that the server calls it by."""
        self.name = name

    def load(self) -> None:
        """Do nothing: there are no weights."""

    def warm(self) -> None:
        """Do nothing: the first clip is as fast as the next."""

    def free(self) -> None:
        """Do nothing: there is nothing to give back."""

    def memory_mb(self) -> float:
        """Return 0: it uses no device."""
        return 0.0

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Make a clip; see `msanii_live.engines.base.Engine.run`."""
        source = context.clip(command.src) if isinstance(command, Outpaint) else None
        if source is not None and source.info.sample_rate != RATE:
            raise CommandError(Code.EENGINE, f"{source.info.name} is not at {RATE} Hz")
        assert isinstance(command, Generate | Outpaint)  # the server checks `verbs`
        style, key = self._style(command, context, source), self._key(command, context, source)
        bpm = command.bpm or (source.info.bpm if source else 0.0) or context.tempo
        bar = context.beats * 60.0 / bpm  # s
        seconds = command.bars * bar if command.bars is not None else command.seconds
        frames = round(seconds * RATE)
        first = source.info.bar_offset if source else 0.0  # bars since a downbeat
        if isinstance(command, Outpaint) and source:
            first += (source.info.seconds if command.side == "right" else -seconds) / bar
        loops = source is None and command.bars is not None and command.bars == round(command.bars)
        density = 0.5 if command.density is None else command.density
        strokes = list(compose(context, key, density, bar, seconds, first))
        rings = -(
            -int((STYLES[style][0] + 0.1) * RATE) // frames
        )  # lengths that a string may ring on
        new = np.zeros((frames * (1 + rings), 2), np.float32)
        for number, (start, pitch, gain) in enumerate(strokes):
            context.progress(number, len(strokes))  # ends the job here if it was cancelled
            sound = gain * pluck(pitch, *STYLES[style], seed=context.seed + number)
            left, at = 0.35 + 0.3 * (number % 2), round(start * RATE)
            new[at : at + len(sound)] += sound[:, None] * np.array((left, 1 - left), np.float32)
        # The end of a loop rings into its start.
        new = new.reshape(1 + rings, frames, 2).sum(0) if loops else new[:frames]
        context.progress(len(strokes), len(strokes))
        level = measure_loudness(source.samples) if source else TARGET_LOUDNESS
        samples, offset = normalize_loudness(new, level), first
        if isinstance(command, Outpaint) and source and command.keep:
            samples, offset = join(source, samples, command.side, first)
        return make_clip(
            samples, RATE, seed=context.seed, bpm=round(bpm, 4), bar_offset=offset % 1.0,
            loops=loops, style=style, key=key_name(key),
            parents=(source.info.name,) if source else (),
        )  # fmt: skip

    def _style(self, command: GenerationCommand, context: Context, source: Clip | None) -> str:
        wanted = f"{command.prompt} {command.style}".split()
        known = [word for word in wanted if word in STYLES]
        if wanted and not known:
            context.warn(f"unknown words: {' '.join(wanted)}; styles are {', '.join(STYLES)}")
        before = source.info.style if source and source.info.style in STYLES else "guitar"
        return known[-1] if known else before

    def _key(self, command: GenerationCommand, context: Context, source: Clip | None) -> int:
        key = parse_key(command.key) if command.key else None
        if command.key and key is None:
            context.warn(f"{command.key!r} is no key; write C, F#m or Bb major")
        before = parse_key(source.info.key) if source and source.info.key else None
        return next((k for k in (key, before) if k is not None), 0)


def compose(
    context: Context, key: int, density: float, bar: float, seconds: float, first: float
) -> Iterator[tuple[float, int, float]]:
    """Yield strokes: start, s; pitch, MIDI key; gain. A chord a bar, broken over sixteenths.

    key: 0 (C major) to 23 (B minor). bar: s. first: bars from a downbeat to second 0.
    """
    rng = np.random.default_rng(context.seed)
    scale, chords = SCALES[key // 12], PROGRESSIONS[context.seed % len(PROGRESSIONS)]
    slots = 4 * context.beats
    for slot in range(
        -(-round(first * slots * 1e6) // 10**6), round((first + seconds / bar) * slots)
    ):
        number, place = divmod(slot, slots)
        root = chords[number % len(chords)]
        chance, degree = rng.random(), root + 2 * int(rng.integers(0, 6))
        start = (slot / slots - first) * bar
        if place == 0:
            yield start, 36 + key % 12 + scale[root], 1.0
        if chance < density * (1.0 if slot % 2 == 0 else 0.6):
            octave, step = divmod(degree, 7)
            yield start, 48 + key % 12 + 12 * octave + scale[step], 0.4 + 0.3 * (slot % 4 == 0)


def pluck(pitch: int, decay: float, brightness: float, seed: int) -> Samples:
    """Return a string's sound, float32, (frames,). decay: s. brightness: 0 to 1."""
    frequency = 440.0 * 2 ** ((pitch - 69) / 12)
    period = int(RATE / frequency)
    noise = np.random.default_rng(seed).uniform(-1, 1, period)
    wave = brightness * noise + (1 - brightness) * (noise + np.roll(noise, 1)) / 2
    gain = 10 ** (-3 / (decay * frequency))  # 60 dB over the decay
    periods = []
    for _ in range(int(decay * frequency) + 1):
        periods.append(wave)
        wave = gain * (wave + np.roll(wave, 1)) / 2  # the string's filter, a period at a time
    sound = np.concatenate(periods)
    # A period is whole frames and the filter delays by half of one: play it in tune.
    speed = (period + 0.5) * frequency / RATE
    at = np.arange(0, len(sound) - 1, speed)
    return np.asarray(np.interp(at, np.arange(len(sound)), sound), dtype=np.float32)


def join(source: Clip, new: Samples, side: str, first: float) -> tuple[Samples, float]:
    """Return the source with its continuation, and the bars from a downbeat to its start."""
    old = as_stereo(source.samples).copy()
    if side == "left":
        old[:FADE] *= np.linspace(0, 1, FADE, dtype=np.float32)[:, None]
        return np.concatenate([new, old]), first
    old[-FADE:] *= np.linspace(1, 0, FADE, dtype=np.float32)[:, None]
    return np.concatenate([old, new]), source.info.bar_offset


@engine_factory(plugin_api=1)
def create(settings: EngineSettings) -> PlucksEngine:
    """Make the engine; the entry point names this function."""
    return PlucksEngine(settings.name)
