"""Check a stream of notes by ear: no click, no hole at a join, and the notes that were played."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from mido import Message

from msanii_live.audio import Samples
from msanii_live.benchmarks.streaming import streaming
from msanii_live.engines.tones import Tones
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.params import Params
from msanii_live.midi import files
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import StreamStart
from tests.playback.fakes import wait_until

RATE = 44_100
QUICK = StreamStart(chunk=1.0, ahead=1.0, at="none", midi="song.mid")


def write(folder, notes, seconds, bpm=120.0):
    score = Score(tuple(notes), seconds, bpm=bpm)
    (folder / "song.mid").write_bytes(files.to_midi(score))


def stretch(player, seconds: float) -> Samples:
    """Return what was heard in the next seconds."""
    first = player.position("output")
    time.sleep(seconds)
    return player.read_history("output", first, player.position("output"))


def levels(heard: Samples, block: int = 441) -> np.ndarray:
    """Return the RMS level of each hundredth of a second."""
    blocks = heard[: len(heard) // block * block, 0].reshape(-1, block)
    return np.sqrt((blocks**2).mean(axis=1))


def pitches(heard: Samples) -> list[int]:
    """Return the keys heard, one after the other, a tenth of a second at a time.

    A key is one that two such moments agree on: one may lie between two keys and hear neither.
    """
    found: list[int] = []
    latest = None
    for start in range(0, len(heard) - 4_410, 2_205):
        region = heard[start : start + 4_410, 0] * np.hanning(4_410)
        if np.abs(region).max() < 0.01:
            continue
        spectrum = np.abs(np.fft.rfft(region, 2**17))[1:]
        key = 69 + 12 * np.log2((spectrum.argmax() + 1) * RATE / 2**17 / 440)
        clear = round(key) if abs(key - round(key)) < 0.2 else None
        if clear is not None and clear == latest and found[-1:] != [clear]:
            found.append(clear)
        latest = clear
    return found


def test_a_held_chord_sounds_on_through_every_join(tmp_path):
    write(tmp_path, [Note(0.0, 16.0, 58, 100), Note(0.0, 16.0, 65, 100)], 16.0)
    order = replace(QUICK, chunk=1.1)  # not so many whole waves, so that phases have to be found
    with streaming(tmp_path, "none", "tones", order) as (player, stream, told):
        wait_until(lambda: len(told.chunks) >= 2)
        heard = stretch(player, 4)
        assert len(told.chunks) >= 4
        assert not told.warnings
        assert stream.midi_source == "song.mid"
        level = levels(heard, 882)
        assert level.min() > 0.88 * np.median(level), "a hole at a join"
        assert level.max() < 1.2 * np.median(level)
        steps = np.abs(np.diff(heard[:, 0]))
        assert steps.max() < 1.3 * np.percentile(steps, 99.5), "a click"


def test_a_file_is_played_from_its_start_again_and_again(tmp_path):
    keys = [60, 64, 67, 72, 71, 67, 64, 62]
    write(tmp_path, [Note(n / 4, n / 4 + 0.23, key, 90) for n, key in enumerate(keys)], 2.0)
    with streaming(tmp_path, "none", "tones", QUICK) as (player, _, told):
        wait_until(lambda: len(told.chunks) >= 1)
        heard = pitches(stretch(player, 5))
        first = heard.index(60)
        assert heard[first : first + 9] == [*keys, 60]
        assert [chunk[0] for chunk in told.chunks] == list(range(len(told.chunks)))
        assert not told.lates


def test_a_rest_in_a_file_is_a_rest_and_no_click(tmp_path):
    write(tmp_path, [Note(0.0, 0.4, 69, 100), Note(2.5, 3.0, 76, 100)], 4.0)
    with streaming(tmp_path, "none", "tones", QUICK) as (player, _, told):
        wait_until(lambda: len(told.chunks) >= 1)
        heard = stretch(player, 5)
        assert set(pitches(heard)) == {69, 76}
        assert levels(heard).min() == 0
        steps = np.abs(np.diff(heard[:, 0]))
        assert steps.max() < 1.3 * np.percentile(steps, 99.5), "a click"
        assert not told.warnings


def test_a_slow_engine_makes_the_last_bar_go_round_in_time(tmp_path, monkeypatch):
    run = Tones.run
    slow = threading.Event()

    def slowly(self, command, context):
        clip = run(self, command, context)
        if slow.is_set():
            time.sleep(4.0)
        return clip

    monkeypatch.setattr(Tones, "run", slowly)
    write(tmp_path, [Note(n / 2, n / 2 + 0.5, 57 + n % 4, 100) for n in range(16)], 8.0)
    with streaming(tmp_path, "none", "tones", QUICK) as (player, _, told):
        wait_until(lambda: len(told.chunks) >= 2)
        slow.set()
        wait_until(lambda: told.lates)
        heard = stretch(player, 3)
        slow.clear()
        # A semitone every half second, whichever bar it is.
        assert len(pitches(heard)) >= 5
        assert levels(heard, 4_410).min() > 0.01
        made = len(told.chunks)
        wait_until(lambda: len(told.chunks) >= made + 3)


def heard_since(chunks, number: int) -> float:
    """Return how many s of the chunks from a number on must have been heard by now."""
    return sum(chunk[2] for chunk in chunks[number:]) - (chunks[-1][4] if chunks else 0.0)


class Keys:
    """Play keys on the beats of the transport, in a thread, as a hand would."""

    def __init__(self, shop, keys):
        self._shop, self._keys = shop, keys
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()

    def _play(self):
        transport, takes = self._shop.transport, self._shop.takes
        while not self._over.is_set():
            now = transport.now()
            wait = transport.seconds_until("beat", now + 0.01) + 0.01
            self._over.wait(wait)
            beat = round(transport.beats_at(transport.now()))
            key = self._keys[beat % len(self._keys)]
            moment = transport.now()
            takes.receive(Message("note_on", note=key, velocity=100), moment)
            self._over.wait(0.35)
            takes.receive(Message("note_off", note=key), transport.now())

    def stop(self):
        self._over.set()
        self._thread.join()


def test_what_the_hands_play_is_heard_a_chunk_later_on_the_same_beats(tmp_path):
    order = StreamStart(chunk=1.0, ahead=1.0, at="none")
    with streaming(tmp_path, "none", "tones", order) as (player, stream, told):
        shop = stream._services
        shop.transport.set(bpm=120)
        with pytest.raises(CommandError) as caught:
            stream.start(StreamStart(midi="take"))
        assert caught.value.code is Code.ENOCLIP
        assert "--midi-in" in caught.value.text
        assert (stream.is_running, stream.midi_source) == (True, "")
        hands = Keys(shop, [60, 64, 67, 72])
        time.sleep(2.5)
        stream.start(StreamStart(chunk=2.0, ahead=1.0, midi="take"))
        assert stream.midi_source == "take"
        made = len(told.chunks)
        wait_until(lambda: len(told.chunks) >= made + 4)
        first = player.position("output")
        heard = stretch(player, 5)
        assert [chunk[2] for chunk in told.chunks[made + 2 :]] == pytest.approx(
            [2.0] * len(told.chunks[made + 2 :]), abs=0.004
        )
        found = pitches(heard)
        at = found.index(60)
        assert found[at : at + 5] == [60, 64, 67, 72, 60]
        # Key 60 is that of the first beat of the bar, of hands and stream alike.
        for beat in range(4):
            start = shop.transport.seconds_until("bar", first / RATE + 0.5) + 0.5 + beat * 0.5
            region = heard[round((start + 0.1) * RATE) :][:8_820]
            assert pitches(region) == [[60, 64, 67, 72][beat]]
        hands.stop()
        made = len(told.chunks)
        wait_until(lambda: heard_since(told.chunks, made + 2) > 0.0)  # the last phrase is over
        again = stretch(player, 2.5)
        assert levels(again, RATE).min() > 0.01, "silent when the hands rest"
        assert set(pitches(again)) == {60, 64, 67, 72}
        stream.start(StreamStart(chunk=1.0, ahead=1.0))
        assert stream.midi_source == "take"
        stream.start(StreamStart(chunk=1.0, ahead=1.0, midi="none"))
        assert stream.midi_source == ""
        made = len(told.chunks)
        wait_until(lambda: heard_since(told.chunks, made + 1) > 0.5)
        assert stream.is_running
        assert levels(stretch(player, 1), 4_410).min() > 0.005


def test_a_soft_phrase_after_a_loud_one_is_soft(tmp_path):
    beats = [Note(n / 4, n / 4 + 0.23, 69, 120 if n < 8 else 40) for n in range(16)]
    write(tmp_path, beats, 4.0)
    with streaming(tmp_path, "none", "tones", QUICK) as (player, _, told):
        wait_until(lambda: len(told.chunks) >= 4)
        level = levels(stretch(player, 5), RATE // 4)
        assert 6 < 20 * np.log10(level.max() / level.min()) < 14  # 9.5 dB


def test_a_long_rest_does_not_make_what_comes_after_it_loud(tmp_path):
    write(tmp_path, [Note(0.0, 0.8, 69, 90), Note(4.2, 5.0, 69, 90)], 5.0)
    with streaming(tmp_path, "none", "tones", QUICK) as (player, _, told):
        wait_until(lambda: len(told.chunks) >= 1)
        level = levels(stretch(player, 6), RATE // 10)
        loud = level[level > 0.5 * level.max()]
        assert len(loud) > 10
        assert loud.max() < 1.2 * np.median(loud)


def test_timbres_are_those_of_render_and_mix_is_the_params(tmp_path, monkeypatch):
    run, asked = Tones.run, []

    def noted(self, command, context):
        asked.append(command)
        return run(self, command, context)

    monkeypatch.setattr(Tones, "run", noted)
    write(tmp_path, [Note(n / 2, n / 2 + 0.45, 60, 90, 5) for n in range(8)], 4.0)
    params = Params()
    order = StreamStart(
        chunk=1.0, ahead=1.0, at="none", midi="song", timbre="piano", timbre2="organ", program=7,
        mix=0.25,
    )  # fmt: skip
    with streaming(tmp_path, "none", "tones", order, params) as (_, stream, told):
        wait_until(lambda: len(told.chunks) >= 1)
        first = asked[-1]
        assert (first.timbre, first.timbre2, first.program) == ("piano", "organ", 7)
        assert first.mix == 0.25
        params.set("stream.mix", 1.0)
        stream.start(StreamStart(chunk=1.0, ahead=1.0, timbre="harp", timbre2="none"))
        made = len(told.chunks)
        wait_until(lambda: len(told.chunks) >= made + 2)
        last = asked[-1]
        assert (last.timbre, last.timbre2, last.program, last.mix) == ("harp", "", 7, 1.0)
        assert not told.warnings


def test_what_cannot_be_played_is_refused_and_the_stream_goes_on(tmp_path):
    write(tmp_path, [Note(0.0, 1.0, 38, 90, drum=True)], 4.0)
    with streaming(tmp_path, "none", "tones", StreamStart(at="none")) as (_, stream, _told):
        for order, code in (
            (StreamStart(midi="nothing"), Code.ENOCLIP),
            (StreamStart(midi="../x.mid"), Code.EPATH),
            (StreamStart(midi="song", engine="mel-flow"), Code.EENGINE),
            (StreamStart(midi="song", engine="mel2mel"), Code.EPATH),
            (StreamStart(midi="song", engine="mel2mel", timbre="kazoo"), Code.ERANGE),
            (StreamStart(engine="mel2mel"), Code.EENGINE),
        ):
            with pytest.raises(CommandError) as caught:
                stream.start(order)
            assert caught.value.code is code, order
            assert stream.is_running
            assert stream.midi_source == ""
