"""Open the page in a headless Chromium, Debian's or whichever is installed."""

import contextlib
import shutil
import time

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 100.0  # s: a machine that does much else must not fail a test
# As root, and in a container with a small /dev/shm, Chromium needs to be told.
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--mute-audio"]


@contextlib.contextmanager
def chromium():
    """Run a browser; playwright's own downloads are not used."""
    program = next((path for name in NAMES if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=program, args=FLAGS, timeout=1_000 * PATIENCE
        )
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def page_of(browser, http_port, **settings):
    """Open the page of a server. It must ask nothing of anyone else, and log no error."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, **settings)
    context.set_default_timeout(1_000 * PATIENCE)
    page = context.new_page()
    base = f"http://127.0.0.1:{http_port}"
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("request", lambda request: note_stranger(page, request.url, base))
    try:
        page.goto(base)
        until(page, "document.getElementById('send') !== null")
        yield page
    finally:
        context.close()
    assert page.faults == []


def until(page, expression, arg=None, patience=PATIENCE):
    """Wait until an expression holds in the page. Its policy allows no eval, which playwright's
    own waiting needs."""
    end = time.monotonic() + patience
    while not page.evaluate(expression, arg):
        assert time.monotonic() < end, f"never: {expression}"
        page.wait_for_timeout(30)


def note_stranger(page, url, base):
    if not url.startswith((base, "data:", "blob:")):
        page.faults.append(f"asks {url}")


def compose(page, address, **values):
    """Choose a command and fill its form in."""
    page.evaluate("document.getElementById('advanced').open = true")
    page.select_option("#command", address)
    for name, value in values.items():
        field = page.locator(f"#field-{name}")
        if not field.is_visible():
            page.locator("#form summary").click()
        if field.evaluate("it => it.tagName") == "SELECT":
            field.select_option(str(value))
        else:
            field.fill(str(value))


def send(page, address, **values):
    """Send a command as a musician does, and return the answers once the last has come."""
    compose(page, address, **values)
    page.click("#send")
    until(page, "document.getElementById('answers').dataset.ended !== undefined")
    return page.inner_text("#answers")
