"""Nothing of one machine, and no secret, is written into the repository."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, listed, named, text, written_files

EVERYWHERE = {
    "a path of one machine": re.compile(
        r"(?<![\w.$}*])/(?:work|root|farm|Users|home/[a-z])[/\w-]*/\w"
    ),
    "an address of a package registry": re.compile(
        r"https?://[^\s\"']*(?:pypi|pythonhosted|npmjs|proxy\.golang)[^\s\"']*"
    ),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a cloud access key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
}
# Real tokens are long; short ones in examples are fine. Tests need whole ones.
OUTSIDE_TESTS = {
    "a token of ours": re.compile(r"\bmn[acgopsw]_[0-9A-Za-z]{40,}"),
    "a signing secret": re.compile(r"\bwhsec_[0-9A-Za-z+/]{32,}={0,2}"),
}
INDEX_OPTION = re.compile(
    r"^\s*(?:-i|-f|--index-url|--extra-index-url|--find-links)\b", re.MULTILINE
)


def faults_in(content: str, name: str, patterns: dict[str, re.Pattern[str]]) -> list[str]:
    return [
        f"{name}:{content.count(chr(10), 0, match.start()) + 1} holds {what}: {match.group()[:60]}"
        for what, pattern in patterns.items()
        for match in pattern.finditer(content)
    ]


def test_no_file_holds_a_machine_path_or_a_secret() -> None:
    paths = written_files()
    assert len(paths) > 20
    faults = []
    for path in paths:
        faults += faults_in(text(path), named(path), EVERYWHERE)
        if not path.is_relative_to(ROOT / "tests"):
            faults += faults_in(text(path), named(path), OUTSIDE_TESTS)
    assert not faults, listed(faults)


@pytest.mark.parametrize("name", ["uv", "hub", "dev"])
def test_lock_files_name_hashes_and_no_index(name: str) -> None:
    content = text(ROOT / f"requirements/{name}.txt")
    assert "--hash=sha256:" in content
    assert "//" not in content
    assert not INDEX_OPTION.search(content)


@pytest.mark.parametrize(
    "planted",
    [
        "open('" + "/ro" + "ot/key')",
        "see " + "/wo" + "rk/shared/contract.md",
        "cd " + "/ho" + "me/anna/meganodes",
        "index = 'https://" + "py" + "pi.org/simple'",
        "-----BEGIN EC PRIVATE " + "KEY-----",
        "AK" + "IA" + "ABCDEFGHIJKLMNOP",
    ],
)
def test_checker_finds_what_does_not_belong(planted: str) -> None:
    assert len(faults_in(planted, "planted", EVERYWHERE)) == 1


@pytest.mark.parametrize(
    "harmless",
    [
        "GET /v4/agent/info",
        "tests/work/of.md",
        "https://example.com/root/x",
        "a/root/b",
        "~/home/a",
    ],
)
def test_checker_leaves_other_paths_alone(harmless: str) -> None:
    assert not faults_in(harmless, "planted", EVERYWHERE)


def test_checker_finds_tokens(tmp_path: Path) -> None:
    planted = tmp_path / "page.md"
    planted.write_text("token: mna_" + "a1" * 25 + "\nsecret: whsec_" + "Ab3+" * 11 + "\n")
    found = faults_in(planted.read_text(), planted.name, OUTSIDE_TESTS)
    assert [fault.split()[0] for fault in found] == ["page.md:1", "page.md:2"]
