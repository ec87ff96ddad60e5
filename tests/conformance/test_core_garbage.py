"""Hostile answers from a real socket through the whole core into the journal (reliability 3.5).

Each thing an operator may do is done once to a bet, a win, a cancel and a question for a status;
then it is honest again. What the journal holds must be what its table says, and nothing else.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from meganodes.callbacks.egress import Egress
from meganodes.callbacks.gateway import HttpGateway
from meganodes.callbacks.settings import BulkheadSettings, CallbackSettings, CircuitSettings
from meganodes.callbacks.transport import HttpTransport
from meganodes.domain.transaction import State, Transaction
from meganodes.kit.clock import Clock
from meganodes.kit.identity import SeededIdentity
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from meganodes.protocol.wire import load_json
from tests.support.callback_urls import NameService
from tests.support.calls import ACCOUNT
from tests.support.effort import effort
from tests.support.hostile_backend import HostileBackend, Peer, http
from tests.support.hostile_wire import LATE, Case, quick
from tests.support.hub_world import World, hub_world, session_of_today

pytestmark = [pytest.mark.thorough, pytest.mark.slow]
EVERY = effort(8, 1)
"""`make test` takes one case in so many."""

NEVER_OPEN = CircuitSettings(failures_in_a_row=10**9, calls_min=10**9)
SETTINGS = CallbackSettings(
    allow_private_targets=True,
    circuit=NEVER_OPEN,
    bulkhead=BulkheadSettings(delivery_per_second=10**6),
    deadline_seconds=dict.fromkeys(Command, 1.0),
)
SETTLED_WITHIN_SECONDS = 20.0
DUPLICATE = b'{"result":41,"status":"ERROR","data":{"balance":1.00}}'


@dataclass
class Operator:
    """Honest, but for what it does to the first call of the command under attack."""

    attacked: Command | None = None
    case: Case = field(default_factory=lambda: Case(play=b""))
    says_41_to_wins: bool = False
    calls: list[Command] = field(default_factory=list)

    def attack(self, command: Command, case: Case) -> None:
        """Do this to the next call of the command."""
        self.attacked, self.case = command, case
        self.says_41_to_wins = command is Command.STATUS
        self.calls.clear()

    async def serve(self, peer: Peer) -> None:
        """Answer one connection."""
        while request := await peer.request():
            command = _command_of(request)
            self.calls.append(command)
            if command is self.attacked:
                self.attacked = None
                peer.give_back(request)
                await self.case.script()(peer)
                return
            await peer.send(http(self._honest(command)))

    def _honest(self, command: Command) -> bytes:
        if command is Command.WIN and self.says_41_to_wins:
            return DUPLICATE
        status = b"CANCELED" if Command.CANCEL in self.calls else b"OK"
        data = b'{"balance":100.00,"account":"%b","trans_status":"%b"}' % (ACCOUNT.encode(), status)
        return b'{"result":0,"status":"OK","data":%b}' % data


def _command_of(request: bytes) -> Command:
    envelope = load_json(request.partition(b"\r\n\r\n")[2])
    assert isinstance(envelope, dict)
    return Command(envelope["command"])


@dataclass
class Stage:
    """A world with a hostile operator behind a socket."""

    world: World
    operator: Operator
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def settled(self, transaction_id: str) -> Transaction:
        """Wait until nothing is owed for this row; a wrong token's circuit is closed by us."""
        async with asyncio.timeout(SETTLED_WITHIN_SECONDS):
            while (row := await self.world.row(transaction_id)).state in {
                State.PENDING,
                State.OWED,
                State.CANCELLING,
                State.NOT_SEEN_WAIT,
            }:
                self.close_circuit()
                self.world.hub.wake_worker()
                await asyncio.sleep(0.002)
        await self.world.hub.drain()
        return row

    def close_circuit(self) -> None:
        """Forget what the gateway knows of the operator, as a new token would."""
        gateway = self.world.hub.gateway
        assert isinstance(gateway, HttpGateway)
        if gateway.is_open(self.world.stage.agent.agent_id) and not gateway.in_flight():
            gateway._lines.clear()
            gateway._open.clear()

    async def outcomes(self, row: Transaction, command: Command) -> list[str]:
        """Name what became of each attempt that was sent, the first one first."""
        attempts = await self.world.journal.attempts(row.agent_id, row.trans_id)
        sent = [each for each in attempts if each.outcome != "notsent"]
        return [each.outcome for each in sent if each.command == command.value]

    async def states(self, row: Transaction) -> list[str]:
        """Name the states the journal has seen this row in."""
        events = await self.world.journal.events(row.agent_id, row.trans_id)
        return [name for name, _ in itertools.groupby(event.to_state for event in events)]


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    operator = Operator()
    async with HostileBackend(operator.serve) as backend:

        def gateway_of(clock: Clock) -> HttpGateway:
            egress = Egress(SETTINGS.egress_rules(), NameService())
            transport = HttpTransport(SETTINGS, clock, egress)
            return HttpGateway(transport, egress, clock, SeededIdentity(1), SETTINGS)

        async with hub_world(
            folder, gateway_of=gateway_of, answer_within_seconds=10.0, worker_tick_seconds=0.005
        ) as world:
            await world.directory.set_agent("acme", {"callback_url": backend.url})
            user, _ = await world.directory.create_user(world.stage.agent.agent_id, ACCOUNT)
            world.stage = await session_of_today(
                world.directory, replace(world.stage, user=user), world.hub.clock
            )
            world.worker.start()
            yield Stage(world, operator)
            await world.worker.stop()
            await world.hub.drain()
            await world.hub.gateway.close()


