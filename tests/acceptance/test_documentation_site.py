"""The documentation is built as a site, offline, and a link that leads nowhere fails it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD_SECONDS = 900
# Sphinx keeps state of the process it runs in: each build has a process of its own.
PROGRAM = """
import sys
from pathlib import Path
from tools.site import build
sys.exit(build(Path(sys.argv[1]), Path(sys.argv[2])))
"""


def built(root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(root), str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )


@pytest.mark.slow
def test_all_pages_become_a_site_that_needs_nobody_else(tmp_path: Path) -> None:
    done = built(ROOT, tmp_path)
    assert done.returncode == 0, done.stderr
    site = tmp_path / "site"
    page = (site / "docs/tutorials/first-callback.html").read_text("utf-8")
    assert "Your first callback in ten minutes" in page
    assert 'href="../sdk/twenty-mistakes.html"' in page
    fetched = re.findall(r'<(?:link|script|img)[^>]+(?:href|src)="(https?://[^"]+)"', page)
    assert fetched == []
    assert (site / "searchindex.js").exists()


@pytest.mark.slow
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    for folder in ("docs/sdk", "examples", "deploy"):
        (root / folder).mkdir(parents=True)
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "ARCHITECTURE.md"):
        (root / name).write_text("# A page\n")
    shutil.copytree(ROOT / "docs/tutorials", root / "docs/tutorials")
    shutil.copytree(ROOT / "docs/operating", root / "docs/operating")
    (root / "docs/sdk/broken.md").write_text("# Broken\n\n[there](nowhere.md)\n")
    done = built(root, tmp_path / "build")
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr
