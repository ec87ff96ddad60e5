"""One evening for all browser tests, one browser for each file, a fresh page for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright import async_api
from playwright.sync_api import Browser, ConsoleMessage, Error

from tests.support.browser import DESKTOP, GamePage, new_page, running_chromium, start_options
from tests.support.stage import Stage, a_stage


@pytest.fixture(scope="session")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with a_stage(tmp_path_factory.mktemp("evening")) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as made:
        yield made


@pytest.fixture
async def chromium() -> AsyncIterator[async_api.Browser]:
    """The browser for tests that are coroutines: one for each, as their event loop is."""
    async with async_api.async_playwright() as playwright:
        made = await playwright.chromium.launch(**start_options())
        yield made
        await made.close()


@pytest.fixture
def stage(evening: Stage) -> Iterator[Stage]:
    yield evening
    evening.clear()


@pytest.fixture
def game(browser: Browser, request: pytest.FixtureRequest) -> Iterator[GamePage]:
    """A page in a context of its own; whatever the browser complains about fails the test.

    The reels stand still, which is quicker, unless a test asks for another context:
    `@pytest.mark.parametrize("game", [{"reduced_motion": "no-preference"}], indirect=True)`.
    """
    usual = {"viewport": DESKTOP, "locale": "en-GB", "reduced_motion": "reduce"}
    options = {**usual, **getattr(request, "param", {})}
    context = browser.new_context(**options)
    page = new_page(context)
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # What did not arrive is the business of the tests that cut the line.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    def note_fault(fault: Error) -> None:
        complaints.append(str(fault))

    page.on("console", note)
    page.on("pageerror", note_fault)
    yield GamePage(page)
    context.close()
    assert not complaints
