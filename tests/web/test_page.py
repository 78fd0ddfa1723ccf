"""Use the page as a musician does: in a headless Chromium, against a real server."""

import socket
import urllib.request

import pytest

from msanii_live.protocol.commands import COMMANDS
from msanii_live.protocol.schema import arguments
from tests.live import live
from tests.playback.fakes import wait_until
from tests.web.chromium import chromium, compose, page_of, send, until

pytestmark = [pytest.mark.clients, pytest.mark.slow]


# Of this module alone: while playwright runs, its event loop is the thread's.
@pytest.fixture(scope="module")
def browser():
    with chromium() as it:
        yield it


@pytest.fixture
def page(browser, tones):
    with page_of(browser, tones.server.http_port) as it:
        yield it


def hear(page, name):
    """Hear a clip in the browser; return what Web Audio decoded: seconds, peak, channels."""
    page.select_option("#place", "browser")
    page.locator(f"[data-clip='{name}'] [data-deed=play]").click()
    page.wait_for_selector(f"#audition[data-clip='{name}']:visible")
    page.select_option("#place", "stage")
    told = page.locator("#audition").evaluate("it => ({...it.dataset})")
    return float(told["seconds"]), float(told["peak"]), int(told["channels"])


def test_generate_by_clicking_and_hear_it(page):
    said = send(page, "/msanii/generate", seconds=2, seed=5, clip="clicked")
    assert "clicked, 2.00 s" in said
    card = page.locator("[data-clip='clicked']").first
    card.scroll_into_view_if_needed()
    page.wait_for_selector("[data-clip='clicked'] canvas[data-drawn='480']")
    until(page, "document.querySelector(\"[data-clip='clicked'] img\").naturalWidth > 100")
    seconds, peak, channels = hear(page, "clicked")
    assert seconds == pytest.approx(2.0, abs=0.001)
    assert 0.05 < peak < 1.0
    assert channels == 2
    assert "dBFS" in page.inner_text("#audition .about")
    page.locator("#audition button:not(.learn)").click()
    page.wait_for_selector("#audition", state="hidden")


def test_the_engine_that_ships_is_heard(browser, shipped):
    with page_of(browser, shipped.server.http_port) as page:
        said = send(page, "/msanii/generate", seconds=2, style="house", seed=1, clip="house")
        assert "house, 2.00 s" in said
        styles = page.locator("#field-style-list option").evaluate_all(
            "all => all.map(o => o.value)"
        )
        assert "techno" in styles
        seconds, peak, _ = hear(page, "house")
        assert seconds == pytest.approx(2.0, abs=0.001)
        assert peak > 0.1


def test_a_job_is_followed_and_cancelled(page):
    compose(page, "/msanii/generate", seconds=2, steps=1000, clip="never")
    page.click("#send")
    row = page.locator("#jobs li", has_text="never")
    row.wait_for()
    until(page, "document.querySelector('#jobs progress').value > 0")
    page.wait_for_selector("#state[data-state=busy]")
    row.get_by_role("button", name="cancel").click()
    until(page, "document.getElementById('answers').dataset.ended !== undefined")
    assert "was cancelled at step" in page.inner_text("#answers")
    page.locator("#ended li", has_text="was cancelled").first.wait_for()
    page.wait_for_selector("#state[data-state=idle]")
    assert page.locator("[data-clip='never']").count() == 0


def test_a_server_without_a_sound_device_is_marked_in_red_in_the_top_strip(page):
    page.wait_for_selector("header.stage #no-sound:visible")
    colour = page.locator("#no-sound").evaluate("it => getComputedStyle(it).backgroundColor")
    red, green, blue = map(int, colour.removeprefix("rgb(").removesuffix(")").split(","))
    assert red > 2 * max(green, blue) - 40
    assert "no sound device" in page.inner_text("#no-sound")


def test_an_error_is_told_in_words_at_its_field(page):
    said = send(page, "/msanii/generate", seconds=500)
    assert "seconds is 500: it must be 0.5 to 190 s (ERANGE)" in said
    assert page.get_attribute("#field-seconds", "aria-invalid") == "true"
    assert page.evaluate("document.activeElement.id") == "field-seconds"
    line = page.locator("#log li", has_text="seconds 500").first
    assert "ERANGE seconds is 500" in line.inner_text()
    said = send(page, "/msanii/outpaint", src="no-such-clip")
    assert "no-such-clip" in said
    assert "ENOCLIP" in said
    said = send(page, "/msanii/inpaint", start=1, end=2)  # nothing moves into the source's place
    assert "src" in said
    assert "EARG" in said


def test_the_log_shows_what_others_send(page, tones):
    tones.client.send("/msanii/generate", "seconds", "many", "id", "from outside")
    line = page.locator("#log li", has_text="from outside").first
    line.wait_for()
    assert "ETYPE seconds is 'many': it must be a number" in line.inner_text()
    assert f"127.0.0.1:{tones.client.connection.socket.getsockname()[1]}" in line.inner_text()
    tones.client.send("/msanii/ping", "id", "fine by me")
    page.locator("#log li", has_text="fine by me").first.wait_for()
    page.check("#log-errors")
    assert page.locator("#log li:visible", has_text="fine by me").count() == 0
    page.fill("#log-filter", "from outside")
    assert page.locator("#log li:visible").count() == 1
    # A failure that another client was answered with is said aloud, too.
    page.locator(".notice", has_text="seconds is 'many'").wait_for()


