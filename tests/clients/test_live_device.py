"""The device for Live, run by the interpreter against a real server."""

import contextlib
import shutil
from pathlib import Path

import pytest

from max_patches.generators.max_client import HELP
from tests.clients.max_interpreter.atoms import BANG
from tests.clients.max_interpreter.live_controls import LiveText
from tests.clients.max_session import DEVICE, PATIENCE, machine, opened

pytestmark = [pytest.mark.clients]
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="apt-get install nodejs")

POLL = 200.0  # ms after which the device looks at Live's transport
LOADING = 100.0  # ms: a clip has been read and has faded in


class Panel:
    """The device on its track. Its user wants clips of one bar."""

    def __init__(self, patch, machine):
        self.patch, self.machine = patch, machine
        self.words = patch.find("State, and errors in words.")
        machine.advance_until(lambda: self.words.shown == "connected", PATIENCE)
        machine.advance(POLL)
        self.turn("Bars", 1)

    def turn(self, name, value):
        self.patch.find(name).set_by_user(value)

    def press(self, name, wait=True):
        """Press a button, and wait until its clip is ready and loaded. Return the clip's name."""
        self.words.shown = ""
        self.patch.find(name).click()
        if wait:
            self.machine.wait_until(lambda: self.words.shown == "ready")
            self.machine.advance(LOADING)
        return self.loaded[-1] if self.loaded else None

    @property
    def decks(self):
        """The level and the clip of each deck."""
        lines, buffers = self.patch.of_kind("line~"), self.patch.of_kind("buffer~")
        return [(line.signal(0), deck.sound) for line, deck in zip(lines, buffers, strict=True)]

    @property
    def loaded(self):
        """The names of the loaded clips, the loudest last."""
        found = sorted((deck for deck in self.decks if deck[1]), key=lambda deck: deck[0])
        return [sound.path.stem for _, sound in found]

    @property
    def levels(self):
        return self.patch.of_kind("plugout~")[0].levels

    @property
    def rate(self):
        return self.patch.of_kind("sig~")[0].signal(0)


@pytest.fixture(params=[False, True], ids=["right first", "left first"])
def panel(request, tones):
    with contextlib.ExitStack() as stack:
        it = stack.enter_context(machine(left_first=request.param))
        it.live.tempo = 124.0
        yield Panel(stack.enter_context(opened(it, DEVICE, tones.server.osc_port)), it)


def said(server):
    """Return what the server reports of itself: the transport's tempo last."""
    return server.ask("/msanii/transport", reply="/msanii/transport").args


def info(server, clip):
    return server.ask("/msanii/clip/info", clip, reply="/msanii/clip/info").args


def test_nothing_is_made_when_the_device_is_loaded(panel):
    assert panel.words.shown == "connected"
    assert panel.loaded == []
    assert panel.patch.of_kind("led")[0].value == 1


def test_generate_makes_and_plays_a_clip_in_the_tempo_of_live(panel, tones):
    name = panel.press("Generate")
    assert panel.levels == pytest.approx([1, 1])
    assert panel.patch.find("How much of the clip under way is done.").shown == "100 %"
    seconds = panel.decks[0][1].length / 1000
    assert seconds == pytest.approx(4 * 60 / 124, abs=1e-3)
    assert panel.patch.of_kind("waveform~")[0].shown.endswith("msanii-a")
    assert name in [Path(line).stem for line in map(str, tones.folder.glob("*.wav"))]


