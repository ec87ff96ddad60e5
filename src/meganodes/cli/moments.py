"""Moments as people write and read them: ISO 8601 with an offset, so that no zone is guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import typer

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment_ms(text: str) -> int:
    """Read a moment as milliseconds since 1970; a text that is none ends the command, exit 2."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise typer.BadParameter(
            f"{text!r} is no moment with an offset: write 2026-12-24T18:00:00Z or "
            "2026-12-24T19:00:00+01:00"
        )
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def shown_moment(moment_ms: int | None) -> str | None:
    """Show a moment in UTC to the second; None stays None."""
    if moment_ms is None:
        return None
    moment = _EPOCH + timedelta(milliseconds=moment_ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
