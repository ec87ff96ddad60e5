"""Every page of the Back Office in a real browser: phone and desk, light and dark, by keyboard.

The pages come from the list that makes the routes, so that a new one cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from meganodes.backoffice.page import AnyPage
from meganodes.directory.staff_records import Stage
from tests.support.browser import new_page
from tests.support.listed_messages import only_listed_messages
from tests.support.office_evening import (
    ADMIN,
    OfficeEvening,
    an_office_evening,
    name_of,
    shown_pages,
)
from tests.support.staff import PASSWORD

AXE: Final = Path(__file__).parent / "vendor/axe.min.js"
DESK_WIDTH: Final = 1440
PHONE_WIDTH: Final = 390
THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
JUDGE: Final = """async (theme) => {
  const all = { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } };
  const colours = { runOnly: ["color-contrast", "link-in-text-block"] };
  const found = await axe.run(document, theme === "light" ? all : colours);
  return found.violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .flatMap((each) => each.nodes.map((node) =>
      `${each.id}: ${node.target} ${node.failureSummary}`));
}"""
PUT_ON: Final = """(theme) => {
  document.documentElement.dataset.bsTheme = theme;
  document.dispatchEvent(new CustomEvent("office:theme"));
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
            self.evening.present(self.page.context, stage)

    def keep_session(self) -> None:
        """Note that whoever gave the password again has another session from now on (S9)."""
        (cookie,) = [each for each in self.page.context.cookies() if each["httpOnly"]]
        self.evening.sessions[Stage.SIGNED_IN] = cookie["value"]

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
    folder = tmp_path_factory.mktemp("office")
    with only_listed_messages(), an_office_evening(folder) as made:
        yield made


@pytest.fixture(scope="module")
def shared_desk(browser: Browser, evening: OfficeEvening) -> Iterator[Desk]:
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=evening.origin)
    page = new_page(context)
    page.clock.set_fixed_time(evening.now_ms)
    yield Desk(page, evening)
    context.close()


@pytest.fixture
def desk(shared_desk: Desk) -> Iterator[Desk]:
    """The tab, at a desk, in light, with an administrator before it."""
    shared_desk.complaints.clear()
    shared_desk.page.emulate_media(color_scheme="light")
    shared_desk.resize(DESK_WIDTH)
    shared_desk.become(Stage.SIGNED_IN)
    yield shared_desk
    assert shared_desk.complaints == []


@pytest.mark.parametrize("shown", shown_pages(), ids=name_of)
@pytest.mark.security("S14")
def test_page_is_quiet_and_fits_and_can_be_used_by_everybody(desk: Desk, shown: AnyPage) -> None:
    desk.become(shown.stage)
    query = desk.evening.queries.get(shown.path, "")
    answer = desk.page.goto(desk.evening.url(shown.path) + query)
    assert answer is not None
    assert answer.status == 200, answer.url
    expect(desk.page.locator("h1")).to_have_count(1)
    desk.page.evaluate(AXE.read_text("utf-8"))
    for width in (DESK_WIDTH, PHONE_WIDTH):
        desk.resize(width)
        for theme in THEMES:
            desk.page.evaluate(PUT_ON, theme)
            assert desk.page.evaluate(JUDGE, theme) == [], (theme, width)
            assert desk.page.evaluate(TOO_WIDE) == [], (theme, width)


@pytest.mark.parametrize("theme", THEMES)
def test_the_system_says_which_colours_until_somebody_chooses(
    desk: Desk, theme: Literal["light", "dark"]
) -> None:
    desk.page.emulate_media(color_scheme=theme)
    desk.open("/agents")
    expect(desk.page.locator("html")).to_have_attribute("data-bs-theme", theme)


def test_somebody_signs_in_with_password_and_code(desk: Desk) -> None:
    desk.become(None)
    desk.open("/agents")
    desk.page.get_by_label("E-mail address").fill(ADMIN)
    desk.page.get_by_label("Password").fill(PASSWORD.reveal())
    desk.page.get_by_role("button", name="Sign in").click()
    desk.page.get_by_label("Code").fill(desk.evening.next_code())
    desk.page.get_by_role("button", name="Go on").click()
    expect(desk.page.get_by_role("heading", name="Agents", level=1)).to_be_visible()
    assert desk.page.url == desk.evening.url("/agents")


@pytest.mark.parametrize("keys", ["/", "Control+k"])
def test_a_key_leads_to_the_search_and_escape_leaves_it(desk: Desk, keys: str) -> None:
    desk.open("/agents")
    desk.page.keyboard.press(keys)
    expect(desk.page.get_by_label("Search", exact=True)).to_be_focused()
    expect(desk.page.get_by_label("Search", exact=True)).to_have_value("")
    desk.page.keyboard.press("Escape")
    expect(desk.page.get_by_label("Search", exact=True)).not_to_be_focused()