async def a_bet(stage: Stage, name: str, case: Case) -> None:
    number, says = f"b{next(stage.numbers)}", case.means(Command.BET)
    stage.operator.attack(Command.BET, case)
    answer = await stage.world.bet(number, round_id=number)
    row = await stage.settled(number)
    stage.close_circuit()
    assert stage.operator.calls.count(Command.BET) == 1, f"{name}: a bet is sent once"
    expected = {
        "A": (ApiCode.OK, ["pending", "accepted"]),
        "U": (ApiCode.OUTCOME_UNKNOWN, ["pending", "cancelling", "cancelled"]),
    }
    if says == "R":
        assert answer.code not in {ApiCode.OK, ApiCode.OUTCOME_UNKNOWN}, name
        assert await stage.states(row) == ["pending", "refused"], name
    else:
        assert (answer.code, await stage.states(row)) == expected[says], name
    assert (Command.CANCEL in stage.operator.calls) == (says == "U"), name


async def a_win(stage: Stage, name: str, case: Case) -> None:
    number = next(stage.numbers)
    assert (await stage.world.bet(f"b{number}", round_id=f"r{number}")).code is ApiCode.OK
    stage.operator.attack(Command.WIN, case)
    answer = await stage.world.win(f"w{number}", round_id=f"r{number}")
    row = await stage.settled(f"w{number}")
    assert answer.code is ApiCode.OK, f"{name}: the hub owes it from now on"
    assert row.state is State.CREDITED, name
    first, *later = await stage.outcomes(row, Command.WIN)
    assert first == FIRST[case.means(Command.WIN)], name
    if case.means(Command.WIN) in "AB":
        assert not later, name
    elif case.means(Command.WIN) == "D":
        assert await stage.outcomes(row, Command.STATUS) == ["accepted"], name
    else:
        assert later[-1] == "accepted", f"{name}: only its own honest answer credits it"


async def a_cancel(stage: Stage, name: str, case: Case) -> None:
    number, says = next(stage.numbers), case.means(Command.CANCEL)
    assert (await stage.world.bet(f"b{number}", round_id=f"r{number}")).code is ApiCode.OK
    stage.operator.attack(Command.CANCEL, case)
    answer = await stage.world.cancel(f"b{number}", f"c{number}")
    row = await stage.settled(f"b{number}")
    assert answer.code is ApiCode.OK, name
    waited = ["not_seen_wait"] if says == "N" else []
    expected = ["pending", "accepted", "cancelling", *waited, "cancelled"]
    assert await stage.states(row) == expected, name
    first, *later = await stage.outcomes(row, Command.CANCEL)
    assert first == FIRST[says], name
    if says in "AB":
        assert not later, name
    elif says == "D":
        assert await stage.outcomes(row, Command.STATUS) == ["accepted"], name
    else:
        assert later[-1] == "accepted", f"{name}: only its own honest answer ends it"


async def a_status(stage: Stage, name: str, case: Case) -> None:
    number, says = next(stage.numbers), case.means(Command.STATUS)
    assert (await stage.world.bet(f"b{number}", round_id=f"r{number}")).code is ApiCode.OK
    stage.operator.attack(Command.STATUS, case)
    await stage.world.win(f"w{number}", round_id=f"r{number}")
    row = await stage.settled(f"w{number}")
    first, *later = await stage.outcomes(row, Command.STATUS)
    assert first == FIRST[says], name
    if says == "A":
        assert (row.state, later) == (State.CREDITED, []), name
    elif says == "N" or (says == "R" and name != "result 100"):
        assert (row.state, later) == (State.PARKED, []), f"{name}: a person decides"
    else:
        assert row.state is State.CREDITED, name
        assert later[-1] == "accepted", name


FIRST = {
    "U": "unknown",
    "A": "accepted",
    "B": "accepted",
    "R": "refused",
    "D": "duplicate",
    "N": "notseen",
}
"""Letters of the corpus and the words of the API log."""

Flow = Callable[[Stage, str, Case], Awaitable[None]]
FLOWS: dict[str, Flow] = {"bet": a_bet, "win": a_win, "cancel": a_cancel, "status": a_status}


@pytest.mark.rule("3.4-bet-sent-once", "3.5-every-attempt-kept")
@pytest.mark.parametrize("command", FLOWS)
async def test_no_hostile_answer_is_booked_as_anything_it_is_not(
    tmp_path: Path, command: str, figure: Callable[[str], None]
) -> None:
    fitting = [(name, case) for name, case in quick().items() if not case.pad_bytes]
    chosen = fitting[:: min(EVERY, len(fitting))]
    async with staged(tmp_path) as stage:
        for name, case in chosen:
            await FLOWS[command](stage, name, case)
    figure(f"{len(chosen)} hostile answers to a {command}, each through the core to the journal")


@pytest.mark.rule("3.3-incomplete-at-deadline")
@pytest.mark.parametrize("command", FLOWS)
async def test_what_never_comes_whole_is_booked_as_unknown(tmp_path: Path, command: str) -> None:
    async with staged(tmp_path) as stage:
        for name in ("silence", "stop after the headers", "drip")[: effort(1, 3)]:
            await FLOWS[command](stage, name, LATE[name])


def test_every_class_of_the_table_is_among_what_is_tried() -> None:
    cases = [case for case in quick().values() if not case.pad_bytes]
    for command, letters in {
        Command.BET: "UAR",
        Command.WIN: "UABRD",
        Command.CANCEL: "UABRDN",
        Command.STATUS: "UARN",
    }.items():
        assert {case.means(command) for case in cases} == set(letters)
