"""``meganodes certify``: tries a backend as a hub would use it, and says what has to be mended.

It needs no hub, no settings and no database. Whoever types a URL may call it: there is no guard on
targets here.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import typer

from meganodes.certification.case import Section, Verdict
from meganodes.certification.curl import curl_command
from meganodes.certification.direct import BadUrl, DirectTransport
from meganodes.certification.report import Report
from meganodes.certification.report_json import to_json
from meganodes.certification.reports.html import write_html
from meganodes.certification.reports.junit import write_junit
from meganodes.certification.reports.text import write_text
from meganodes.certification.runner import choose, run
from meganodes.certification.target import Target
from meganodes.cli import certify_options as options
from meganodes.cli.certify_options import Format
from meganodes.cli.certify_progress import case_progress
from meganodes.cli.output import FAILED, WRONG_USAGE, fail, print_json, say, show_rows
from meganodes.kit.clock import SystemClock
from meganodes.protocol.commands import Revision
from meganodes.protocol.currency import Currency, UnknownCurrency, currency
from meganodes.protocol.money import AmountError, parse_amount
from meganodes.protocol.signature import parse_secret

_WATCH_SECONDS = 2.0
_SECTIONS = list(Section)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What was typed, once it is known to be right."""

    target: Target
    only: tuple[str, ...]
    seed: int


def certify(  # noqa: PLR0913, PLR0917 - one parameter for each option of the published command
    callback_url: options.CallbackUrl = None,
    token: options.Token = None,
    account: options.Account = None,
    revision: options.Wire = Revision.GUID,
    currency_code: options.CurrencyCode = "EUR",
    max_amount: options.MaxAmount = None,
    blocked_account: options.BlockedAccount = None,
    signing_secret: options.SigningSecret = None,
    case: options.OnlyCases = None,
    section: options.OnlySections = None,
    seed: options.Seed = 0,
    output_format: options.OutputFormat = Format.TEXT,
    out: options.Out = None,
    *,
    as_json: options.AsJson = False,
    as_curl: options.AsCurl = False,
    list_cases: options.ListCases = False,
    watch: options.Watch = False,
) -> None:
    """Certify a backend: try everything that goes wrong in the field, give back what was won.

    Exit 0: everything passed; 1: there are findings, or cases could not be judged; 2: wrong usage.
    """
    only = (*(case or ()), *(section or ()))
    if list_cases:
        _list(only, as_json=as_json)
        return
    if callback_url is None or token is None or account is None:
        fail(["Give CALLBACK_URL, --token and --account."], status=WRONG_USAGE)
    unit = _currency(currency_code)
    target = Target(
        url=callback_url,
        callback_token=token,
        account=account,
        revision=revision,
        currency=unit,
        max_amount_minor=None if max_amount is None else _minor(max_amount, unit),
        blocked_account=blocked_account,
        signing_secret=None if signing_secret is None else _secret(signing_secret),
    )
    _check_choice(only)
    asked = _Asked(target=target, only=only, seed=seed)
    report = _ran(asked, watch=watch)
    if as_curl:
        _print_curl(report)
    else:
        _write(report, Format.JSON if as_json else output_format, out)
    if not report.passed:
        raise typer.Exit(FAILED)


def _list(only: tuple[str, ...], *, as_json: bool) -> None:
    _check_choice(only)
    rows: list[dict[str, object]] = [
        {
            "case": case.id,
            "title": case.title,
            "money": case.money,
            "revisions": sorted(case.revisions),
            "needs": list(case.needs),
            **({"rule": case.rule.words, "source": case.rule.source} if as_json else {}),
        }
        for case in sorted(choose(only), key=lambda case: (_SECTIONS.index(case.section), case.id))
    ]
    columns = ("case", "title", "money", "revisions", "needs")
    show_rows(columns, rows, as_json=as_json, empty="")


def _check_choice(only: tuple[str, ...]) -> None:
    try:
        choose(only)
    except LookupError as strangers:
        fail([f"There is no case or section {strangers}; --list shows all."], status=WRONG_USAGE)


def _currency(code: str) -> Currency:
    try:
        return currency(code.upper())
    except UnknownCurrency as unknown:
        fail([str(unknown)], status=WRONG_USAGE)


def _minor(text: str, unit: Currency) -> int:
    try:
        return parse_amount(text, unit.exponent)
    except AmountError as wrong:
        fail([f"--max-amount: {wrong.reason}"], status=WRONG_USAGE)


def _secret(text: str) -> bytes:
    try:
        return parse_secret(text)
    except ValueError as wrong:
        fail([f"--signing-secret: {wrong}"], status=WRONG_USAGE)


def _ran(asked: _Asked, *, watch: bool) -> Report:
    try:
        return asyncio.run(_watched(asked) if watch else _once(asked, asked.only))
    except BadUrl as bad:
        fail([str(bad)], status=WRONG_USAGE)


async def _once(asked: _Asked, only: tuple[str, ...]) -> Report:
    clock = SystemClock()
    async with DirectTransport(asked.target.url, clock) as transport:
        with case_progress() as progress:
            return await run(
                asked.target, transport, clock, seed=asked.seed, only=only, progress=progress
            )


async def _watched(asked: _Asked) -> Report:
    """Try everything once, then what failed, until it passes; at last everything once more."""
    report = await _once(asked, asked.only)
    failing = _open_cases(report)
    while failing:
        say(f"{len(failing)} to mend: {', '.join(failing)}")
        await SystemClock().sleep(_WATCH_SECONDS)
        again = _open_cases(await _once(asked, failing))
        for case in failing:
            if case not in again:
                say(f"passes now: {case}")
        failing = again
        if not failing:
            report = await _once(asked, asked.only)
            failing = _open_cases(report)
    return report


def _open_cases(report: Report) -> tuple[str, ...]:
    """Give what failed, or, where nothing did, what could not be judged."""
    failed = tuple(case.id for case in report.findings)
    return failed or tuple(case.id for case in report.cases if case.verdict is Verdict.NOT_JUDGED)


def _print_curl(report: Report) -> None:
    for case in report.cases:
        for number, step in enumerate(case.steps, 1):
            say(f"# {case.id}, step {number}: {step.title}")
            say(curl_command(step, report.url))


def _write(report: Report, output_format: Format, out: Path | None) -> None:
    match output_format:
        case Format.JSON if out is None:
            print_json(to_json(report))
            return
        case Format.JSON:
            written = json.dumps(to_json(report), ensure_ascii=False, indent=2) + "\n"
        case Format.TEXT:
            written = write_text(report)
        case Format.JUNIT:
            written = write_junit(report)
        case Format.HTML:
            written = write_html(report)
    if out is None:
        say(written.removesuffix("\n"))
        return
    try:
        out.write_text(written, encoding="utf-8")
    except OSError as fault:
        fail([f"{out}: {fault.strerror}"], status=WRONG_USAGE)
    say("\n".join(write_text(report).splitlines()[-2:]))
    say(f"The report is in {out}.")
