"""The usual mistakes, in plain words: what a wrong result or a wrong balance mostly comes from."""

from dataclasses import dataclass
from typing import Final

from meganodes.certification.came import Came
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command
from meganodes.protocol.money import format_amount

_ALL_SAID: Final = "Look at the callback and the reply of this step."


@dataclass(frozen=True, slots=True)
class Guess:
    """A mistake that fits what came, and its mend; both are sentences."""

    mistake: str
    mend: str


def meaning(result: int) -> str:
    """Give a result with its sentence, such as `31 (the balance is below the amount)`."""
    try:
        sentence = ResultCode(result).sentence
    except ValueError:
        return str(result)
    return f"{result} ({sentence[:1].lower()}{sentence[1:].rstrip('.')})"


def results_text(results: tuple[int, ...]) -> str:
    """Join results as a person says them: `0 or 41`."""
    return " or ".join(map(meaning, results))


_OF_RESULT: Final = {
    ResultCode.OK: Guess(
        "The backend says yes without having made the check that must say no here.",
        "Make the checks of `check` in their order and answer with the first that fails.",
    ),
    ResultCode.ACCOUNT_UNKNOWN: Guess(
        "The backend does not find the account: it looks another name up, or in another table.",
        "Look `data.account` up letter by letter, exactly as it was sent.",
    ),
    ResultCode.PLAYER_INACTIVE: Guess(
        "The backend takes the account for inactive.",
        "Give result 22 only to an account that is locked; make the test account active.",
    ),
    ResultCode.BALANCE_TOO_LOW: Guess(
        "The backend compares the balance with something else than `data.amount`, perhaps minor "
        "units with main units.",
        "Read balance and amount as decimals in the same unit; refuse with 31 only when the "
        "balance is below the amount, not when it is equal.",
    ),
    ResultCode.DUPLICATE: Guess(
        "The backend takes a new id for a known one: it may keep ids by round, by user or cut "
        "short, or together with ids of another kind.",
        "Keep every transaction id in full in a unique column and compare nothing else.",
    ),
    ResultCode.TRANSACTION_UNKNOWN: Guess(
        "The backend does not find a transaction that it has booked.",
        "Store the id in the same database transaction as the money, and look it up as sent.",
    ),
    ResultCode.ORIGINAL_UNKNOWN: Guess(
        "The backend does not find the bet that the cancel names.",
        "Look `cancel_trans_guid` up among the bets; `trans_guid` is the cancel's own id.",
    ),
    ResultCode.INTERNAL_FAILURE: Guess(
        "The backend's own code failed at this callback.",
        "Look into the backend's log for the moment of this step. When every transaction fails "
        "so, compare the revision: agents of `guid` are sent `trans_guid`, those of `id` "
        "`trans_id`.",
    ),
    ResultCode.TOKEN_WRONG: Guess(
        "The backend refuses the right token: another one is in its settings, or it reads the "
        "header under another name.",
        "Compare the header `Callback-Token` with the agent's callback token, byte for byte.",
    ),
}


def guess_of_result(result: int) -> Guess:
    """Say what mostly makes a backend answer with a result that it should not have given."""
    try:
        return _OF_RESULT[ResultCode(result)]
    except ValueError:
        return Guess("The backend has results of its own.", "Answer with results of the contract.")


def fitting_guess(command: Command, result: int, guess: Guess | None) -> Guess:
    """Choose between the idea of a case and what a wrong result mostly comes from.

    A wrong token has its own reason, whatever a case had in mind; a failure may have either.
    """
    if command is Command.CANCEL and result == ResultCode.DUPLICATE:
        return _CANCEL_TAKEN_FOR_A_COPY
    usual = guess_of_result(result)
    if guess is None or result == ResultCode.TOKEN_WRONG:
        return usual
    if result == ResultCode.INTERNAL_FAILURE:
        return Guess(
            f"{guess.mistake} Or the backend's own code failed at this callback.",
            f"{guess.mend} The backend's log of this moment tells which it was.",
        )
    return guess


