"""Faults that somebody plans for the toy casino, so that the hub meets the field's bad days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from meganodes.demo.json_body import BadOrder
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command

_SECONDS_MAX = 600


class FaultKind(StrEnum):
    """What goes wrong. Unless said otherwise the command is executed and its reply suffers."""

    DELAY = "delay"
    """The reply comes ``seconds`` late."""
    DELAY_BEFORE = "delay_before"
    """The command is executed ``seconds`` late: its cancel may overtake it."""
    DROP = "drop"
    """The connection ends without a byte of the reply."""
    DROP_BEFORE = "drop_before"
    """The connection ends and nothing was executed."""
    GARBAGE = "garbage"
    """The reply is HTTP 200 and no JSON."""
    HTTP_500 = "http_500"
    """The reply is an error page."""
    REFUSE = "refuse"
    """Nothing is executed; the reply is well-formed with ``result`` (99 unless told)."""
    REPEAT = "repeat"
    """The command is executed twice, as a proxy that tries again does; the second reply is sent."""


class BadPlan(BadOrder):
    """The planned fault is not understood; the sentence says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One planned fault: hits every ``every``-th matching callback until it has hit ``times``.

    ``command`` and ``account`` None match all.
    """

    kind: FaultKind
    command: Command | None = None
    account: str | None = None
    times: int = 1
    every: int = 1
    seconds: float = 0.0
    result: ResultCode = ResultCode.INTERNAL_FAILURE

    def matches(self, command: str, account: str) -> bool:
        """Say whether this fault is meant for such a callback."""
        return self.command in {None, command} and self.account in {None, account}


class FaultPlan:
    """The planned faults, in order; the first that matches a callback strikes."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []

    def add(self, fault: Fault) -> None:
        """Plan a fault behind those that are planned already."""
        self._waiting.append(_Waiting(fault, fault.times))

    def clear(self) -> None:
        """Forget every planned fault."""
        self._waiting.clear()

    def take(self, command: str, account: str) -> Fault | None:
        """Return the fault that strikes this callback, and count it."""
        for waiting in self._waiting:
            if waiting.fault.matches(command, account):
                if not waiting.strikes():
                    return None
                self._waiting = [one for one in self._waiting if one.times_left]
                return waiting.fault
        return None

    def pending(self) -> tuple[Fault, ...]:
        """Return what is still planned."""
        return tuple(waiting.fault for waiting in self._waiting)


class _Waiting:
    def __init__(self, fault: Fault, times_left: int) -> None:
        self.fault = fault
        self.times_left = times_left
        self._met = 0

    def strikes(self) -> bool:
        self._met += 1
        if self._met % self.fault.every:
            return False
        self.times_left -= 1
        return True


def read_fault(fields: object) -> Fault:
    """Read a fault as it comes over the control endpoint; raise BadPlan with a sentence."""
    if not isinstance(fields, Mapping):
        raise BadPlan("a fault is an object such as {'command': 'bet', 'fault': 'delay'}")
    unknown = fields.keys() - {"fault", "command", "account", "times", "every", "seconds", "result"}
    if unknown:
        raise BadPlan(f"unknown fields: {', '.join(sorted(map(str, unknown)))}")
    account = fields.get("account")
    if account is not None and not isinstance(account, str):
        raise BadPlan("account must be text")
    try:
        return Fault(
            kind=FaultKind(fields.get("fault", "")),
            command=Command(fields["command"]) if "command" in fields else None,
            account=account,
            times=_whole(fields, "times"),
            every=_whole(fields, "every"),
            seconds=_seconds(fields.get("seconds", 0)),
            result=ResultCode(fields.get("result", ResultCode.INTERNAL_FAILURE)),
        )
    except ValueError as error:
        raise BadPlan(str(error)) from error


def _whole(fields: Mapping[object, object], name: str) -> int:
    value = fields.get(name, 1)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadPlan(f"{name} must be an integer of at least 1")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadPlan("seconds must be a number")
    if not 0 <= value <= _SECONDS_MAX:
        raise BadPlan(f"seconds must be 0 to {_SECONDS_MAX}")
    return value
