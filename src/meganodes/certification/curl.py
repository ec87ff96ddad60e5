"""A step as a curl command, so that the developer of a backend can send it again."""

import shlex
from typing import Final

from meganodes.certification.case import Step
from meganodes.certification.sending import MASK, MASK_OF_WRONG
from meganodes.protocol.wire import CALLBACK_TOKEN_HEADER

TOKEN_VARIABLE: Final = "CALLBACK_TOKEN"
"""Where the command expects the token; it never stands in a report."""

_VARIABLES: Final = {MASK: TOKEN_VARIABLE, MASK_OF_WRONG: f"WRONG_{TOKEN_VARIABLE}"}


def curl_command(step: Step, url: str) -> str:
    """Write the command for a shell of Unix; a masked signature is left out."""
    parts = ["curl -sS -i", shlex.quote(url)]
    for name, value in step.request.headers:
        if value in _VARIABLES and name == CALLBACK_TOKEN_HEADER:
            parts.append(f'-H "{name}: ${_VARIABLES[value]}"')
        elif value not in _VARIABLES:
            parts.append("-H " + shlex.quote(f"{name}: {value}"))
    parts.append("--data-binary " + shlex.quote(step.request.body.decode("utf-8", "replace")))
    return " ".join(parts)