def test_a_dialog_asks_first_and_gives_the_focus_back(desk: Desk) -> None:
    desk.open("/agents")
    opener = desk.page.get_by_role("button", name="Suspend").first
    opener.focus()
    desk.page.keyboard.press("Enter")
    dialog = desk.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("heading")).to_contain_text("Suspend")
    desk.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_copy_button_copies_and_says_so(desk: Desk) -> None:
    desk.open("/a/{agent_id}/users/{user_code}")
    number = desk.evening.parameters["user_code"]
    desk.page.get_by_role("button", name=f"Copy {number}").click()
    expect(desk.page.get_by_role("status")).to_contain_text("Copied")
    assert desk.page.evaluate("navigator.clipboard.readText()") == number


def test_the_chosen_theme_stays(desk: Desk) -> None:
    root = desk.page.locator("html")
    desk.open("/agents")
    desk.page.get_by_role("button", name="Light or dark").click()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    desk.page.reload()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    desk.page.evaluate("localStorage.clear()")
    desk.page.reload()
    expect(root).to_have_attribute("data-bs-theme", "light")


def test_the_first_tab_skips_to_the_content(desk: Desk) -> None:
    desk.open("/agents")
    desk.page.keyboard.press("Tab")
    skip = desk.page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#main")).to_be_focused()


def test_the_menu_of_a_phone_opens_and_closes(desk: Desk) -> None:
    desk.resize(PHONE_WIDTH)
    desk.open("/a/{agent_id}/users")
    button = desk.page.get_by_role("button", name="Menu", exact=True)
    menu = desk.page.get_by_role("navigation", name="Main menu")
    expect(menu).to_be_hidden()
    button.click()
    expect(menu).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    desk.page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    menu.get_by_role("link", name="Transactions").click()
    expect(desk.page.get_by_role("heading", name="Transactions", level=1)).to_be_visible()
    expect(menu).to_be_hidden()


def test_what_was_done_is_said_once_and_can_be_dismissed(desk: Desk) -> None:
    desk.open("/me")
    desk.page.get_by_label("Pages show times in").fill("Europe/Riga")
    desk.page.get_by_role("button", name="Save").click()
    said = desk.page.locator(".toast-note")
    expect(said).to_be_visible()
    desk.page.get_by_role("button", name="Dismiss").click()
    expect(said).to_have_count(0)
    desk.page.reload()
    expect(said).to_have_count(0)


def test_the_dashboard_draws_what_was_staked_and_won(desk: Desk) -> None:
    desk.open("/a/{agent_id}/dashboard")
    expect(desk.page.locator("[data-chart] canvas").first).to_be_visible()


def test_the_dashboard_draws_the_calls_of_the_last_hour(desk: Desk) -> None:
    desk.open("/a/{agent_id}/dashboard")
    charts = desk.page.locator("[data-chart] canvas")
    expect(charts).to_have_count(2)
    desk.page.locator("[data-chart]").last.hover()
    expect(desk.page.locator(".chart-note").last).to_contain_text("not accepted")


def test_an_export_says_how_far_it_is_and_keeps_the_whole_file(desk: Desk) -> None:
    desk.open("/a/{agent_id}/transactions")
    rows = desk.page.locator("table.movements tbody tr").count()
    with desk.page.expect_download() as downloading:
        desk.page.get_by_role("link", name="Export CSV").click()
    lines = downloading.value.path().read_text("utf-8").splitlines()
    assert downloading.value.suggested_filename.startswith("transactions-acme-")
    assert lines[0].startswith("trans_id,time_utc,")
    assert len(lines) == 1 + rows
    expect(desk.page.locator("#export")).to_contain_text(f"complete: {rows} rows")


def test_what_was_typed_is_back_after_the_password_was_asked_for(desk: Desk) -> None:
    settings = desk.evening.url("/a/{agent_id}/settings")
    desk.page.goto(settings)
    address = desk.page.get_by_label("Where the hub calls the casino's backend")
    address.fill("https://wallet.example.com/another")
    asking = (
        f"{desk.evening.url('/confirm')}?next={desk.evening.path('/office/a/{agent_id}/settings')}"
    )
    desk.page.route(
        f"{settings}/callback-url",
        lambda route: route.fulfill(status=303, headers={"location": asking}),
    )
    desk.page.get_by_role("button", name="Save and test").click()
    desk.page.get_by_label("Password").fill(PASSWORD.reveal())
    desk.page.get_by_role("button", name="Go on").click()
    desk.page.wait_for_url(settings)
    desk.keep_session()
    desk.page.unroute_all()
    expect(address).to_have_value("https://wallet.example.com/another")
    expect(desk.page.locator("#toasts")).to_contain_text("What you typed is back")
    desk.page.reload()
    expect(address).not_to_have_value("https://wallet.example.com/another")
