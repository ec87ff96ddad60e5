"""``meganodes explain``: one callback from a paste; needs no hub, no settings and no network."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from meganodes.certification.captured import NothingCaptured, captured
from meganodes.certification.explaining import Explanation, Told, Unexplained
from meganodes.certification.explaining import explain as explained
from meganodes.certification.mistakes.record import Diagnosis
from meganodes.cli.output import FAILED, WRONG_USAGE, fail, print_json, say
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.currency import UnknownCurrency, currency

_NOTHING = "Nothing is wrong with it."


def explain(  # noqa: PLR0913, PLR0917 - one parameter for each option
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|-",
            help="What you captured: curl -v output, raw HTTP, an entry of the API log, or a body.",
        ),
    ],
    command: Annotated[
        Command | None, typer.Option(help="What was asked, when the request is not in it.")
    ] = None,
    revision: Annotated[
        Revision | None, typer.Option(help="Of the callbacks, when the request does not tell it.")
    ] = None,
    currency_code: Annotated[
        str | None, typer.Option("--currency", help="Of the agent, such as EUR.")
    ] = None,
    before: Annotated[
        str | None, typer.Option(help="The balance before, such as 100.00: checks the sum too.")
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option(
            envvar="MEGANODES_SIGNING_SECRET", help="whsec_...: looks at the signature as well."
        ),
    ] = None,
    computed: Annotated[
        str | None, typer.Option(help="The code that your program made for this call.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what a hub reads in a captured callback, which rule it breaks, and the mend.

    Exit 0: nothing is wrong; 1: something is; 2: the paste lacks something.
    """
    if computed is not None and secret is None:
        fail(["--computed needs --secret."], status=WRONG_USAGE)
    told = Told(
        command=command,
        revision=revision,
        exponent=_exponent(currency_code),
        before=before,
        secret=secret,
        computed=computed,
    )
    try:
        explanation = explained(captured(_text(source)), told)
    except (NothingCaptured, Unexplained) as missing:
        fail([str(missing)], status=WRONG_USAGE)
    if as_json:
        print_json(asdict(explanation))
    else:
        _tell(explanation)
    if explanation.reply or explanation.signature:
        raise typer.Exit(FAILED)


def _text(source: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as fault:
        fail([f"{source}: {fault.strerror}"], status=WRONG_USAGE)
    return raw.decode("utf-8", "surrogateescape")


def _exponent(code: str | None) -> int | None:
    if code is None:
        return None
    try:
        return currency(code.upper()).exponent
    except UnknownCurrency as unknown:
        fail([str(unknown)], status=WRONG_USAGE)


def _tell(explanation: Explanation) -> None:
    say(f"Asked: {explanation.asked}")
    if explanation.reads:
        say(f"The hub reads: {explanation.reads}")
        _tell_list("The reply", explanation.reply)
    if explanation.signature is not None:
        _tell_list("The signature", explanation.signature)


def _tell_list(name: str, found: tuple[Diagnosis, ...]) -> None:
    say("")
    say(f"{name}: {'' if found else _NOTHING}".rstrip())
    for number, each in enumerate(found, 1):
        taken = " (taken all the same; certification fails it)" if each.tolerated else ""
        say(f"{number}. {each.sentence}{taken}")
        say(f"   Mend: {each.mend}")
        say(f"   Rule {each.rule}")
