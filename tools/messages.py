"""Write the English catalogue of the Back Office: every message its pages say.

English stands in templates and code; the list is what a translator starts from, and says what is
missing in another language. `python3 -m tools.messages` writes it; a test fails while it is out of
date.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jinja2 import Environment

ROOT: Final = Path(__file__).resolve().parent.parent
OFFICE: Final = ROOT / "src/meganodes/backoffice"
CATALOGUE: Final = OFFICE / "locales/en.toml"
HEAD: Final = """# Every message of the pages; `python3 -m tools.messages` writes this file.
[messages]
"""


def messages(office: Path) -> list[str]:
    """Return what the pages of an office say, each once, in order of the alphabet.

    In templates that is what `_` and `ngettext` are given. In code it is what `say` and `listed`
    are given, and data said where it is shown: words of states, titles of pages and of the menu.
    """
    found: set[str] = set()
    for module in sorted(office.rglob("*.py")):
        found.update(_said(ast.parse(module.read_text("utf-8"))))
    environment = Environment(  # noqa: S701 - it reads templates and renders nothing
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"], trim_blocks=True, lstrip_blocks=True
    )
    for template in sorted((office / "templates").rglob("*.html")):
        found.update(_extracted(environment, template.read_text("utf-8")))
    return sorted(found)


def _extracted(environment: Environment, template: str) -> Iterator[str]:
    extract = environment.extract_translations  # type: ignore[attr-defined]
    for _line, _function, said in extract(template):
        for each in said if isinstance(said, tuple) else (said,):
            if isinstance(each, str):
                yield each


def _said(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id="say" | "listed"), args=[ast.Constant(value=str(text))]):
                yield text
            case ast.Call(
                func=ast.Name(id="Said"),
                args=[ast.Constant(value=str(text)), _, ast.Constant(value=str(sentence))],
            ):
                yield from (text, sentence)
            case ast.Call(func=ast.Name(id="Entry" | "Page" | "_action"), keywords=keywords):
                given = {each.arg: each.value for each in keywords}
                match given.get("title"):
                    case ast.Constant(value=str(text)):
                        yield text
                    case _:
                        pass
            case _:
                pass


def catalogue(found: list[str]) -> str:
    """Write the list as TOML: the message, and what is said in English for it."""
    return HEAD + "".join(f"{_quoted(each)} = {_quoted(each)}\n" for each in found)


def _quoted(text: str) -> str:
    """Write a basic string of TOML, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def main() -> int:
    """Exit code 0 when the catalogue is written."""
    CATALOGUE.write_text(catalogue(messages(OFFICE)), "utf-8")
    print(f"{CATALOGUE.relative_to(ROOT)} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
