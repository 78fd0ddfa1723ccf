"""Check that the input is answered on its own bar lines, whatever the transport says."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.errors import Code
from msanii_live.jobs.accompaniment import SETTING_UP, answered_bars, play_answer
from msanii_live.jobs.lazy_transcriber import LazyTranscriber
from msanii_live.notes import Note, Score
from msanii_live.playback.now_playing import RecentInput
from msanii_live.transcription.following import FollowedBars
from tests.library.clips import refusal

RATE = 44_100
BAR = 2.1  # s
BARS = Score(
    (Note(0.0, 0.5, 60, 90, part="chords"),), 4 * BAR, bpm=240 / BAR, beats=4.0, is_loop=True
)


class Following(LazyTranscriber):
    """A transcriber that has found the bars already."""

    def __init__(self, found):
        super().__init__()
        self.found, self.asked = found, []

    def follow(self, clip, bars, progress=lambda done, steps: None):
        self.asked.append((clip.info.bpm, bars))
        return self.found


def recent(seconds=12.0):
    wave = np.arange(round(seconds * RATE), dtype=np.float32)
    return RecentInput(make_clip(np.stack([wave, wave], axis=1), RATE, name="input"), 100.0)


def test_the_last_bars_are_cut_out_as_a_loop_with_their_time():
    transcriber = Following(FollowedBars(BARS, 3.5))
    found = answered_bars(transcriber, recent(), 4, 114.0)
    assert transcriber.asked == [(114.0, 4)]
    assert found.start == 103.5
    info = found.clip.info
    assert (info.frames, info.loops, info.bar_offset) == (round(4 * BAR * RATE), True, 0.0)
    assert info.bpm == BARS.bpm
    assert found.clip.samples[0, 0] == round(3.5 * RATE)
    assert found.clip.score is BARS


def test_a_bar_that_is_not_quite_over_is_filled_with_silence():
    found = answered_bars(Following(FollowedBars(BARS, 3.5)), recent(3.5 + 4 * BAR - 0.02), 4, None)
    assert len(found.clip.samples) == round(4 * BAR * RATE)
    assert not found.clip.samples[-1].any()


def test_without_a_bar_it_fails_with_a_remedy():
    with refusal(Code.ENOCLIP) as caught:
        answered_bars(Following(None), recent(), 4, None)
    assert "bpm" in caught.value.text


class Playing:
    """A player that remembers what it is told to play."""

    rate = 48_000

    def __init__(self, now):
        self.seconds, self.played = now, []

    def now(self):
        return self.seconds

    def stat(self, which):
        return round((self.seconds + 0.05) * self.rate)

    def play(self, clip, **how):
        self.played.append(SimpleNamespace(clip=clip, **how))
        return 1


@pytest.mark.parametrize("now", [111.0, 112.0, 119.95, 131.7])
@pytest.mark.parametrize(("at", "step"), [("none", BAR), ("bar", BAR), ("beat", BAR / 4)])
def test_the_answer_starts_on_the_players_line_at_its_place(now, at, step):
    player, began = Playing(now), 103.5
    frames = round(4 * BAR * RATE)
    wave = np.arange(frames, dtype=np.float32)
    answer = make_clip(np.stack([wave, wave], axis=1), RATE, name="answer", bpm=BARS.bpm)
    start = play_answer(player, replace(answer, score=BARS), at, began)
    sent = player.played[0]
    assert (sent.when, sent.loop) == (start, True)
    assert now + SETTING_UP <= start <= now + SETTING_UP + 0.05 + step + 1e-6
    lines = (start - began) / step
    assert lines == pytest.approx(round(lines), abs=1e-6)
    place = (start - began) % (4 * BAR)
    assert min(abs(sent.clip.samples[0, 0] / RATE - place), 1e-9 + abs(4 * BAR - place)) < 0.001
