"""Where and with what a run was made: the machine, its disk, the versions, the revision."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks.nginx import nginx_program
from benchmarks.postgresql import server_version
from benchmarks.processes import ROOT

_PACKAGES = ("meganodes", "uvloop", "httptools", "msgspec", "cryptography")
_SYNCS = 50


def machine(folder: Path) -> dict[str, str]:
    """Describe the machine; ``folder`` is where the hub's database is going to be."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load before": " ".join(f"{each:.2f}" for each in os.getloadavg()),
        "fsync of 4 KiB": f"{_sync_ms(folder):.2f} ms",
    }


def versions(*, with_postgresql: bool) -> dict[str, str]:
    """Name the versions of everything that is measured."""
    nginx = subprocess.run([nginx_program(), "-v"], capture_output=True, text=True, check=True)
    server = {"PostgreSQL": server_version()} if with_postgresql else {}
    return hub_versions(_PACKAGES) | server | {"nginx": nginx.stderr.strip().rpartition("/")[2]}


def hub_versions(packages: Iterable[str]) -> dict[str, str]:
    """Name the versions of interpreter, database and packages."""
    return {
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{name: version(name) for name in packages},
    }


def commit(*also: str) -> str:
    """Name the revision that is measured, with ``-changed`` when files differ from it.

    ``also`` names folders that count besides those of the hub.
    """
    revision = _git("rev-parse", "--short", "HEAD")
    if revision is None:
        return "unknown"
    changed = _git("status", "--porcelain", "--", "src", "requirements", "pyproject.toml", *also)
    return f"{revision}-changed" if changed else revision


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _sync_ms(folder: Path) -> float:
    """Measure what one durable write costs here, in milliseconds (median)."""
    times = []
    with (folder / "sync.probe").open("wb", buffering=0) as probe:
        for _ in range(_SYNCS):
            probe.write(bytes(4096))
            started = time.perf_counter()
            os.fdatasync(probe.fileno())
            times.append((time.perf_counter() - started) * 1000)
    return median(times)
