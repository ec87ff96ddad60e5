"""Other people's files are the ones they published, with their licence and a line of where from."""

import re
from hashlib import sha256
from pathlib import Path

from tests.house.tree import ROOT, SOURCE, listed

PAGE = ROOT / "docs/third-party.md"
ROW = re.compile(
    r"^\| `(?P<file>[^`]+)` \| (?P<package>\S+) \| (?P<version>[\d.]+) \| (?P<licence>[^|]+) "
    r"\| `(?P<sha256>[0-9a-f]{64})` \|",
    re.MULTILINE,
)


def vendored(source: Path) -> list[Path]:
    """Every file that is not ours."""
    return sorted(
        path
        for path in source.rglob("*")
        if path.is_file() and path.parent.as_posix().endswith("static/vendor")
    )


def faults(paths: list[Path], page: str, root: Path) -> list[str]:
    rows = {row["file"]: row for row in ROW.finditer(page)}
    found = [
        f"{PAGE.name} names {name}, which is gone" for name in rows if not (root / name).exists()
    ]
    for path in paths:
        name = path.relative_to(root).as_posix()
        if path.suffix == ".LICENSE":
            continue
        row = rows.get(name)
        if row is None:
            found.append(f"{name} has no row in docs/{PAGE.name}: name, version, licence, sha256")
        elif sha256(path.read_bytes()).hexdigest() != row["sha256"]:
            found.append(f"{name} is not the file that docs/{PAGE.name} names: the sha256 differs")
        if not any(path.name.startswith(each.stem) for each in path.parent.glob("*.LICENSE")):
            found.append(
                f"{name} has no licence beside it: a file NAME.LICENSE that begins as it does"
            )
    return found


def test_vendored_files_are_the_published_ones() -> None:
    paths = vendored(SOURCE)
    assert paths
    found = faults(paths, PAGE.read_text(), ROOT)
    assert not found, listed(found)


def test_checker_finds_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "page/static/vendor"
    folder.mkdir(parents=True)
    script = folder / "thing-1.2.0.js"
    script.write_text("go()")
    paths = vendored(tmp_path)
    assert paths == [script]
    (folder / "thing.LICENSE").write_text("as you like")
    assert len(faults(paths, "", tmp_path)) == 1
    digest = sha256(b"go()").hexdigest()
    row = f"| `page/static/vendor/thing-1.2.0.js` | thing | 1.2.0 | MIT | `{digest}` |"
    assert faults(vendored(tmp_path), row, tmp_path) == []
    script.write_text("go(); spy()")
    assert len(faults(paths, row, tmp_path)) == 1
    (folder / "thing.LICENSE").unlink()
    assert len(faults(paths, row, tmp_path)) == 2
    script.unlink()
    assert len(faults([], row, tmp_path)) == 1
