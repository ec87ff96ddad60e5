"""A small file in which a process keeps what it has found or told, for the one that follows it.

Losing it costs doing something once more. So nothing here raises: who reads gets what to begin
with, and the log says why.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from meganodes.kit.logging import get_logger

_T = TypeVar("_T")

log = get_logger("kit.kept_file")


def read_kept(file: Path, kind: type[_T], otherwise: _T) -> _T:
    """Read what was written before; ``otherwise`` when there is none, or it cannot be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except FileNotFoundError:
        return otherwise
    except (OSError, msgspec.MsgspecError) as fault:
        log.warning("kept_file_not_read", file=str(file), fault=repr(fault))
        return otherwise


def write_kept(file: Path, content: object) -> None:
    """Write it as JSON, whole or not at all, readable by its owner only."""
    part = file.with_name(file.name + ".part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as written:
            written.write(msgspec.json.encode(content))
        part.replace(file)
    except OSError as fault:
        log.warning("kept_file_not_written", file=str(file), fault=repr(fault))
