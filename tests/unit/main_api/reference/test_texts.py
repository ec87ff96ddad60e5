"""Each operation has its prose, and no prose is left over."""

from __future__ import annotations

from meganodes.main_api.reference.texts import texts
from meganodes.main_api.v4.routes import ENDPOINTS
from meganodes.protocol.commands import Command
from meganodes.providers.adapters.house.described import DATA


def headings(name: str) -> set[str]:
    return {each for each in texts(name) if each != "intro" and not each.startswith("tag ")}


def test_every_endpoint_has_its_section() -> None:
    """A new endpoint needs one in reference/texts/main_api.md; it may be empty."""
    assert headings("main_api") == {endpoint.path for endpoint in ENDPOINTS}


def test_every_callback_and_command_has_its_section() -> None:
    assert headings("callbacks") == {command.value for command in Command}
    assert headings("provider_api") == set(DATA)
    assert all(texts("callbacks").values())
    assert all(texts("provider_api").values())


def test_parts_are_divided_by_top_headings_only() -> None:
    intro = texts("main_api")["intro"]
    assert intro.startswith("Your servers call this API")
    assert "\n## Codes" in intro
    assert "# /v4" not in intro
