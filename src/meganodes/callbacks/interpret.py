"""What a reply means for the command that was sent: the table of contract 3.4 and nothing else.

What follows from it (cancel, repeat, park) is decided in `domain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from meganodes.domain.outcome import Accepted, Duplicate, NotSeen, Outcome, Refused, Unknown
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command
from meganodes.protocol.replies import Reply

_UNKNOWN_USER: Final = frozenset({ResultCode.ACCOUNT_UNKNOWN, ResultCode.PLAYER_INACTIVE})
_TOKEN: Final = frozenset({ResultCode.TOKEN_WRONG})

_REFUSALS: Final[Mapping[Command, frozenset[int]]] = MappingProxyType(
    {
        Command.AUTHENTICATE: frozenset(_UNKNOWN_USER | _TOKEN),
        Command.BALANCE: frozenset(_UNKNOWN_USER | _TOKEN),
        Command.BET: frozenset(_UNKNOWN_USER | _TOKEN | {ResultCode.BALANCE_TOO_LOW}),
        Command.WIN: frozenset(_UNKNOWN_USER | _TOKEN),
        Command.CANCEL: frozenset(_UNKNOWN_USER | _TOKEN),
        Command.STATUS: frozenset({ResultCode.ACCOUNT_UNKNOWN} | _TOKEN),
    }
)
_NOT_SEEN: Final[Mapping[Command, frozenset[int]]] = MappingProxyType(
    {
        Command.CANCEL: frozenset({ResultCode.TRANSACTION_UNKNOWN, ResultCode.ORIGINAL_UNKNOWN}),
        Command.STATUS: frozenset({ResultCode.TRANSACTION_UNKNOWN}),
    }
)
_REPEATED: Final = frozenset({Command.WIN, Command.CANCEL})
_NEEDS_BALANCE: Final = frozenset({Command.AUTHENTICATE, Command.BALANCE, Command.BET})


def interpret(command: Command, reply: Reply) -> Outcome:
    """Return the outcome of an attempt that brought a reply (contract 3.4).

    A win's and a cancel's 21, 22 and 100 come as Refused; that they are never final there is the
    domain's rule. Whatever is not in the table is Unknown.
    """
    result = reply.result
    if reply.malformed is not None:
        return Unknown(reason=reply.malformed, result=result if result >= 0 else None)
    if result == ResultCode.OK:
        return _accepted(command, reply)
    if result in _REFUSALS[command]:
        return Refused(result=result, balance_minor=reply.balance_minor)
    if result == ResultCode.DUPLICATE and command in _REPEATED:
        return Duplicate(balance_minor=reply.balance_minor)
    if result in _NOT_SEEN.get(command, ()):
        return NotSeen(result=result, balance_minor=reply.balance_minor)
    return Unknown(
        reason=f"result {result} does not say what the backend did with this {command}",
        result=result,
    )


def _accepted(command: Command, reply: Reply) -> Accepted | Unknown:
    # The reading of the reply holds these two back already; money depends on them, so twice.
    if command in _NEEDS_BALANCE and reply.balance_minor is None:
        return Unknown(reason="result 0 came without a usable balance", result=reply.result)
    if command is Command.STATUS and reply.trans_status is None:
        return Unknown(reason="result 0 came without a usable trans_status", result=reply.result)
    return Accepted(balance_minor=reply.balance_minor, trans_status=reply.trans_status)
