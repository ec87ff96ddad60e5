"""Each module has its test where one looks for it, and no file is named after nothing."""

from pathlib import Path

from tests.house.tree import ROOT, SOURCE, files, listed

MIRRORED = ("protocol", "domain", "kit", "callbacks", "journal", "hub", "directory")
NOT_MODULES = ("journal/migrations/", "directory/migrations/", "kit/migration_environment/")
NAMELESS = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py", "shared.py"}

# A module without a mirror of its own, and where its behaviour is proved instead.
REASONS = {
    "kit/database_url.py": "test_database.py: every form of an address",
    "directory/node_numbers.py": "tests/unit/bootstrap/test_node_number.py: on a real server",
    "journal/memory_attempts.py": "tests/conformance: the databases are compared with it",
    "journal/memory_search.py": "tests/conformance: the databases are compared with it",
    "journal/memory_reports.py": "tests/conformance: the databases are compared with it",
    "journal/postgres_parts.py": "tests/conformance/test_retention.py makes, swaps and drops them",
    "journal/postgres_retention.py": "tests/conformance/test_retention.py runs it",
    "journal/retention.py": "tests/conformance/test_retention.py runs both of its shelves",
    "journal/sqlite_retention.py": "tests/conformance/test_retention.py runs it",
    "directory/retentions.py": "tests/acceptance/test_retention_command.py reads its audit rows",
    "journal/sealing.py": "tests/conformance/test_journal_seals.py seals and checks on it",
    "journal/reader.py": "test_reads.py and test_reports.py: everything that reads goes through it",
    "directory/staff_records.py": "records without behaviour",
    "directory/staff_rows.py": "test_staff_sign_in.py and test_staff.py store by it",
    "directory/staff_tables.py": "test_schema.py compares them with what the revisions make",
    "journal/store.py": "a port: tests/conformance runs one suite over every store",
    "hub/calls.py": "test_accounts.py and test_asking.py: every ask goes through it",
    "hub/core.py": "the ports in one hand: every test of the hub holds it",
    "hub/permissions.py": "test_bet.py: what is refused before a callback",
    "hub/wallet.py": "test_bet.py, test_win.py, test_betwin.py, test_cancel.py enter through it",
}


def modules(source: Path, packages: tuple[str, ...]) -> list[str]:
    """The modules that need a mirror, as paths below the package."""
    return [
        name
        for package in packages
        for path in files(source / package)
        if path.name != "__init__.py"
        and not (name := path.relative_to(source).as_posix()).startswith(NOT_MODULES)
    ]


def mirrors(module: str, unit: Path) -> list[Path]:
    """The test files of a module: `test_<module>.py`, or several `test_<module>_<what>.py`."""
    path = Path(module)
    folder = unit / path.parent
    whole = folder / f"test_{path.stem}.py"
    return [*([whole] if whole.exists() else []), *folder.glob(f"test_{path.stem}_*.py")]


def layout_faults(names: list[str], unit: Path, reasons: dict[str, str]) -> list[str]:
    faults = [
        f"{name} has no tests/unit/{Path(name).parent}/test_{Path(name).name}: write it, or say in "
        "REASONS where the module is proved"
        for name in names
        if not mirrors(name, unit) and name not in reasons
    ]
    faults += [f"REASONS names {name}, which does not exist" for name in set(reasons) - set(names)]
    faults += [
        f"REASONS names {name}, which has a mirror now: remove the entry"
        for name in reasons
        if mirrors(name, unit)
    ]
    return faults


def orphans(source: Path, unit: Path, packages: tuple[str, ...]) -> list[str]:
    """Test files that mirror no module."""
    found = [
        mirror
        for name in [*modules(source, packages), *_package_modules(source, packages)]
        for mirror in mirrors(name, unit)
    ]
    tests = [path for package in packages for path in files(unit / package) if _is_test(path)]
    return [
        f"{path.relative_to(unit)} mirrors no module of src/meganodes: name it after one"
        for path in tests
        if path not in found
    ]


def _package_modules(source: Path, packages: tuple[str, ...]) -> list[str]:
    """A package may have one test of its own: tests/unit/hub/test_hub.py."""
    return [f"{name}/{name}.py" for name in packages if (source / name).exists()]


def _is_test(path: Path) -> bool:
    return path.name.startswith("test_")


def test_every_module_has_its_mirror() -> None:
    names = modules(SOURCE, MIRRORED)
    assert names
    faults = layout_faults(names, ROOT / "tests/unit", REASONS)
    assert not faults, listed(faults)


def test_every_unit_test_mirrors_a_module() -> None:
    faults = orphans(SOURCE, ROOT / "tests/unit", MIRRORED)
    assert not faults, listed(faults)


def test_no_file_is_named_after_nothing() -> None:
    folders = (SOURCE, ROOT / "tools", ROOT / "tests")
    faults = [
        f"{path}: name the thing, or put it where it is used"
        for folder in folders
        for path in files(folder)
        if path.name in NAMELESS
    ]
    assert not faults, listed(faults)


def test_every_package_says_what_it_is_for() -> None:
    packages = {path.parent for path in files(SOURCE)}
    bare = [str(folder) for folder in packages if not (folder / "__init__.py").exists()]
    assert not bare, f"give these packages an __init__.py with one sentence: {bare}"


def test_checker_finds_a_module_without_mirror(tmp_path: Path) -> None:
    source, unit = tmp_path / "src", tmp_path / "unit"
    (source / "hub").mkdir(parents=True)
    (unit / "hub").mkdir(parents=True)
    for name in ("bare.py", "whole.py", "split.py", "excused.py"):
        (source / "hub" / name).touch()
    for name in ("test_whole.py", "test_split_by_case.py", "test_stranger.py"):
        (unit / "hub" / name).touch()

    names = modules(source, ("hub",))
    faults = layout_faults(names, unit, {"hub/excused.py": "a reason"})
    assert [fault.split()[0] for fault in faults] == ["hub/bare.py"]
    assert [fault.split()[0] for fault in orphans(source, unit, ("hub",))] == [
        "hub/test_stranger.py"
    ]


def test_checker_refuses_stale_reasons(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub/test_there.py").touch()
    faults = layout_faults(["hub/there.py"], tmp_path, {"hub/there.py": "x", "hub/gone.py": "x"})
    assert len(faults) == 2
