"""The studio's record keeps what was written before a stop, and says what is still open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meganodes.demo.studio_items import Finding, Item, ItemOutcome, Round, Style
from meganodes.demo.studio_record import StudioRecord
from meganodes.demo.studio_rules import StudioCommand

ROUND = Round(round_id="r-1", session="s-1", style=Style.BET_WIN, stake_minor=100, stops=(1, 2, 3))
BET = Item(transaction_id="b-1", kind="bet", amount_minor=100)
WIN = Item(transaction_id="w-1", kind="win", amount_minor=200, bet_transaction_id="b-1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.db"


@pytest.fixture
def record(path: Path) -> Iterator[StudioRecord]:
    made = StudioRecord(path)
    made.remember_session("s-1", "toy-slot")
    yield made
    made.close()


def test_every_commit_reaches_the_disk(record: StudioRecord) -> None:
    assert record._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert record._connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_session_is_remembered_once(record: StudioRecord) -> None:
    record.remember_session("s-1", "another")
    assert record.game_code("s-1") == "toy-slot"
    assert record.game_code("s-2") is None
    record.remember_session("s-2", "toy-crash")
    assert record.newest_session() == "s-2"


def test_what_was_begun_is_there_after_a_stop(record: StudioRecord, path: Path) -> None:
    call_id = record.begin(ROUND, StudioCommand.BET, '{"a":1}', [BET])
    record.note_sending(call_id)
    record.close()
    again = StudioRecord(path)
    assert again.open_rounds() == (ROUND,)
    (call,) = again.calls("r-1")
    assert (call.command, call.body, call.sendings, call.code) == ("bet", '{"a":1}', 1, None)
    assert again.items(call_id) == (BET,)
    again.close()


def test_a_definite_answer_is_kept_with_its_findings(record: StudioRecord) -> None:
    call_id = record.begin(ROUND, StudioCommand.BET, "{}", [BET])
    finding = Finding(
        transaction_id="b-1", outcome=ItemOutcome.ACCEPTED, transaction_guid="g", delivered=True
    )
    record.conclude(call_id, 0, [finding])
    assert record.calls("r-1")[0].code == 0
    item = record.items(call_id)[0]
    assert (item.outcome, item.transaction_guid, item.delivered) == ("accepted", "g", True)
    record.close_round("r-1")
    assert record.open_rounds() == ()
    assert not record.round("r-1").is_open


def test_the_first_definite_answer_holds(record: StudioRecord) -> None:
    call_id = record.begin(ROUND, StudioCommand.BET, "{}", [BET])
    record.conclude(call_id, 0, [])
    record.conclude(call_id, 3003, [])
    assert record.calls("r-1")[0].code == 0


def test_an_id_is_never_used_twice(record: StudioRecord) -> None:
    record.begin(ROUND, StudioCommand.BET, "{}", [BET])
    with pytest.raises(Exception, match="UNIQUE"):
        record.add_call("r-1", StudioCommand.WIN, "{}", [WIN, BET])
    assert len(record.calls("r-1")) == 1


def test_undelivered_transactions_name_their_round(record: StudioRecord) -> None:
    record.begin(ROUND, StudioCommand.BET, "{}", [BET])
    record.add_call("r-1", StudioCommand.WIN, "{}", [WIN])
    assert record.undelivered() == ()
    record.note(Finding(transaction_id="w-1", outcome=ItemOutcome.ACCEPTED, delivered=False))
    assert record.undelivered() == (("s-1", "r-1"),)
    record.note(Finding(transaction_id="w-1", outcome=ItemOutcome.ACCEPTED, delivered=True))
    assert record.undelivered() == ()


def test_a_transaction_leads_to_its_call(record: StudioRecord) -> None:
    record.begin(ROUND, StudioCommand.BETWIN, "{}", [BET, WIN])
    call = record.call_of("w-1")
    assert call is not None
    assert call.command is StudioCommand.BETWIN
    assert record.call_of("nothing") is None


def test_an_unknown_round_is_an_error(record: StudioRecord) -> None:
    with pytest.raises(KeyError):
        record.round("r-9")
    assert record.rounds() == ()