def test_every_control_reaches_the_server(panel):
    sent = []
    net = panel.patch.of_kind("udpsend")[0]
    pass_on = net.message
    net.message = lambda inlet, message: (sent.append(message.atoms), pass_on(inlet, message))
    panel.patch.find("Style").choose("piano")
    for name, value in (("Bars", 2), ("Density", 0.8), ("Seed", 77), ("Mix", 0.25)):
        panel.turn(name, value)
    panel.turn("Strength", 0.75)
    panel.press("Generate")
    assert sent[-1][:17] == ("/msanii/generate", "style", "piano", "priority", 0, "play", 0,
                             "stems", 0, "bars", 2, "bpm", 124.0, "density", 0.8,
                             "seed", 77)  # fmt: skip
    panel.patch.find("Key").choose("Gbm")
    panel.turn("Steps", 12)
    panel.press("Generate")
    assert sent[-1][3:7] == ("key", "Gbm", "steps", 12)
    panel.patch.find("Key").choose("auto")
    panel.turn("Steps", 0)
    name = panel.loaded[-1]
    panel.press("Go on")
    assert sent[-1][:4] == ("/msanii/outpaint", name, "bars", 2)
    name = panel.loaded[-1]
    panel.press("Vary")
    assert sent[-1][:4] == ("/msanii/audio2audio", name, "strength", 0.75)
    panel.press("Keep A", wait=False)
    a = panel.loaded[-1]
    b = panel.press("Vary")
    panel.press("Keep B", wait=False)
    panel.press("Morph")
    assert sent[-1][:7] == ("/msanii/interpolate", a, b, "mix", 0.25, "strength", 0.75)
    panel.turn("Seed", -1)
    seeds = set()
    for _ in range(2):
        panel.press("Generate")
        seeds.add(sent[-1][16])
    assert len(seeds) == 2
    assert seeds.isdisjoint({-1, 77})


def test_compose_asks_the_composer_for_stems(panel):
    sent = []
    panel.patch.of_kind("udpsend")[0].message = lambda inlet, message: sent.append(message.atoms)
    panel.press("Compose", wait=False)
    panel.press("Generate", wait=False)
    assert sent[-1][7:11] == ("engine", "composer", "stems", 1)
    panel.press("Compose", wait=False)
    panel.press("Generate", wait=False)
    assert sent[-1][7:9] == ("stems", 0)


def put(panel, name):
    """Press a button that puts something into Live, and return what the device says."""
    panel.press(name, wait=False)
    panel.machine.advance(1)
    return panel.words.shown


@needs_node
def test_a_clip_is_put_into_a_slot_and_at_the_playhead(panel, tones):
    assert put(panel, "Put audio") == "generate a clip first"
    name = panel.press("Generate")
    assert put(panel, "Put audio") == f"{name} is in Live"
    panel.patch.find("Into").choose("Playhead")
    assert put(panel, "Put audio") == f"{name} is in Live"
    [track] = panel.patch.of_kind("js")[0].script.live_set()["tracks"][2:]
    in_slot, at_playhead = track["clip_slots"][0]["clip"], track["arrangement_clips"][0]
    for found in (in_slot, at_playhead):
        assert found["file_path"] == (tones.folder / f"{name}.wav").as_posix()
        assert found["end_marker"] == pytest.approx(4, abs=1e-3)
        assert found["markers"][-2][1] == pytest.approx(4, abs=1e-3)
    assert put(panel, "Put stems").startswith("no stems")
    assert put(panel, "Put MIDI").startswith("no notes")


def test_the_server_hears_the_tempo_of_live(panel, tones):
    panel.machine.live.tempo = 99.0
    panel.machine.advance(POLL)
    panel.machine.wait_until(lambda: 99.0 in said(tones))


def test_follow_changes_the_speed_with_the_tempo(panel):
    panel.press("Generate")
    assert panel.rate == 1.0
    panel.machine.live.tempo = 62.0
    panel.machine.advance(POLL)
    assert panel.rate == 1.0
    panel.press("Follow", wait=False)
    assert panel.rate == pytest.approx(0.5)
    panel.press("Generate")
    assert panel.rate == 1.0  # this clip was made in the new tempo
    panel.press("Follow", wait=False)
    assert panel.rate == 1.0


def test_on_bar_waits_for_the_next_bar_of_live(panel):
    panel.machine.live.playing = True
    panel.machine.advance(POLL)
    panel.press("Generate")
    assert panel.levels == [0, 0]
    panel.machine.live.pass_beats(3)
    panel.machine.advance(LOADING)
    assert panel.levels == [0, 0]
    panel.machine.live.pass_beats(1)
    panel.machine.advance(LOADING)
    assert panel.levels == pytest.approx([1, 1])
    panel.press("On bar", wait=False)
    name = panel.press("Generate")
    assert panel.loaded[-1] == name
    assert sum(level for level, _ in panel.decks) == pytest.approx(1)


