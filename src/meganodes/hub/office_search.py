"""One box for any id: guesses what somebody has in hand, among the agents they can see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from meganodes.hub.transaction_search import named

if TYPE_CHECKING:
    from meganodes.directory.records import Agent, Session, User
    from meganodes.domain.transaction import RoundKey, Transaction
    from meganodes.hub.core import Hub

HITS_MAX: Final = 20
"""So many of each kind are shown."""
_NUMBER_DIGITS_MAX: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """What a text may mean. ``attempts`` are agent and number of entries of the API log."""

    agents: tuple[Agent, ...] = ()
    users: tuple[User, ...] = ()
    sessions: tuple[Session, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    rounds: tuple[RoundKey, ...] = ()
    attempts: tuple[tuple[int, int], ...] = ()

    @property
    def count(self) -> int:
        """How many things it may mean."""
        each = (self.agents, self.users, self.sessions, self.transactions, self.rounds)
        return sum(map(len, each)) + len(self.attempts)


async def hits_of(hub: Hub, text: str, seen: Sequence[Agent]) -> Hits:
    """Look for a text among these agents."""
    if not text:
        return Hits()
    agents = {agent.agent_id: agent for agent in seen}
    found = await named(hub, text, agents.keys())
    number = _number(text)
    return Hits(
        agents=_agents(text, seen),
        users=await _users(hub, text, number, agents),
        sessions=await _sessions(hub, number, agents),
        transactions=found.transactions[:HITS_MAX],
        rounds=found.rounds[:HITS_MAX],
        attempts=tuple((agent_id, number or 0) for agent_id, _ in found.attempts),
    )


def _agents(text: str, seen: Sequence[Agent]) -> tuple[Agent, ...]:
    """Find agents by number or name; a whole name beats all that only contain it."""
    sought = text.lower()
    whole = [each for each in seen if sought in {each.name.lower(), str(each.agent_id)}]
    parts = [each for each in seen if sought in each.name.lower()]
    return tuple((whole or parts)[:HITS_MAX])


async def _users(
    hub: Hub, text: str, number: int | None, agents: dict[int, Agent]
) -> tuple[User, ...]:
    by_number = None if number is None else await hub.directory.user(number)
    found = await hub.directory.users_named(list(agents), text, HITS_MAX)
    if by_number is not None and by_number.agent_id in agents:
        found = [by_number, *(each for each in found if each.user_code != number)]
    return tuple(found)


async def _sessions(hub: Hub, number: int | None, agents: dict[int, Agent]) -> tuple[Session, ...]:
    found = None if number is None else await hub.directory.session_by_number(number)
    return (found,) if found is not None and found.agent_id in agents else ()


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS_MAX
    return int(text) if is_number else None
