"""Catalogue files on disk: their form by their names, read within a bound, written whole."""

from __future__ import annotations

import os
from pathlib import Path

from meganodes.cli.output import WRONG_USAGE, fail
from meganodes.hub.catalogue import FILE_BYTES_MAX

_FORMS = {".csv": True, ".json": False}


def is_csv(file: Path) -> bool:
    """Tell the form of a file by its name; ends the command for a name that tells none."""
    form = _FORMS.get(file.suffix.lower())
    if form is None:
        fail([f"{file}: a catalogue file is called .json or .csv"], status=WRONG_USAGE)
    return form


def content_of(file: Path) -> bytes:
    """Read a file, and of a file that is too large no more than shows it."""
    try:
        with file.open("rb") as opened:
            return opened.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as fault:
        fail([f"{file} cannot be read: {_reason(fault)}"])


def write_file(file: Path, content: bytes) -> None:
    """Write a file so that it is there whole or as it was."""
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(file)
    except (OSError, ValueError) as fault:
        beside.unlink(missing_ok=True)
        fail([f"{file} cannot be written: {_reason(fault)}"])


def _reason(fault: OSError | ValueError) -> str:
    return (isinstance(fault, OSError) and fault.strerror) or str(fault)