@pytest.mark.parametrize(("metre", "beats"), [((3, 4), 3), ((6, 8), 3), ((7, 8), 3)])
def test_a_bar_is_as_long_as_the_metre_of_live(panel, tones, metre, beats):
    panel.machine.live.metre = metre
    panel.machine.live.playing = True
    panel.machine.advance(POLL)
    panel.machine.wait_until(lambda: said(tones)[1] == beats)
    panel.press("Generate")
    panel.machine.live.pass_beats(metre[0] - 1)
    panel.machine.advance(LOADING)
    assert panel.levels == [0, 0]
    panel.machine.live.pass_beats(1)
    panel.machine.advance(LOADING)
    assert panel.levels == pytest.approx([1, 1])


def test_a_clip_that_waits_starts_when_live_stops(panel):
    panel.machine.live.playing = True
    panel.machine.advance(POLL)
    panel.press("Generate")
    panel.machine.live.playing = False
    panel.machine.advance(POLL + LOADING)
    assert panel.levels == pytest.approx([1, 1])


def test_a_key_starts_the_clip_again_and_loop_lets_it_end(panel):
    panel.press("Loop", wait=False)
    panel.press("Generate")
    panel.machine.advance(2500)
    assert panel.levels == [0, 0]
    keys = panel.patch.of_kind("notein")[0]
    keys.press(60, 100)
    panel.machine.advance(LOADING)
    assert panel.levels == pytest.approx([1, 1])
    panel.machine.advance(1000)
    keys.press(60, 0)  # letting a key go does not start it again
    panel.machine.advance(1100)
    assert panel.levels == [0, 0]


def test_gain(panel):
    panel.press("Generate")
    panel.turn("Gain", -6)
    assert panel.levels == pytest.approx([0.501, 0.501], abs=1e-3)


def test_cancel(panel):
    panel.turn("Bars", 32)
    for _ in range(2):
        panel.press("Generate", wait=False)
    panel.machine.wait_until(lambda: panel.words.shown == "queued")
    panel.press("Cancel", wait=False)
    panel.machine.wait_until(lambda: panel.words.shown in ("cancelled", "ready"))


def test_buttons_without_a_clip_say_what_is_missing(panel):
    sent = []
    panel.patch.of_kind("udpsend")[0].message = lambda inlet, message: sent.append(message)
    for name in ("Go on", "Vary", "Keep A", "Keep B"):
        panel.press(name, wait=False)
        assert panel.words.shown == "generate a clip first"
    panel.press("Morph", wait=False)
    assert panel.words.shown == "keep A and B first"
    panel.press("Cancel", wait=False)
    assert sent == []


@pytest.mark.parametrize("kept", ["Keep A", "Keep B"])
def test_morph_needs_both(panel, kept):
    panel.press("Generate")
    panel.press(kept, wait=False)
    panel.press("Morph", wait=False)
    assert panel.words.shown == "keep A and B first"


def test_live_saves_the_device_and_two_devices_play_at_once(panel, tones):
    panel.patch.of_kind("live.thisdevice")[0].receive(0, BANG)
    first = panel.press("Generate")
    with opened(panel.machine, DEVICE, tones.server.osc_port) as patch:
        other = Panel(patch, panel.machine)
        second = other.press("Generate")
        assert first != second
        assert panel.loaded == [first]
        assert other.loaded == [second]


def test_live_automates_a_button(panel):
    button = panel.patch.find("Generate", LiveText)
    panel.words.shown = ""
    for value in (1, 0):
        button.set_by_user(value)
    panel.machine.wait_until(lambda: panel.words.shown == "ready")
    panel.machine.advance(LOADING)
    assert len(panel.loaded) == 1


def test_the_device_says_that_no_server_runs():
    with machine() as it, opened(it, DEVICE, 9) as patch:
        it.advance(6000)
        assert patch.find("State, and errors in words.").shown == HELP
