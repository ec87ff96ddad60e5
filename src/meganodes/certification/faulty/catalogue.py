"""All backends that are wrong on purpose, in the order in which people read about them."""

from __future__ import annotations

import inspect
from typing import Final

from meganodes.certification.faulty import (
    amount_mistakes,
    cancel_mistakes,
    check_mistakes,
    door_mistakes,
    memory_mistakes,
    request_mistakes,
    time_mistakes,
    wire_mistakes,
)
from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import Mistake

FAULTY_BACKENDS: Final[tuple[type[HonestBackend], ...]] = (
    *wire_mistakes.BACKENDS,
    *request_mistakes.BACKENDS,
    *door_mistakes.BACKENDS,
    *check_mistakes.BACKENDS,
    *amount_mistakes.BACKENDS,
    *memory_mistakes.BACKENDS,
    *cancel_mistakes.BACKENDS,
    *time_mistakes.BACKENDS,
)


def mistake(backend: type[HonestBackend]) -> Mistake:
    """Give the mistake of a faulty backend."""
    assert backend.mistake is not None, "every backend of the catalogue has a mistake"
    return backend.mistake


def sentence(backend: type[HonestBackend]) -> str:
    """Say what the author of a faulty backend did."""
    return inspect.getdoc(backend) or ""