def guess_of_trouble(came: Came) -> Guess:
    """Say what mostly keeps an answer from being a reply that a hub can use."""
    wrong = came.diagnosis
    if wrong is not None and came.reply is not None and came.reply.malformed is not None:
        return Guess(
            "The reply has not the form that callbacks answer with. " + wrong.sentence, wrong.mend
        )
    return Guess(
        f"The backend does not get to a reply to {came.command} in time, or breaks before it.",
        "Look into the backend's log, and into those of its proxy, for the moment of this step.",
    )


def guess_of_change(expected_minor: int, came_minor: int, exponent: int) -> Guess | None:
    """Say which mistake turns the expected movement into the one that came, where one fits."""
    unit = 10**exponent
    if came_minor == 0 and 0 < abs(expected_minor) < unit:
        return Guess(
            "The money was not booked, or the balance was read before the booking, or `amount` was "
            "read as a whole number (an integer, or minor units), which leaves nothing of an "
            "amount below one.",
            "Read `amount` as a decimal of main units with all its decimals; book, and read the "
            "balance afterwards inside the same database transaction.",
        )
    if came_minor == 0:
        return Guess(
            "The money was not booked, or the balance was read before the booking.",
            "Book, and read the balance afterwards inside the same database transaction.",
        )
    if exponent and came_minor == expected_minor * unit:
        return Guess(
            f"Cents for units: the backend counts in minor units, so that it is {unit} times off.",
            "Balances and amounts on the wire are in main units, such as 12.50; divide by "
            f"{unit} when you write and multiply exactly when you read.",
        )
    if exponent and abs(came_minor) == abs(expected_minor) // unit * unit != abs(expected_minor):
        return Guess(
            "Decimals are truncated: only whole units were booked.",
            "Read `amount` as a decimal (not as an integer) and keep minor units.",
        )
    if exponent and abs(came_minor) <= abs(expected_minor) // unit + 1:
        return Guess(
            "The amount was taken for minor units: units for cents.",
            f"`amount` is in main units; multiply by {unit} exactly to get minor units.",
        )
    return _guess_of_multiple(expected_minor, came_minor)


def _guess_of_multiple(expected_minor: int, came_minor: int) -> Guess | None:
    if came_minor == -expected_minor:
        return Guess(
            "The movement went the wrong way: a debit was credited, or the reverse.",
            "A bet takes from the balance; a win and the cancel of a bet give to it.",
        )
    if expected_minor and came_minor % expected_minor == 0:
        return Guess(
            f"The movement was booked {came_minor // expected_minor} times.",
            "Book each transaction id once: a unique column, in the same database transaction.",
        )
    if abs(came_minor - expected_minor) <= 1:
        return Guess(
            "One minor unit is missing: the amount went through a binary float and was rounded.",
            "Read the amount from the text of the JSON as a decimal, never as a float.",
        )
    return None


def change_text(minor: int, exponent: int) -> str:
    """Say a change of a balance: `rises by 1.50`, `falls by 0.20`, `stays as it was`."""
    if minor == 0:
        return "stays as it was"
    way = "rises" if minor > 0 else "falls"
    return f"{way} by {format_amount(abs(minor), exponent)}"


_CANCEL_TAKEN_FOR_A_COPY: Final = Guess(
    "The cancel is taken for a repeat: check 41 is made on the id of its bet, or ids are cut "
    "short, so that the cancel's own `trans_guid` looks like the bet's.",
    "Make check 41 on the cancel's own `trans_guid` in full: it is the bet's with `-c` behind it.",
)

TOLD_BEFORE: Final = Guess(
    "The reply tells the balance from before the movement: it was read before the booking.",
    "Read the balance after the booking, inside the same database transaction.",
)

CUT_TO_UNITS: Final = Guess(
    "The balance is told without its decimals: they are truncated on the way out.",
    "Write `data.balance` in main units with exactly the currency's decimals, such as 98.50.",
)

UNEXPLAINED: Final = Guess("No usual mistake explains this figure.", _ALL_SAID)
