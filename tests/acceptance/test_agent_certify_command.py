"""`meganodes agent certify`: the hub tries a backend itself; approval rests on what it found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from meganodes.certification.faulty.cancel_mistakes import KeepsNoTombstones
from meganodes.certification.faulty.honest import HonestBackend
from meganodes.kit.clock import SystemClock
from tests.support import practice
from tests.support.command_line import CommandLine, Ended, an_installation

pytestmark = pytest.mark.slow

MONEY = ("--account", practice.ACCOUNT, "--blocked-account", practice.BLOCKED_ACCOUNT)


@dataclass(frozen=True)
class Shell:
    """An installation with one agent, whose backend is served beside it."""

    commands: CommandLine

    def agent(self, *words: str) -> Ended:
        return self.commands.run_here("agent", *words)

    def shown(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.agent("show", "acme", "--json").stdout)
        return shown


@pytest.fixture
def kind() -> type[HonestBackend]:
    return HonestBackend


@pytest.fixture
def shell(tmp_path: Path, kind: type[HonestBackend]) -> Iterator[Shell]:
    backend = practice.with_accounts(kind(practice.agreed(), SystemClock()))
    shell = Shell(an_installation(tmp_path))
    with practice.served(backend) as url:
        added = shell.agent("add", "acme", "--currency", "EUR", "--callback-url", url, "--json")
        token = json.loads(added.stdout)["callback_token"]
        backend.agreed = replace(backend.agreed, callback_token=token)
        yield shell


@pytest.mark.rule("1-approve-needs-report")
def test_a_right_backend_is_certified_and_then_approved(shell: Shell) -> None:
    certified = shell.agent("certify", "acme", *MONEY, "--json")
    report = json.loads(certified.stdout)
    assert (certified.status, report["certified"]) == (0, True), certified
    assert report["capabilities"]["tombstones"] is True
    assert shell.agent("approve", "acme").status == 0
    assert shell.shown()["state"] == "approved"


@pytest.mark.rule("1-approve-needs-report")
@pytest.mark.parametrize("kind", [KeepsNoTombstones])
def test_findings_about_money_keep_an_agent_from_approval(shell: Shell) -> None:
    certified = shell.agent("certify", "acme", *MONEY)
    assert certified.status == 1
    assert "tombstone" in certified.stdout
    assert certified.stdout.endswith("The report is kept with agent acme.\n")
    refused = shell.agent("approve", "acme")
    assert refused.status == 1
    assert "findings about money: reordering-01-late-bet" in refused.stderr
    assert shell.shown()["state"] == "unapproved"


@pytest.mark.rule("1-approve-needs-report")
def test_nothing_is_approved_by_a_run_that_could_not_judge(shell: Shell) -> None:
    certified = shell.agent("certify", "acme", "--account", "nobody")
    assert certified.status == 1
    refused = shell.agent("approve", "acme")
    assert refused.status == 1
    assert "findings about money: " in refused.stderr


def test_what_is_asked_wrongly_is_told_and_nothing_is_sent(shell: Shell) -> None:
    assert shell.agent("certify", "other", *MONEY).stderr.strip().endswith("called other")
    wrong = shell.agent("certify", "acme", *MONEY, "--max-amount", "1.234")
    assert (wrong.status, "--max-amount" in wrong.stderr) == (2, True)
