import shutil

import pytest
from playwright.sync_api import sync_playwright

from tests.live import live

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture(scope="module")
def chromium():
    """A browser; its driver's event loop must be gone before other modules use theirs."""
    path = shutil.which("chromium")
    assert path, "Chromium is missing: apt-get install chromium (make setup does it)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    with live(tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("prompts")) as hotline:
        yield hotline


@pytest.fixture
def page(chromium, site):
    """A page that fails the test on a script error or a broken security policy."""
    context = chromium.new_context(base_url=site.base, permissions=["microphone"])
    shown = context.new_page()
    troubles: list[str] = []
    shown.on("pageerror", lambda error: troubles.append(str(error)))
    shown.on(
        "console",
        lambda message: troubles.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield shown
    context.close()
    assert troubles == []


def log_in(page, login, password, path):
    page.goto(path)
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("#log-in")
