"""docs/operating/limits.md has the numbers of the settings and of the code, whatever they are."""

import importlib
import re

import pytest

from meganodes.bootstrap.settings import Settings, load_settings
from tests.house.tree import ROOT, text

LIMITS = ROOT / "docs/operating/limits.md"


def rows() -> list[tuple[str, str, str]]:
    """The limit, its number and where it is set, of every row."""
    found = re.findall(r"^\| ([^|]+) \| ([0-9.]+) \| `([^`]+)` \|", text(LIMITS), re.MULTILINE)
    return [(limit.strip(), number, place) for limit, number, place in found]


def number_at(place: str, settings: Settings) -> object:
    """Read a setting's default, or a constant (`module:NAME`), or the default of a field."""
    if ":" not in place:
        value: object = settings
        for name in place.split("."):
            value = getattr(value, name)
        return value
    module_name, _, path = place.partition(":")
    value = importlib.import_module(f"meganodes.{module_name}")
    names = path.split(".")
    if len(names) == 1:
        return getattr(value, names[0])
    record = getattr(value, names[0])
    return getattr(record(), names[1])


@pytest.mark.security("S31")
def test_every_limit_has_the_number_that_holds() -> None:
    settings = load_settings(environment={})
    assert len(rows()) > 40
    wrong = {
        f"{limit}: the page says {number}, {place} says {present}"
        for limit, number, place in rows()
        if str(present := number_at(place, settings)) != number
    }
    assert not wrong


def test_every_row_of_the_page_is_looked_at() -> None:
    table = [line for line in text(LIMITS).splitlines() if line.startswith("| ")]
    heads = [line for line in table if line.startswith("| limit ")]
    assert len(table) - len(heads) == len(rows())


def test_settings_that_bound_something_are_on_the_page() -> None:
    tables = ("server", "main_api", "callbacks", "sessions", "office")
    settings = load_settings(environment={})
    bounds = {
        f"{table}.{name}"
        for table in tables
        for name in type(getattr(settings, table)).model_fields
        if re.search(r"_max$|_seconds$|_minutes$|_reserve$|_per_(second|minute|hour)$|hours$", name)
    }
    told = {place for _, _, place in rows()}
    untold = {"server.linger_seconds", "server.close_seconds", "main_api.retry_after_seconds"}
    assert bounds - told <= untold, bounds - told - untold
