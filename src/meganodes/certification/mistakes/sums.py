"""Mistakes of the balance as a sum, where the right one is known: cents for units, booked twice."""

from dataclasses import dataclass

from meganodes.certification.mistakes.record import BALANCE_RULE, DECIMALS_RULE, Diagnosis
from meganodes.protocol.money import format_amount


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMoney:
    """What the balance must be, in minor units."""

    before_minor: int
    """The balance before the callback."""
    moved_minor: int = 0
    """What the callback moves: below 0 for a bet, above for a win or the cancel of a bet."""

    @property
    def after_minor(self) -> int:
        """The right balance of the reply."""
        return self.before_minor + self.moved_minor


def sum_mistake(known: KnownMoney, reported_minor: int, exponent: int) -> Diagnosis | None:
    """Name the mistake behind a balance that is well written and wrong; None when it is right."""
    if reported_minor == known.after_minor:
        return None
    said = f"data.balance is {format_amount(reported_minor, exponent)}"
    due = f"{format_amount(known.after_minor, exponent)} would be right"
    return _of_units(known, reported_minor, exponent, f"{said}; {due}") or _of_booking(
        known, reported_minor, exponent, f"{said}; {due}"
    )


def _of_units(known: KnownMoney, reported: int, exponent: int, came: str) -> Diagnosis | None:
    unit = 10**exponent
    after = known.after_minor
    if exponent == 0 or after == 0:
        return None
    if reported == after * unit:
        return _about(
            DECIMALS_RULE,
            f"{came}: minor units (cents) were sent for main units.",
            f"Divide by {unit} as a decimal when you write the reply.",
        )
    if reported == after // unit:
        return _about(
            DECIMALS_RULE,
            f"{came}: it was divided by {unit} once too often.",
            "The wire has main units; convert in one place.",
        )
    if reported == after - after % unit:
        return _about(
            DECIMALS_RULE,
            f"{came}: the decimals were cut off.",
            "Keep balances as decimals or as integers of minor units, never as whole numbers of"
            " main units.",
        )
    return None


def _of_booking(known: KnownMoney, reported: int, exponent: int, came: str) -> Diagnosis:
    before, moved = known.before_minor, known.moved_minor
    if moved and reported == before:
        return _about(
            BALANCE_RULE,
            f"{came}: this is the balance from before the movement.",
            "Book first and read the balance afterwards, in the same transaction; if it was not"
            " booked at all, look for a commit that is missing.",
        )
    if moved and reported == before + 2 * moved:
        return _about(
            BALANCE_RULE,
            f"{came}: the movement was booked twice.",
            "Make the transaction id unique in the database and insert it in the transaction that"
            " moves the balance.",
        )
    if moved and reported == before - moved:
        return _about(
            BALANCE_RULE,
            f"{came}: the amount was booked with the wrong sign.",
            "A bet takes from the balance; a win, and the cancel of a bet, add to it.",
        )
    if abs(reported - known.after_minor) == 1 and exponent:
        return _about(
            DECIMALS_RULE,
            f"{came}: off by the smallest unit, as sums of binary floats are.",
            "Read amounts as decimals (parse_float=Decimal, NUMERIC columns), never as floats.",
        )
    return _about(
        BALANCE_RULE,
        f"{came}.",
        "Look which movements of this account stand between the two, and whether something was"
        " booked twice, not at all, or by somebody else.",
    )


def _about(rule: str, sentence: str, mend: str) -> Diagnosis:
    return Diagnosis(rule=rule, sentence=sentence, mend=mend)
