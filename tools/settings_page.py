"""Write docs/operating/settings.md from the file that holds the defaults.

The defaults are read from one file only, and its comments are the documentation: the page cannot
say anything else than what the hub does.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DEFAULTS = ROOT / "src/meganodes/bootstrap/settings.default.toml"
PAGE = ROOT / "docs/operating/settings.md"
HEAD = """# Settings

Written by `python3 -m tools.settings_page` from `src/meganodes/bootstrap/settings.default.toml`.

A setting comes from the environment, else from the TOML file given by `--config`, else from the
default below. A wrong value stops the start, with all faults listed.
"""


class UndocumentedSettingError(Exception):
    """A setting has no comment above it."""


def page(defaults: str) -> str:
    """The whole page: a table for each table of the file, a row for each setting."""
    comments = sentences(defaults)
    values: dict[str, Any] = tomllib.loads(defaults)
    top = {name: value for name, value in values.items() if not isinstance(value, dict)}
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    parts = [HEAD, _table("General", "", top, comments)]
    parts += [_table(f"`[{name}]`", f"{name}.", table, comments) for name, table in tables.items()]
    return "\n".join(parts)


def sentences(defaults: str) -> dict[str, str]:
    """What the comment straight above each setting says, by the setting's full name."""
    found: dict[str, str] = {}
    table = ""
    comment: list[str] = []
    for line in defaults.splitlines():
        if line.startswith("#"):
            comment.append(line.lstrip("# "))
            continue
        if line.startswith("["):
            table = line.strip("[] ") + "."
        elif "=" in line and not line[:1].isspace():
            found[table + line.split("=")[0].strip()] = " ".join(comment)
        comment = []
    return found


def environment_name(setting: str) -> str:
    return "MEGANODES_" + setting.replace(".", "__").upper()


def _table(title: str, prefix: str, values: dict[str, Any], comments: dict[str, str]) -> str:
    lines = [
        f"## {title}\n",
        "| setting | default | meaning | in the environment |",
        "|---|---|---|---|",
    ]
    for name, value in values.items():
        full = prefix + name
        if not comments.get(full):
            raise UndocumentedSettingError(full)
        lines.append(
            f"| `{full}` | `{_toml(value)}` | {comments[full]} | `{environment_name(full)}` |"
        )
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def main() -> int:
    """Exit code 0 when the page is written."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(DEFAULTS.read_text()))
    print(f"{PAGE.relative_to(ROOT)} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
