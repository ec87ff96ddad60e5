"""Mistakes about amounts: floats, lost decimals, and zero taken for nothing."""

from __future__ import annotations

import json
from typing import Final

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import Callback, Decision, Mistake, Unreadable
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.wire import Number


class MultipliesFloats(HonestBackend):
    """An amount is read as a float, multiplied and cut: 8.12 becomes 811 cents."""

    mistake = Mistake(id="amounts-in-floats", fails=frozenset(), says="float")

    def amount_minor(self, value: object) -> int:
        super().amount_minor(value)
        written = value.text if isinstance(value, Number) else str(value)
        inexact: float = json.loads(written)
        return int(inexact * 10**self.agreed.exponent)


class DropsDecimals(HonestBackend):
    """Amounts are cast to whole units: 1.50 books 1.00."""

    mistake = Mistake(id="amounts-cut-to-units", fails=frozenset(), says="decimals")

    def amount_minor(self, value: object) -> int:
        unit: int = 10**self.agreed.exponent
        return super().amount_minor(value) // unit * unit


class TakesAmountsForCents(HonestBackend):
    """Amounts are taken for minor units: a bet of 1.00 books 0.01."""

    mistake = Mistake(id="amounts-taken-for-cents", fails=frozenset(), says="minor units")

    def amount_minor(self, value: object) -> int:
        unit: int = 10**self.agreed.exponent
        return super().amount_minor(value) // unit


class RefusesBetsOfNothing(HonestBackend):
    """A bet of 0 is answered 99: the amount must be positive."""

    mistake = Mistake(id="bet-of-0-refused", fails=frozenset(), says="0")

    def bet(self, callback: Callback) -> Decision:
        if not callback.amount_minor:
            return self.refused(callback, ResultCode.INTERNAL_FAILURE)
        return super().bet(callback)


class RefusesWinsOfNothing(HonestBackend):
    """A win of 0 is answered 99: a lost round never ends."""

    mistake = Mistake(id="win-of-0-refused", fails=frozenset(), says="0")

    def win(self, callback: Callback) -> Decision:
        if not callback.amount_minor:
            return self.refused(callback, ResultCode.INTERNAL_FAILURE)
        return super().win(callback)


class TakesNothingForMissing(HonestBackend):
    """An amount of 0 counts as missing, because it is falsy: the request is unreadable."""

    mistake = Mistake(id="amount-0-taken-for-missing", fails=frozenset(), says="0")

    def amount_minor(self, value: object) -> int:
        amount_minor = super().amount_minor(value)
        if not amount_minor:
            raise Unreadable("`amount` is missing")
        return amount_minor


class SkipsWinsOfNothing(HonestBackend):
    """A win of 0 is answered 0 and not written down: `status` knows nothing of it."""

    mistake = Mistake(id="win-of-0-forgotten", fails=frozenset(), says="0")

    def win(self, callback: Callback) -> Decision:
        if not callback.amount_minor and self.first_refusal(callback) is None:
            return self.accepted(callback)
        return super().win(callback)


BACKENDS: Final[tuple[type[HonestBackend], ...]] = (
    MultipliesFloats,
    DropsDecimals,
    TakesAmountsForCents,
    RefusesBetsOfNothing,
    RefusesWinsOfNothing,
    TakesNothingForMissing,
    SkipsWinsOfNothing,
)
