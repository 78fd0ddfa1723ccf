"""See, hear and download a clip's notes and stems on the page, in a headless Chromium."""

import pytest

from msanii_live.library.library import Library
from msanii_live.notes import PARTS
from tests.library.clips import band
from tests.midi.bands import BAND
from tests.web.chromium import chromium, page_of, until

pytestmark = [pytest.mark.clients, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser():
    with chromium() as it:
        yield it


@pytest.fixture(scope="module")
def played(tones):
    """A server with a clip of five parts, made as an engine's clip is."""
    Library(tones.folder).add(band("band"))
    assert tones.ask("/msanii/clip/load", "band.wav", timeout=60).address == "/msanii/done"
    return tones


@pytest.fixture
def card(browser, played):
    with page_of(browser, played.server.http_port) as page:
        found = page.locator("[data-clip='band']")
        found.scroll_into_view_if_needed()
        page.wait_for_selector("[data-clip='band'] .roll[data-drawn]")
        yield page, found


def test_a_piano_roll_has_every_part_in_its_colour(card):
    page, found = card
    roll = found.locator(".roll")
    assert roll.get_attribute("data-drawn") == str(len(BAND.notes))
    assert roll.get_attribute("data-parts") == " ".join(PARTS)
    colours = roll.evaluate(
        """it => {
            const { data } = it.getContext("2d").getImageData(0, 0, it.width, it.height);
            const style = getComputedStyle(it), found = {};
            for (const part of it.dataset.parts.split(" ")) {
                const hex = style.getPropertyValue(`--part-${part}`).trim();
                const [r, g, b] = [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16));
                for (let at = 0; at < data.length; at += 4) {
                    const near = Math.abs(data[at] - r) + Math.abs(data[at + 1] - g)
                        + Math.abs(data[at + 2] - b) < 12;
                    if (data[at + 3] > 100 && near) found[part] = (found[part] ?? 0) + 1;
                }
            }
            return found;
        }"""
    )
    assert set(colours) == set(PARTS)
    page.uncheck("#show-notes")
    assert not roll.is_visible()
    page.check("#show-notes")
    assert roll.is_visible()


def test_stems_are_muted_and_soloed(card):
    page, found = card
    page.select_option("#place", "browser")
    found.locator("[data-deed=play]").click()
    page.wait_for_selector("#audition[data-clip='band']:visible")
    assert page.get_attribute("#audition", "data-stems") == ""
    mute = found.locator("[data-deed=mute-drums]")
    mute.click()  # now the stems play
    until(page, "document.getElementById('audition').dataset.stems !== ''")
    assert page.get_attribute("#audition", "data-stems") == " ".join(PARTS)
    assert mute.get_attribute("aria-pressed") == "true"
    solo = found.locator("[data-deed=solo-bass]")
    solo.click()
    assert solo.get_attribute("aria-pressed") == "true"
    assert found.locator("[data-deed=solo-lead]").get_attribute("aria-pressed") == "false"
    assert page.locator("#audition").is_visible()
    found.locator("[data-deed=stop]").click()
    page.select_option("#place", "stage")
    page.wait_for_selector("#audition", state="hidden")


@pytest.mark.parametrize(
    ("link", "name"),
    [
        (".deeds a[download$=mid]", "band.mid"),
        ("[data-part=drums] a", "band.drums.wav"),
        ("[data-part=pad] a", "band.pad.wav"),
    ],
)
def test_notes_and_stems_are_downloaded(card, played, link, name):
    page, found = card
    with page.expect_download() as caught:
        found.locator(link).click()
    assert caught.value.suggested_filename == name
    with open(caught.value.path(), "rb") as file:
        assert file.read() == (played.folder / name).read_bytes()
