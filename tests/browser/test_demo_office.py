"""A stranger in front of `make demo`: from the Dashboard to the bytes of a failed callback."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import DESKTOP, new_page
from tests.support.running_demo import a_running_demo, office_link

CLICKS_MAX = 3
COUNT_CLICKS = "addEventListener('click', (event) => { if (event.isTrusted) clicked(); }, true)"


def expect_heading(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


def test_a_stranger_finds_the_bytes_of_a_failed_callback_in_three_clicks(
    browser: Browser, tmp_path: Path
) -> None:
    clicks: list[None] = []
    with a_running_demo(tmp_path) as printed:
        context = browser.new_context(viewport=DESKTOP, locale="en-GB", reduced_motion="reduce")
        context.expose_function("clicked", lambda: clicks.append(None))
        context.add_init_script(COUNT_CLICKS)
        page = new_page(context)
        page.goto(office_link(printed))
        page.get_by_role("button", name="Open the Back Office").click()
        expect_heading(page, "Dashboard")
        expect(page.get_by_text("staff@toy-casino.example").first).to_be_visible()
        assert len(clicks) == 1, "the clicks are counted"
        clicks.clear()

        page.get_by_role("link", name="What was not accepted, and why").click()
        expect_heading(page, "API Error Logs")
        failure = page.get_by_role("region", name="Internal failure of your backend")
        failure.get_by_role("link", name="See its bytes").click()
        expect_heading(page, "win · attempt")

        assert 1 <= len(clicks) <= CLICKS_MAX
        expect(page.get_by_label("Request, first line")).to_contain_text("POST /callback HTTP/1.1")
        asked = json.loads(page.get_by_label("Request, body").inner_text(), parse_float=str)
        assert asked["command"] == "win"
        expect(page.get_by_label("Reply, first line")).to_contain_text("HTTP/1.1 200 OK")
        reply = page.get_by_label("Reply, body").inner_text()
        assert reply == '{"result":99,"status":"ERROR","data":{}}'
        context.close()
