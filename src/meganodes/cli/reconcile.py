"""``meganodes reconcile``: an agent's transactions here, at its operator and at its provider."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from meganodes.bootstrap.command_number import numbered
from meganodes.bootstrap.wiring import Office, list_numbers, make_gateway, make_hub
from meganodes.cli.context import person, run_in_office
from meganodes.cli.moments import moment_ms
from meganodes.cli.output import FAILED, WRONG_USAGE, fail, print_json
from meganodes.cli.progress import Step, progress
from meganodes.cli.reconcile_output import CsvReport, record, tell
from meganodes.directory.faults import DirectoryFault
from meganodes.directory.reconciliations import Reconciliations
from meganodes.directory.records import Agent
from meganodes.domain.by_hand import Repair
from meganodes.domain.reconciliation import Side
from meganodes.domain.retry import DAY_MS
from meganodes.hub.core import Hub
from meganodes.hub.parked import NotDone
from meganodes.hub.reconciliation import Finding, Order, Report, reconcile
from meganodes.hub.reconciliation_lines import BadFile, ReadFile, read_file
from meganodes.hub.reconciliation_repair import mend, what_is_mended
from meganodes.journal.turnover import Window
from meganodes.kit.line_sorter import LineSorter


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wishes:
    """What the options say."""

    agent: str
    start_ms: int | None
    end_ms: int | None
    files: dict[Side, Path]
    asks_backend: bool
    repair: Repair | None
    csv_file: Path | None
    as_json: bool


@dataclass(slots=True, kw_only=True)
class Done:
    """A report with its number, what it was made of, and what was mended."""

    agent: Agent
    number: int
    window: Window
    inputs: dict[Side, ReadFile]
    report: Report
    mended: dict[str, str]


def command(  # noqa: PLR0913 - the options of the published command
    context: typer.Context,
    *,
    agent: Annotated[str, typer.Option(help="The agent's name.")],
    start: Annotated[
        str | None, typer.Option("--from", help="From this moment on (ISO 8601 with an offset).")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Before this moment; now.")] = None,
    backend_file: Annotated[
        Path | None, typer.Option("--operator-file", help="The operator's movements, CSV.")
    ] = None,
    provider_file: Annotated[
        Path | None, typer.Option(help="The providers' movements, CSV.")
    ] = None,
    no_status: Annotated[
        bool, typer.Option("--no-status", help="Do not ask the backend when there is no file.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what the hub may; needs two people.")
    ] = False,
    by: Annotated[str, typer.Option(help="Who repairs.")] = "",
    confirmed_by: Annotated[str, typer.Option(help="The second person.")] = "",
    reason: Annotated[str, typer.Option(help="Why it is repaired.")] = "",
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write every finding into this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Compare with the operator (file or status) and the provider (file); exit 1 on differences."""
    by_two = Repair(by=by, confirmed_by=confirmed_by, reason=reason) if repair else None
    if by_two is not None and (fault := by_two.fault()):
        fail([fault], status=WRONG_USAGE)
    files = {Side.BACKEND: backend_file, Side.PROVIDER: provider_file}
    wishes = _Wishes(
        agent=agent,
        start_ms=None if start is None else moment_ms(start),
        end_ms=None if end is None else moment_ms(end),
        files={side: path for side, path in files.items() if path is not None},
        asks_backend=backend_file is None and not no_status,
        repair=by_two,
        csv_file=csv_file,
        as_json=as_json,
    )
    with progress() as step:
        done = run_in_office(context, lambda office: _run(office, wishes, step))
    if as_json:
        print_json(record(done))
    else:
        tell(done)
    if not done.report.is_clean:
        raise SystemExit(FAILED)


