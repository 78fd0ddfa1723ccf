"""The Max examples and help patches, run by the interpreter: press each button, hear the clip."""

import contextlib
import re

import numpy as np
import pytest
import soundfile

from max_patches.generators.max_client import HELP
from max_patches.generators.max_pages import EXAMPLES
from msanii_live.protocol.commands import COMMANDS
from tests.clients.max_interpreter.controls import MessageBox
from tests.clients.max_interpreter.patch import PACKAGE
from tests.clients.max_session import PATIENCE, machine, opened

pytestmark = [pytest.mark.clients]

LOADING = 100.0  # ms: a clip has been read and has faded in


class Page:
    """An example on the screen. Its user wants clips of one bar."""

    def __init__(self, patch, machine):
        self.patch, self.machine = patch, machine
        for box in patch.of_kind("message"):
            box.edit(re.sub(r"(bars|seconds) \d", r"\1 1", box.stored["text"]))
        self.words = patch.find("state and errors")
        machine.advance_until(lambda: self.words.shown == "connected", PATIENCE)

    def click(self, words, wait=True):
        """Click what has these words, and wait until its clip is ready and sounds."""
        self.words.shown = ""
        self.patch.find(words).click()
        if wait:
            self.machine.wait_until(lambda: self.words.shown == "ready")
            self.machine.advance(LOADING)

    @property
    def levels(self):
        return self.patch.of_kind("ezdac~")[0].levels

    @property
    def playing(self):
        """The names of the clips in the two buffers, that which sounds first."""
        lines, buffers = self.patch.of_kind("line~"), self.patch.of_kind("buffer~")
        decks = [(line.signal(0), it.sound) for line, it in zip(lines, buffers, strict=True)]
        found = sorted(decks, key=lambda deck: -deck[0])
        return [sound and sound.path.stem for _, sound in found]


@pytest.fixture
def page(request, tones):
    with contextlib.ExitStack() as stack:
        it = stack.enter_context(machine())
        path = PACKAGE / "examples" / f"msanii-{request.param}.maxpat"
        yield Page(stack.enter_context(opened(it, path, tones.server.osc_port)), it)


def example(name):
    return pytest.mark.parametrize("page", [name], indirect=True)


@example("generate")
def test_generate_sounds(page):
    page.click("make a loop and play it")
    assert page.levels == [0.5, 0.5]
    assert page.patch.of_kind("number")[0].value == 100
    assert page.patch.of_kind("led")[0].value == 1
    for words in ("piano key Am bpm 96 seconds 8", "prompt dark techno bpm 132 bars 2 density 0.8"):
        before = page.playing[0]
        page.click(f"/msanii/generate {words.replace('piano', 'style piano', 1)}")
        assert page.playing[1] == before
        assert page.levels == pytest.approx([0.5, 0.5])
    page.machine.advance(4000)
    assert page.levels == [0, 0]  # a clip ends unless it goes round
    page.click("make a loop and play it")
    page.click("go round", wait=False)
    page.machine.advance(4000)
    assert page.levels == [0.5, 0.5]
    page.click("stop", wait=False)
    page.machine.advance(LOADING)
    assert page.levels == pytest.approx([0, 0])


@example("outpaint")
def test_outpaint_goes_on_from_the_clip_in_the_player(page):
    page.click("make a loop")
    name = page.playing[0]
    page.click("two bars more of the clip in the player")
    assert page.playing[1] == name
    page.click("only the new part")
    assert len({name, *page.playing}) == 3


@example("interpolate")
def test_the_slider_makes_one_clip_where_it_comes_to_rest(page):
    page.click("make a")
    page.click("make b")
    slide = page.patch.find("mix: left is all a, right all b")
    page.words.shown = ""
    for value in (10, 30, 64):
        slide.drag(value)
        page.machine.advance(150)
    assert page.words.shown == ""
    page.machine.advance(60)
    page.machine.wait_until(lambda: page.words.shown == "ready")
    page.machine.advance(LOADING)
    assert page.playing == ["between", "b"]


@example("stream")
def test_the_stream_is_steered(page, tones):
    page.click("/msanii/generate style house bpm 124 bars 4 clip seed1")
    ahead = page.patch.find("seconds ready ahead of the ear")
    page.click("/msanii/stream/start last ahead 4 chunk 3", wait=False)
    try:
        page.machine.wait_until(lambda: ahead.value > 0)
        page.patch.find("density of the next chunks").drag(127)
        page.patch.find("how far the next chunks go towards the target").drag(64)
        page.click("/msanii/param/stream.target b", wait=False)
        page.machine.wait_until(lambda: param(tones, "density") == 1.0)
        page.machine.wait_until(lambda: param(tones, "mix") == pytest.approx(64 / 127, abs=1e-3))
    finally:
        page.click("/msanii/stream/stop fade 2", wait=False)
    page.machine.wait_until(lambda: not is_streaming(tones))


