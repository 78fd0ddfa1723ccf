"""Play the page as an instrument: loops, variations, undo, morphs, scenes, and a telephone."""

import pytest

from msanii_live.web.app import PAGE_FOLDER
from tests.live import live
from tests.playback.fakes import wait_until
from tests.web.chromium import chromium, page_of, until

pytestmark = [pytest.mark.clients, pytest.mark.slow]
MAX_SCRIPT_BYTES = 125_000


@pytest.fixture(scope="module")
def browser():
    with chromium() as it:
        yield it


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A server of this module alone, whose clips and tempo are known."""
    with live(tmp_path_factory.mktemp("instrument"), "--engine", "tones") as it:
        it.job("/msanii/generate", "one", "bars", 1, "bpm", 120, "seed", 1, "clip", "one")
        it.job("/msanii/generate", "two", "bars", 1, "bpm", 120, "seed", 2, "clip", "two")
        it.job("/msanii/generate", "slow", "bars", 1, "bpm", 90, "seed", 3, "clip", "slow")
        yield it


@pytest.fixture
def page(browser, stage):
    with page_of(browser, stage.server.http_port) as it:
        it.locator("[data-clip='one']").wait_for()
        yield it


def deed(page, clip, name):
    """Return a button of a clip's card."""
    found = page.locator(f"[data-clip='{clip}']")
    button = found.locator(f"[data-deed={name}]")
    if not button.is_visible():
        found.locator(".more summary").click()
    return button


def test_the_script_is_small():
    size = sum(path.stat().st_size for path in PAGE_FOLDER.glob("*.js"))
    assert size < MAX_SCRIPT_BYTES


def test_bars_key_and_density_make_a_loop_that_plays(page, stage):
    panel = page.locator("#make-panel")
    panel.locator("[data-name=bars] [data-value='2']").click()
    panel.locator("[data-name=key] [data-value='A']").click()
    panel.locator("[data-name=density] input").fill("0.5")
    assert panel.locator("[data-name=bars] [aria-pressed=true]").inner_text() == "2"
    page.click("#make")
    page.locator("#make-state", has_text="made in").wait_for()
    name = page.inner_text("#make-state").split(": ")[1].split(",")[0]
    line = page.locator("#log li", has_text="/msanii/generate @bars 2").first.inner_text()
    assert "@key Am @density 0.5" in line
    page.locator("#sounding", has_text=f"{name} ⟳").wait_for()
    page.keyboard.press(".")
    page.locator("#sounding", has_text="nothing is playing").wait_for()


def test_make_on_another_page_plays_in_place_of_the_loop_of_the_first(browser, stage, page):
    def made_on(it):
        it.locator("#make-panel [data-name=bars] [data-value='2']").click()
        it.click("#make")
        it.locator("#make-state", has_text="made in").wait_for()
        name = it.inner_text("#make-state").split(": ")[1].split(",")[0]
        it.locator("#sounding", has_text=f"{name} ⟳").wait_for()
        return name

    made_on(page)
    with page_of(browser, stage.server.http_port) as other:
        second = made_on(other)
        until(other, f"document.getElementById('sounding').textContent === 'playing: {second} ⟳'")
        third = made_on(page)
        until(page, f"document.getElementById('sounding').textContent === 'playing: {third} ⟳'")
        page.keyboard.press(".")
        page.locator("#sounding", has_text="nothing is playing").wait_for()


def test_what_is_wrong_is_marked_where_it_was_entered(page):
    page.fill("#make-bpm", "900")
    page.locator("#make-bpm").press("Enter")
    page.wait_for_selector("#make-panel [data-name=bpm].wrong")
    assert page.get_attribute("#make-bpm", "aria-invalid") == "true"


def test_a_clip_is_varied_named_chosen_deleted_and_brought_back(page, stage):
    deed(page, "one", "vary").click()
    page.locator("#make-state", has_text="made in").wait_for()
    made = page.inner_text("#make-state").split(": ")[1].split(",")[0]
    card = page.locator(f"[data-clip='{made}']")
    card.wait_for()
    card.locator(".more summary").click()
    assert card.locator("[data-ancestor]").inner_text() == "one"
    card.locator("[data-ancestor]").click()
    until(page, "document.activeElement.dataset.clip === 'one'")
    card.locator(".more form input").fill("mine")
    card.locator(".more form button").click()
    page.locator("[data-clip='mine']").wait_for()
    deed(page, "mine", "star").click()
    page.wait_for_selector("[data-clip='mine'] [data-deed=star][aria-pressed=true]")
    deed(page, "mine", "delete").click()
    page.locator("[data-clip='mine']").wait_for(state="detached")
    page.click("#undo")
    page.locator("[data-clip='mine']").wait_for()
    page.click("#undo")
    page.locator(f"[data-clip='{made}']").wait_for()
    page.click("#redo")
    page.locator("[data-clip='mine']").wait_for()


