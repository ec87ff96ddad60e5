"""Address templates are checked when saved and filled in without surprises."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.directory.launch_address import (
    LAUNCH,
    REPLAY,
    render_launch_url,
    template_faults,
)

ALL_VARIABLES = (
    "https://play.example.com:8443/start/{game_code}?s={session}&l={lang}&c={currency}"
    "&r={return_url}&m={mode}&u={user_code}"
)
VALUES = {
    "session": "mns_abc",
    "game_code": "fruits & nuts/7",
    "lang": "en",
    "currency": "EUR",
    "return_url": "https://casino.example.com/lobby?a=1&b=2#top",
    "mode": "real",
    "user_code": "400000001",
}


@pytest.mark.rule("4-launch-template", "4-launch-variables")
def test_every_value_is_percent_encoded() -> None:
    assert template_faults(ALL_VARIABLES, LAUNCH, allow_http=False) == []
    assert render_launch_url(ALL_VARIABLES, VALUES) == (
        "https://play.example.com:8443/start/fruits%20%26%20nuts%2F7?s=mns_abc&l=en&c=EUR"
        "&r=https%3A%2F%2Fcasino.example.com%2Flobby%3Fa%3D1%26b%3D2%23top&m=real&u=400000001"
    )


@given(st.text())
def test_no_value_breaks_out_of_its_place(value: str) -> None:
    template = "https://play.example.com/{game_code}?s={session}"
    value = value.encode("utf-8", "replace").decode()
    url = urlsplit(render_launch_url(template, {"session": value, "game_code": value}))
    assert url.netloc == "play.example.com"
    assert url.path.count("/") == 1
    assert parse_qs(url.query, keep_blank_values=True) == {"s": [value]}


def test_values_are_not_filled_in_again() -> None:
    filled = render_launch_url("https://x/{game_code}/{session}", {"game_code": "{session}"})
    assert filled == "https://x/%7Bsession%7D/"


@pytest.mark.rule("4-launch-template")
@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("https://play.example.com/?g={game_code}", "must use {session}"),
        ("https://play.example.com/?s={session}", "must use {game_code}"),
        ("https://play.example.com/{session}{game_code}{amount}", "uses {amount}"),
        ("https://play.example.com/{session}{game_code}{}", "uses {}"),
        ("https://play.example.com/{session}{game_code}{SESSION}", "uses {SESSION}"),
        ("https://play.example.com/{session}{game_code}{lang", "brace without its partner"),
        ("https://play.example.com/{session}{game_code}}", "brace without its partner"),
        ("https://{game_code}.example.com/{session}", "in its host"),
        ("https://play.example.com@{game_code}/{session}", "in its host"),
        ("https://user@play.example.com/{session}{game_code}", "in its host"),
        ("https://play\\.example.com/{session}{game_code}", "in its host"),
        ("http://play.example.com/{session}{game_code}", "must start with https://"),
        ("javascript://x/{session}{game_code}", "must start with https://"),
        ("//play.example.com/{session}{game_code}", "must start with https://"),
        ("{session}{game_code}", "must start with https://"),
        ("https:///{session}{game_code}", "no usable host"),
        ("https://play.example.com:0/{session}{game_code}", "no usable host"),
        ("https://play.example.com:99999/{session}{game_code}", "cannot be read"),
        ("https://[::1/{session}{game_code}", "cannot be read"),
        ("https://play.example.com/ {session}{game_code}", "printable ASCII"),
        ("https://play.example.com/\n{session}{game_code}", "printable ASCII"),
        ("https://pläy.example.com/{session}{game_code}", "printable ASCII"),
        ("https://play.example.com/{session}{game_code}" + "x" * 2_000, "more than 2000"),
        ("", "must use {session}"),
    ],
)
def test_unusable_launch_templates_are_refused(template: str, reason: str) -> None:
    assert any(reason in fault for fault in template_faults(template, LAUNCH, allow_http=False))


def test_http_is_taken_where_it_is_allowed() -> None:
    template = "http://127.0.0.1:8702/{session}/{game_code}"
    assert template_faults(template, LAUNCH, allow_http=True) == []
    assert len(template_faults(template, LAUNCH, allow_http=False)) == 1


@pytest.mark.rule("4-replay-template")
def test_replay_template_takes_its_own_variables() -> None:
    template = "https://play.example.com/replay/{round_id}?g={game_code}&u={user_code}"
    assert template_faults(template, REPLAY, allow_http=False) == []
    assert render_launch_url(template, {"round_id": "r/1", "game_code": "g", "user_code": "4"}) == (
        "https://play.example.com/replay/r%2F1?g=g&u=4"
    )
    (foreign,) = template_faults(
        "https://play.example.com/{round_id}{session}", REPLAY, allow_http=False
    )
    assert "{session}" in foreign
    (missing,) = template_faults("https://play.example.com/", REPLAY, allow_http=False)
    assert "{round_id}" in missing
