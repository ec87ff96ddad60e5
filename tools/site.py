"""Build the documentation as a site, offline: `make docs` writes it to `build/site`.

Sphinx reads the pages as they stand in the repository: the front page and `docs`, and the examples
that pages link to. A link that leads nowhere, and every other warning, fails the build.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from sphinx.cmd.build import main as sphinx

ROOT: Final = Path(__file__).resolve().parent.parent
BUILD: Final = ROOT / "build"
CONFIGURATION: Final = """\
project = "MegaNodes"
html_title = "MegaNodes"
extensions = ["myst_parser"]
myst_heading_anchors = 3
myst_enable_extensions = []
exclude_patterns = []
html_theme = "furo"
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False
suppress_warnings = ["misc.highlighting_failure"]
"""
"""Sphinx's own configuration: written beside the pages, because nobody else needs it."""

CHAPTERS: Final = (
    ("Start", ("tutorials/first-callback", "tutorials/play-the-demo")),
    (
        "Your backend",
        ("sdk/twenty-mistakes", "sdk/locking", "sdk/explain", "sdk/*", "tutorials/backend-in-*"),
    ),
    ("The wire", ("protocol/callbacks", "protocol/result-codes", "protocol/*")),
    ("Running a hub", ("operating/running", "operating/*", "reliability", "performance")),
    (
        "Decisions and words",
        ("glossary", "roadmap", "third-party", "reliability-figures/*", "adr/*"),
    ),
)
"""The menu: pages in order, with patterns for the rest of a folder."""

HEAD: Final = """\
# MegaNodes

The hub between casino backends and game providers. A casino's developer begins with
[your first callback](docs/tutorials/first-callback.md); whoever runs a hub, with
[running](docs/operating/running.md).
"""
BESIDE: Final = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "ARCHITECTURE.md")
FOLDERS: Final = ("docs", "examples", "deploy")


def chapters(pages: list[str]) -> dict[str, list[str]]:
    """Give each page of `docs` its chapter: the first whose pattern fits, in the menu's order."""
    left = list(pages)
    made: dict[str, list[str]] = {}
    for title, patterns in CHAPTERS:
        made[title] = []
        for pattern in patterns:
            found = [page for page in left if Path(page).match(pattern)]
            made[title] += sorted(found)
            left = [page for page in left if page not in found]
    if left:
        raise ValueError(f"no chapter of tools/site.py takes {', '.join(left)}")
    return made


def front_page(made: dict[str, list[str]], others: list[str]) -> str:
    """The page that the site opens with: a menu of all pages."""
    parts = [HEAD]
    for title, pages in made.items():
        listed = "\n".join(f"docs/{page}" for page in pages)
        parts.append(f"```{{toctree}}\n:caption: {title}\n:maxdepth: 1\n\n{listed}\n```\n")
    listed = "\n".join(others)
    parts.append(f"```{{toctree}}\n:caption: The project\n:maxdepth: 1\n\n{listed}\n```\n")
    return "\n".join(parts)


def stage(root: Path, folder: Path) -> None:
    """Lay the pages out as they stand in the repository, with a front page and a configuration."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in FOLDERS:
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("node_modules"))
    for name in BESIDE:
        shutil.copy(root / name, folder)
    docs = folder / "docs"
    pages = [path.relative_to(docs).with_suffix("").as_posix() for path in docs.rglob("*.md")]
    others = [Path(name).stem for name in BESIDE]
    others += sorted(
        path.relative_to(folder).with_suffix("").as_posix()
        for path in (folder / "examples").rglob("*.md")
    )
    (folder / "index.md").write_text(front_page(chapters(pages), others), "utf-8")
    (folder / "conf.py").write_text(CONFIGURATION, "utf-8")


def build(root: Path, folder: Path) -> int:
    """Build the site of `root` into `folder`/site; 0 when there was nothing to complain about."""
    stage(root, folder / "pages")
    return sphinx(
        ["-q", "-W", "--keep-going", "-b", "html", str(folder / "pages"), str(folder / "site")]
    )


if __name__ == "__main__":
    status = build(ROOT, BUILD)
    if status == 0:
        print(f"The site is written: {(BUILD / 'site/index.html').relative_to(ROOT)}")
    sys.exit(status)
