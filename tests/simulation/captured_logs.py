"""The hub's log lines of a run: kept as text for the judges, and defects picked out of them."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from meganodes.journal.store import CommitUnknown, StoreUnavailable

_DEFECTS: Final = frozenset(
    {"task_failed", "worker_loop_failed", "worker_step_failed", "provider_call_failed"}
)
"""Events that say that a piece of code failed in a way nobody had thought of."""


@dataclass
class Logs:
    """``text`` is every line; ``defects`` are those that must not be there."""

    text: bytearray = field(default_factory=bytearray)
    defects: list[str] = field(default_factory=list)


@contextmanager
def captured_logs() -> Iterator[Logs]:
    """Take everything that is logged as a warning or above until the block ends."""
    logs = Logs()

    def keep(_: object, level: str, event: MutableMapping[str, Any]) -> str:
        line = f"{level} {dict(event)!r}"
        logs.text += line.encode() + b"\n"
        if event.get("event") in _DEFECTS and not _is_of_the_store(event.get("exc_info")):
            logs.defects.append(line)
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[keep],
        wrapper_class=structlog.make_filtering_bound_logger(30),
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    try:
        yield logs
    finally:
        structlog.configure(**before)


def _is_of_the_store(fault: object) -> bool:
    return isinstance(fault, StoreUnavailable | CommitUnknown)
