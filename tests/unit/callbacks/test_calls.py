"""The records around the gateway show no secret and need only what matters."""

from __future__ import annotations

import pytest

from meganodes.callbacks.bulkhead import Lane
from meganodes.kit.secrets import Secret
from meganodes.protocol.commands import Command, Revision
from tests.support.calls import SIGNING_KEY, TOKEN, a_call, a_view


@pytest.mark.rule("3.5-secrets-masked")
def test_view_and_call_print_no_secret() -> None:
    shown = f"{a_view()!r} {a_call(Command.BET, token_override=Secret('mnc_wrong'))!r}"
    assert TOKEN not in shown
    assert "mnc_wrong" not in shown
    assert SIGNING_KEY.decode() not in shown


def test_call_is_the_first_attempt_of_somebody_who_waits() -> None:
    call = a_call(Command.WIN)
    assert (call.attempt, call.lane, call.ignore_circuit) == (1, Lane.PLAY, False)


@pytest.mark.rule("3-revision-default-guid")
def test_agent_without_a_choice_has_revision_guid() -> None:
    assert a_view().revision is Revision.GUID
