"""Log lines: an event in the past tense plus fields, as JSON or for people, never with a secret.

Everything passes the same masking step, the lines of libraries too, so that a token that strays
into a field, a message or a traceback is masked on its way out (reliability 3.11). Our own lines go
straight to the stream: a bet writes some, and the standard library's way costs three times as much.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import re
import sys
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from meganodes.kit.plain_text import visible
from meganodes.kit.secrets import MasterKey, Secret

MASK = "****"
_SECRET_FIELD = re.compile(
    r"authorization|cookie|password|passwd|secret|token|master_key|signature|otp_seed",
    re.IGNORECASE,
)
_HARMLESS_FIELDS = frozenset({"token_checked", "token_kind", "token_wrong"})
_SECRET_TEXT = re.compile(
    r"(?P<kind>mn[acgopsw]_|whsec_|bearer\s+|basic\s+(?=[a-z0-9+/=]{12})|://[^\s:/@]*:(?=[^\s/@]+@))"
    r"[^\s\"'<>,;&@]{4,}",
    re.IGNORECASE,
)
_DEPTH_MAX = 6


class LogFormat(StrEnum):
    """JSON lines for machines, aligned text for a terminal."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The lowest level that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """How log lines are written. They go to standard error; answers go to standard output.

    ``fields`` are in every line of this process.
    """

    format: LogFormat = LogFormat.JSON
    level: LogLevel = LogLevel.INFO
    fields: Mapping[str, str] = field(default_factory=dict)


class _Target:
    """Where lines go now. Loggers keep this object, so a new stream reaches all of them."""

    stream: TextIO | None = None

    def write(self, line: str) -> None:
        stream = self.stream if self.stream is not None else sys.stderr
        # A log that cannot be written must not stop a bet: the terminal may be gone.
        with contextlib.suppress(OSError):
            stream.write(line + "\n")
            stream.flush()

    msg = debug = info = warning = error = critical = exception = write


_TARGET = _Target()
_STEPS: list[Processor] = []


def configure_logging(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Set up logging for this process, for our own lines and those of libraries."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([functools.partial(_add_fields, settings.fields)] if settings.fields else []),
    ]
    last = _last_steps(settings.format)
    _TARGET.stream = stream
    _STEPS[:] = [*shared, *last]
    structlog.configure(
        processors=_STEPS,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_the_target,
        cache_logger_on_first_use=True,
    )
    _route_libraries([*shared, _name_library], last, level)


def get_logger(name: str) -> FilteringBoundLogger:
    """Return the logger of a module. Event names are in the past tense: `callback_answered`."""
    return cast("FilteringBoundLogger", structlog.get_logger(logger_name=name))


def bound_fields(**fields: object) -> AbstractContextManager[None]:
    """Add fields (request_id, trans_guid, ...) to every line written inside the block."""
    return structlog.contextvars.bound_contextvars(**fields)


def masked(value: object, depth: int = 0) -> object:
    """Return the value with everything that looks like a secret replaced by a mask."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return visible(_SECRET_TEXT.sub(rf"\g<kind>{MASK}", value), lines=True)
        case Secret() | MasterKey():
            return MASK
        case Mapping() | list() | tuple() | set() | frozenset() if depth < _DEPTH_MAX:
            return _masked_items(value, depth + 1)
        case _:
            return visible(_SECRET_TEXT.sub(rf"\g<kind>{MASK}", _as_text(value)), lines=True)


def _masked_items(value: Mapping[object, object] | Collection[object], depth: int) -> object:
    if isinstance(value, Mapping):
        return {str(name): _masked_field(str(name), each, depth) for name, each in value.items()}
    return [masked(each, depth) for each in value]


def _as_text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else repr(value)


def _masked_field(name: str, value: object, depth: int) -> object:
    if _is_secret_field(name) and value is not None:
        return MASK
    return masked(value, depth)


@functools.lru_cache(maxsize=1_000)
def _is_secret_field(name: str) -> bool:
    return _SECRET_FIELD.search(name) is not None and name not in _HARMLESS_FIELDS


def _name_library(_logger: object, _method: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    event["logger_name"] = record.name
    return event


def _add_fields(
    fields: Mapping[str, str], _logger: object, _method: str, event: EventDict
) -> EventDict:
    event.update(fields)
    return event


def _mask_event(_logger: object, _method: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        event[name] = _masked_field(name, value, 0)
    return event


def _keep_to_one_line(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Leave lines to tracebacks: a value with lines of its own would forge another entry."""
    for name, value in event.items():
        if name != "exception" and isinstance(value, str):
            event[name] = value.replace("\n", "\\n")
    return event


def _render_json(_logger: object, _method: str, event: EventDict) -> str:
    return msgspec.json.encode(event).decode()


def _last_steps(log_format: LogFormat) -> list[Processor]:
    # Tracebacks become text before the mask is applied, so that it reaches into them too.
    first: list[Processor] = [structlog.processors.format_exc_info, _mask_event]
    if log_format is LogFormat.JSON:
        return [*first, _render_json]
    return [*first, _keep_to_one_line, structlog.dev.ConsoleRenderer(colors=False)]


def _the_target(*_arguments: object) -> _Target:
    return _TARGET


def _route_libraries(first: list[Processor], last: list[Processor], level: int) -> None:
    handler = _TargetHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=first,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)


class _TargetHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _TARGET.write(self.format(record))
