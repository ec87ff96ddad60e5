"""Users of an agent: making them known to the hub, and asking the backend for a balance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from meganodes.directory.faults import NameConflict
from meganodes.domain.outcome import NotSent, Outcome, Unknown
from meganodes.hub import calls
from meganodes.hub.calls import Asked
from meganodes.hub.refusal import Refusal, callback_refusal
from meganodes.protocol.codes import ApiCode

if TYPE_CHECKING:
    from meganodes.directory.records import Agent, User
    from meganodes.hub.core import Hub

BALANCE_TRIES_MAX: Final = 4
"""A balance of unknown outcome is asked 1 + 3 times (contract 3.4)."""

REPEATS_WITHIN_SECONDS: Final = 2.2
"""No repeat starts later than this after the first try; with the 2 s of a balance callback the
caller of user/info waits 4.2 s at most."""

PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedUser:
    """A user of the agent, new or already there."""

    user_code: int
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UserBalance:
    """A user's name and the balance its backend has just reported."""

    name: str
    balance_minor: int


async def create_user(hub: Hub, agent: Agent, name: str) -> CreatedUser | Refusal:
    """Make a user known, after its backend said yes to the account (contract 2.2, user/create).

    Idempotent by name. 1002 for a new name that differs from a known one only in case, 1015 without
    a well-formed success; neither leaves a new user behind.
    """
    taken = await hub.directory.user_name_conflict(agent.agent_id, name)
    if taken is not None:
        return _name_taken(taken)
    asked = await calls.authenticate(hub, agent, name)
    if asked.accepted is None:
        return callback_refusal(asked)
    try:
        user, is_new = await hub.directory.create_user(agent.agent_id, name)
    except NameConflict as conflict:  # somebody was quicker while the backend was asked
        return _name_taken(conflict.existing_name)
    return CreatedUser(user_code=user.user_code, is_new=is_new)


async def user_info(hub: Hub, agent: Agent, user_code: int) -> UserBalance | Refusal:
    """Ask the backend for a user's balance: 2002 unknown, 1010 another agent's, 1015 no answer."""
    user = await own_user(hub, agent, user_code)
    if isinstance(user, Refusal):
        return user
    asked = await ask_balance(hub, agent, user.name)
    accepted = asked.accepted
    if accepted is None:
        return callback_refusal(asked)
    assert accepted.balance_minor is not None, "a balance reply without a balance is malformed"
    return UserBalance(name=user.name, balance_minor=accepted.balance_minor)


async def own_user(hub: Hub, agent: Agent, user_code: int) -> User | Refusal:
    """Find a user of this agent.

    1010 and 2002 differ only after one and the same look-up, so that time tells nobody which
    numbers exist elsewhere (contract 2.2).
    """
    user = await hub.directory.user(user_code)
    if user is None:
        return Refusal(code=ApiCode.USER_NOT_FOUND)
    if user.agent_id != agent.agent_id:
        return Refusal(code=ApiCode.PERMISSION_ERROR)
    return user


async def ask_balance(
    hub: Hub, agent: Agent, account: str, repeats_within_seconds: float = REPEATS_WITHIN_SECONDS
) -> Asked:
    """Ask for a balance, repeated while its outcome is unknown and the caller still waits."""
    repeats_until = hub.clock.monotonic() + repeats_within_seconds
    asked = await calls.balance(hub, agent, account)
    for _ in range(BALANCE_TRIES_MAX - 1):
        if not worth_repeating(asked.attempt.outcome):
            break
        await hub.clock.sleep(PAUSE_SECONDS)
        if hub.clock.monotonic() > repeats_until:
            break
        asked = await calls.balance(hub, agent, account)
    return asked


def worth_repeating(outcome: Outcome) -> bool:
    """Say whether asking again may help at once; while the circuit is open it does not."""
    match outcome:
        case Unknown():
            return True
        case NotSent(counted=counted):
            return counted
        case _:
            return False


def _name_taken(existing_name: str) -> Refusal:
    reason = (
        f"name differs only in case from the existing user {existing_name}: "
        "use that name as it is, or another one."
    )
    return Refusal(code=ApiCode.VALIDATION_ERROR, field="name", reason=reason)
