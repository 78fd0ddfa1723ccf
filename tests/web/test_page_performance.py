"""Perform on the page: a pad between four clips, loop regions, automation, MIDI, undo."""

import mido.sockets
import pytest
from mido import Message

from tests.live import free_port, live
from tests.playback.fakes import wait_until
from tests.web.chromium import chromium, page_of, until

pytestmark = [pytest.mark.clients, pytest.mark.slow]
MIX = "/msanii/param/stream.mix"


@pytest.fixture(scope="module")
def browser():
    with chromium() as it:
        yield it


@pytest.fixture(scope="module")
def midi_port():
    return free_port()


@pytest.fixture(scope="module")
def stage(tmp_path_factory, midi_port):
    folder = tmp_path_factory.mktemp("performance")
    with live(folder, "--engine", "tones", "--midi-in", f"tcp:{midi_port}") as it:
        for seed, name in enumerate(("north", "east", "south", "west"), start=1):
            it.job("/msanii/generate", name, "bars", 1, "bpm", 120, "seed", seed, "clip", name)
        yield it


@pytest.fixture
def page(browser, stage):
    with page_of(browser, stage.server.http_port) as it:
        it.locator("[data-clip='north']").wait_for()
        yield it


def card(page, name):
    return page.locator(f"[data-clip='{name}']")


def test_a_pad_mixes_four_clips_and_makes_the_point_where_it_rests(page):
    page.select_option("#place", "browser")
    assert page.is_disabled("#pad-x")
    for letter, name in zip("abcd", ("north", "east", "south", "west"), strict=True):
        card(page, name).locator(f"[data-deed=slot-{letter}]").click()
    assert page.is_enabled("#pad-x")
    page.locator("#pad").scroll_into_view_if_needed()
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.up()
    until(page, "document.getElementById('pad-state').dataset.clip !== undefined")
    made = page.inner_text("#pad-state").removeprefix("here: ")
    page.locator(f"#audition[data-clip='{made}']").wait_for()
    assert page.is_checked("#audition input[type=checkbox]")
    heard = page.evaluate("document.body.dataset.auditioned").split(",")
    assert [url.split("/")[-1].split(".")[0] for url in heard] == ["north", "east", "south", "west"]
    assert page.evaluate("document.body.dataset.audition") is None
    for edge in ("north east @mix 0.25", "south west @mix 0.25"):
        page.locator("#log li", has_text=f"/msanii/interpolate {edge}").first.wait_for()
    page.locator("#pad-x").fill("0")  # west of the pad: only north and south
    until(page, "it => !['', it].includes(document.getElementById('pad-state').dataset.clip)", made)
    page.locator("#pad-x").fill("0.25")  # a point that is there already is not made again
    until(page, "it => document.getElementById('pad-state').dataset.clip === it", made)
    page.locator("#audition").wait_for()
    page.locator("#audition button", has_text="Stop").click()
    page.select_option("#place", "stage")


def test_a_region_is_drawn_looped_here_and_on_stage_and_cropped(page, stage):
    it = card(page, "east")
    shape = it.locator(".shape")
    shape.scroll_into_view_if_needed()
    box = shape.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 20, steps=4)
    page.mouse.up()
    start, end = it.locator(".loop-region input").all()
    assert (start.input_value(), end.input_value()) == ("1", "3")
    it.locator("[data-deed=loop]").click()
    page.locator("#sounding", has_text="east ⟳").wait_for()
    page.locator("#log li", has_text="@start 0.5 @end 1.5").first.wait_for()
    it.locator("[data-deed=stop]").click()
    page.select_option("#place", "browser")
    it.locator("[data-deed=loop]").click()
    page.wait_for_selector("#audition[data-clip='east'][data-region='0.500 1.500']")
    it.locator("[data-deed=stop]").click()
    page.select_option("#place", "stage")
    start.fill("3")
    start.press("Enter")
    assert end.get_attribute("aria-invalid") == "true"
    start.fill("2")
    start.press("Enter")
    assert end.get_attribute("aria-invalid") == "false"
    it.locator("[data-deed=crop]").click()
    made = page.locator("[data-clip^='crop-']")
    made.wait_for()
    info = stage.ask(
        "/msanii/clip/info", made.get_attribute("data-clip"), reply="/msanii/clip/info"
    )
    assert info.args[3] == 0.5
    it.locator("[data-deed=no-region]").click()
    assert it.locator(".region").is_hidden()


