"""What is playing now, as a clip: the source `current` of a command."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from msanii_live.audio import Clip, make_clip
from msanii_live.audio.resampling import resample
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.notes import Score
from msanii_live.playback.command_queue import CommandQueue
from msanii_live.playback.host_proxy import HostProxy
from msanii_live.playback.mixer import Region, render
from msanii_live.playback.shared_state import HostStat
from msanii_live.timing.transport import Transport

LOOKBACK_SECONDS = 12.0  # of the recent past that `current` and `input` contain


@dataclass(frozen=True)
class NowPlaying:
    """What is playing. region: number of the region that plays longest, for `play_after`."""

    clip: Clip
    region: int


@dataclass(frozen=True)
class RecentInput:
    """The last seconds of the audio input. start: second of the timeline at which it begins."""

    clip: Clip
    start: float


def find_now_playing(
    queue: CommandQueue, host: HostProxy, transport: Transport, frame: int
) -> NowPlaying | None:
    """Return what plays at a frame, up to the end of what is scheduled to follow it.

    A single whole clip is returned as it is. Otherwise the clip is a mix, with the last 12 s before
    the frame. None: nothing plays. frame: of the timeline, at the host's rate.
    """
    rendered = int(host.stats[HostStat.RENDERED])
    regions = queue.regions
    live = [r for r in regions if not r.fallback and not (r.end and r.fade_out)]
    playing = [r for r in live if r.is_playing_at(frame)]
    # What is rendered and not yet heard counts, so that a clip is found right after its command.
    playing = playing or [r for r in live if r.start <= rendered]
    if not playing:  # unless the stream is late: then its last bar plays as a loop
        bar = next((r for r in regions if r.fallback and r.is_playing_at(frame)), None)
        if bar is None:
            return None
        clip = _mix([bar], queue, host, transport, frame, queue.clip(bar.clip))
        return NowPlaying(clip, bar.follows)
    chain = [r for r in live if r in playing or r.follows]
    latest = max(reversed(chain), key=lambda r: r.start)
    named = queue.clip(latest.clip)
    is_whole = latest.skip + latest.length == len(queue.samples(latest.clip))
    if named is not None and is_whole and len(chain) == 1 and named.info.name:
        return NowPlaying(named, latest.number)
    return NowPlaying(_mix(chain, queue, host, transport, frame, named), latest.number)


def _mix(
    chain: list[Region],
    queue: CommandQueue,
    host: HostProxy,
    transport: Transport,
    frame: int,
    named: Clip | None,
) -> Clip:
    """Return the recent output, then the chain's future, as one clip at 44,100 Hz."""
    rate, rendered = host.rate, int(host.stats[HostStat.RENDERED])
    first = max(0, frame - round(LOOKBACK_SECONDS * rate))
    past = host.output.read(first, rendered, rendered)
    ends = [region.finish for region in chain if region.finish is not None]
    loop_ends = [r.start + -(-(rendered - r.start) // r.length) * r.length for r in chain if r.loop]
    last = max(ends or loop_ends, default=rendered)
    future = render(chain, queue.all_samples(), rendered, max(0, last - rendered))
    samples = resample(np.concatenate([past, future]), rate, SAMPLE_RATE)
    start = max(0, rendered - len(past)) / rate
    bpm = named.info.bpm if named else 0.0
    bar_offset = transport.bars_at(start) % 1.0 if bpm else 0.0
    clip = make_clip(samples, SAMPLE_RATE, name="current", bpm=bpm, bar_offset=bar_offset)
    score = played_score(chain, named, start, clip.info.seconds, rate)
    return replace(clip, score=score)


def played_score(
    chain: list[Region], named: Clip | None, start: float, seconds: float, rate: int
) -> Score | None:
    """Return the notes of a span of the timeline, if one region alone plays all of it.

    named: the clip of the region. start, seconds: of the span, s. None: they are unknown.
    """
    region = chain[0]
    if len(chain) > 1 or named is None or named.score is None:
        return None
    length = region.length / rate
    whole = named.score.cut(region.skip / rate, region.skip / rate + length)
    begin = start - region.start / rate
    if begin < 0 or not length:  # before it, something else was heard, or nothing
        return None
    return (
        whole.looped(begin, begin + seconds) if region.loop else whole.cut(begin, begin + seconds)
    )
