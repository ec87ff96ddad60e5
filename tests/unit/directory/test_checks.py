"""What an agent, a provider or a game may look like; the sentence says what would do."""

import pytest

from meganodes.directory.checks import (
    agent_faults,
    cleaned_allow_list,
    faults_of_game,
    game_faults,
    provider_faults,
)
from tests.support.builders import LAUNCH_URL, a_game


def _sentences(values: dict[str, object]) -> list[str]:
    return [fault.sentence for fault in agent_faults(values)]


@pytest.mark.parametrize("name", ["ab", "A1", "casino-1.example_x", "9lives", "x" * 50])
def test_sensible_names_are_taken(name: str) -> None:
    assert _sentences({"name": name}) == []


@pytest.mark.parametrize(
    "name", ["", "a", "x" * 51, "_ab", "-ab", "a b", "ab\n", "ab ", "äb", "a/b", "ab\x00", 5]
)
def test_other_names_are_refused(name: object) -> None:
    assert len(_sentences({"name": name})) == 1


@pytest.mark.parametrize("code", ["EUR", "JPY", "BTC"])
def test_known_currencies_are_taken(code: str) -> None:
    assert _sentences({"currency": code}) == []


@pytest.mark.parametrize("code", ["eur", "EURO", "", "978"])
def test_other_currencies_are_refused(code: str) -> None:
    assert _sentences({"currency": code}) == [
        f"currency {code} is unknown: use a code like EUR, in capitals"
    ]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Vienna", "Asia/Kolkata", "America/New_York"])
def test_known_time_zones_are_taken(zone: str) -> None:
    assert _sentences({"time_zone": zone}) == []


@pytest.mark.parametrize("zone", ["", "europe/vienna", "+02:00", "../../etc/passwd", "CEST", None])
def test_other_time_zones_are_refused(zone: object) -> None:
    assert len(_sentences({"time_zone": zone})) == 1


@pytest.mark.parametrize(
    "entry", ["203.0.113.7", "203.0.113.0/24", "0.0.0.0/0", "2001:db8::1", "2001:db8::/32"]
)
def test_addresses_and_ranges_are_taken(entry: str) -> None:
    assert _sentences({"allow_list": [entry]}) == []


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("example.com", "neither an address nor a range"),
        ("203.0.113", "neither an address nor a range"),
        ("203.0.113.7/33", "neither an address nor a range"),
        ("203.0.113.07", "neither an address nor a range"),
        ("203.0.113.7/24", "does not begin its range: that would be 203.0.113.0/24"),
        ("2001:db8::1/32", "does not begin its range: that would be 2001:db8::/32"),
        ("fe80::1%eth0", "names a network interface"),
        ("10.0.0.0/8,192.0.2.1", "neither an address nor a range"),
    ],
)
def test_other_allow_list_entries_are_refused(entry: str, reason: str) -> None:
    (sentence,) = _sentences({"allow_list": ["192.0.2.1", entry]})
    assert entry in sentence
    assert reason in sentence


def test_blank_entries_are_no_entries() -> None:
    assert cleaned_allow_list(["", "  ", " 192.0.2.1 ", "\t"]) == ("192.0.2.1",)


@pytest.mark.parametrize(("value", "faults"), [(None, 0), (1, 0), (1_000, 0), (0, 1), (1_001, 1)])
def test_in_flight_max_has_bounds(value: object, faults: int) -> None:
    assert len(_sentences({"in_flight_max": value})) == faults


def test_in_flight_max_is_a_whole_number() -> None:
    assert len(_sentences({"in_flight_max": True})) == 1
    assert len(_sentences({"in_flight_max": "5"})) == 1


def test_fields_without_a_rule_are_left_alone() -> None:
    assert _sentences({"overdraft_allowed": True}) == []


def test_all_bad_fields_of_a_provider_are_found() -> None:
    faults = provider_faults(
        {
            "name": " Pixel",
            "provider_id": 0,
            "currencies": ["EUR", "NOPE"],
            "allow_list": ["x"],
            "status": 3,
            "launch_url": "http://play.example.com/",
            "replay_url": "https://play.example.com/{session}",
        },
        allow_http=False,
    )
    assert {fault.field for fault in faults} == {
        "name",
        "provider_id",
        "currencies",
        "allow_list",
        "status",
        "launch_url",
        "replay_url",
    }


