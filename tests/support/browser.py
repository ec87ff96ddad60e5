"""A real browser for tests and screenshots, and the game's page as a player uses it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypedDict

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    ViewportSize,
    sync_playwright,
)

PHONE: ViewportSize = {"width": 390, "height": 844}
SMALL_PHONE: ViewportSize = {"width": 360, "height": 640}
LYING_PHONE: ViewportSize = {"width": 844, "height": 390}
TABLET: ViewportSize = {"width": 820, "height": 1180}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PATIENCE_MS = 45_000


_NOTE_SAYINGS = """() => {
    const message = document.getElementById("message");
    window.sayings = [];
    const note = () => window.sayings.push(message.textContent);
    new MutationObserver(note).observe(message, { childList: true, characterData: true });
}"""


class StartOptions(TypedDict):
    """What Playwright is told about the browser."""

    executable_path: str
    args: list[str]


class ChromiumMissing(Exception):
    """There is no browser to test with; the sentence names the cure."""


def start_options() -> StartOptions:
    """Say which Chromium to start, and how."""
    program = shutil.which("chromium")
    if program is None:
        raise ChromiumMissing("chromium is missing; run: sudo apt-get install --yes chromium")
    # Chromium refuses to sandbox itself for root, as in a container.
    return {"executable_path": program, "args": ["--no-sandbox"] if os.geteuid() == 0 else []}


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Start Chromium and end it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**start_options())
        try:
            yield browser
        finally:
            browser.close()


def new_page(context: BrowserContext) -> Page:
    """Open a page that is patient with a loaded machine."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


class GamePage:
    """What a player sees and does."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, url: str) -> None:
        """Follow a launch link until the game can be played."""
        self.page.goto(url)
        self.wait_for("ready")

    @property
    def lever(self) -> Locator:
        return self.page.locator("#spin")

    def wait_for(self, *says: str) -> str:
        """Wait until the page says one of these; returns which."""
        either = ", ".join(f"#message[data-says={name}]" for name in says)
        self.page.wait_for_selector(either)
        return self.says()

    def wait_until_free(self) -> None:
        """Wait until another round can be played."""
        self.page.wait_for_selector("#spin[aria-disabled=false]")

    def press_lever(self) -> str:
        """Play one round by the button and wait for its end; returns what the page says."""
        self.lever.click()
        self.wait_until_free()
        return self.says()

    def choose_stake(self, stake: str) -> None:
        self.page.locator(f'#stakes input[value="{stake}"]').check(force=True)

    def note_everything_said(self) -> None:
        """From now on remember what the page says, however short."""
        self.page.evaluate(_NOTE_SAYINGS)

    def everything_said(self) -> list[str]:
        sayings: list[str] = self.page.evaluate("() => window.sayings")
        return sayings

    def says(self) -> str:
        return str(self.page.get_attribute("#message", "data-says"))

    def text(self) -> str:
        return self.page.inner_text("#message")

    def balance(self) -> str:
        """The balance that is shown, as the decimal text it was made from."""
        return str(self.page.get_attribute("#balance", "data-amount"))

    def wait_for_balance(self, balance: str) -> None:
        self.page.wait_for_selector(f'#balance[data-amount="{balance}"]')

    def win(self) -> str:
        """The win that is shown, once it has been counted up."""
        return str(self.page.get_attribute("#win", "data-amount"))

    def window(self) -> str:
        return str(self.page.get_attribute("#reels", "data-window"))
