"""The command line as a stranger meets it: what it prints, what it refuses, how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from meganodes.cli.app import app

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Give a shell with an installation of its own."""
    environment: Mapping[str, str] = {
        "MEGANODES_DATABASE_URL": f"sqlite:///{tmp_path / 'hub.db'}",
        "MEGANODES_MASTER_KEY_FILE": str(tmp_path / "master.key"),
        "MEGANODES_CALLBACKS__ALLOW_PRIVATE_TARGETS": "true",
        "COLUMNS": "200",
    }
    runner = CliRunner()

    def invoke(*arguments: str, **more: str) -> Result:
        return runner.invoke(app, arguments, env={**environment, **more})

    made = invoke("key", "create", str(tmp_path / "master.key"))
    assert made.exit_code == 0, made.output
    return invoke


def add_agent(run: Run, name: str = "acme", *more: str) -> Result:
    url = "http://127.0.0.1:8701/callback"
    return run("agent", "add", name, "--currency", "EUR", "--callback-url", url, *more)


def test_an_agents_secrets_are_printed_once_and_nowhere_later(run: Run) -> None:
    made = json.loads(add_agent(run, "acme", "--json").stdout)
    assert set(made) == {"agent_id", "api_token", "callback_token", "signing_secret"}
    shown = run("agent", "show", "acme", "--json")
    assert json.loads(shown.stdout)["state"] == "unapproved"
    for secret in ("api_token", "callback_token", "signing_secret"):
        assert made[secret] not in shown.stdout


@pytest.mark.rule("1-approve-needs-report")
@pytest.mark.parametrize(
    "options", [(), ("--force",), ("--reason", "because"), ("--force", "--reason", " ")]
)
def test_approving_needs_a_report_or_force_with_a_reason(
    run: Run, options: tuple[str, ...]
) -> None:
    add_agent(run)
    refused = run("agent", "approve", "acme", *options)
    assert refused.exit_code == 1
    assert "certification report" in refused.stderr
    assert json.loads(run("agent", "show", "acme", "--json").stdout)["state"] == "unapproved"


@pytest.mark.rule("1-approve-needs-report")
def test_force_with_a_reason_approves(run: Run) -> None:
    add_agent(run)
    assert run("agent", "approve", "acme", "--force", "--reason", "first steps").exit_code == 0
    assert json.loads(run("agent", "show", "acme", "--json").stdout)["state"] == "approved"


@pytest.mark.rule("1-agent-tree", "3-revision-default-guid", "1-agent-one-currency")
def test_agents_form_a_tree_and_start_with_revision_guid(run: Run) -> None:
    add_agent(run)
    add_agent(run, "child", "--parent", "acme", "--revision", "id")
    listed = json.loads(run("agent", "list", "--json").stdout)
    assert [(row["name"], row["parent"], row["revision"]) for row in listed] == [
        ("acme", None, "guid"),
        ("child", "acme", "id"),
    ]
    assert "--currency" not in run("agent", "set", "--help").stdout


def test_all_faults_of_a_new_agent_are_named_at_once(run: Run) -> None:
    refused = run(
        *("agent", "add", "x", "--currency", "EURO", "--time-zone", "Mars/Base"),
        *("--callback-url", "ftp://nowhere"),
    )
    assert refused.exit_code == 1
    for field in ("name:", "currency:", "time_zone:", "callback_url:"):
        assert field in refused.stderr


def test_wrong_usage_is_exit_2(run: Run) -> None:
    assert run("agent", "add").exit_code == 2
    assert run("agent", "set", "acme").exit_code == 2
    assert run("agent", "assign", "acme").exit_code == 2
    assert run("serve", "--workers", "2").exit_code == 2
    assert run("nonsense").exit_code == 2


def test_every_wrong_setting_is_listed_and_nothing_starts(run: Run) -> None:
    refused = run(
        "agent",
        "list",
        MEGANODES_SERVER__PORT="70000",
        MEGANODES_LOGGING__LEVEL="loud",
        MEGANODES_NO_SUCH_THING="1",
    )
    assert refused.exit_code == 2
    for name in ("server.port", "logging.level", "MEGANODES_NO_SUCH_THING"):
        assert name in refused.stderr


def test_without_a_master_key_nothing_opens_and_the_cure_is_named(run: Run, tmp_path: Path) -> None:
    refused = run("agent", "list", MEGANODES_MASTER_KEY_FILE=str(tmp_path / "none"))
    assert refused.exit_code == 1
    assert "meganodes key create" in refused.stderr


def test_a_key_is_never_overwritten(run: Run, tmp_path: Path) -> None:
    before = (tmp_path / "master.key").read_bytes()
    assert run("key", "create", str(tmp_path / "master.key")).exit_code == 1
    assert (tmp_path / "master.key").read_bytes() == before


def test_a_token_is_reissued_with_an_overlap(run: Run) -> None:
    first = json.loads(add_agent(run, "acme", "--json").stdout)["api_token"]
    made = run("agent", "reissue-token", "acme", "--overlap-hours", "2", "--json")
    assert json.loads(made.stdout)["api_token"] != first
    assert run("agent", "reissue-token", "acme").exit_code == 1
    assert run("agent", "reissue-token", "acme", "--overlap-hours", "73").exit_code == 2


def test_the_doctor_finds_what_is_wrong(run: Run, tmp_path: Path) -> None:
    add_agent(run)
    well = run("doctor", "--json")
    assert well.exit_code == 0, well.output
    subjects = {row["subject"]: row["verdict"] for row in json.loads(well.stdout)}
    assert subjects["agent acme"] == "good"
    strict = run("doctor", "--json", MEGANODES_CALLBACKS__ALLOW_PRIVATE_TARGETS="false")
    assert strict.exit_code == 1
    (tmp_path / "master.key").chmod(0o644)
    assert run("doctor").exit_code == 1


def test_a_provider_is_assigned_and_withdrawn(run: Run) -> None:
    add_agent(run)
    run("provider", "add", "Studio", "--launch-url", "http://x.example/{session}/{game_code}")

    def seen() -> list[int]:
        providers: list[int] = json.loads(run("agent", "show", "acme", "--json").stdout)[
            "providers"
        ]
        return providers

    assert run("agent", "assign", "acme", "--all").stdout == "Providers assigned to acme: 1\n"
    assert seen() == [1]
    assert "no longer sees" in run("agent", "withdraw", "acme", "--provider", "1").stdout
    assert seen() == []
    assert "did not see" in run("agent", "withdraw", "acme", "--provider", "1").stdout
    assert run("agent", "withdraw", "nobody", "--provider", "1").exit_code == 1


def test_empty_lists_say_what_to_do_next(run: Run) -> None:
    assert "meganodes agent add" in run("agent", "list").stdout
    assert "meganodes provider add" in run("provider", "list").stdout
    assert run("parked", "list").stdout.strip() == "Nothing is parked."
    assert run("parked", "show", "mn-nothing").exit_code == 1
    assert "No round has been open" in run("rounds", "open").stdout