def test_what_others_write_is_text_and_nothing_else(page, tones):
    tones.client.send("/msanii/ping", "id", "<img src=x onerror='document.title=1'>")
    page.locator("#log li", has_text="<img src=x").first.wait_for()
    assert page.locator("#log img").count() == 0
    assert page.title() == "msanii-live"


def test_a_clip_sounds_on_the_server_until_a_key_stops_all(page, tones):
    tones.job("/msanii/generate", "heard", "seconds", 20, "clip", "heard")
    card = page.locator("[data-clip='heard']")
    card.locator("[data-deed=loop]").click()
    page.locator("#sounding", has_text="heard ⟳").wait_for()
    page.wait_for_selector("[data-clip='heard'].heard")
    until(
        page,
        "parseFloat(document.querySelector('.meter .told').textContent) > -60 &&"
        "!document.querySelector('.meter .rms').style.clipPath.includes('100%')",
    )
    page.keyboard.press(".")
    page.locator("#sounding", has_text="nothing is playing").wait_for()
    assert tones.count("/msanii/fail", "heard") == 0


def test_the_stream_is_started_steered_and_stopped(page, tones):
    tones.job("/msanii/generate", "flows", "seconds", 4, "clip", "flows")
    send(page, "/msanii/stream/start", src="flows", at="none", chunk=1, ahead=1)
    page.wait_for_selector(".flow[data-state=runs]")
    until(page, "parseFloat(document.getElementById('lead').textContent) > 0")
    mix = page.locator(".slider", has_text="mix").locator("input")
    mix.fill("0.75")
    page.locator("#log li", has_text="/msanii/param/stream.mix 0.75").first.wait_for()
    assert tones.ask("/msanii/param/stream.mix", reply="/msanii/param/stream.mix").args == (0.75,)
    chords = page.locator(".slider.words", has_text="chords").locator("input")
    address = "/msanii/param/stream.chords"
    for words, value in (("Am F", "Am F"), ("", "")):
        chords.fill(words)
        chords.press("Enter")
        wait_until(lambda value=value: tones.ask(address, reply=address).args == (value,), 60)
    page.locator("#stream-controls button", has_text="Stop").click()
    page.wait_for_selector(".flow[data-state=off]")
    tones.ask("/msanii/stop")


def test_tempo_and_beats_are_those_of_the_server(page, tones):
    tones.ask("/msanii/transport", "bpm", 97.5, "beats", 3, reply="/msanii/transport")
    page.locator("#bpm", has_text="97.5").wait_for()
    until(page, "document.querySelectorAll('#beats i').length === 3")
    before = page.inner_text("#bar")
    until(page, "was => document.getElementById('bar').textContent !== was", arg=before)
    tones.ask("/msanii/transport", "bpm", 120, "beats", 4, reply="/msanii/transport")


def test_every_command_of_the_table_has_its_form(page):
    page.click("#advanced summary")
    for command in COMMANDS:
        page.select_option("#command", command.address)
        fields = page.locator("#form [data-name]").evaluate_all(
            "all => Object.fromEntries(all.map(it => [it.dataset.name, it.textContent]))"
        )
        assert sorted(fields) == sorted(argument.name for argument in arguments(command))
        for argument in arguments(command):
            told = fields[argument.name]
            assert argument.text in told
            assert argument.range_text in told
        assert page.inner_text("#message") == command.address


@pytest.mark.parametrize(
    ("address", "values", "words"),
    [
        ("/msanii/ping", {}, ""),
        ("/msanii/status", {}, "state idle"),
        ("/msanii/caps", {}, "name engine, value tones"),
        ("/msanii/engine/list", {}, "engine tones, state loaded"),
        ("/msanii/transport", {"bpm": 120}, "bpm 120"),
        ("/msanii/param/stream.strength", {}, "value 0.5"),
        ("/msanii/clip/info", {"name": "none-such"}, "ENOCLIP"),
    ],
)
def test_answers_are_shown_by_their_fields(page, tones, address, values, words):
    tones.ask("/msanii/param/stream.strength", 0.5, "id", "half", token="half")
    assert words in send(page, address, **values)


def test_the_form_shows_the_message_that_it_sends(page, tones):
    send(page, "/msanii/generate", seconds=0.5, prompt="dark techno", clip="spelt")
    assert page.inner_text("#message") == (
        '/msanii/generate seconds 0.5 prompt "dark techno" clip spelt'
    )
    line = page.locator("#log li", has_text="'dark techno'").first.inner_text()
    assert "@seconds 0.5 @prompt 'dark techno' @clip spelt" in line
    assert "this page" in line


