"""Names that strangers chose, in the tables of the command line: text, and nothing that acts."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.command_line import ROOT
from tests.support.hostile_texts import TEXTS

ACTING = "\x00\x07\x08\r\x1b\x7f\x85\x9b\x9d\u2028\u202e\u2066\ufeff"
PROGRAM = """
import json, sys
from meganodes.cli.output import say, show, show_rows
for text in json.load(sys.stdin):
    show_rows(("name",), [{"name": text}], as_json=False, empty="")
    show({text: text}, as_json=False, title=text)
    say(text)
    show({"name": text}, as_json=True)
"""


@pytest.mark.security("S15")
def test_hostile_texts_are_shown_and_do_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(TEXTS).encode(),
        capture_output=True,
        check=False,
        timeout=120,
        env={"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr.decode()
    shown = done.stdout.decode()
    assert not [each for each in ACTING if each in shown]
    assert shown.count("[bold red]x[/bold red]") >= 5
    assert shown.count("\\x1b[2J") >= 4
