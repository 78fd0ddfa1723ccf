"""Check that a take is what was played, and that only one is recorded at a time."""

import queue
from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import Clip
from msanii_live.errors import Code, CommandError
from msanii_live.playback.player import Player
from msanii_live.playback.recorder import AudioRecorder
from tests.library.clips import noise, refusal
from tests.playback.fakes import TIMEOUT, wait_for_tracks


def play_noise(player: Player) -> Clip:
    """Play 9,000 frames of noise to their end; the sink has then taken them."""
    played = noise("noise", 9_000)
    player.play(played, fade=0.0)
    wait_for_tracks(player, "noise")
    wait_for_tracks(player)
    return played


def ignore(take: Clip) -> None:
    """Do nothing with a take that has ended by itself."""


def test_a_take_is_what_was_played(player: Player) -> None:
    recorder = AudioRecorder(player)
    recorder.start("one", "output", None, ignore)
    assert recorder.is_recording
    played = play_noise(player)
    take = recorder.stop("", "output", None)
    assert not recorder.is_recording
    assert take.info.name == "one"
    assert take.info.bpm == player.transport.bpm
    first = int(np.flatnonzero(take.samples[:, 0])[0])
    assert np.array_equal(take.samples[first : first + 9_000], played.samples)


def test_a_take_of_a_mix_that_was_too_loud_peaks_at_minus_1_db(player: Player) -> None:
    recorder = AudioRecorder(player)
    recorder.start("one", "output", None, ignore)
    loud = noise("noise", 9_000)
    louder = replace(loud, samples=loud.samples * np.float32(1.5 / np.abs(loud.samples).max()))
    player.play(louder, fade=0.0)
    wait_for_tracks(player, "noise")
    wait_for_tracks(player)
    take = recorder.stop("", "output", None)
    assert 0.5 < np.abs(take.samples).max() <= 10 ** (-1 / 20) + 1e-4


def test_the_name_at_the_end_counts_and_only_the_last_seconds_are_kept(player: Player) -> None:
    recorder = AudioRecorder(player)
    recorder.start("one", "output", None, ignore)
    play_noise(player)
    take = recorder.stop("two", "output", 0.1)
    assert (take.info.name, take.info.frames) == ("two", 4_410)


def test_a_second_take_is_refused(player: Player) -> None:
    recorder = AudioRecorder(player)
    recorder.start("one", "output", None, ignore)
    with pytest.raises(CommandError, match="a take is running") as caught:
        recorder.start("two", "output", None, ignore)
    assert caught.value.code is Code.EBUSY
    recorder.close()
    assert not recorder.is_recording


def test_without_a_take_the_past_is_returned(player: Player) -> None:
    recorder = AudioRecorder(player)
    played = play_noise(player)
    past = recorder.stop("past", "output", 60.0)
    first = int(np.flatnonzero(past.samples[:, 0])[0])
    assert np.array_equal(past.samples[first : first + 9_000], played.samples)
    assert recorder.stop("past", "output", 0.1).info.frames == 4_410


def test_a_take_ends_by_itself_after_its_seconds(player: Player) -> None:
    recorder = AudioRecorder(player)
    takes: queue.Queue[Clip] = queue.Queue()
    recorder.start("short", "output", 0.2, takes.put)
    take = takes.get(timeout=TIMEOUT)
    assert (take.info.name, take.info.frames) == ("short", 8_820)
    assert not recorder.is_recording


def test_nothing_and_an_input_that_is_not_there_are_refused(player: Player) -> None:
    recorder = AudioRecorder(player)
    with pytest.raises(CommandError, match="no audio input"):
        recorder.start("in", "input", None, ignore)
    assert not recorder.is_recording
    recorder.start("one", "output", None, ignore)
    with refusal(Code.ENOCLIP):  # a millisecond is no take
        recorder.stop("", "output", 0.001)
