"""Pages speak through catalogues: no template and no script has English of its own."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

from meganodes.backoffice.messages import browser_words, catalogue, say
from meganodes.backoffice.permissions import Right
from meganodes.backoffice.state_words import WORDS, word
from meganodes.directory.records import AgentState
from meganodes.directory.staff_records import Role, StaffState
from tools.messages import OFFICE

TEMPLATES: Final = sorted((OFFICE / "templates").rglob("*.html"))
SPOKEN: Final = frozenset({"alt", "aria-label", "label", "placeholder", "title"})
SILENT: Final = frozenset({"code", "kbd", "script", "style"})
SAME_EVERYWHERE: Final = frozenset({"MegaNodes", "HTTP", "ms", "p50", "p95", "p99"})
"""Names and units: nothing to translate."""


class Said(HTMLParser):
    """Collects what a reader is told by text and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT
        self.found += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def bare_words(template: str) -> list[str]:
    """Return the words of a template that stand outside of what its engine fills in."""
    without_jinja = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", template, flags=re.DOTALL)
    reader = Said()
    reader.feed(without_jinja)
    words = re.findall(r"[^\s]+", " ".join(reader.found))
    plain = [each.strip(".,;:\u00b7\u00d7()\u201c\u201d") for each in words]
    return [each for each in plain if re.fullmatch(r"[A-Za-z][A-Za-z'-]+", each)]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_has_bare_english(template: Path) -> None:
    found = [
        each for each in bare_words(template.read_text("utf-8")) if each not in SAME_EVERYWHERE
    ]
    assert found == []


def test_bare_english_is_found() -> None:
    assert bare_words('<p title="Hello">{{ _("Name") }}: given</p><code>x y</code>') == [
        "Hello",
        "given",
    ]


@pytest.mark.parametrize("script", ["chart.js", "export.js", "office.js"])
def test_no_script_says_english(script: str) -> None:
    text = (OFFICE / "static" / script).read_text("utf-8")
    told = re.findall(r"""(?:say|tell|textContent =|setText)\(?\s*["'`]([A-Za-z][^"'`]*)""", text)
    assert told == []


def test_scripts_are_given_every_word_they_ask_for() -> None:
    asked: set[str] = set()
    for script in ("export.js", "office.js"):
        text = (OFFICE / "static" / script).read_text("utf-8")
        asked.update(re.findall(r"\bwords\.(\w+)", text))
    assert asked == set(browser_words())


@pytest.mark.parametrize("names", [AgentState, StaffState, Role, Right])
def test_every_state_role_and_right_has_a_word(
    names: type[AgentState | StaffState | Role | Right],
) -> None:
    assert [each for each in names if each not in WORDS] == []
    assert all(catalogue("en").has(WORDS[each]) for each in names)
    assert word(Right.SEE_AUDIT) == "read the audit log"


def test_values_go_where_a_message_wants_them() -> None:
    assert say("%(name)s is blocked.", name="100% alice") == "100% alice is blocked."
    assert say("Saved.") == "Saved."
