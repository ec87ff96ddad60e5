"""The options of ``meganodes certify``, each with the sentence of its help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from meganodes.protocol.commands import Revision


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    HTML = "html"


CallbackUrl = Annotated[
    str | None, typer.Argument(metavar="CALLBACK_URL", help="Where the hub will call.")
]
Token = Annotated[
    str | None, typer.Option(envvar="MEGANODES_CALLBACK_TOKEN", help="The agent's callback token.")
]
Account = Annotated[
    str | None, typer.Option(help="An account that is active and holds some money.")
]
Wire = Annotated[Revision, typer.Option(help="Wire of the callbacks.")]
CurrencyCode = Annotated[str, typer.Option("--currency", help="Of the agent.")]
MaxAmount = Annotated[
    str | None,
    typer.Option(
        help="Most money that a case may have at stake, such as 1.00. Without it cases stake up "
        "to 1.00, and four of them all that the account holds, for a moment."
    ),
]
BlockedAccount = Annotated[
    str | None, typer.Option(help="An account that is locked: tries what only it can show.")
]
SigningSecret = Annotated[
    str | None,
    typer.Option(envvar="MEGANODES_SIGNING_SECRET", help="whsec_...: signs every callback."),
]
OnlyCases = Annotated[
    list[str] | None, typer.Option(help="Only this case and what it stands on; repeatable.")
]
OnlySections = Annotated[
    list[str] | None, typer.Option(help="Only this section, likewise; repeatable.")
]
Seed = Annotated[int, typer.Option(help="Chooses amounts; the same seed, the same ones.")]
OutputFormat = Annotated[Format, typer.Option("--format", help="How the report is written.")]
Out = Annotated[Path | None, typer.Option(help="Writes the report to this file.")]
AsJson = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
AsCurl = Annotated[
    bool, typer.Option("--curl", help="Prints every step as a curl command instead.")
]
ListCases = Annotated[bool, typer.Option("--list", help="Lists the cases and ends.")]
Watch = Annotated[
    bool, typer.Option("--watch", help="Tries what failed again until nothing fails.")
]
