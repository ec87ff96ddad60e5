"""The command ``meganodes``, with as many commands as the installed packages allow.

All with the extra `hub`; `certify` and `explain` with the extra `certify`; in a bare installation
(SDK only) it says what is missing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable


def main() -> None:
    """Run the command line; exit 2 with one sentence when no extra is installed."""
    run = _hub_commands() or _kit_commands()
    if isinstance(run, ModuleNotFoundError):
        sys.stderr.write(
            f"meganodes: the package {run.name} is not installed: this is the bare SDK. "
            "Install what certifies a backend with: pip install '.[certify]', "
            "or the hub with: pip install '.[hub]'\n"
        )
        sys.exit(2)
    run()


def _hub_commands() -> Callable[[], None] | None:
    try:
        from meganodes.cli.app import run  # noqa: PLC0415 - the extra may be missing
    except ModuleNotFoundError as missing:
        _demand_stranger(missing)
        return None
    return run


def _kit_commands() -> Callable[[], None] | ModuleNotFoundError:
    try:
        from meganodes.cli.kit_app import app  # noqa: PLC0415 - the extra may be missing
    except ModuleNotFoundError as missing:
        _demand_stranger(missing)
        return missing
    return app


def _demand_stranger(missing: ModuleNotFoundError) -> None:
    """Let a defect of our own out: a module of ours that is not there."""
    if missing.name is not None and missing.name.partition(".")[0] == "meganodes":
        raise missing


if __name__ == "__main__":
    main()
