"""What a browser keeps of an evening at the Back Office holds no secret (reliability 3.11).

A profile on disk, as people have one: somebody signs in, sees every page, reveals, reissues,
invites and exports. Afterwards its storages, its history and every address it asked for are
searched, and once it is closed each file of the profile too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from meganodes.backoffice.cookies import SESSION_COOKIE, csrf_token
from meganodes.directory.staff_records import Stage
from tests.support.browser import new_page, start_options
from tests.support.canaries import Hunt
from tests.support.office_evening import ADMIN, OfficeEvening, an_office_evening, shown_pages
from tests.support.staff import PASSWORD

REFUSED_PASSWORD: Final = "Zq-quite-another-battery-4711"
KEPT: Final = """async () => ({
  local: { ...localStorage }, session: { ...sessionStorage }, cookies: document.cookie,
  databases: await indexedDB.databases(), caches: await caches.keys(),
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  history: navigation.entries().map((each) => [each.url, each.getState() ?? null]),
  state: history.state, name: window.name, title: document.title,
})"""
NOTHING: Final = {"cookies": "", "databases": [], "caches": [], "workers": 0, "state": None}
REOPENED: Final = "Sessions"
"""Where Chromium keeps what it needs to open tabs again, forms that were sent too: their tokens
are worth nothing without the cookie, and die with the session."""
COOKIE_FILES: Final = re.compile("^Cookies")
"""Where Chromium keeps the cookies themselves: the session belongs there and nowhere else."""


@dataclass(kw_only=True)
class Visit:
    """One tab with a profile of its own, and all that it asked for and kept."""

    page: Page
    evening: OfficeEvening
    hunt: Hunt = field(default_factory=Hunt)
    addresses: list[str] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.evening.url(path) + self.evening.queries.get(path, ""))
        self.look()

    def look(self) -> None:
        """Note what scripts of this page could read, and what the session is by now."""
        self.kept.append(self.page.evaluate(KEPT))
        for cookie in self.page.context.cookies():
            if cookie.get("name") == SESSION_COOKIE and cookie.get("value"):
                session = str(cookie.get("value"))
                self.hunt.plant(f"session {session[-6:]}", session)
                self.hunt.plant(f"form token {session[-6:]}", csrf_token(session))

    def press(self, name: str, *, nth: int = 0) -> None:
        self.page.get_by_role("button", name=name, exact=True).nth(nth).click()

    def plant_shown(self, name: str, pattern: str) -> str:
        """Take a secret that the page shows on purpose."""
        expect(self.page.locator("main")).to_contain_text(re.compile(pattern))
        found = re.search(pattern, self.page.locator("main").inner_text())
        assert found is not None
        return self.hunt.plant(name, found[0])


@contextmanager
def a_profile(folder: Path) -> Iterator[BrowserContext]:
    """Start a Chromium that writes down what it writes down for people."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder, **start_options(), locale="en-GB", reduced_motion="reduce"
        )
        try:
            yield context
        finally:
            context.close()


def sign_in(visit: Visit) -> None:
    """Sign in with a wrong password, the right one, and the app's code."""
    page = visit.page
    visit.open("/agents")
    for password in (REFUSED_PASSWORD, PASSWORD.reveal()):
        page.get_by_label("E-mail address").fill(ADMIN)
        page.get_by_label("Password").fill(password)
        visit.press("Sign in")
        page.wait_for_load_state()
        visit.look()
    page.get_by_label("Code").fill(visit.evening.next_code())
    visit.press("Go on")
    expect(page.get_by_role("heading", name="Agents", level=1)).to_be_visible()
    visit.look()


def see_everything(visit: Visit) -> None:
    for shown in shown_pages():
        if shown.stage is Stage.SIGNED_IN:
            visit.open(shown.path)
            if shown.path == "/me/second-factor":
                visit.plant_shown("seed", r"(?:[A-Z2-7]{4}-){7}[A-Z2-7]{4}")


def use_secrets(visit: Visit) -> None:
    """Reveal and reissue every kind there is, invite somebody, and choose a password badly."""
    settings, page = "/a/{agent_id}/settings", visit.page
    token = r"mn[ac]_\w{57}|whsec_[\w+/=]{40,}"
    visit.open(settings)
    for number in range(page.get_by_role("button", name="Show", exact=True).count()):
        visit.press("Show", nth=number)
        visit.plant_shown(f"revealed {number}", token)
        visit.look()
        visit.open(settings)
    for number in range(3):
        page.locator("[data-open^=reissue-]").nth(number).click()
        page.get_by_role("dialog").get_by_role("button", name="Reissue").click()
        visit.plant_shown(f"reissued {number}", token)
        visit.look()
        visit.open(settings)
    visit.open("/staff")
    page.get_by_label("E-mail address", exact=True).fill("somebody.new@hub.example")
    page.locator("form[action$='/staff/invite'] button").last.click()
    visit.plant_shown("invitation", r"mnw_\w{57}")
    visit.look()
    visit.open("/me")
    page.get_by_label("New password").fill(REFUSED_PASSWORD)
    page.get_by_label("The same once more").fill(REFUSED_PASSWORD + "x")
    visit.press("Change the password")
    expect(page.locator("main")).to_contain_text("The two passwords differ.")
    visit.look()


def confirm_and_export(visit: Visit) -> None:
    page = visit.page
    visit.open("/confirm")
    page.get_by_label("Password").fill(PASSWORD.reveal())
    visit.press("Go on")
    page.wait_for_load_state()
    visit.open("/a/{agent_id}/transactions")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Export CSV").click()
    exported = downloading.value.path().read_bytes()
    assert exported.count(b"\n") > 5
    assert visit.hunt.find("the exported file", exported) == []
    visit.look()


def search_what_scripts_see(visit: Visit) -> None:
    assert len(visit.addresses) > 100
    assert len(visit.hunt.canaries) >= 12, sorted(visit.hunt.canaries)
    for kept in visit.kept:
        assert {name: kept[name] for name in NOTHING} == NOTHING
    urls = "\n".join(visit.addresses).encode()
    assert visit.hunt.find("addresses", urls) == []
    assert visit.hunt.find("storage and history", json.dumps(visit.kept).encode()) == []


def search_the_profile(hunt: Hunt, folder: Path) -> None:
    """Search every file; the history must be in it, or nothing was written yet."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    contents = {path: path.read_bytes() for path in files}
    assert any(b"/office/a/" in content for content in contents.values()), "no history was written"
    form_tokens = tuple(name for name in hunt.canaries if name.startswith("form token"))
    hits = [
        (hit.where, hit.canary, hit.form)
        for path, content in contents.items()
        if not COOKIE_FILES.match(path.name)
        for hit in hunt.find(
            str(path.relative_to(folder)),
            content,
            but=form_tokens if path.parent.name == REOPENED else (),
        )
    ]
    assert hits == []


@pytest.mark.slow
@pytest.mark.security("leakage", "S12")
def test_a_browser_keeps_no_secret_of_the_office(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    with an_office_evening(tmp_path) as evening, a_profile(profile) as context:
        visit = Visit(page=new_page(context), evening=evening)
        context.on("request", lambda asked: visit.addresses.append(asked.url))
        agent = evening.office.world.agent
        visit.hunt.plant("password", PASSWORD.reveal())
        visit.hunt.plant("a password that is not taken", REFUSED_PASSWORD)
        visit.hunt.plant("Callback-Token", agent.callback_token.reveal())
        sign_in(visit)
        see_everything(visit)
        use_secrets(visit)
        confirm_and_export(visit)
        search_what_scripts_see(visit)
    search_the_profile(visit.hunt, profile)
