"""The command ``meganodes``; in a bare installation (SDK only) it says what is missing."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; exit 2 with one sentence when the hub's packages are not installed."""
    try:
        from meganodes.cli.app import run  # noqa: PLC0415 - the extra may be missing
    except ModuleNotFoundError as missing:
        if missing.name is not None and missing.name.partition(".")[0] == "meganodes":
            raise
        sys.stderr.write(
            f"meganodes: the package {missing.name} is not installed: this is the bare SDK. "
            "Install the hub with: pip install '.[hub]'\n"
        )
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
