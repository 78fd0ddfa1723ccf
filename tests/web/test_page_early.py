"""Hear a clip in a headless Chromium while it is made: its samples, and what ends it."""

import asyncio
import contextlib
import threading
from itertools import pairwise

import numpy as np
import pytest

from msanii_live.engines.spans import SpanPlan
from msanii_live.jobs.partial_clips import PartialClips
from msanii_live.web.app import start_web_server
from msanii_live.web.job_sound import JobSounds
from tests.playback.fakes import wait_until
from tests.web.chromium import chromium, page_of, until
from tests.web.test_app import Source

pytestmark = [pytest.mark.clients, pytest.mark.slow]

RATE = 44_100
FRAMES = 60_001
# Sound is rendered when the test asks for it, and not by the clock of a device.
OFFLINE = """
window.AudioContext = class extends OfflineAudioContext {
    constructor() { super(2, 66000, 44100); window.made = this; }
    resume() {}
};
"""
RENDER = """async () => {
    const buffer = await window.made.startRendering();
    return [0, 1].map(channel => Array.from(buffer.getChannelData(channel)));
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as it:
        yield it


@pytest.fixture
def partials():
    return PartialClips()


@pytest.fixture
def address(partials, tmp_path):
    """The page and jobs, served by an event loop in a thread, without the rest of a server."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(call):
        return asyncio.run_coroutine_threadsafe(call, loop).result(60)

    source = Source(tmp_path)
    routes = JobSounds(partials, source.wav_path).add_routes
    server = run(start_web_server("127.0.0.1", 0, source, {}, add_routes=routes))
    yield f"http://127.0.0.1:{server.port}"
    run(server.stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@contextlib.contextmanager
def silent_page(browser, address):
    page = browser.new_page()
    page.add_init_script(OFFLINE)
    page.goto(address)
    try:
        yield page
    finally:
        page.close()


def listen(page, partials):
    """Have the page hear job 1, and wait until it asks."""
    clip = partials.add(1, "loop1")
    page.evaluate(
        """async () => {
            const { hearJob } = await import("/page/early.js");
            hearJob(1).then(heard => { document.body.dataset.heard = heard; });
        }"""
    )
    wait_until(lambda: clip.is_awaited, 60)
    return clip


def test_the_samples_are_those_of_the_clip_whatever_the_spans(browser, address, partials):
    wave = np.random.default_rng(1).uniform(-1, 1, (FRAMES, 2)).astype(np.float32)
    edges = [0, 10_007, 33_333, FRAMES]
    with silent_page(browser, address) as page:
        clip = listen(page, partials)
        clip.begin(SpanPlan(FRAMES, RATE, tuple(np.diff(edges).tolist())))
        clip.take(wave[: edges[1]])
        until(page, "document.body.dataset.heard === 'true'")  # before the rest is made
        assert "loop1, while it is made" in page.inner_text("#audition .about")
        for start, end in pairwise(edges[1:]):
            clip.take(wave[start:end])
        clip.end()
        until(page, "document.getElementById('audition').dataset.clip === 'loop1'")
        told = page.locator("#audition").evaluate("it => ({...it.dataset})")
        assert float(told["seconds"]) == pytest.approx(FRAMES / RATE, abs=1e-4)
        assert float(told["peak"]) == pytest.approx(np.abs(wave).max())
        heard = np.array(page.evaluate(RENDER), np.float32).T
    sounding = heard.any(1)
    first = int(np.argmax(sounding)) - 1  # the fade in begins with a gain of 0
    heard = heard[first : first + FRAMES]
    assert not sounding[first + FRAMES :].any()
    # After the fade in it is at the level of the page, 0.8. When its end is told, it fades out.
    # That may begin within the last 128 frames, which browsers make at once.
    settled, last = RATE // 4, FRAMES - 128
    assert len(heard) == FRAMES
    assert np.allclose(heard[settled:last], 0.8 * wave[settled:last], atol=1e-5)
    for edge in (slice(settled), slice(last, FRAMES)):
        assert np.corrcoef(heard[edge].ravel(), wave[edge].ravel())[0, 1] > 0.9


def test_a_job_that_is_cancelled_ends_the_sound(browser, address, partials):
    with silent_page(browser, address) as page:
        clip = listen(page, partials)
        clip.begin(SpanPlan(FRAMES, RATE, (30_000, 30_001)))
        clip.take(np.full((30_000, 2), 0.5, np.float32))
        until(page, "document.body.dataset.heard === 'true'")
        clip.end("it was cancelled")
        page.locator(".notice", has_text="loop1 is not heard to its end").wait_for()
        assert not page.locator("#audition").is_visible()


def test_stopping_here_lets_the_job_go_on(browser, address, partials):
    with silent_page(browser, address) as page:
        clip = listen(page, partials)
        clip.begin(SpanPlan(FRAMES, RATE, (30_000, 30_001)))
        clip.take(np.full((30_000, 2), 0.5, np.float32))
        until(page, "document.body.dataset.heard === 'true'")
        page.locator("#audition button:not(.learn)").click()
        wait_until(lambda: not clip.is_awaited, 60)
        assert not clip.progress.is_ended
        assert page.locator(".notice").count() == 0


def test_what_make_makes_is_heard_here_from_the_job(browser, tones):
    with page_of(browser, tones.server.http_port) as page:
        page.select_option("#place", "browser")
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.click("#make")
        page.locator("#make-state", has_text="made in").wait_for()
        name = page.inner_text("#make-state").split(": ")[1].split(",")[0]
        page.wait_for_selector(f"#audition[data-clip='{name}']:visible")
        assert page.locator("#audition input[type=checkbox]").is_checked()  # as a loop
        assert [url for url in asked if "/jobs/" in url]
        assert not [url for url in asked if f"/clips/{name}.wav" in url]
        page.select_option("#place", "stage")
