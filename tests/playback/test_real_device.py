"""Sound through PortAudio and a real JACK server with a dummy card, captured by another client.

Each test compares what was captured with what should have sounded, frame by frame: dropouts that
no flag tells of are found too.
"""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msanii_live.audio import make_clip
from msanii_live.benchmarks.player import hold_the_lock
from msanii_live.osc.codec import encode
from msanii_live.playback.crossfade import largest_step
from msanii_live.playback.factory import open_player
from msanii_live.playback.mixer import render
from msanii_live.playback.player import Player
from msanii_live.playback.recorder import AudioRecorder
from msanii_live.playback.timebase import Timebase
from msanii_live.playback.transport_sync import TransportSync
from msanii_live.timing.transport import Transport
from tests.library.clips import noise
from tests.live import live
from tests.playback.jackdummy import assert_heard, capturing, jack_dummy, place_of
from tests.playback.test_mixer import tone
from tests.server.handlers.test_playback import bundle, send

pytestmark = [pytest.mark.device, pytest.mark.slow]


@pytest.fixture
def player(jack_server):
    timebase = Timebase()
    it, notice = open_player("default", Transport(clock=timebase.now), timebase)
    assert notice is None
    time.sleep(1.2)  # the clock is found within a second
    yield it
    it.close()


def test_a_clip_reaches_the_device_bit_for_bit(jack_server, tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    with live(folder, "--engine", "tones", "--audio", "default") as it:
        it.client.send("/msanii/caps", "id", "c")
        it.client.wait(("/msanii/done",), "c")
        facts = {m.args[0]: m.args[1] for m in it.client.received if m.address == "/msanii/caps"}
        assert "44100 Hz" in facts["audio"]
        assert 50 < int(facts["latency-ms"]) < 250
        it.job("/msanii/generate", "g", "seconds", 3, "clip", "heard")
        it.job("/msanii/generate", "h", "seconds", 2, "clip", "other")
        with capturing(tmp_path / "heard.npy", 30) as captured:
            assert it.ask("/msanii/play", "heard", "fade", 0).address == "/msanii/done"
            it.job("/msanii/outpaint", "o", "current", "seconds", 1, "play", 1, "clip", "more")
            time.sleep(5)
    clip, _ = soundfile.read(Path(folder) / "heard.wav", dtype="float32")
    more, _ = soundfile.read(Path(folder) / "more.wav", dtype="float32")
    heard = captured.sound()
    assert np.abs(heard).max() <= 1.0
    assert_heard(heard, clip[: 3 * 44_100 - 2_048])
    # What goes on from it is joined at the very frame where it ends.
    place = place_of(heard, clip)
    after = heard[place + len(clip) : place + len(more)]
    # Its own end would click, and is faded.
    assert np.array_equal(after[2_048:-220], more[len(clip) + 2_048 : -220])
    assert largest_step(heard[place + len(clip) - 3_000 : place + len(clip) + 3_000]) < 0.1


def test_100_quantised_starts_lie_on_their_frames(player: Player, tmp_path):
    player.transport.set(bpm=123.0)
    rng = np.random.default_rng(5)
    over = threading.Event()
    hog = threading.Thread(target=hold_the_lock, args=(over,), daemon=True)
    clips = [noise(f"n{number}", 12_000 + number) for number in range(20)]
    found = {}
    all_found = threading.Event()

    def collect() -> None:
        found.update({region.number: region for region in player.regions()})
        if len(found) == 100:
            all_found.set()

    player.set_change_callback(collect)
    with capturing(tmp_path / "heard.npy", 120) as captured:
        hog.start()
        for number in range(100):
            at = ("beat", "bar", "beat", "beat")[number % 4]
            clip = clips[number % 20]
            player.play(clip, at=at, fade=0.0, track=f"d{number}", gain_db=-20.0)
            time.sleep(float(rng.uniform(0.01, 0.1)))
        over.set()
        assert all_found.wait(20), len(found)
        time.sleep(3)
    beat = 60 / 123
    for region in found.values():
        beats = player.transport.beats_at(region.start / player.rate)
        assert abs(beats - round(beats)) * beat * player.rate <= 0.51
        if int(region.track[1:]) % 4 == 1:
            assert round(beats) % 4 == 0
    regions = list(found.values())
    first = min(region.start for region in regions)
    last = max(region.start + region.length for region in regions)
    samples = {region.clip: clips[int(region.track[1:]) % 20].samples for region in regions}
    assert_heard(captured.sound(), render(regions, samples, first, last - first))
    assert player.lost_frames == 0


def test_500_random_commands_make_no_click(player: Player, tmp_path):
    rng = np.random.default_rng(6)
    clips = [
        make_clip(tone(frames, hertz, 0.25), 44_100, name=f"c{n}")
        for n, (frames, hertz) in enumerate([(44_100, 110.0), (26_460, 220.0), (88_200, 147.0)])
    ]
    most = 0
    with capturing(tmp_path / "heard.npy", 120) as captured:
        for _ in range(500):
            clip = clips[int(rng.integers(3))]
            act = rng.random()
            at = str(rng.choice(["none", "none", "beat", "0.3"]))
            fade = float(rng.choice([0.0, 0.005, 0.1, 1.0]))
            if act < 0.6:
                loop, gain = bool(rng.random() < 0.4), float(rng.uniform(-30, 6))
                player.play(clip, at=at, loop=loop, gain_db=gain, fade=fade)
            else:
                name = None if act > 0.97 else clip.info.name
                player.stop(name, at=at, fade=fade)
            most = max(most, len(player.regions()))
            time.sleep(0.02)
        player.stop(None, fade=0.1)
        time.sleep(0.6)
    heard = captured.sound()
    assert np.abs(heard).max() > 0.2
    assert np.abs(heard).max() <= 1.0
    # Of one clip at 6 dB, times what sounds at once; an onset or end may add a fade's own slope.
    each = 2.0 * (max(largest_step(clip.samples) for clip in clips) + 0.25 * np.pi / 2 / 220)
    assert largest_step(heard) <= min(most, 6) * each
    assert player.lost_frames == 0
    assert player.regions() == ()


def test_time_tags_lie_as_far_apart_in_sound_as_they_say(jack_server, tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    with live(folder, "--engine", "tones", "--audio", "default") as it:
        impulse = np.zeros((4_410, 2), np.float32)
        impulse[0] = 0.5
        soundfile.write(folder / "tick.wav", impulse, 44_100, subtype="FLOAT")
        it.ask("/msanii/clip/load", "tick.wav", "clip", "tick")
        time.sleep(1.5)
        with capturing(tmp_path / "heard.npy", 30) as captured:
            first = 0.8
            now = time.time()
            for number in range(12):
                play = encode("/msanii/play", "ssf", ("tick", "fade", 0.0))
                send(it.client, bundle(first + number * 0.25, play, now=now))
                time.sleep(0.05)
            time.sleep(4)
    heard = captured.sound()[:, 0]
    ticks = np.flatnonzero(heard > 0.4)
    assert len(ticks) == 12
    assert np.abs(np.diff(ticks) - 11_025).max() <= 1  # rounded to frames


def test_the_input_is_kept_bit_for_bit(player: Player):
    import jack

    wire = jack.Client("wire", no_start_server=True)
    with wire:
        for port in wire.get_ports(is_physical=False, is_output=True, is_audio=True):
            for other in wire.get_ports(port.name.split(":")[0], is_input=True, is_audio=True):
                if other.shortname[-1] == port.shortname[-1]:
                    wire.connect(port, other)
        recorder = AudioRecorder(player)
        recorder.start("in", "input", None, lambda take: None)
        played = noise("n", 60_000)
        player.play(played, fade=0.0)
        time.sleep(2.5)
        take = recorder.stop("", "input", None)
        assert_heard(take.samples, played.samples)
        assert_heard(player.input_clip().samples, played.samples)


def test_starts_lie_on_the_beats_of_a_link_session(player: Player, tmp_path):
    link = pytest.importorskip("link", reason="needs pip install LinkPython-extern")
    transport_sync = TransportSync(player.transport)
    transport_sync.set_source("link")
    transport_sync.set(137.0, 4, None)
    clock = link.Link(120.0).clock()
    impulse = np.zeros((4_410, 2), np.float32)
    impulse[0] = 0.5
    tick = make_clip(impulse, 44_100, name="tick")
    with capturing(tmp_path / "heard.npy", 60) as captured:
        time.sleep(1)
        for _ in range(10):
            player.play(tick, at="beat", fade=0.0)
            time.sleep(0.5)
        state = transport_sync._external._link.captureSessionState()
        link_now, now = clock.micros(), time.monotonic()
        beat = state.beatAtTime(link_now, 4)
        transport_sync.close()
    frame, moment, _ = captured.figures["clock"]
    ticks = np.flatnonzero(captured.frames[:, 0] > 0.4)
    assert len(ticks) >= 8
    captured_at = moment + (ticks + captured.figures["first"] - frame) / player.rate
    beats = beat + (captured_at + player.output_latency - now) * 137 / 60
    errors = (beats - np.round(beats)) * 60 / 137
    assert np.abs(errors).max() < 0.001, errors


@pytest.mark.parametrize("rate", [48_000])
def test_a_device_at_another_rate_plays_at_pitch(rate, tmp_path):
    with jack_dummy(rate=rate):
        timebase = Timebase()
        player, notice = open_player("default", Transport(clock=timebase.now), timebase)
        try:
            assert notice is None
            assert player.rate == rate
            clip = make_clip(tone(88_200, 441.0), 44_100, name="a")
            with capturing(tmp_path / "heard.npy", 30) as captured:
                player.play(clip, fade=0.0)
                time.sleep(2.6)
        finally:
            player.close()
    heard = captured.sound()[:, 0]
    audible = np.flatnonzero(np.abs(heard) > 1e-3)
    assert audible[-1] - audible[0] == pytest.approx(96_000, abs=60)
    middle = heard[audible[0] + 10_000 : audible[0] + 58_000]
    assert np.argmax(np.abs(np.fft.rfft(middle))) == 441
