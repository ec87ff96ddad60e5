"""A step as a curl command, so that the developer of a backend can send it again."""

import shlex
from typing import Final

from meganodes.certification.case import Step
from meganodes.certification.sending import MASK
from meganodes.protocol.wire import CALLBACK_TOKEN_HEADER

TOKEN_VARIABLE: Final = "CALLBACK_TOKEN"
"""Where the command expects the token; it never stands in a report."""


def curl_command(step: Step, url: str) -> str:
    """Write the command for a shell of Unix; a masked signature is left out."""
    parts = ["curl -sS -i", shlex.quote(url)]
    for name, value in step.request.headers:
        if value != MASK:
            parts.append("-H " + shlex.quote(f"{name}: {value}"))
        elif name == CALLBACK_TOKEN_HEADER:
            parts.append(f'-H "{name}: ${TOKEN_VARIABLE}"')
    parts.append("--data-binary " + shlex.quote(step.request.body.decode("utf-8", "replace")))
    return " ".join(parts)
