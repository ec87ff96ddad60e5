"""The tour's words come out as they are: numbered, and never taken for markup."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from meganodes.demo.narrator import Narrator


@pytest.fixture
def paper() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def narrator(paper: io.StringIO) -> Narrator:
    return Narrator(Console(file=paper, width=80, force_terminal=False))


def test_steps_are_numbered(narrator: Narrator, paper: io.StringIO) -> None:
    narrator.step("First", "It begins.")
    narrator.step("Second", "It goes on.")
    lines = [line.strip() for line in paper.getvalue().splitlines() if line.strip()]
    assert lines == ["1. First", "It begins.", "2. Second", "It goes on."]


def test_what_comes_from_the_wire_is_printed_as_it_is(
    narrator: Narrator, paper: io.StringIO
) -> None:
    narrator.call("POST /x", '{"a": "[bold]"}', '{"code":0,"data":[1,2]} ' + "y" * 90, 12)
    told = paper.getvalue()
    assert '    → POST /x {"a": "[bold]"}\n' in told
    assert '    ← {"code":0,"data":[1,2]} ' + "y" * 90 + "   (12 ms)\n" in told


@pytest.mark.parametrize(
    ("status", "fault", "expected"),
    [
        (200, None, ["callback bet, answered after 3 ms", 'HTTP 200  {"result":0}']),
        (None, "drop", ["planned fault: drop", "(connection cut)"]),
    ],
)
def test_a_callback_is_shown_with_its_bytes(
    narrator: Narrator,
    paper: io.StringIO,
    status: int | None,
    fault: str | None,
    expected: list[str],
) -> None:
    narrator.callback(
        {
            "command": "bet",
            "duration_ms": 3,
            "request": 'POST / HTTP/1.1\r\nCallback-Token: ****\r\n\r\n{"x":"[red]"}',
            "status": status,
            "reply": '{"result":0}',
            "fault": fault,
        }
    )
    told = paper.getvalue()
    for words in ["POST / HTTP/1.1", "Callback-Token: ****", '{"x":"[red]"}', *expected]:
        assert words in told


def test_tables_and_verdicts_are_plain_text(narrator: Narrator, paper: io.StringIO) -> None:
    narrator.table(("#", "what"), [("1", "[bold]"), ("2", "b")])
    narrator.good("fits")
    narrator.bad("does not")
    told = paper.getvalue()
    assert "[bold]" in told
    assert "    ✓ fits\n    ✗ does not\n" in told
