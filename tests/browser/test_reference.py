"""The reference of both APIs in a real browser: whole, offline, and able to try a call."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from meganodes.main_api.reference import routes as reference
from meganodes.main_api.settings import MainApiSettings
from meganodes.main_api.v4.routes import ENDPOINTS, make_app
from meganodes.providers.adapters.house.described import DATA
from tests.support.browser import start_options
from tests.support.door import World, opened_world
from tests.support.page_server import served

PATIENCE_MS: Final = 60_000
"""A busy machine is no failure."""

HOST: Final = "hub.example"
"""Not localhost: there the page would behave in another way, and the browser takes no brotli."""

CALLBACKS: Final = ("authenticate", "bet (revision guid)", "status (revision id)")


@dataclass
class Opened:
    """A page and what it did: requests as (method, address), and complaints of the console."""

    page: Page
    asked: list[tuple[str, str]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("request", lambda request: self.asked.append((request.method, request.url)))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type != "info" else None,
        )

    def hosts(self) -> set[str | None]:
        """The hosts that were asked; what a page makes itself has none."""
        return {urlsplit(url).hostname for _, url in self.asked}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


@pytest.fixture
async def origin(world: World) -> AsyncIterator[str]:
    """The hub behind its own listener, under a name of its own."""
    app = make_app(world.hub, MainApiSettings(), world.drain, pages=reference.make_routes())
    async with served(app) as address:
        yield address.replace("127.0.0.1", HOST)


@pytest.fixture
async def offline() -> AsyncIterator[Browser]:
    """A browser for which every name in the world leads to this machine."""
    options = start_options()
    options["args"] = [*options["args"], "--host-resolver-rules=MAP * 127.0.0.1"]
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(**options)
        yield made
        await made.close()


@asynccontextmanager
async def opened(
    browser: Browser, url: str, width: int = 1280, scheme: Literal["light", "dark"] = "light"
) -> AsyncIterator[Opened]:
    context = await browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme
    )
    made = Opened(await context.new_page())
    made.watch()
    await made.page.goto(url)
    await expect(made.page.locator("h1").first).to_be_visible(timeout=PATIENCE_MS)
    yield made
    await context.close()


async def test_main_api_page_lists_every_operation_and_asks_nobody_else(
    offline: Browser, origin: str
) -> None:
    async with opened(offline, f"{origin}/docs") as there:
        sidebar = there.page.locator("aside").first
        for endpoint in ENDPOINTS:
            name = endpoint.path.removeprefix("/v4/")
            await expect(sidebar.get_by_text(name, exact=True)).to_have_count(1)
        for callback in CALLBACKS:
            await expect(sidebar.get_by_text(callback, exact=True)).to_have_count(1)
        await expect(there.page).to_have_title("MegaNodes Main API")
        assert there.complaints == []
        assert there.hosts() <= {HOST, None}
        paths = {urlsplit(url).path for _, url in there.asked if urlsplit(url).hostname == HOST}
        assert paths <= {
            "/docs",
            "/docs/icon.svg",
            "/docs/openapi.json",
            "/docs/reference.js",
            f"/docs/{reference.SCALAR}",
        }


async def test_provider_api_page_lists_every_command(offline: Browser, origin: str) -> None:
    async with opened(offline, f"{origin}/docs/provider") as there:
        await expect(there.page.locator("h1").first).to_have_text("MegaNodes Provider API")
        sidebar = there.page.locator("aside").first
        for command in DATA:
            await expect(
                sidebar.get_by_role("link", name=re.compile(f"^{command}\\b"))
            ).not_to_have_count(0)
        assert there.complaints == []
        assert there.hosts() <= {HOST, None}


async def test_operation_can_be_tried_and_its_answer_is_shown(
    offline: Browser, origin: str, world: World
) -> None:
    async with opened(offline, f"{origin}/docs#tag/agent/POST/v4/agent/info") as there:
        page = there.page
        section = page.locator("section[id$='POST/v4/agent/info']")
        await section.get_by_role("button", name=re.compile("Test Request")).click()
        tried = page.get_by_role("dialog")
        await tried.get_by_placeholder("Token").fill(world.credentials.api_token.reveal())
        await tried.locator("[data-addressbar-action=send]:visible").click()
        await expect(tried.get_by_text("200 OK")).to_be_visible(timeout=PATIENCE_MS)
        await expect(tried.get_by_text('"acme"')).to_be_visible(timeout=PATIENCE_MS)
        calls = [each for each in there.asked if "/v4/" in urlsplit(each[1]).path]
        assert [method for method, _ in calls] == ["POST"]
        assert there.hosts() <= {HOST, None}
        assert there.complaints == []


async def test_wrong_token_shows_the_refusal(offline: Browser, origin: str) -> None:
    async with opened(offline, f"{origin}/docs#tag/agent/POST/v4/agent/info") as there:
        section = there.page.locator("section[id$='POST/v4/agent/info']")
        await section.get_by_role("button", name=re.compile("Test Request")).click()
        tried = there.page.get_by_role("dialog")
        await tried.get_by_placeholder("Token").fill("mna_wrong")
        await tried.locator("[data-addressbar-action=send]:visible").click()
        await expect(tried.get_by_text("TOKEN_INVALID")).to_be_visible(timeout=PATIENCE_MS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_page_fits_a_phone_by_day_and_by_night(
    offline: Browser, origin: str, scheme: Literal["light", "dark"]
) -> None:
    async with opened(offline, f"{origin}/docs", 390, scheme) as there:
        widest = await there.page.evaluate("document.documentElement.scrollWidth")
        assert widest <= 390
        ground = await there.page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
        )
        assert (sum(ground) > 600) is (scheme == "light")


async def test_callback_offers_nothing_to_send(offline: Browser, origin: str) -> None:
    async with opened(offline, f"{origin}/docs#tag/callbacks/webhook/POST/bet-guid") as there:
        section = there.page.locator("section[id$='webhook/POST/bet-guid']")
        await expect(section.get_by_text("A bet is sent once.")).to_be_visible(timeout=PATIENCE_MS)
        await expect(section.locator(".show-api-client-button")).to_be_hidden()