def test_the_same_settings_make_another_clip(page):
    deed(page, "slow", "again").click()
    page.locator("#log li", has_text="/msanii/generate @bars 1").first.wait_for()
    line = page.locator("#log li", has_text="@bpm 90").first.inner_text()
    assert "@seed" not in line
    assert "@clip" not in line


def test_a_and_b_are_morphed(page):
    assert page.is_disabled("#morph")
    deed(page, "one", "slot-a").click()
    deed(page, "two", "slot-b").click()
    assert deed(page, "one", "slot-a").get_attribute("aria-pressed") == "true"
    page.fill("#morph-mix", "0.25")
    page.click("#morph")
    page.locator("#log li", has_text="/msanii/interpolate one two @mix 0.25").first.wait_for()
    page.locator("#make-state", has_text="made in").wait_for()


def test_another_tempo_is_shown_and_taken(page, stage):
    stage.ask("/msanii/transport", "bpm", 120, reply="/msanii/transport")
    button = page.locator("[data-clip='slow'] .mismatch")
    button.wait_for()
    assert not page.locator("[data-clip='one'] .mismatch").is_visible()
    button.click()
    page.locator("#bpm", has_text="90").wait_for()
    button.wait_for(state="hidden")
    page.locator("[data-clip='one'] .mismatch").wait_for()


def test_play_is_on_stage_or_in_the_browser(page):
    page.select_option("#place", "browser")
    deed(page, "two", "loop").click()
    page.wait_for_selector("#audition[data-clip='two']:visible")
    assert page.is_checked("#audition input[type=checkbox]")
    deed(page, "two", "stop").click()
    page.wait_for_selector("#audition", state="hidden")
    page.select_option("#place", "stage")
    deed(page, "two", "loop").click()
    page.locator("#sounding", has_text="two ⟳").wait_for()
    deed(page, "two", "stop").click()
    page.locator("#sounding", has_text="nothing is playing").wait_for()


def test_a_scene_is_saved_loaded_and_deleted(page, stage):
    address = "/msanii/param/stream.strength"
    stage.ask(address, 0.25, "id", "a", token="a")
    page.fill("#scene-form input", "verse")
    page.click("#scene-form button")
    scene = page.locator("[data-scene=verse]")
    scene.wait_for()
    stage.ask(address, 0.75, "id", "b", token="b")
    scene.locator(".scene").click()
    wait_until(lambda: stage.ask(address, reply=address).args == (0.25,), 60)
    scene.locator("button[aria-label]").click()
    scene.wait_for(state="detached")


def test_a_midi_control_is_awaited_and_left(page):
    learn = page.locator("[data-learn='stream.mix']")
    learn.click()
    page.locator("#log li", has_text="/msanii/map/learn stream.mix").first.wait_for()
    assert learn.get_attribute("aria-pressed") == "true"
    page.locator(".notice", has_text="--midi-in").wait_for()
    learn.click()
    page.locator("#log li", has_text="/msanii/map/free stream.mix").first.wait_for()
    assert learn.get_attribute("aria-pressed") == "false"


def test_a_telephone_has_one_panel_at_a_time_and_stop_in_reach(page):
    page.set_viewport_size({"width": 390, "height": 844})
    for tab, panel in (("clips", "#clips-panel"), ("stream", "#scenes-panel"),
                       ("more", "#server-panel"), ("make", "#make-panel")):  # fmt: skip
        page.click(f"#tabs [data-to={tab}]")
        page.wait_for_selector(f"{panel}:visible")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        box = page.locator("#tabs-stop").bounding_box()
        assert box["y"] + box["height"] <= 844
        assert box["x"] + box["width"] <= 390
    assert page.locator("#clips-panel").is_hidden()
    assert page.locator("#make").bounding_box()["height"] >= 44