async def _run(office: Office, wishes: _Wishes, step: Step) -> Done:
    known = {each.name: each for each in office.directory.agents()}
    if wishes.agent not in known:
        fail([f"there is no agent {wishes.agent}; see: meganodes agent list"], status=WRONG_USAGE)
    agent = known[wishes.agent]
    window = _window(wishes, office.clock.now_ms())
    gateway = make_gateway(office)
    hub = make_hub(office, gateway)
    hub.list_numbers = await list_numbers(office)
    reconciliations = Reconciliations(office.staff)
    try:
        with tempfile.TemporaryDirectory(prefix="meganodes-") as folder:
            inputs, entries = _read(wishes, agent, Path(folder), step)
            order = Order(
                agent=agent,
                window=window,
                folder=Path(folder),
                entries=entries,
                asks_backend=wishes.asks_backend,
            )
            with _csv(wishes.csv_file, agent) as csv_report:
                report = await _compared(office, hub, order, (step, csv_report.write))
        done = Done(agent=agent, number=0, window=window, inputs=inputs, report=report, mended={})
        done.number = await reconciliations.note(agent.agent_id, person(), _noted(done))
        if wishes.repair is not None:
            await _mend_all(hub, reconciliations, done, wishes.repair)
        return done
    finally:
        await gateway.close()


async def _compared(
    office: Office, hub: Hub, order: Order, hearers: tuple[Step, Callable[[Finding], None]]
) -> Report:
    if not order.asks_backend:
        return await reconcile(hub, order, *hearers)
    async with numbered(office, "reconcile") as identity:
        hub.identity = identity  # each question is an entry of the API log
        return await reconcile(hub, order, *hearers)


@contextmanager
def _csv(path: Path | None, agent: Agent) -> Iterator[CsvReport]:
    if path is None:
        yield CsvReport(None, agent.currency)
        return
    try:
        with path.open("wb") as file:
            yield CsvReport(file, agent.currency)
    except OSError as fault:
        fail([f"{path}: {fault.strerror}"], status=WRONG_USAGE)


def _window(wishes: _Wishes, now_ms: int) -> Window:
    """Take the UTC day of the end, up to it, when no beginning is given."""
    end_ms = now_ms if wishes.end_ms is None else wishes.end_ms
    start_ms = (end_ms - 1) // DAY_MS * DAY_MS if wishes.start_ms is None else wishes.start_ms
    if start_ms >= end_ms:
        fail(["--from must be before --to"], status=WRONG_USAGE)
    return Window(start_ms=start_ms, end_ms=end_ms)


def _read(
    wishes: _Wishes, agent: Agent, folder: Path, step: Step
) -> tuple[dict[Side, ReadFile], dict[Side, LineSorter]]:
    """Read all files before anything else is done; bad lines end the command."""
    inputs: dict[Side, ReadFile] = {}
    entries: dict[Side, LineSorter] = {}
    faults: list[str] = []
    for side, path in wishes.files.items():
        entries[side] = LineSorter(folder, f"file-{side}")
        try:
            inputs[side] = read_file(
                path,
                agent.currency.exponent,
                entries[side],
                lambda count, side=side: step(f"Reading the {side}'s file", count, 0),  # type: ignore[misc]
            )
        except BadFile as fault:
            faults += [f"{path}: line {bad.number}: {bad.reason}" for bad in fault.lines]
        except OSError as fault:
            faults.append(f"{path}: {fault.strerror}")
    if faults:
        fail([*faults, "nothing was compared"], status=WRONG_USAGE)
    return inputs, entries


def _noted(done: Done) -> dict[str, object]:
    report = done.report
    return {
        "from_ms": done.window.start_ms,
        "to_ms": done.window.end_ms,
        "files": {side: read.digest for side, read in done.inputs.items()},
        "rows": report.rows,
        "differences": report.differences,
        "unanswered": report.unanswered,
        "digest": report.digest,
    }


async def _mend_all(hub: Hub, reconciliations: Reconciliations, done: Done, repair: Repair) -> None:
    who = (done.agent, person())
    for finding in done.report.findings:
        if what_is_mended(finding) is None:
            continue
        try:
            mended = await mend(hub, reconciliations, finding, repair, who)
        except DirectoryFault as fault:
            done.mended[finding.key] = "; ".join(one.sentence for one in fault.faults)
        else:
            said = mended.reason if isinstance(mended, NotDone) else "the worker does it now"
            done.mended[finding.key] = said
