"""Backends in other languages are found, or the sentence says what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from meganodes.demo.backends import (
    Backend,
    BackendMissing,
    BackendSettings,
    Language,
    UnknownCasino,
    command_of,
    environment_of,
    read_casino,
)
from meganodes.protocol.commands import Revision

FILES = {
    "node": "examples/node/backend.mjs",
    "php": "examples/php/backend.php",
    "sdk": "examples/python/backend.py",
}


def a_program(folder: Path, name: str, says: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)


def test_python_is_the_toy_casino() -> None:
    assert read_casino("python") is None


@pytest.mark.parametrize("language", list(Language))
def test_a_language_is_its_example(language: Language) -> None:
    found = read_casino(language.value)
    assert found is not None
    assert found.language is language
    assert found.file.as_posix().endswith(FILES[language.value])
    assert found.file.is_file()


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("mine.mjs", Language.NODE),
        ("mine.js", Language.NODE),
        ("mine.php", Language.PHP),
        ("mine.py", Language.SDK),
    ],
)
def test_a_path_is_somebodys_own_file(tmp_path: Path, name: str, language: Language) -> None:
    file = tmp_path / name
    file.touch()
    assert read_casino(str(file)) == Backend(language=language, file=file.resolve())


@pytest.mark.parametrize("name", ["ruby", "missing.php", "folder", ""])
def test_what_is_no_casino_is_told_what_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownCasino, match="it is python, node, php, sdk, or a file that ends in"):
        read_casino(name)


async def test_commands_name_file_and_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_program(tmp_path, "node", "v18.0.0")
    a_program(tmp_path, "php", "PHP 8.1.0 (cli)")
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "mine.php"
    node = await command_of(Backend(language=Language.NODE, file=file), 9)
    php = await command_of(Backend(language=Language.PHP, file=file), 9)
    assert node == [str(tmp_path / "node"), str(file)]
    sdk = await command_of(Backend(language=Language.SDK, file=file), 9)
    assert php == [str(tmp_path / "php"), "-S", "127.0.0.1:9", str(file)]
    assert sdk == [sys.executable, str(file)]


@pytest.mark.parametrize(
    ("language", "says", "sentence"),
    [
        (Language.NODE, None, "node is not installed, and this casino needs Node.js 18 or newer"),
        (Language.NODE, "v16.20.2", "node is 16.20.2, and this casino needs Node.js 18 or newer"),
        (Language.PHP, "PHP 8.0.30 (cli)", "php is 8.0.30, and this casino needs PHP 8.1"),
        (Language.PHP, None, "apt-get install php-cli"),
    ],
)
async def test_a_missing_or_old_runtime_is_told_with_its_cure(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: Language,
    says: str | None,
    sentence: str,
) -> None:
    if says is not None:
        a_program(tmp_path, language.value, says)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendMissing) as missing:
        await command_of(Backend(language=language, file=tmp_path / "x"), 9)
    assert sentence in str(missing.value)
    assert "--casino python" in str(missing.value)


def test_every_setting_that_is_handed_over_is_documented() -> None:
    settings = BackendSettings(
        agent={"callback_token": "token"},
        revision=Revision.ID,
        decimals=0,
        duplicates=0,
        folder=Path("books"),
        port=9,
    )
    environment = environment_of(settings)
    assert environment["WALLET_SIGNING_SECRET"] == ""
    assert environment["WALLET_REVISION"] == "id"
    for name, file in FILES.items():
        example = read_casino(name)
        assert example is not None
        readme = example.file.with_name("README.md").read_text()
        code = example.file.read_text()
        known = {setting for setting in environment if setting in code}
        assert known >= {"WALLET_CALLBACK_TOKEN", "WALLET_REVISION", "WALLET_FOLDER"}, file
        assert not [setting for setting in known if setting not in readme]
