"""The changelog tells people what changed for them, in one known form."""

import re
import tomllib

from tests.house.tree import ROOT, listed

SECTIONS = {"Added", "Changed", "Fixed", "Security"}
RELEASE = re.compile(r"## (Unreleased|\d+\.\d+\.\d+ - \d{4}-\d{2}-\d{2})")


def changelog_faults(text: str) -> list[str]:
    faults = []
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    if not headings or headings[0] != "## Unreleased":
        faults.append("the first section is not ## Unreleased")
    faults += [
        f"{line!r} is no release heading" for line in headings if not RELEASE.fullmatch(line)
    ]
    sections = re.findall(r"^### (.*)$", text, re.MULTILINE)
    faults += [f"### {name}: use one of {sorted(SECTIONS)}" for name in set(sections) - SECTIONS]
    entries = re.split(r"^[-*] ", text, flags=re.MULTILINE)[1:]
    for entry in entries:
        sentence = re.split(r"\n\s*\n|\n#", entry)[0].strip()
        if not sentence.endswith("."):
            faults.append(f"{sentence[:60]!r} is not a sentence with a full stop")
    if not entries:
        faults.append("there is no entry at all")
    return faults


def test_changelog_is_in_form() -> None:
    faults = changelog_faults((ROOT / "CHANGELOG.md").read_text())
    assert not faults, listed(faults)


def test_version_is_new_or_has_its_section() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    released = re.findall(r"^## (\d\S*) -", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert not released or released[0] == project["version"]


def test_checker_finds_every_kind_of_fault() -> None:
    good = "# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing\n  for people.\n"
    assert changelog_faults(good) == []
    assert len(changelog_faults(good.replace("Unreleased", "Soon"))) == 2
    assert len(changelog_faults(good.replace("Added", "Misc"))) == 1
    assert len(changelog_faults(good.replace("people.", "people"))) == 1
    assert len(changelog_faults("# Changelog\n\n## Unreleased\n")) == 1
