"""Write the hashed lock files from pyproject.toml.

`requirements/*.txt` is the lock: unlike other formats it can be written without the addresses of
package indexes, which differ from machine to machine and do not belong into the repository.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from tools.install import ROOT, SetupError, fetch_uv

OLDEST_PYTHON = "3.11"
RUNTIME = ["--extra", "hub", "--extra", "certify", "pyproject.toml"]
SOURCES = {
    "uv": ["requirements/uv.in"],
    "hub": ["--group", "build", *RUNTIME],
    "hub-postgresql": ["--group", "build", "--extra", "postgresql-server", *RUNTIME],
    "fuzz": ["--group", "fuzz", "--extra", "otel", "--extra", "postgresql-server", *RUNTIME],
    "dev": ["--group", "dev", "--extra", "otel", "--extra", "postgresql-server", *RUNTIME],
}


def command_for(uv: str, name: str, *, upgrade: bool) -> list[str]:
    """The command line that locks the set `name` for every supported Python at once."""
    return [
        uv,
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        f"--python-version={OLDEST_PYTHON}",
        f"--output-file=requirements/{name}.txt",
        *(["--upgrade"] if upgrade else []),
        *SOURCES[name],
    ]


def main(arguments: list[str]) -> int:
    """Exit code 0 when every lock file is written."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take newer versions")
    upgrade = parser.parse_args(arguments).upgrade
    try:
        uv = fetch_uv(ROOT)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    for name in SOURCES:
        done = subprocess.run(command_for(uv, name, upgrade=upgrade), cwd=ROOT, check=False)
        if done.returncode:
            return 1
        print(f"requirements/{name}.txt is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
