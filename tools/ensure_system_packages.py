"""See that the programs which pip cannot install are there; install them when that is allowed.

Allowed means root or a sudo that asks for nothing. Otherwise the one line to run is printed and
the run fails: a missing program is never a reason to skip a test silently.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Protocol

# The apt package and the program that proves it is installed.
PROGRAM_OF_PACKAGE = {
    "chromium": "chromium",
    "nginx-light": "nginx",
    "nodejs": "node",
    "npm": "npm",
    "php-cli": "php",
}
NEEDED_BY = {
    "test": ("chromium", "nodejs", "npm", "php-cli"),
    "bench": ("nginx-light",),
}
SYSTEM_FOLDERS = ("/usr/sbin", "/sbin", "/usr/local/sbin")  # not on everybody's PATH


class Machine(Protocol):
    """What this tool may ask of and do to the computer."""

    def has_program(self, name: str) -> bool: ...

    def is_root(self) -> bool: ...

    def succeeds(self, command: list[str]) -> bool: ...


class ThisMachine:
    """The computer this runs on."""

    def has_program(self, name: str) -> bool:
        beside_path = any((Path(folder) / name).exists() for folder in SYSTEM_FOLDERS)
        return beside_path or shutil.which(name) is not None

    def is_root(self) -> bool:
        return os.geteuid() == 0

    def succeeds(self, command: list[str]) -> bool:
        """Run a command with its output hidden; a command that does not exist does not succeed."""
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        try:
            done = subprocess.run(command, env=quiet, capture_output=True, check=False)
        except FileNotFoundError:
            return False
        return done.returncode == 0


def missing_packages(packages: tuple[str, ...], machine: Machine) -> list[str]:
    """Those of the packages whose program is not found."""
    return [name for name in packages if not machine.has_program(PROGRAM_OF_PACKAGE[name])]


def ensure(packages: tuple[str, ...], machine: Machine) -> str | None:
    """Install what is missing; None when all is there, else the sentence for the person."""
    missing = missing_packages(packages, machine)
    if not missing:
        return None
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    prefix = _permission(machine)
    if prefix is not None and machine.has_program("apt-get"):
        print(f"Installing {' '.join(missing)} by apt ...", flush=True)
        done = machine.succeeds(prefix + install) or (
            machine.succeeds([*prefix, "apt-get", "update"]) and machine.succeeds(prefix + install)
        )
        missing = missing_packages(packages, machine)
        if done and not missing:
            return None
    return f"{' and '.join(missing)} must be installed first. Run: sudo {' '.join(install)}"


def _permission(machine: Machine) -> list[str] | None:
    """The words to put before a command that needs root, or None when we may not."""
    if machine.is_root():
        return []
    return ["sudo", "-n"] if machine.succeeds(["sudo", "-n", "true"]) else None


def main(arguments: list[str]) -> int:
    """Exit code 0 when every program is there, 1 with one sentence otherwise."""
    if len(arguments) != 1 or arguments[0] not in NEEDED_BY:
        print(f"usage: python3 -m tools.ensure_system_packages {'|'.join(NEEDED_BY)}")
        return 2
    fault = ensure(NEEDED_BY[arguments[0]], ThisMachine())
    if fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
