"""A reconciliation as people, spreadsheets and machines read it; amounts are exact texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO

from meganodes.backoffice.transaction_export import csv_line
from meganodes.cli.moments import shown_moment
from meganodes.cli.output import say, show, show_rows
from meganodes.domain.reconciliation import Entry, Sums, Verdict
from meganodes.hub.reconciliation_repair import what_is_mended, what_people_do
from meganodes.protocol.money import format_amount

if TYPE_CHECKING:
    from meganodes.cli.reconcile import Done
    from meganodes.hub.reconciliation import Finding, OpenPoint
    from meganodes.protocol.currency import Currency

_SHOWN_MAX = 50
_COLUMNS = (
    "side",
    "verdict",
    "id",
    "trans_guid",
    "kind",
    "amount_hub",
    "state_hub",
    "there",
    "why",
    "what_to_do",
)


class CsvReport:
    """Writes findings as they are made, with the same columns as the JSON; None writes nowhere."""

    def __init__(self, file: BinaryIO | None, currency: Currency) -> None:
        self._file = file
        self._currency = currency
        if file is not None:
            file.write(csv_line(_COLUMNS))

    def write(self, finding: Finding) -> None:
        """Write one finding as a line."""
        if self._file is not None:
            shown = finding_record(finding, self._currency)
            self._file.write(
                csv_line("" if (cell := shown[name]) is None else cell for name in _COLUMNS)
            )


def record(done: Done) -> dict[str, object]:
    """Give the whole report as one JSON document."""
    report, currency = done.report, done.agent.currency
    return {
        "report": done.number,
        "agent": done.agent.name,
        "currency": currency.code,
        "from": shown_moment(done.window.start_ms),
        "to": shown_moment(done.window.end_ms),
        "files": {
            side: {"lines": read.lines, "sha256": read.digest} for side, read in done.inputs.items()
        },
        "transactions": report.rows,
        "differences": report.differences,
        "unanswered": report.unanswered,
        "outside_the_window": report.outside,
        "digest": report.digest,
        "sums": sums_records(done),
        "findings": [finding_record(each, currency) for each in report.findings],
        "open": [_open_record(each, currency) for each in report.open_points],
        "rounds_without_an_end": [
            {
                "provider_id": each.key.provider_id,
                "user_code": each.key.user_code,
                "round_id": each.key.round_id,
                "opened_at": shown_moment(each.opened_at_ms),
            }
            for each in report.open_rounds
        ],
        "repairs": [{"id": key, "done": said} for key, said in done.mended.items()],
    }


def sums_records(done: Done) -> list[dict[str, object]]:
    """Give the sums of each side and verdict, the hub's and the other side's."""
    exponent = done.agent.currency.exponent
    return [
        {
            "side": side,
            "verdict": verdict,
            **{f"{name}_hub": value for name, value in _sums(here, exponent)},
            **{f"{name}_there": value for name, value in _sums(there, exponent)},
        }
        for (side, verdict), (here, there) in sorted(done.report.sums.items())
    ]


def _sums(sums: Sums, exponent: int) -> Iterable[tuple[str, object]]:
    yield "count", sums.count
    yield "bets", format_amount(sums.bet_minor, exponent)
    yield "wins", format_amount(sums.win_minor, exponent)
    yield "refunds", format_amount(sums.cancel_minor, exponent)
    yield "net", format_amount(sums.net_minor, exponent)


def finding_record(finding: Finding, currency: Currency) -> dict[str, object]:
    """Give one finding: what is known here, what stands there, and what is to be done."""
    mine = finding.mine
    return {
        "side": finding.side,
        "verdict": finding.verdict,
        "id": finding.key,
        "trans_guid": mine.guid if mine else None,
        "kind": mine.kind if mine else None,
        "amount_hub": format_amount(mine.amount_minor, currency.exponent) if mine else None,
        "state_hub": mine.state if mine else None,
        "there": "; ".join(_entry_text(each, currency) for each in finding.entries) or None,
        "why": finding.why,
        "what_to_do": _what_to_do(finding),
    }


def _what_to_do(finding: Finding) -> str:
    mended = what_is_mended(finding)
    return f"--repair: {mended}" if mended else what_people_do(finding)


def _entry_text(entry: Entry, currency: Currency) -> str:
    return f"{entry.kind} {format_amount(entry.amount_minor, currency.exponent)} {entry.told}"


def _open_record(point: OpenPoint, currency: Currency) -> dict[str, object]:
    return {
        "trans_guid": point.guid,
        "state": point.state,
        "amount": format_amount(point.amount_minor, currency.exponent),
        "since": shown_moment(point.since_ms),
        "next_try": shown_moment(point.due_at_ms),
    }


def tell(done: Done) -> None:
    """Tell people: the sums, then the differences, then what is open."""
    report, currency = done.report, done.agent.currency
    show(
        {
            "transactions": report.rows,
            "differences": report.differences,
            "not answered": report.unanswered,
            "ids of files from outside the window": report.outside,
            "digest of the findings": report.digest,
        },
        as_json=False,
        title=(
            f"Report {done.number}: {done.agent.name}, {currency.code}, "
            f"{shown_moment(done.window.start_ms)} to {shown_moment(done.window.end_ms)}"
        ),
    )
    sums = sums_records(done)
    if sums:
        show_rows(tuple(sums[0]), sums, as_json=False, empty="")
    different = [each for each in report.findings if each.verdict.is_difference]
    shown = [finding_record(each, currency) for each in different[:_SHOWN_MAX]]
    show_rows(_COLUMNS, shown, as_json=False, empty="No difference.")
    if len(different) > _SHOWN_MAX:
        say(f"And {report.differences - _SHOWN_MAX} more: --csv FILE has them all.")
    still_open = [each for each in report.findings if each.verdict is Verdict.OPEN]
    say(f"Open: {len(report.open_points)} transactions, {len(still_open)} ids not decided.")
    points = [_open_record(each, currency) for each in report.open_points[:_SHOWN_MAX]]
    if points:
        show_rows(tuple(points[0]), points, as_json=False, empty="")
    if report.open_rounds:
        say(f"Rounds without an end for a day: {len(report.open_rounds)} (meganodes rounds open).")
    for key, said in done.mended.items():
        say(f"Repair of {key}: {said}")
