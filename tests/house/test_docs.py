"""What people can meet is documented: codes, settings, commands, dependencies, decisions."""

import ast
import re
import tomllib
from pathlib import Path

from tests.house.tree import ROOT, SOURCE, files, listed, text, tree
from tools import settings_page

DOCS = ROOT / "docs"
ADR_PARTS = ("**Context.** ", "**Decision.** ", "**Consequences.** ")
ADR_LINES_MAX = 70


def documented_text() -> str:
    pages = [*files(DOCS, ".md"), *(path for path in ROOT.glob("*.md"))]
    return "\n".join(text(path) for path in pages)


def enum_members(module: ast.Module, name: str) -> dict[str, int]:
    """The members of an enum, by reading its class body."""
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return {
                target.id: member.value.value
                for member in node.body
                if isinstance(member, ast.Assign) and isinstance(member.value, ast.Constant)
                for target in member.targets
                if isinstance(target, ast.Name) and isinstance(member.value.value, int)
            }
    return {}


def missing_rows(page: str, members: dict[str, int]) -> list[str]:
    """Members without a table row that has both number and name."""
    rows = [line for line in page.splitlines() if line.startswith("|")]
    return [
        f"{number} {name}"
        for name, number in members.items()
        if not any(
            re.search(rf"\b{number}\b", row) and re.search(rf"\b{name}\b", row) for row in rows
        )
    ]


def command_names(module: ast.Module) -> list[str]:
    """What `@app.command("name")` or `@app.command()` makes of functions: the words to type."""
    names = []
    for node in ast.walk(module):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
                continue
            if decorator.func.attr == "command":
                given = [ast.literal_eval(argument) for argument in decorator.args[:1]]
                names.append(given[0] if given else node.name.replace("_", "-"))
    return names


def adr_faults(path: Path, number: int) -> list[str]:
    content = path.read_text()
    lines = content.strip().splitlines()
    faults = []
    if not path.name.startswith(f"{number:04}-") or not lines[0].startswith(f"# {number}. "):
        faults.append(f"{path.name}: file name and title begin with the number {number}")
    faults += [
        f"{path.name}: {part} is missing" for part in ADR_PARTS if f"\n{part}" not in content
    ]
    last = content.strip().split("\n\n")[-1]
    if not re.fullmatch(r"\*\*Enforced by\*\* .+\.", last, re.DOTALL):
        faults.append(f"{path.name}: the last paragraph says '**Enforced by** ....'")
    if len(lines) > ADR_LINES_MAX:
        faults.append(f"{path.name}: one page is enough")
    return faults


def test_every_code_has_its_row() -> None:
    codes = tree(SOURCE / "protocol/codes.py")
    for enum, page in (("ResultCode", "result-codes.md"), ("ApiCode", "api-codes.md")):
        members = enum_members(codes, enum)
        assert members, f"no {enum} found in protocol/codes.py"
        missing = missing_rows(text(DOCS / "protocol" / page), members)
        assert not missing, f"docs/protocol/{page} lacks {missing}"


def test_settings_page_is_what_the_defaults_say() -> None:
    written = settings_page.page(settings_page.DEFAULTS.read_text())
    assert settings_page.PAGE.read_text() == written, "run: python3 -m tools.settings_page"


def test_every_command_is_documented() -> None:
    names = [name for path in files(SOURCE / "cli") for name in command_names(tree(path))]
    pages = documented_text()
    missing = [
        name for name in names if not re.search(rf"meganodes [a-z -]*\b{re.escape(name)}\b", pages)
    ]
    assert names, "no command found: is it declared in another way than @app.command()?"
    assert not missing, f"no page of docs/ shows how to use {missing}"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads(text(ROOT / "pyproject.toml"))
    extras = project["project"]["optional-dependencies"].values()
    asked = {re.split(r"[^A-Za-z0-9-]", entry)[0] for extra in extras for entry in extra}
    record = text(DOCS / "adr/0003-dependencies.md")
    reasons = set(re.findall(r"^\| ([a-z0-9-]+) \| (?!for)", record, re.MULTILINE))
    assert asked == reasons
    groups = project["dependency-groups"].values()
    entries = [entry for group in groups for entry in group if isinstance(entry, str)]
    tools = {re.split(r"[^A-Za-z0-9-]", entry)[0] for entry in entries}
    assert not [name for name in tools if name not in record]


def test_lint_opt_outs_are_few_and_reasoned() -> None:
    content = text(ROOT / "pyproject.toml")
    block = re.search(r"^ignore = \[\n(.*?)^\]", content, re.MULTILINE | re.DOTALL)
    assert block
    lines = block[1].splitlines()
    assert 0 < len(lines) <= 15
    bare = [line.strip() for line in lines if not re.search(r'",\s+# \w+.* \w+', line)]
    assert not bare, f"give a reason for {bare}"


def test_records_are_numbered_and_say_what_enforces_them() -> None:
    paths = files(DOCS / "adr", ".md")
    assert paths
    faults = [fault for number, path in enumerate(paths, 1) for fault in adr_faults(path, number)]
    assert not faults, listed(faults)


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*files(DOCS, ".md"), *files(ROOT / "examples", ".md"), *ROOT.glob("*.md")]
    faults = [
        f"{path.relative_to(ROOT)} links to {target}, which does not exist"
        for path in pages
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text(path))
        if not (path.parent / target).exists()
    ]
    assert not faults, listed(faults)


def test_checker_finds_an_undocumented_code() -> None:
    planted = ast.parse("class ResultCode(IntEnum):\n    OK = 0\n    DUPLICATE = 41\n")
    members = enum_members(planted, "ResultCode")
    assert members == {"OK": 0, "DUPLICATE": 41}
    assert missing_rows("| 0 | OK | done |\nDUPLICATE is 41\n", members) == ["41 DUPLICATE"]


def test_checker_reads_the_names_of_commands() -> None:
    planted = ast.parse(
        "@app.command('agent-add')\ndef add(): ...\n@app.command()\ndef verify_seals(): ...\n"
        "@app.callback()\ndef root(): ...\ndef plain(): ...\n"
    )
    assert command_names(planted) == ["agent-add", "verify-seals"]


def test_checker_finds_a_record_out_of_form(tmp_path: Path) -> None:
    good = "# 7. A thing\n\n" + "why\n\n".join(ADR_PARTS) + "why\n\n**Enforced by** a test.\n"
    record = tmp_path / "0007-a-thing.md"
    record.write_text(good)
    assert adr_faults(record, 7) == []
    assert len(adr_faults(record, 8)) == 1
    record.write_text(good.replace("**Context.**", "").replace("Enforced", "Held"))
    assert len(adr_faults(record, 7)) == 2
