"""What is written into a page, and what never is."""

import re
from dataclasses import replace

import pytest

from meganodes.player_pages.rendering import closed_page, icon, round_page, style_sheet
from meganodes.player_pages.texts import Topic
from tests.support.round_sheets import a_sheet


def test_page_says_why_and_links_back() -> None:
    """Contract 2.2, game-url."""
    page = closed_page(Topic.USED, "de", "https://casino.example/lobby?a=1&b=2")
    assert '<html lang="de">' in page
    assert "<h1>Dieser Link wurde schon benutzt</h1>" in page
    assert 'href="https://casino.example/lobby?a=1&amp;b=2"' in page
    assert "Zurück zum Casino" in page


def test_page_without_a_way_back_has_no_link() -> None:
    assert "<a " not in closed_page(Topic.EXPIRED, "en", "")


@pytest.mark.parametrize(
    "hostile", ['https://x/"><script>alert(1)</script>', "https://x/'onload=1"]
)
def test_address_is_escaped(hostile: str) -> None:
    page = closed_page(Topic.UNKNOWN, "en", hostile)
    assert "<script" not in page
    assert "'onload" not in page


def test_style_is_a_file_of_its_own() -> None:
    page = closed_page(Topic.UNKNOWN, "en", "")
    assert re.search(r'<link rel="stylesheet" href="launch/page.css\?[0-9a-f]{8}">', page)
    assert "<style" not in page
    assert "style=" not in page
    assert "prefers-color-scheme" in style_sheet()


@pytest.mark.parametrize("topic", Topic)
def test_page_has_a_sign_that_fits(topic: Topic) -> None:
    clock = {Topic.EXPIRED, Topic.ROUND_EXPIRED}
    page = closed_page(topic, "en", "")
    assert page.count("<svg") == 1
    assert ("4.5" in page) == (topic in clock)


def test_icon_is_one_of_our_own() -> None:
    assert icon().startswith("<svg")
    assert "http" not in icon().replace("http://www.w3.org/2000/svg", "")


def test_page_of_a_round_is_written_whole() -> None:
    page = round_page(a_sheet("several"), "de", {"de": "?t=x&lang=de", "ko": "?t=x&lang=ko"})
    assert '<html lang="de">' in page
    assert "<title>Fruits · Runde r1</title>" in page
    assert page.count('<li class="step ') == 6
    assert '<time datetime="2026-09-21T14:13:20+00:00">14:13:20</time>' in page
    assert '<a href="?t=x&amp;lang=de" lang="de" hreflang="de" aria-current="true">' in page
    assert '<a href="?t=x&amp;lang=ko" lang="ko" hreflang="ko">한국어</a>' in page
    assert "style=" not in page
    assert "<script" not in page
    assert page.count("http") == 0


def test_names_from_outside_are_escaped() -> None:
    sheet = replace(a_sheet("win"), game_name="<b>'\"&", round_id="<i>", provider_name="<u>")
    page = round_page(sheet, "en", {})
    assert not re.search("<[biu]>", page)
    assert "&lt;b&gt;&#39;&#34;&amp;" in page


def test_replay_opens_elsewhere_and_learns_nothing() -> None:
    sheet = replace(a_sheet("win"), replay_url="https://play.example.com/r?a=1&b=2")
    page = round_page(sheet, "en", {})
    link = 'href="https://play.example.com/r?a=1&amp;b=2" target="_blank" rel="noopener noreferrer"'
    assert link in page
    assert "opens in a new tab" in page
    assert "Watch the replay" not in round_page(a_sheet("win"), "en", {})
