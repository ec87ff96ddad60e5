"""Every page of the Back Office in a real browser: phone and desk, light and dark, by keyboard.

The pages come from the list that makes the routes, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from meganodes.directory.staff_records import Stage
from tests.support.browser import PATIENCE_MS
from tests.support.office_evening import (
    ADMIN,
    NOT_HTML,
    PASSWORD,
    OfficeEvening,
    an_office_evening,
    name_of,
    shown_pages,
)

AXE: Final = Path(__file__).parent / "vendor/axe.min.js"
DESK_WIDTH: Final = 1440
PHONE_WIDTH: Final = 390
THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
JUDGE: Final = """async () => {
  const found = await axe.run(document, {
    resultTypes: ["violations"],
    rules: { "target-size": { enabled: true } },
  });
  return found.violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.target} ${node.failureSummary}`));
}"""
TOO_WIDE: Final = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.body.querySelectorAll("*")]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > width + 1)
    .map((each) => `${each.tagName}.${each.className}`);
}"""


class Desk:
    """One browser tab in front of the office, and whatever the browser complained about."""

    def __init__(self, page: Page, evening: OfficeEvening) -> None:
        self.page = page
        self.evening = evening
        self.complaints: list[str] = []
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("pageerror", lambda fault: self.complaints.append(str(fault)))
        page.on("request", lambda asked: self._note_address(asked.url))

    def become(self, stage: Stage | None) -> None:
        """Be somebody who has signed in so far; None for a stranger."""
        self.page.context.clear_cookies()
        if stage is not None:
            self.page.context.add_cookies([self.evening.cookie(stage)])  # type: ignore[list-item]

    def open(self, path: str) -> None:
        """Open a page of the list, its parameters filled in."""
        self.page.goto(self.evening.url(path))

    def resize(self, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": 900})

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def _note_address(self, url: str) -> None:
        if not url.startswith((self.evening.origin, "data:")):
            self.complaints.append(f"foreign request: {url}")


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfficeEvening]:
    with an_office_evening(tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture(scope="module")
def tab(browser: Browser, evening: OfficeEvening) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=evening.origin)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.clock.set_fixed_time(evening.now_ms)
    yield page
    context.close()


@pytest.fixture
def desk(tab: Page, evening: OfficeEvening) -> Iterator[Desk]:
    """The tab, at a desk, in light, with an administrator before it."""
    made = Desk(tab, evening)
    tab.emulate_media(color_scheme="light")
    made.resize(DESK_WIDTH)
    made.become(Stage.SIGNED_IN)
    yield made
    for event in ("console", "pageerror", "request"):
        tab._impl_obj.remove_all_listeners(event)  # noqa: SLF001
    assert made.complaints == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("shown", shown_pages(), ids=name_of)
def test_page_is_quiet_and_fits_and_can_be_used_by_everybody(
    desk: Desk, shown: Any, theme: Literal["light", "dark"]
) -> None:
    desk.page.emulate_media(color_scheme=theme)
    desk.become(shown.stage)
    query = desk.evening.queries.get(shown.path, "")
    answer = desk.page.goto(desk.evening.url(shown.path) + query)
    assert answer is not None
    assert answer.status == 200, answer.url
    assert desk.page.evaluate("document.documentElement.dataset.bsTheme") == theme
    expect(desk.page.locator("h1")).to_have_count(1)
    assert desk.page.evaluate(TOO_WIDE) == []
    desk.page.evaluate(AXE.read_text("utf-8"))
    assert desk.page.evaluate(JUDGE) == []
    desk.resize(PHONE_WIDTH)
    assert desk.page.evaluate(TOO_WIDE) == []
