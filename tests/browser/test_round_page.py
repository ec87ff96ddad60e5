"""The pages of players in a real browser: on a phone, in the dark, with a keyboard, on paper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, Route, expect

from meganodes.player_pages.texts import Topic
from tests.support.page_server import Pages, served_pages
from tests.support.round_shapes import SHAPES

PATIENCE_MS: Final = 60_000
"""A busy machine is no failure."""

FAINT_TEXT: Final = """() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parts(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const contrast = (element) => {
    const pair = [parts(getComputedStyle(element).color), ground(element)].map(luminance);
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  };
  const hasText = (element) => [...element.childNodes].some(
    (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
  const faint = (element, least) => contrast(element) >= least ? []
    : [`${element.className.baseVal ?? element.className} ${element.textContent.trim()} `
       + contrast(element).toFixed(2)];
  const shown = [...document.body.querySelectorAll('*')].filter((each) => each.checkVisibility());
  return [
    ...shown.filter(hasText).flatMap((each) => faint(each, 4.5)),
    ...shown.filter((each) => each.matches('.mark, .icon')).flatMap((each) => faint(each, 3)),
  ];
}"""
"""Texts with a contrast below 4.5 and signs with one below 3 (WCAG 2.2, AA)."""


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    async with served_pages(tmp_path) as made:
        yield made


async def opened(chromium: Browser, width: int = 390, **settings: Any) -> Page:  # noqa: ANN401 - as Playwright
    """Open a tab of this width."""
    usual = {"viewport": {"width": width, "height": 844}, "locale": "en"}
    context = await chromium.new_context(**{**usual, **settings})
    context.set_default_timeout(PATIENCE_MS)
    return await context.new_page()


@pytest.mark.parametrize(
    ("width", "languages"),
    [(320, ["de", "th"]), (390, ["de", "ko", "th", "zh", "pt"]), (1280, ["de"])],
)
async def test_nothing_is_wider_than_the_screen(
    pages: Pages, chromium: Browser, width: int, languages: list[str]
) -> None:
    tab = await opened(chromium, width)
    for language in languages:
        addresses = [pages.round(shape, language) for shape in SHAPES]
        for address in [*addresses, pages.closed(Topic.ROUND_EXPIRED, language)]:
            await tab.goto(address)
            assert await tab.evaluate("document.documentElement.scrollWidth") <= width, address


async def test_page_is_quiet_and_asks_nobody_else(pages: Pages, chromium: Browser) -> None:
    tab = await opened(chromium)
    said: list[str] = []
    asked: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    for shape in SHAPES:
        await tab.goto(pages.round(shape, "ja"))
    for topic in Topic:
        await tab.goto(pages.closed(topic, "ja"))
    assert said == []
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(pages.origin).netloc}
    assert {urlsplit(url).path.rpartition(".")[2] for url in asked} <= {
        "css",
        "svg",
        "/v4/game/round",
        *(f"/v4/game/closed-{topic}-ja" for topic in Topic),
    }


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
async def test_everything_can_be_read(pages: Pages, chromium: Browser, colour_scheme: str) -> None:
    tab = await opened(chromium, color_scheme=colour_scheme)
    for shape in SHAPES:
        await tab.goto(pages.round(shape, "en"))
        await tab.locator("summary").click()
        assert await tab.evaluate(FAINT_TEXT) == [], shape
    for topic in Topic:
        await tab.goto(pages.closed(topic, "en"))
        assert await tab.evaluate(FAINT_TEXT) == [], topic


async def test_dark_is_dark(pages: Pages, chromium: Browser) -> None:
    grounds = []
    for colour_scheme in ("light", "dark"):
        tab = await opened(chromium, color_scheme=colour_scheme)
        await tab.goto(pages.round("win", "en"))
        grounds.append(await tab.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(244, 245, 248)", "rgb(14, 17, 24)"]


async def test_language_is_changed_with_the_keyboard_alone(pages: Pages, chromium: Browser) -> None:
    tab = await opened(chromium, java_script_enabled=False)
    await tab.goto(pages.round("win", "en"))
    await tab.keyboard.press("Tab")
    await expect(tab.get_by_role("link", name="Watch the replay")).to_be_focused()
    await tab.keyboard.press("Tab")
    await expect(tab.locator("summary")).to_be_focused()
    await tab.keyboard.press("Enter")
    for _ in range(2):
        await tab.keyboard.press("Tab")
    await expect(tab.get_by_role("link", name="한국어")).to_be_focused()
    await tab.keyboard.press("Enter")
    await expect(tab.locator("html")).to_have_attribute("lang", "ko", timeout=PATIENCE_MS)
    await expect(tab.get_by_role("heading", level=1)).to_have_text("럭키 프루츠 디럭스")
    await expect(tab.locator('[aria-current="true"]')).to_have_text("한국어")


async def test_focus_can_be_seen(pages: Pages, chromium: Browser) -> None:
    tab = await opened(chromium)
    await tab.goto(pages.round("win", "en"))
    for _ in range(2):
        await tab.keyboard.press("Tab")
        style = "getComputedStyle(document.activeElement)"
        assert await tab.evaluate(f"{style}.outlineStyle") == "solid"
        assert await tab.evaluate(f"{style}.outlineWidth") == "3px"


async def test_page_is_told_to_screen_readers_in_order(pages: Pages, chromium: Browser) -> None:
    tab = await opened(chromium)
    await tab.goto(pages.round("several", "en"))
    await expect(tab.get_by_role("main")).to_have_count(1)
    await expect(tab.get_by_role("heading")).to_have_text(["Lucky Fruits Deluxe", "What happened"])
    steps = tab.get_by_role("region", name="What happened").get_by_role("listitem")
    await expect(steps).to_have_count(6)
    await expect(steps.first).to_contain_text("Bet")
    await expect(tab.locator("time").first).to_have_attribute(
        "datetime", "2026-09-21T16:13:20+02:00"
    )
    await expect(tab.locator("ol time").first).to_have_text("16:13:20")
    await expect(tab.get_by_role("navigation", name="Language")).to_be_visible()


@pytest.mark.rule("2.2-round-details-page")
async def test_replay_opens_in_a_tab_that_learns_nothing_of_the_link(
    pages: Pages, chromium: Browser
) -> None:
    tab = await opened(chromium)
    seen: list[tuple[str, str | None]] = []

    async def replay(route: Route) -> None:
        seen.append((route.request.url, await route.request.header_value("referer")))
        await route.fulfill(body="<title>replay</title>", content_type="text/html")

    await tab.context.route("https://play.example.com/**", replay)
    await tab.goto(pages.round("win", "en"))
    async with tab.context.expect_page() as opening:
        await tab.get_by_role("link", name="Watch the replay").click()
    other = await opening.value
    await other.wait_for_load_state()
    assert seen == [("https://play.example.com/replay?round=4711-win", None)]
    assert await other.evaluate("window.opener") is None
    assert await other.evaluate("document.referrer") == ""


async def test_paper_gets_the_round_and_nothing_to_press(pages: Pages, chromium: Browser) -> None:
    tab = await opened(chromium, color_scheme="dark")
    await tab.goto(pages.round("several", "en"))
    await tab.emulate_media(media="print")
    await expect(tab.locator(".languages")).to_be_hidden()
    await expect(tab.get_by_role("link", name="Watch the replay")).to_be_hidden()
    await expect(tab.locator(".step").last).to_be_visible()
    assert await tab.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    assert await tab.evaluate(FAINT_TEXT) == []


async def test_long_round_keeps_its_result_in_view_on_a_wide_screen(
    pages: Pages, chromium: Browser
) -> None:
    tab = await opened(chromium, 1280)
    await tab.goto(pages.round("long", "de"))
    await tab.locator(".step").last.scroll_into_view_if_needed()
    await expect(tab.locator(".result")).to_be_in_viewport()