def test_what_moves_is_recorded_played_and_deleted(page, stage):
    stage.ask("/msanii/transport", "bpm", 240, reply="/msanii/transport")
    stage.ask(MIX, 0.25, "id", "before", token="before")
    page.fill("#automation-controls input", "not a name")
    page.click("#record")
    page.wait_for_selector("#automation-controls input[aria-invalid=true]")
    page.fill("#automation-controls input", "rise")
    page.click("#record")
    page.locator("#record[aria-pressed=true]").wait_for()
    page.locator("[aria-label=mix]").fill("0.75")
    wait_until(lambda: stage.ask(MIX, reply=MIX).args == (0.75,), 60)
    page.click("#record")
    row = page.locator("[data-automation=rise]")
    row.wait_for()
    page.locator("#record[aria-pressed=false]").wait_for()
    stage.ask(MIX, 0.5, "id", "between", token="between")
    row.locator(".scene").click()
    page.locator("[data-automation=rise][data-state=playing]").wait_for()
    wait_until(lambda: stage.ask(MIX, reply=MIX).args[0] in (0.25, 0.75), 60)
    row.locator(".scene").click()
    page.locator("[data-automation=rise][data-state='']").wait_for()
    row.locator("[aria-label^=delete]").click()
    row.wait_for(state="detached")


def test_a_midi_control_moves_a_dial_of_the_page(page, midi_port):
    keys = mido.sockets.connect("127.0.0.1", midi_port)
    try:
        learn = page.locator("[data-learn='page.density']")
        learn.click()
        page.locator("#log li", has_text="/msanii/map/learn page.density").first.wait_for()
        keys.send(Message("control_change", control=30, value=64))
        page.locator("[data-learn='page.density']", has_text="cc 30").wait_for()
        keys.send(Message("control_change", control=30, value=127))
        page.locator("#make-panel .dial .told", has_text="1").wait_for()
        keys.send(Message("control_change", control=30, value=0))
        page.locator("#make-panel .dial .told", has_text="auto").wait_for()
    finally:
        keys.close()
    page.locator("#mappings [aria-label^=remove]").click()
    page.locator("[data-learn='page.density']", has_text="MIDI").wait_for()


def test_what_was_done_can_be_undone_after_the_page_is_loaded_again(page, stage):
    address = "/msanii/param/stream.strength"
    stage.ask(address, 0.5, "id", "before", token="before")
    page.locator("[aria-label=strength]").fill("0.25")
    until(page, "document.getElementById('undo').title.includes('stream.strength: 0.5 to 0.25')")
    page.reload()
    card(page, "north").wait_for()
    until(page, "document.getElementById('undo').title.includes('stream.strength: 0.5 to 0.25')")
    page.click("#show-history")
    page.locator("#undo-list [data-kind=undo]").first.click()
    page.locator("#undo-list [data-kind=redo]", has_text="stream.strength").wait_for()
    assert stage.ask(address, reply=address).args == (0.5,)
    page.locator("#history button", has_text="Close").click()
    page.click("#redo")
    wait_until(lambda: stage.ask(address, reply=address).args == (0.25,), 60)


def test_every_dial_and_slider_has_a_button_for_midi(page):
    page.wait_for_selector("#stream-controls input[type=range]")
    lone = """() => [...document.querySelectorAll("main input[type=range]")]
        .filter(it => !it.closest(".with-learn, .audition")?.querySelector(".learn"))
        .map(it => it.getAttribute("aria-label"))"""
    assert page.evaluate(lone) == []


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_nothing_is_wider_than_the_screen(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    for tab in ("make", "clips", "stream", "more"):
        if width < 768:
            page.click(f"#tabs [data-to={tab}]")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