def test_a_clip_is_dragged_and_downloaded_as_its_wav(page, tones):
    made = tones.job("/msanii/generate", "carry", "seconds", 1, "clip", "carry")
    page.locator("[data-clip='carry'] .drag").wait_for()
    parcel = page.locator("[data-clip='carry'] .drag").evaluate(
        """it => {
            const dataTransfer = new DataTransfer();
            it.dispatchEvent(new DragEvent("dragstart", { dataTransfer, bubbles: true }));
            return Object.fromEntries(dataTransfer.types.map(t => [t, dataTransfer.getData(t)]));
        }"""
    )
    kind, name, url = parcel["downloadurl"].split(":", 2)
    assert (kind, name) == ("audio/wav", "carry.wav")
    with urllib.request.urlopen(url, timeout=10) as answer, open(str(made[3]), "rb") as file:
        assert answer.read() == file.read()
    with page.expect_download() as caught:
        page.locator("[data-clip='carry'] a[download]").click()
    assert caught.value.suggested_filename == "carry.wav"


def test_it_is_played_by_keys_alone(page, tones):
    tones.job("/msanii/generate", "keyed", "seconds", 1, "clip", "keyed")
    page.locator("[data-clip='keyed']").wait_for()
    page.keyboard.press("o")
    assert page.evaluate("document.activeElement.id") == "field-src"
    page.keyboard.type("keyed.")  # a dot typed into a field stops nothing
    assert page.input_value("#field-src") == "keyed."
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.locator("#keys button").click()
    assert not page.locator("#keys").is_visible()
    page.keyboard.press("j")
    focused = page.evaluate("document.activeElement.dataset.clip")
    page.keyboard.press("h")
    page.wait_for_selector(f"#audition[data-clip='{focused}']:visible")
    page.keyboard.press("q")
    page.wait_for_selector("#audition", state="hidden")


def test_a_patch_that_errs_all_the_time_does_not_drown_the_page(page, tones):
    for value in range(400):
        tones.client.send("/msanii/generate", "seconds", 1_000 + value)
    page.locator("#log li", has_text="seconds 1399").first.wait_for()
    assert page.locator(".notice").count() <= 4
    assert page.locator("#log li").count() <= 300
    assert "done" in send(page, "/msanii/clearsched")
    tones.drain()


def test_quit_is_asked_twice(page, tones):
    compose(page, "/msanii/quit")
    page.click("#send")
    assert "Really" in page.inner_text("#send")
    tones.ask("/msanii/ping", reply="/msanii/pong")


def set_texts(page, **texts):
    page.evaluate(
        """(texts) => {
            for (const [id, text] of Object.entries(texts))
                document.getElementById(id).textContent = text;
        }""",
        texts,
    )


@pytest.mark.parametrize("width", [380, 820, 1440])
def test_nothing_is_cut_off_at_any_width(browser, tones, width):
    with page_of(browser, tones.server.http_port, reduced_motion="reduce") as page:
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_selector("#facts dd", state="attached")
        for bpm, bar, state in (("", "", ""), ("299.9", "12345.4", "connecting")):
            if bpm:  # after hours
                set_texts(page, bpm=bpm, bar=bar, state=state)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        cut = page.evaluate(
            """() => [...document.querySelectorAll("button, input, select, h2, .figure")]
                .filter(it => it.offsetParent && !it.closest("dialog"))
                .filter(it => it.getBoundingClientRect().right > innerWidth + 1 ||
                    it.getBoundingClientRect().left < -1)
                .map(it => it.id || it.textContent)"""
        )
        assert cut == []
        unnamed = page.evaluate(
            """() => [...document.querySelectorAll("button, input, select, a")]
                .filter(it => !it.textContent.trim() && !it.labels?.length &&
                    !it.getAttribute("aria-label")).map(it => it.outerHTML)"""
        )
        assert unnamed == []


def test_it_survives_that_the_server_is_started_again(browser, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = ("--engine", "tones", "--http-port", str(port))
    with live(tmp_path / "one", *flags, log=tmp_path / "log.txt") as first:
        first.job("/msanii/generate", "before", "seconds", 0.5, "clip", "before")
        with page_of(browser, port) as page:
            page.locator("[data-clip='before']").wait_for()
            first.server.child.terminate()
            first.server.child.wait(10)
            page.wait_for_selector("#away:visible")
            assert "msanii-live serve" in page.inner_text("#away")
            page.wait_for_selector("#state[data-state=away]")
            page.keyboard.press(".")  # says so, and breaks nothing
            page.locator(".notice", has_text="was not sent").wait_for()
            with live(tmp_path / "two", *flags, log=tmp_path / "log.txt") as second:
                page.wait_for_selector("#away", state="hidden")
                page.locator(".notice", has_text="started again").wait_for()
                page.locator("[data-clip='before']").wait_for(state="detached")
                second.job("/msanii/generate", "after", "seconds", 0.5, "clip", "after")
                page.locator("[data-clip='after']").wait_for()
                assert "done" in send(page, "/msanii/clearsched")
