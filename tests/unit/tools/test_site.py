"""The documentation as a site: what goes where, and what fails the build."""

from pathlib import Path

import pytest

from tools.site import chapters, front_page, stage

ROOT = Path(__file__).resolve().parents[3]


def test_every_page_has_its_chapter_in_the_order_of_the_menu() -> None:
    made = chapters(["sdk/explain", "sdk/other", "tutorials/first-callback", "sdk/twenty-mistakes"])
    assert made["Start"] == ["tutorials/first-callback"]
    assert made["Your backend"] == ["sdk/twenty-mistakes", "sdk/explain", "sdk/other"]


def test_a_page_without_a_chapter_is_named() -> None:
    with pytest.raises(ValueError, match="takes lost/page"):
        chapters(["lost/page"])


def test_the_front_page_lists_the_pages_of_each_chapter() -> None:
    page = front_page({"Start": ["tutorials/a"]}, ["CHANGELOG"])
    assert ":caption: Start\n:maxdepth: 1\n\ndocs/tutorials/a\n" in page
    assert ":caption: The project\n:maxdepth: 1\n\nCHANGELOG\n" in page


def test_all_pages_of_the_repository_are_laid_out(tmp_path: Path) -> None:
    stage(ROOT, tmp_path / "pages")
    front = (tmp_path / "pages/index.md").read_text("utf-8")
    pages = sorted((ROOT / "docs").rglob("*.md"))
    assert len(pages) > 40
    missing = [
        path.name
        for path in pages
        if f"\n{path.relative_to(ROOT).with_suffix('').as_posix()}\n" not in front
    ]
    assert missing == []
    assert "\nexamples/express/README\n" in front
    assert (tmp_path / "pages/docs/protocol/callbacks.md").exists()
    assert not list((tmp_path / "pages").rglob("node_modules"))
