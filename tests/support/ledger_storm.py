"""A storm of callbacks for a ledger: made from a seed, played by a program that can be killed.

The program `ledger_storm KIND ADDRESS FILE` plays the operations of a file, one JSON object a line,
by 64 threads, and prints each one's number with its answer as soon as it has it.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from meganodes.protocol.commands import Command, Revision, checks
from meganodes.sdk import Accepted, Bet, Cancel, Refused, Win
from meganodes.sdk.ledger import Ledger
from tests.support.ledgers import open_ledger

MovementT = TypeVar("MovementT", Bet, Win)
THREADS = 64
ACCOUNTS = tuple(f"player{number}" for number in range(8))
OPENING_MINOR = 100_000
_SWAPPED_WITHIN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One callback: "bet", "win" or "cancel" of a round."""

    kind: str
    round_number: int
    account: str
    amount_minor: int

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.round_number}"


def storm(seed: int, count: int) -> list[Operation]:
    """Make so many operations: rounds with copies, up to 64 at once, out of order."""
    chance = random.Random(seed)  # noqa: S311 - the same seed, the same storm
    made: list[Operation] = []
    for number in range(count):
        if len(made) >= count:
            break
        account = chance.choice(ACCOUNTS)
        stake, win = chance.choice([0, 1, 250, 4_000]), chance.choice([0, 0, 300, 3_000])
        ends_by = chance.choice(["win", "win", "cancel", "both", "nothing"])
        kinds = {"win": ["win"], "cancel": ["cancel"], "both": ["cancel", "win"], "nothing": []}
        for kind in ["bet", *kinds[ends_by]]:
            amount_minor = win if kind == "win" else stake
            operation = Operation(
                kind=kind, round_number=number, account=account, amount_minor=amount_minor
            )
            made += [operation] * chance.choices([1, 2, THREADS], [90, 9, 1])[0]
    del made[count:]
    for place in range(len(made)):
        if chance.random() < 0.2:
            other = min(len(made) - 1, place + chance.randrange(_SWAPPED_WITHIN))
            made[place], made[other] = made[other], made[place]
    return made


def play(ledger: Ledger, operation: Operation) -> Accepted | Refused:
    """Ask the ledger, as the dispatcher would."""
    match operation.kind:
        case "bet":
            return ledger.bet(_movement(Bet, Command.BET, operation))
        case "win":
            return ledger.win(_movement(Win, Command.WIN, operation))
        case _:
            return ledger.cancel(
                Cancel(
                    account=operation.account,
                    checks=checks(Command.CANCEL, Revision.GUID),
                    transaction_id=operation.id,
                    original_id=f"bet-{operation.round_number}",
                    round_id=f"round-{operation.round_number}",
                    provider_id=1,
                    game_code="g",
                )
            )


def _movement(kind: type[MovementT], command: Command, operation: Operation) -> MovementT:
    return kind(
        account=operation.account,
        checks=checks(command, Revision.GUID),
        transaction_id=operation.id,
        round_id=f"round-{operation.round_number}",
        provider_id=1,
        game_code="g",
        game_type="slot",
        amount_minor=operation.amount_minor,
    )


def write(path: Path, numbered: dict[int, Operation]) -> None:
    """Write what is to be played, for the program."""
    lines = [json.dumps([number, asdict(each)]) for number, each in numbered.items()]
    path.write_text("\n".join(lines))


def _main(kind: str, address: str, file: str) -> None:
    ledger = open_ledger(kind, address)
    printing = threading.Lock()

    def one(line: str) -> None:
        number, fields = json.loads(line)
        answer = play(ledger, Operation(**fields))
        result = 0 if isinstance(answer, Accepted) else int(answer.result)
        with printing:
            print(number, result, flush=True)  # noqa: T201 - how it tells its parent

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(one, Path(file).read_text().splitlines()))


if __name__ == "__main__":
    _main(*sys.argv[1:])
