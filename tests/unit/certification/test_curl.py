"""A step as a command: the token as a variable, everything else as it was sent."""

from __future__ import annotations

import shlex

from meganodes.certification.curl import curl_command
from meganodes.certification.transport import Request
from tests.support.certifying import URL, a_step

BODY = b'{"account":"o\'neil $(id) `id` \\\\"}'
HEADERS = (
    ("Callback-Token", "***"),
    ("Accept", "application/json"),
    ("webhook-signature", "***"),
    ("MegaNodes-Attempt", "1"),
)


def test_a_command_sends_what_was_sent() -> None:
    request = Request(headers=HEADERS, body=BODY, timeout_seconds=5.0)
    command = curl_command(a_step(request=request), URL)
    assert shlex.split(command) == [
        *("curl", "-sS", "-i", URL),
        *("-H", "Callback-Token: $CALLBACK_TOKEN"),
        *("-H", "Accept: application/json"),
        *("-H", "MegaNodes-Attempt: 1"),
        *("--data-binary", BODY.decode()),
    ]
    assert '-H "Callback-Token: $CALLBACK_TOKEN"' in command, "the shell puts the token in"


def test_a_wrong_token_is_a_variable_of_its_own() -> None:
    headers = (("Callback-Token", "*** (a wrong one)"),)
    request = Request(headers=headers, body=b"{}", timeout_seconds=5.0)
    command = curl_command(a_step(request=request), URL)
    assert '-H "Callback-Token: $WRONG_CALLBACK_TOKEN"' in command
