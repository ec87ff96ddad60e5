"""Write the golden documents of both APIs: what `tests/contract/test_golden_documents.py` compares.

Run it when a change of the wire is meant, and read the difference before committing it.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests/contract/golden"
FILES = {"main": "main-api.openapi.json", "provider": "provider-api.openapi.json"}
COMMAND = ".venv/bin/python -m tools.golden"


def golden_file(api: str) -> Path:
    """Name the file that holds an API's document."""
    return FOLDER / FILES[api]


def main() -> int:
    """Exit code 0 when the files are written; the hub's packages must be installed."""
    sys.path.insert(0, str(ROOT / "src"))
    try:
        from meganodes.main_api.reference.documents import document_text  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        print(f"{missing.name} is not installed: run make setup, then {COMMAND}")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for api in FILES:
        path = golden_file(api)
        path.write_text(document_text(api), encoding="utf-8")
        print(f"{path.relative_to(ROOT)} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
