"""Write docs/sdk/certification-cases.md from the cases themselves.

Run in the environment of `make setup`: `.venv/bin/python -m tools.certification_page`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from meganodes.certification.case import BOTH_REVISIONS, Case, Section
from meganodes.certification.cases import CASES, EDITION

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/sdk/certification-cases.md"
HEAD = f"""# The cases of the certification

Written by `python -m tools.certification_page` from `src/meganodes/certification/cases`:
edition {EDITION}, {len(CASES)} cases. *Money* marks those whose failure may lose, make or double
money. [How to run them](certification.md).
"""


def page() -> str:
    """The whole page: a table for each section."""
    parts = [HEAD]
    for section in Section:
        own = sorted((case for case in CASES if case.section is section), key=lambda case: case.id)
        rows = "\n".join(map(_row, own))
        parts.append(
            f"## {section}\n\n| case | a right backend | the rule |\n|---|---|---|\n{rows}\n"
        )
    return "\n".join(parts)


def _row(case: Case) -> str:
    marks = ["money"] if case.money else []
    if case.revisions != BOTH_REVISIONS:
        marks.append("revision " + " and ".join(f"`{one}`" for one in sorted(case.revisions)))
    about = f" ({', '.join(marks)})" if marks else ""
    rule = f"{case.rule.words} ({case.rule.source})".replace("|", "\\|")
    return f"| `{case.id}` | {case.title}{about} | {rule} |"


def main() -> int:
    """Exit code 0 when the page is written."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page())
    print(f"{PAGE.relative_to(ROOT)} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
