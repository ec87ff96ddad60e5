"""Measures how well texts can be read, in a picture of the page: gradients and shadows count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from playwright.sync_api import Page

from tools.png import Picture, read_png

LEAST: Final = 4.5
LEAST_LARGE: Final = 3.0
_TEXTS: Final = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const shown = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const isScript = element.closest("script, noscript, .unseen");
    if (texts.currentNode.textContent.trim() && element.checkVisibility() && !isScript) {
      shown.push([texts.currentNode, element]);
    }
  }
  return shown.map(([text, element]) => {
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    return {
      text: text.textContent.trim().slice(0, 40),
      color: style.color.match(/[\\d.]+/g).map(Number),
      isLarge: size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700),
      box: [box.left + scrollX, box.top + scrollY, box.right + scrollX, box.bottom + scrollY],
    };
  }).filter((one) => one.box[2] - one.box[0] > 2);
}"""
_HIDE_TEXTS: Final = "* { color: transparent !important; text-decoration: none !important }"


def faint_texts(page: Page) -> list[str]:
    """Return the texts that stand out too little from the worst place behind them."""
    texts: list[dict[str, Any]] = page.evaluate(_TEXTS)
    page.add_style_tag(content=_HIDE_TEXTS)
    picture = read_png(page.screenshot(full_page=True, animations="disabled", scale="css"))
    assert texts, "a page without texts proves nothing"
    return [
        f"{one['text']!r} {contrast:.2f}"
        for one in texts
        if (contrast := _worst(one, picture)) < (LEAST_LARGE if one["isLarge"] else LEAST)
    ]


def _worst(one: dict[str, Any], picture: Picture) -> float:
    red, green, blue = one["color"][:3]
    ink = luminance((red, green, blue))
    grounds = [luminance(picture.pixel(x, y)) for x, y in _places(one["box"])]
    return min((max(ink, each) + 0.05) / (min(ink, each) + 0.05) for each in grounds)


def _places(box: tuple[float, float, float, float]) -> Iterator[tuple[int, int]]:
    left, top, right, bottom = (int(edge) for edge in box)
    for y in range(top, bottom + 1, 4):
        for x in range(left, right + 1, 4):
            yield x, y


def luminance(colour: tuple[int, int, int]) -> float:
    """WCAG's relative luminance."""
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
