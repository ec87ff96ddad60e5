"""A world that was played for real, the records that both other sides keep, and faults in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from meganodes.directory.records import Agent
from meganodes.domain.outcome import Refused, Unknown
from meganodes.domain.reconciliation import Side
from meganodes.domain.transaction import State
from meganodes.hub.reconciliation import Finding, Order, Report, reconcile
from meganodes.hub.reconciliation_lines import read_file
from meganodes.journal.turnover import Window
from meganodes.kit.line_sorter import LineSorter
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from tests.support.hub_world import LOST_REPLY, World

Line = tuple[str, str, str, str]
"""trans_guid, kind, amount, state, as they stand in a file."""

NEVER_CAME = Unknown(reason="lost on the way")
HOUR_MS = 3_600_000


@dataclass
class Records:
    """What the backend and the provider would export; ``planted`` is what was falsified since."""

    backend: list[Line] = field(default_factory=list)
    provider: list[Line] = field(default_factory=list)
    planted: set[tuple[str, str, str]] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)

    def of(self, side: Side) -> list[Line]:
        return self.backend if side is Side.BACKEND else self.provider

    def plant(self, side: Side, key: str, verdict: str) -> None:
        self.planted.add((side, key, verdict))

    def drop(self, side: Side, key: str) -> None:
        lines = self.of(side)
        (line,) = [line for line in lines if line[0] == key]
        lines.remove(line)

    def change(self, side: Side, key: str, **cells: str) -> None:
        lines = self.of(side)
        (at,) = [number for number, line in enumerate(lines) if line[0] == key]
        old = dict(zip(("id", "kind", "amount", "state"), lines[at], strict=True)) | cells
        lines[at] = (old["id"], old["kind"], old["amount"], old["state"])


async def play(world: World) -> Records:
    """Play rounds of every ending, and keep what the other two sides know of them."""
    records = Records()
    for number in range(12):
        round_id = f"r{number}"
        await _bet(world, records, f"b{number}", round_id)
        won = await world.win(f"w{number}", "0.50", closed=True, round_id=round_id)
        records.names[f"w{number}"] = str(won.guid)
        records.provider.append((str(won.guid), "win", "0.50", "ok"))
    for number in range(3):
        world.line.next(Command.BET, Refused(result=31, balance_minor=0))
        await _bet(world, records, f"refused{number}", f"rr{number}")
        world.line.next(Command.BET, LOST_REPLY)
        await _bet(world, records, f"unknown{number}", f"ru{number}")
        world.line.next(Command.BET, NEVER_CAME)
        await _bet(world, records, f"never{number}", f"rn{number}")
        await _bet(world, records, f"undone{number}", f"rc{number}")
        cancelled = await world.cancel(f"undone{number}", f"c{number}")
        records.provider.append((str(cancelled.guid), "cancel", "1.50", "ok"))
    for _ in range(40):
        await world.settle(ticks=20)
        states = [(await world.row(f"never{number}")).state for number in range(3)]
        if set(states) == {State.VOID}:
            break
    else:
        raise AssertionError(states)
    records.backend += [await _at_backend(world, name) for name in records.names]
    records.backend = [line for line in records.backend if line[0]]
    return records


async def _bet(world: World, records: Records, transaction_id: str, round_id: str) -> None:
    world.line.balances["Bob"] = max(world.line.balances["Bob"], 1_000)
    answer = await world.bet(transaction_id, round_id=round_id)
    guid = (await world.row(transaction_id)).guid
    records.names[transaction_id] = guid
    state = "ok" if answer.code is ApiCode.OK else "refused"
    records.provider.append((guid, "bet", "1.50", state))


async def _at_backend(world: World, name: str) -> Line:
    guid = (await world.row(name)).guid
    if guid in world.line.cancelled:
        return (guid, "bet", "1.50", "CANCELED")
    moved = world.line.booked.get(guid)
    if moved is None:
        return ("", "", "", "")
    return (guid, "bet" if moved < 0 else "win", f"{abs(moved) // 100}.{abs(moved) % 100:02}", "OK")


def plant_twelve(records: Records) -> None:
    """Falsify twelve records, each in a way of its own."""
    guid = records.names
    backend, provider = Side.BACKEND, Side.PROVIDER
    for side, name, verdict in (
        (backend, "b0", "missing at operator"),
        (backend, "w1", "missing at operator"),
        (provider, "b2", "missing at provider"),
    ):
        records.drop(side, guid[name])
        records.plant(side, guid[name], verdict)
    for side, name, cells, verdict in (
        (backend, "b3", {"amount": "1.51"}, "amount differs"),
        (provider, "w4", {"amount": "5.00"}, "amount differs"),
        (backend, "b5", {"state": "CANCELED"}, "state differs"),
        (provider, "refused0", {"state": "ok"}, "state differs"),
    ):
        records.change(side, guid[name], **cells)
        records.plant(side, guid[name], verdict)
    for side, line, verdict in (
        (backend, ("mn-nobody-knows", "bet", "9.99", "OK"), "missing at hub"),
        (provider, ("mn-nobody-either", "win", "9.99", "ok"), "missing at hub"),
        (backend, (guid["never0"], "bet", "1.50", "OK"), "state differs"),
        (backend, (guid["w6"], "win", "0.50", "OK"), "double"),
        (provider, (guid["b7"], "bet", "1.50", "ok"), "double"),
    ):
        records.of(side).append(line)
        records.plant(side, line[0], verdict)
    assert len(records.planted) == 12


def write(path: Path, lines: list[Line]) -> Path:
    """Write a file as an operator or a provider exports it."""
    rows = ["trans_guid,kind,amount,state", *(",".join(line) for line in lines)]
    path.write_text("\n".join(rows) + "\n")
    return path


def _sorter(folder: Path, side: Side, records: Records) -> LineSorter:
    folder.mkdir(exist_ok=True)
    sorter = LineSorter(folder, f"file-{side}", lines_max=7)
    read_file(write(folder / f"{side}.csv", records.of(side)), 2, sorter, lambda _: None)
    return sorter


async def compared(
    world: World, records: Records, folder: Path, window: Window | None = None
) -> tuple[Report, list[Finding]]:
    """Compare both files with the hub; a few lines at a time are held in memory."""
    sorters = {side: _sorter(folder, side, records) for side in Side}
    heard: list[Finding] = []
    order = Order(
        agent=agent_of(world), window=window or today(world), folder=folder, entries=sorters
    )
    report = await reconcile(world.hub, order, lambda *_: None, heard.append)
    return report, heard


def agent_of(world: World) -> Agent:
    agent = world.directory.agent(world.stage.agent.agent_id)
    assert agent is not None
    return agent


def today(world: World) -> Window:
    now_ms = world.hub.clock.now_ms()
    return Window(start_ms=now_ms - HOUR_MS, end_ms=now_ms + HOUR_MS)


def differences(report: Report) -> set[tuple[str, str, str]]:
    found = [each for each in report.findings if each.verdict.is_difference]
    assert len(found) == report.differences
    return {(each.side, each.key, each.verdict) for each in found}
