"""The page that stands where a game should be."""

import pytest

from meganodes.player_pages.rendering import closed_page, style_sheet
from meganodes.player_pages.texts import Topic


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
    assert '<link rel="stylesheet" href="launch/page.css">' in page
    assert "<style" not in page
    assert "style=" not in page
    assert "prefers-color-scheme" in style_sheet()
