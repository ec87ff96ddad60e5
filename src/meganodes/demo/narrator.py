"""How the tour speaks: numbered steps, calls with their bytes and times, tables, one verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text


class Narrator:
    """Prints on a console. Whatever comes from the wire is printed as it is, never as markup."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._step = 0

    def step(self, title: str, meaning: str) -> None:
        """Begin a numbered step and say what it shows."""
        self._step += 1
        self._console.print()
        self._console.print(Text(f"{self._step:>2}. {title}", style="bold cyan"))
        self.say(meaning)

    def say(self, sentence: str) -> None:
        """Say one thing."""
        self._console.print(Text(f"    {sentence}"))

    def good(self, sentence: str) -> None:
        """Say that something came out as it should."""
        self._console.print(Text(f"    ✓ {sentence}", style="green"))

    def bad(self, sentence: str) -> None:
        """Say what is wrong."""
        self._console.print(Text(f"    ✗ {sentence}", style="bold red"))

    def call(self, name: str, sent: str, answered: str, duration_ms: int) -> None:
        """Show a call: what was sent, what came back and how long it took."""
        for line in (f"→ {name} {sent}", f"← {answered}   ({duration_ms} ms)"):
            self._console.print(Text(f"    {line}", style="yellow"), soft_wrap=True)

    def callback(self, received: Mapping[str, Any]) -> None:
        """Show a callback byte for byte, as the casino received and answered it."""
        request = str(received["request"]).replace("\r\n", "\n")
        answered = "(connection cut)" if received["status"] is None else received["reply"]
        body = Text(f"{request}\n\n")
        body.append(f"HTTP {received['status']}  {answered}", style="green")
        fault = f", planned fault: {received['fault']}" if received["fault"] else ""
        title = (
            f"callback {received['command']}, answered after {received['duration_ms']} ms{fault}"
        )
        self._console.print(Panel(body, title=Text(title), title_align="left", expand=False))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show a table; numbers stand right."""
        table = Table(box=None, pad_edge=True, header_style="bold")
        table.add_column("   ")
        for column in columns:
            table.add_column(column, justify="right" if column.startswith("#") else "left")
        for row in rows:
            table.add_row("", *(Text(cell) for cell in row))
        self._console.print(table)
