"""Jobs that accompany the audio input: its last bars are heard, and answered on the beat."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from msanii_live.audio import Clip, as_stereo
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.lazy_transcriber import LazyTranscriber, Progress
from msanii_live.playback.now_playing import RecentInput
from msanii_live.playback.player import Player
from msanii_live.playback.shared_state import HostStat

INPUT_SECONDS = 24.0  # of the input that are listened to
SETTING_UP = 0.1  # s that it takes at most to hand a clip to the audio host
_FADE = 0.004  # s


def answered_bars(
    transcriber: LazyTranscriber,
    recent: RecentInput,
    bars: int,
    bpm: float | None,
    progress: Progress = lambda done, steps: None,
) -> RecentInput:
    """Return the last whole bars of the input as a loop with its notes, and when they began.

    bars: at most so many. bpm: the tempo, if it is known.
    Raises: CommandError: ENOCLIP, no bars are heard; and as `LazyTranscriber.follow`.
    """
    clip = recent.clip
    known = replace(clip, info=replace(clip.info, bpm=bpm or 0.0))
    followed = transcriber.follow(known, bars, progress)
    if followed is None:
        raise CommandError(
            Code.ENOCLIP,
            f"no whole bar is heard in the last {clip.info.seconds:.0f} s of the input: play on, "
            "or give its tempo with the key bpm",
        )
    rate, score = clip.info.sample_rate, followed.score
    frames, first = round(score.seconds * rate), round(followed.start * rate)
    samples = as_stereo(clip.samples)[first : first + frames]
    samples = np.pad(samples, ((0, frames - len(samples)), (0, 0)))
    info = replace(clip.info, frames=frames, channels=2, bpm=score.bpm, bar_offset=0.0, loops=True)
    return RecentInput(Clip(samples, info, score=score), recent.start + followed.start)


def play_answer(player: Player, clip: Clip, at: str, began: float) -> float:
    """Play the answer to the input as a loop, from the player's next bar line on.

    at: "beat": from the next beat on. began: second of the timeline at which the bars that it
    answers began; whatever the loop plays, it plays at the same place of such bars. Returns the
    second at which it starts.
    """
    info, score = clip.info, clip.score
    beats = score.beats if score is not None and score.beats else 4.0
    step = 60.0 / info.bpm * (1.0 if at == "beat" else beats)
    earliest = max(player.now(), player.stat(HostStat.RENDERED) / player.rate) + SETTING_UP
    start = began + math.ceil((earliest - began) / step) * step
    place = round((start - began) % info.seconds * info.sample_rate)
    turned = replace(clip, samples=np.roll(clip.samples, -place, axis=0))
    player.play(turned, when=start, loop=True, fade=_FADE)
    return start