def param(tones, name):
    address = f"/msanii/param/stream.{name}"
    return tones.ask(address, reply=address).args[-1]


def is_streaming(tones):
    return bool(tones.ask("/msanii/status", reply="/msanii/status").args[-1])


@example("set")
def test_a_set_in_five_clicks(page):
    clicks = (
        "generate style house bpm 124 bars 4 clip a",
        "outpaint a bars 4 clip longer",
        "generate style piano bpm 124 bars 4 clip b",
        "interpolate a b mix 0.5 clip between",
    )
    for words in clicks:
        page.click(f"/msanii/{words}")
        assert page.playing[0] == words.split()[-1]
    page.machine.advance(4000)
    assert page.levels == [0.5, 0.5]  # they go round
    page.click("stop", wait=False)
    page.machine.advance(LOADING)
    assert page.levels == pytest.approx([0, 0])


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_says_that_no_server_runs(name):
    path = PACKAGE / "examples" / f"msanii-{name}.maxpat"
    with machine() as it, opened(it, path, 9) as patch:  # nobody has the discard port
        it.advance(6000)
        assert patch.find("state and errors").shown == HELP
        assert patch.of_kind("led")[0].value == 0


# What the shared server should not do, or what loads torch.
SPARED = {"/msanii/quit", "/msanii/engine/info", "/msanii/engine/load", "/msanii/engine/free",
          "/msanii/stream/start"}  # fmt: skip
ABOUT_CLIPS = {
    "ENOCLIP",
    "EPATH",
    "EENGINE",
    "EBUSY",
    "EARG",
}  # codes of commands on clips there are not


def test_every_message_of_the_help_patch_is_answered(tones):
    path = PACKAGE / "help" / "msanii.maxhelp"
    with machine() as it, opened(it, path, tones.server.osc_port) as patch:
        words = patch.find("state and errors")
        it.advance_until(lambda: words.shown == "connected", PATIENCE)
        inside = patch.find("p every-command").inside
        boxes = [box for box in inside.boxes() if isinstance(box, MessageBox)]
        assert len(boxes) == len(COMMANDS)
        for box in boxes:
            if box.stored["text"].split()[0] not in SPARED:
                box.click()
        patch.find("cancel").click()
        patch.type_and_click(patch.find("msanii"), "/msanii/sync", 77)
        it.wait_until(lambda: any("/msanii/synced 77" in line for line in it.printed))
        fails = [line.split() for line in it.printed if line.startswith("reply: /msanii/fail")]
        assert {line[5] for line in fails} <= ABOUT_CLIPS, fails
        warned = [line for line in it.printed if line.startswith("reply: /msanii/warn")]
        assert [line for line in warned if "there is no MIDI input" not in line] == []


def test_the_help_patch_connects_elsewhere(tones):
    with machine() as it, opened(it, PACKAGE / "help" / "msanii.maxhelp", 9) as patch:
        box = patch.find("connect 127.0.0.1 7770")
        box.edit(f"connect 127.0.0.1 {tones.server.osc_port}")
        box.click()
        patch.find("/msanii/status").click()
        it.wait_until(lambda: any(line.startswith("reply: /msanii/status") for line in it.printed))
        patch.find("/msanii/generate style house bpm 124 bars 4 clip a").click()
        it.wait_until(lambda: any(line.startswith("path: /") for line in it.printed))


def test_the_player_help_opens_a_file(tmp_path):
    with machine() as it, opened(it, PACKAGE / "help" / "msanii-player~.maxhelp", 9) as patch:
        it.chosen_file = tmp_path / "a sound.wav"
        soundfile.write(it.chosen_file, np.zeros((44_100, 2), np.float32), 44_100)
        patch.find("open a sound file").click()
        it.advance(LOADING)
        assert patch.of_kind("ezdac~")[0].levels == [0.5, 0.5]
        assert patch.find("length of what was loaded, ms").value == pytest.approx(1000)
        patch.find("rate 0.5").click()
        it.advance(1500)
        assert patch.of_kind("ezdac~")[0].levels == [0.5, 0.5]
        it.advance(1000)
        assert patch.of_kind("ezdac~")[0].levels == [0, 0]


def test_the_overview_opens_every_example():
    with machine() as it, opened(it, PACKAGE / "extras" / "msanii-live.maxpat", 9) as patch:
        for box in list(patch.boxes()):
            if isinstance(box, MessageBox) and box.home is patch:
                box.click()
        assert sorted(it.opened) == sorted(
            ["http://127.0.0.1:7771", *(f"msanii-{name}.maxpat" for name in EXAMPLES)]
        )
