"""The defaults are the contract's; only the whole installation may move them."""

from __future__ import annotations

import dataclasses

import pytest

from meganodes.callbacks.calls import AgentView
from meganodes.callbacks.egress import EgressRules
from meganodes.callbacks.settings import BulkheadSettings, CallbackSettings, CircuitSettings
from meganodes.protocol.commands import Command


@pytest.mark.rule("3.3-deadline-total", "3.3-bet-first-byte", "3.3-idle-reuse")
def test_defaults_are_those_of_the_contract() -> None:
    settings = CallbackSettings()
    assert settings.deadline_seconds == {
        Command.AUTHENTICATE: 4.0,
        Command.BALANCE: 2.0,
        Command.BET: 2.0,
        Command.WIN: 4.0,
        Command.CANCEL: 4.0,
        Command.STATUS: 4.0,
    }
    assert settings.bet_first_byte_seconds == 1.5
    assert settings.idle_seconds == 3.0
    assert settings.resolve_seconds == 2.0
    assert not settings.allow_private_targets
    assert not settings.allow_http


def test_defaults_of_circuit_and_bulkhead_are_those_of_the_reliability_note() -> None:
    circuit, bulkhead = CircuitSettings(), BulkheadSettings()
    assert (circuit.failures_percent, circuit.calls_min, circuit.window_seconds) == (70, 10, 30)
    assert (circuit.failures_in_a_row, circuit.successes_to_close) == (10, 5)
    assert (circuit.probe_seconds_min, circuit.probe_seconds_max) == (2, 4)
    assert (bulkhead.play_max, bulkhead.sockets_max, bulkhead.delivery_per_second) == (64, 80, 96)
    assert (bulkhead.delivery_min, bulkhead.delivery_usual, bulkhead.delivery_max) == (4, 16, 64)


def test_guard_gets_the_rules_of_the_installation() -> None:
    settings = CallbackSettings(
        allow_private_targets=True, allow_http=True, allowed_ports=frozenset({8443})
    )
    rules = settings.egress_rules(frozenset({"hub.example"}), frozenset({"93.184.216.99"}))
    assert rules == EgressRules(
        allow_private_targets=True,
        allow_http=True,
        allowed_ports=frozenset({8443}),
        own_hosts=frozenset({"hub.example"}),
        own_addresses=frozenset({"93.184.216.99"}),
    )


def test_no_setting_of_an_agent_touches_tls_or_the_guard() -> None:
    """Verification cannot be switched off, per agent least of all (reliability S24)."""
    names = set(AgentView.__struct_fields__)
    assert names == {
        "agent_id",
        "callback_url",
        "callback_token",
        "signing_secrets",
        "currency",
        "overdraft_allowed",
        "revision",
        "in_flight_max",
    }
    every = {field.name for field in dataclasses.fields(CallbackSettings)}
    assert not {name for name in every if "verify" in name or "insecure" in name}