def test_good_provider_has_no_fault() -> None:
    values: dict[str, object] = {
        "name": "Pixel Works™",
        "provider_id": None,
        "currencies": [],
        "allow_list": [],
        "status": 2,
        "launch_url": LAUNCH_URL,
        "replay_url": None,
    }
    assert provider_faults(values, allow_http=False) == []


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb", "a\x1b[31m"])
def test_provider_names_are_printable(name: str) -> None:
    assert [each.field for each in provider_faults({"name": name}, allow_http=False)] == ["name"]


def test_good_games_have_no_fault() -> None:
    assert game_faults({7: [a_game(), a_game(game_code="other")]}) == []
    assert game_faults({7: [a_game()], 8: [a_game(provider_id=8)]}) == []


def test_bad_games_are_named_with_their_place() -> None:
    games = [
        a_game(),
        a_game(provider_id=8),
        a_game(game_code=""),
        a_game(name=" "),
        a_game(reg_date="2026-02-30T00:00:00Z"),
        a_game(),
    ]
    assert [fault.field for fault in game_faults({7: games})] == [
        "games[7][1].game_code",
        "games[7][1].provider_id",
        "games[7][2].game_code",
        "games[7][3].game_code",
        "games[7][3].name",
        "games[7][4].game_code",
        "games[7][4].reg_date",
        "games[7][5].game_code",
    ]


@pytest.mark.parametrize("code", ["", " x", "x\n", "x" * 129])
def test_game_codes_are_printable(code: str) -> None:
    assert [fault.field for fault in game_faults({7: [a_game(game_code=code)]})] == [
        "games[7][0].game_code"
    ]


@pytest.mark.parametrize(
    "name", ["", " ", "x" * 201, "a\nb", "a\x1b[31m", "\ud800", "\u202eabc", " a"]
)
def test_names_of_games_can_be_read_in_every_language(name: str) -> None:
    assert [fault.field for fault in faults_of_game(a_game(name=name))] == ["name"]
    (fault,) = faults_of_game(a_game(names={"ko": name}))
    assert fault.sentence.startswith("names.ko must have 1 to 200 readable characters")
    assert [each.field for each in provider_faults({"names": {"ko": name}}, allow_http=False)] == [
        "names"
    ]


@pytest.mark.parametrize(
    "name", ["=SUM(A1:A9)", "夢\u3000の城", "ก\u200cข", "Ünïcødé™ 龙", "x" * 200]
)
def test_names_may_hold_what_scripts_need(name: str) -> None:
    assert faults_of_game(a_game(name=name, names={"th": name})) == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://img.example.com/a.png",
        "http://img.example.com:8080/%20a?b=c#d",
        "https://그림.example/용.png",
    ],
)
def test_an_image_is_a_whole_address_or_none(address: str) -> None:
    assert faults_of_game(a_game(image=address, image_narrow=address)) == []


@pytest.mark.parametrize(
    "address",
    [
        *("a.png", "/a.png", "//img.example.com/a.png", "javascript:alert(1)", "ftp://x.example/a"),
        *("https://", "https:///a.png", "https://a b.example/", "https://img.example/a\n.png"),
        *("https://img.example:0/", "https://img.example:99999/", "https://[::1/a.png"),
        *(
            "https://user@img.example/",
            "https://img.example\\@x/",
            "https://img.example/" + "a" * 2_000,
        ),
    ],
)
def test_what_is_no_whole_address_is_no_image(address: str) -> None:
    assert [fault.field for fault in faults_of_game(a_game(image=address))] == ["image"]
    narrow = faults_of_game(a_game(image_narrow=address))
    assert [fault.field for fault in narrow] == ["image_narrow"]


@pytest.mark.parametrize("sub_category", ["x" * 51, " video", "a\tb"])
def test_sub_categories_are_short_and_printable(sub_category: str) -> None:
    assert [each.field for each in faults_of_game(a_game(sub_category=sub_category))] == [
        "sub_category"
    ]


def test_a_missing_reg_date_is_no_fault() -> None:
    assert faults_of_game(a_game(reg_date="")) == []


@pytest.mark.parametrize(
    "date", ["2026-02-30T00:00:00Z", "2026-01-31", "2026-1-31T00:00:00Z", "2026-01-31T00:00:00"]
)
def test_reg_dates_have_the_form_of_the_wire(date: str) -> None:
    assert [fault.field for fault in game_faults({7: [a_game(reg_date=date)]})] == [
        "games[7][0].reg_date"
    ]
