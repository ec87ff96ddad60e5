"""Backends in other languages that can take the toy casino's place: how they are found and started.

`--casino node`, `php` and `sdk` are the files below ``examples``; a path is somebody's own file,
which takes its settings from the same environment and offers the same `/control`.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import meganodes
from meganodes.protocol.commands import Revision

TOY = "python"
_WORKERS = 4
_VERSION = re.compile(r"(\d+)\.(\d+)\.\d+")


class Language(StrEnum):
    """What a backend is written in. SDK is Python, with `meganodes.sdk`."""

    NODE = "node"
    PHP = "php"
    SDK = "sdk"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runtime:
    program: str
    least: tuple[int, int]
    package: str
    title: str


_RUNTIMES: Mapping[Language, _Runtime] = MappingProxyType(
    {
        Language.NODE: _Runtime(
            program="node", least=(18, 0), package="nodejs", title="Node.js 18 or newer"
        ),
        Language.PHP: _Runtime(
            program="php", least=(8, 1), package="php-cli", title="PHP 8.1 or newer"
        ),
        Language.SDK: _Runtime(
            program=sys.executable, least=(3, 11), package="python3", title="Python 3.11 or newer"
        ),
    }
)
_LANGUAGE_OF_SUFFIX = MappingProxyType(
    {
        ".mjs": Language.NODE,
        ".js": Language.NODE,
        ".php": Language.PHP,
        ".py": Language.SDK,
    }
)
_EXAMPLES = MappingProxyType(
    {
        Language.NODE: "examples/node/backend.mjs",
        Language.PHP: "examples/php/backend.php",
        Language.SDK: "examples/python/backend.py",
    }
)


class UnknownCasino(ValueError):
    """`--casino` names nothing that could be a casino; the sentence says what would."""


class BackendMissing(Exception):
    """The backend cannot be run on this machine; the sentence names the cure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A file in another language."""

    language: Language
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendSettings:
    """What the file is told; the names in the environment are those of `environment_of`."""

    agent: Mapping[str, Any]
    revision: Revision
    decimals: int
    duplicates: int
    folder: Path
    port: int


def read_casino(text: str) -> Backend | None:
    """Read `--casino`: None is the toy casino. Raises UnknownCasino."""
    if text == TOY:
        return None
    if text in set(Language):
        language = Language(text)
        return Backend(language=language, file=_example(language))
    file = Path(text)
    if file.suffix not in _LANGUAGE_OF_SUFFIX or not file.is_file():
        raise UnknownCasino(
            f"{text!r} is no casino: it is {TOY}, {', '.join(Language)}, or a file that ends in "
            f"{', '.join(_LANGUAGE_OF_SUFFIX)}"
        )
    return Backend(language=_LANGUAGE_OF_SUFFIX[file.suffix], file=file.resolve())


async def command_of(backend: Backend, port: int) -> list[str]:
    """Return the command that runs the backend; raise BackendMissing when nothing here could."""
    program = await _program(backend.language)
    if backend.language is Language.PHP:
        return [program, "-S", f"127.0.0.1:{port}", str(backend.file)]
    return [program, str(backend.file)]


def environment_of(settings: BackendSettings) -> dict[str, str]:
    """Return the environment that both examples document in their READMEs."""
    return {
        "WALLET_CALLBACK_TOKEN": settings.agent["callback_token"],
        "WALLET_SIGNING_SECRET": settings.agent.get("signing_secret") or "",
        "WALLET_REVISION": settings.revision.value,
        "WALLET_DECIMALS": str(settings.decimals),
        "WALLET_DUPLICATES": str(settings.duplicates),
        "WALLET_FOLDER": str(settings.folder),
        "WALLET_PORT": str(settings.port),
        "WALLET_CONTROL": "on",
        "PHP_CLI_SERVER_WORKERS": str(_WORKERS),
        "PYTHONPATH": str(Path(meganodes.__file__).parents[1]),
    }


def _example(language: Language) -> Path:
    """Find the example in the checkout; an installed package has none."""
    checkout = Path(meganodes.__file__).parents[2]
    for folder in (checkout, Path.cwd()):
        file = folder / _EXAMPLES[language]
        if file.is_file():
            return file
    raise UnknownCasino(
        f"{_EXAMPLES[language]} is not there: run this in a checkout of the project, or give the "
        f"path of a file instead of {language.value!r}"
    )


async def _program(language: Language) -> str:
    runtime = _RUNTIMES[language]
    program = shutil.which(runtime.program)
    found = "" if program is None else await _printed(program, "--version")
    match = _VERSION.search(found)
    if program is not None and match and (int(match[1]), int(match[2])) >= runtime.least:
        return program
    state = f"is {match[0]}" if match else "is not installed"
    raise BackendMissing(
        f"{runtime.program} {state}, and this casino needs {runtime.title}. "
        f"On Debian and Ubuntu: sudo apt-get install {runtime.package}. "
        f"Or run the tour with the toy casino: --casino {TOY}"
    )


async def _printed(program: str, argument: str) -> str:
    process = await asyncio.create_subprocess_exec(
        program, argument, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return output.decode("utf-8", "replace")
