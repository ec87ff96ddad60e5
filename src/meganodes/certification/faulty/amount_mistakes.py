"""Mistakes about amounts: floats, lost decimals, and zero taken for nothing."""

from __future__ import annotations

import json
from typing import Final

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import Callback, Decision, Mistake, Unreadable
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.wire import Number

_SMALLEST_MINOR: Final = 3


class MultipliesFloats(HonestBackend):
    """An amount is read as a float, multiplied and cut: 8.12 becomes 811 cents."""

    mistake = Mistake(id="amounts-in-floats", fails=frozenset({"amounts-03-floats"}), says="float")

    def amount_minor(self, value: object) -> int:
        super().amount_minor(value)
        written = value.text if isinstance(value, Number) else str(value)
        inexact: float = json.loads(written)
        return int(inexact * 10**self.agreed.exponent)


class DropsDecimals(HonestBackend):
    """Amounts are cast to whole units: 1.50 books 1.00."""

    mistake = Mistake(
        id="amounts-cut-to-units", fails=frozenset({"bet-01-taken"}), says="whole number"
    )

    def amount_minor(self, value: object) -> int:
        unit: int = 10**self.agreed.exponent
        return super().amount_minor(value) // unit * unit


class TakesAmountsForCents(HonestBackend):
    """Amounts are taken for minor units: a bet of 1.00 books 0.01."""

    mistake = Mistake(
        id="amounts-taken-for-cents", fails=frozenset({"bet-01-taken"}), says="minor units"
    )

    def amount_minor(self, value: object) -> int:
        unit: int = 10**self.agreed.exponent
        return super().amount_minor(value) // unit


class RefusesTheSmallest(HonestBackend):
    """Amounts below 0.03 are refused as unreadable: nobody plays for less."""

    mistake = Mistake(
        id="smallest-amounts-refused",
        fails=frozenset(
            {
                "amounts-02-smallest",
                "bet-07-unknown",
                "bet-08-blocked",
                "cancel-04-refusal-tells-balance",
                "duplicates-09-refused",
                "duplicates-12-old",
                "reordering-06-cancel-later",
                "win-07-unknown",
            }
        ),
        says="99",
    )

    def amount_minor(self, value: object) -> int:
        amount_minor = super().amount_minor(value)
        if 0 < amount_minor < _SMALLEST_MINOR:
            raise Unreadable("`amount` is too small")
        return amount_minor


class TakesWholeAmountsForCents(HonestBackend):
    """An amount without cents comes as an integer from the parser and is taken for minor units."""

    mistake = Mistake(
        id="whole-amounts-taken-for-cents",
        fails=frozenset({"amounts-04-whole", "bet-06-everything"}),
        says="1.00",
    )

    def amount_minor(self, value: object) -> int:
        unit: int = 10**self.agreed.exponent
        amount_minor = super().amount_minor(value)
        return amount_minor // unit if amount_minor % unit == 0 else amount_minor


class RefusesBetsOfNothing(HonestBackend):
    """A bet of 0 is answered 99: the amount must be positive."""

    mistake = Mistake(id="bet-of-0-refused", fails=frozenset({"bet-03-zero"}), says="bet 0.00")

    def bet(self, callback: Callback) -> Decision:
        if not callback.amount_minor:
            return self.refused(callback, ResultCode.INTERNAL_FAILURE)
        return super().bet(callback)


class RefusesWinsOfNothing(HonestBackend):
    """A win of 0 is answered 99: a lost round never ends."""

    mistake = Mistake(id="win-of-0-refused", fails=frozenset({"win-04-zero"}), says="win of 0")

    def win(self, callback: Callback) -> Decision:
        if not callback.amount_minor:
            return self.refused(callback, ResultCode.INTERNAL_FAILURE)
        return super().win(callback)


class TakesNothingForMissing(HonestBackend):
    """An amount of 0 counts as missing, because it is falsy: the request is unreadable."""

    mistake = Mistake(
        id="amount-0-taken-for-missing", fails=frozenset({"bet-03-zero", "win-04-zero"}), says="0"
    )

    def amount_minor(self, value: object) -> int:
        amount_minor = super().amount_minor(value)
        if not amount_minor:
            raise Unreadable("`amount` is missing")
        return amount_minor


class SkipsWinsOfNothing(HonestBackend):
    """A win of 0 is answered 0 and not written down: `status` knows nothing of it."""

    mistake = Mistake(id="win-of-0-forgotten", fails=frozenset({"status-09-zero"}), says="0")

    def win(self, callback: Callback) -> Decision:
        if not callback.amount_minor and self.first_refusal(callback) is None:
            return self.accepted(callback)
        return super().win(callback)


BACKENDS: Final[tuple[type[HonestBackend], ...]] = (
    MultipliesFloats,
    DropsDecimals,
    TakesAmountsForCents,
    RefusesTheSmallest,
    TakesWholeAmountsForCents,
    RefusesBetsOfNothing,
    RefusesWinsOfNothing,
    TakesNothingForMissing,
    SkipsWinsOfNothing,
)
