"""``meganodes demo``: hub, toy casino and toy studio on this machine, and a tour of one evening."""

from __future__ import annotations

import typer


def demo() -> None:
    """Placeholder until the demo package is complete."""
    raise typer.Exit(2)
