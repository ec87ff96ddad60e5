"""The callbacks that move no money: authenticate and balance, each logged like every attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meganodes.callbacks.gateway import AgentView, Attempt, Call, Lane
from meganodes.domain.outcome import Accepted, NotSent, Outcome, Unknown
from meganodes.journal.store import AttemptRecord
from meganodes.protocol.commands import Command, authenticate_data, balance_data

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.hub.core import Hub

CALLBACK_TEST_ACCOUNT = "callback_test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An attempt together with its entry in the API log (the ``error_id`` of a 1015)."""

    attempt: Attempt
    attempt_id: int

    @property
    def accepted(self) -> Accepted | None:
        """The well-formed yes, or None."""
        outcome = self.attempt.outcome
        return outcome if isinstance(outcome, Accepted) else None


def agent_view(agent: Agent) -> AgentView:
    """Give the gateway what it may know of an agent."""
    return AgentView(
        agent_id=agent.agent_id,
        callback_url=agent.callback_url,
        callback_token=agent.callback_token,
        signing_secrets=agent.signing_secrets,
        currency=agent.currency,
        overdraft_allowed=agent.overdraft_allowed,
        revision=agent.revision,
        in_flight_max=agent.in_flight_max,
    )


async def authenticate(hub: Hub, agent: Agent, account: str, lane: Lane = Lane.PLAY) -> Asked:
    """Ask the backend whether this account exists and may play (contract 3.1)."""
    return await _ask(hub, agent, account, Command.AUTHENTICATE, lane)


async def balance(hub: Hub, agent: Agent, account: str, lane: Lane = Lane.PLAY) -> Asked:
    """Ask the backend for the balance of an account (contract 3.1)."""
    return await _ask(hub, agent, account, Command.BALANCE, lane)


async def _ask(hub: Hub, agent: Agent, account: str, command: Command, lane: Lane) -> Asked:
    data = authenticate_data(account) if command is Command.AUTHENTICATE else balance_data(account)
    attempt_id = hub.identity.trans_id()
    attempt = await hub.gateway.send(
        agent_view(agent),
        Call(
            command=command,
            data=data,
            account=account,
            webhook_id=f"mn-ask-{attempt_id}",
            attempt=1,
            lane=lane,
            revision=agent.revision,
        ),
    )
    hub.journal.log(attempt_record(attempt, attempt_id, agent.agent_id, account, None))
    return Asked(attempt=attempt, attempt_id=attempt_id)


def attempt_record(
    attempt: Attempt, attempt_id: int, agent_id: int, account: str, trans_id: int | None
) -> AttemptRecord:
    """Make the API log's entry of an attempt (contract 3.5).

    Why nothing came of it stands first among its faults, as the sentence people read.
    """
    return AttemptRecord(
        attempt_id=attempt_id,
        agent_id=agent_id,
        trans_id=trans_id,
        account=account,
        command=attempt.command.value,
        number=attempt.attempt,
        started_at_ms=attempt.started_at_ms,
        duration_ms=attempt.duration_ms,
        outcome=type(attempt.outcome).__name__.lower(),
        phase=attempt.phase.value,
        result=attempt.result,
        http_status=attempt.http_status,
        request=attempt.request_bytes,
        reply=attempt.reply_bytes,
        notes=attempt.notes,
        faults=_sentences(attempt.outcome, attempt.faults),
        peer_address=attempt.peer_address,
    )


def _sentences(outcome: Outcome, faults: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(outcome, NotSent | Unknown) or outcome.reason in faults[:1]:
        return faults
    return (outcome.reason, *(each for each in faults if each != outcome.reason))
