"""How much a test tries: less for every change, the whole before a release (`make check-money`).

A test file that asks for it carries the mark `thorough`, by which `make check-money` finds it.
"""

from __future__ import annotations

import os

THOROUGH = os.environ.get("TEST_EFFORT") == "thorough"


def effort(usual: int, thorough: int) -> int:
    """Give the number of tries of `make test`, or that of `make check-money`."""
    return thorough if THOROUGH else usual
