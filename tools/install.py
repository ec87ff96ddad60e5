"""Make `.venv` hold exactly one of the locked package sets, or see at once that it does already.

Run by the system's Python before anything is installed, so it parses on old versions too and can
say what is wrong with them. It never installs outside the project folder.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
APT_LINE = "sudo apt-get install -y python3 python3-pip python3-venv make git"
SETS = ("hub", "hub-postgresql", "dev", "fuzz")
SATISFIED_BY = {  # each set holds those before it
    "hub": SETS,
    "hub-postgresql": ("hub-postgresql", "dev", "fuzz"),
    "dev": ("dev", "fuzz"),
    "fuzz": ("fuzz",),
}


class SetupError(Exception):
    """Installing cannot go on; the text says what to do."""


def fault_of_interpreter(version: tuple[int, ...], modules_missing: list[str]) -> str | None:
    """What is wrong with the chosen interpreter, with the cure, or None."""
    if version[:2] < OLDEST:
        found = ".".join(map(str, version[:2]))
        return (
            f"Python {found} is too old: MegaNodes needs 3.11, 3.12 or 3.13.\n"
            "Name a newer one, for example: make setup PYTHON=python3.12\n"
            f"On Debian 12 or Ubuntu 24.04: {APT_LINE}"
        )
    if modules_missing:
        return f"Python lacks {' and '.join(modules_missing)}. Install what is missing: {APT_LINE}"
    return None


def modules_missing(installer: str) -> list[str]:
    """Which parts that Debian packages apart from Python this installer needs and does not find."""
    needed = ["venv", "ensurepip"] if installer == "pip" else ["pip"]
    return [name for name in needed if importlib.util.find_spec(name) is None]


def fingerprint(root: Path, name: str) -> str:
    """Changes with everything that decides what the set `name` installs."""
    version = ".".join(map(str, sys.version_info[:2]))
    digest = hashlib.sha256(f"{version} {root}".encode())
    for path in (f"requirements/{name}.txt", "pyproject.toml"):
        digest.update((root / path).read_bytes())
    return digest.hexdigest()


def installed_set(root: Path, wanted: str) -> str | None:
    """The installed set that gives `wanted`, if its stamp still fits."""
    for name in SATISFIED_BY[wanted]:
        stamp = _stamp(root, name)
        if stamp.exists() and stamp.read_text() == fingerprint(root, name):
            return name
    return None


def install(root: Path, name: str, installer: str) -> None:
    """Install the set `name`; the stamp is written last, so that a broken run is done again."""
    for stale in SETS:
        _stamp(root, stale).unlink(missing_ok=True)
    try:
        if installer == "pip":
            _install_with_pip(root, name)
        else:
            _install_with_uv(root, name)
    except SetupError:
        if installer != "auto":
            raise
        print("uv could not install them; trying pip ...", flush=True)
        _install_with_pip(root, name)
    _run([str(_python(root)), "-m", "compileall", "-q", "src"], root)
    _stamp(root, name).write_text(fingerprint(root, name))


def _install_with_uv(root: Path, name: str) -> None:
    uv = fetch_uv(root)
    if not _venv_fits(root):
        _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, ".venv"], root)
    target = ["--quiet", "--python", str(_python(root))]
    lock = f"requirements/{name}.txt"
    _run([uv, "pip", "sync", *target, "--require-hashes", "--compile-bytecode", lock], root)
    _run([uv, "pip", "install", *target, "--no-deps", "--no-build-isolation", "-e", "."], root)


def _install_with_pip(root: Path, name: str) -> None:
    if not _venv_fits(root) or not (root / ".venv/bin/pip").exists():
        shutil.rmtree(root / ".venv", ignore_errors=True)
        _run([sys.executable, "-m", "venv", ".venv"], root)
    pip = [str(_python(root)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "-r", f"requirements/{name}.txt"], root)
    _run([*pip, "--no-deps", "--no-build-isolation", "-e", "."], root)


def fetch_uv(root: Path) -> str:
    """Install the pinned uv into `.tools`, which works where the system's Python is managed."""
    lock = root / "requirements/uv.txt"
    stamp = root / ".tools/stamp"
    program = root / ".tools/bin/uv"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if program.exists() and stamp.exists() and stamp.read_text() == wanted:
        return str(program)
    shutil.rmtree(root / ".tools", ignore_errors=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += [
        "--no-input",
        "--no-deps",
        "--require-hashes",
        "--target",
        ".tools",
        "-r",
        str(lock),
    ]
    _run(command, root)
    stamp.write_text(wanted)
    return str(program)


def _venv_fits(root: Path) -> bool:
    """Whether `.venv` works and is of the same Python as the one that runs this."""
    question = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [str(_python(root)), "-c", question], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return answer.stdout.split() == [str(part) for part in sys.version_info[:2]]


def _python(root: Path) -> Path:
    return root / ".venv/bin/python"


def _stamp(root: Path, name: str) -> Path:
    return root / f".venv/installed-{name}"


def _run(command: list[str], root: Path) -> None:
    settings = {"UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "true", "PIP_USER": "0"}
    environment = {**settings, **os.environ, "VIRTUAL_ENV": str(root / ".venv")}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        message = (
            f"{done.stdout}{done.stderr}\nThis command failed: {' '.join(command)}\n"
            "uv and pip look for packages in different places: INSTALLER=uv or INSTALLER=pip"
            " after the make target takes one of them alone."
        )
        raise SetupError(message)


def main(arguments: list[str]) -> int:
    """Exit code 0 when the set is there, 1 with a sentence when it cannot be installed."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.install", description=__doc__)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--installer", choices=("auto", "uv", "pip"), default="auto")
    options = parser.parse_args(arguments)

    fault = fault_of_interpreter(tuple(sys.version_info[:3]), modules_missing(options.installer))
    if fault:
        print(fault, file=sys.stderr)
        return 1
    if installed_set(ROOT, options.set):
        return 0
    started = time.monotonic()
    print(f"Installing the {options.set} packages into .venv ...", flush=True)
    try:
        install(ROOT, options.set, options.installer)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
