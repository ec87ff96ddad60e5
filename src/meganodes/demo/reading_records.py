"""Reads the three records over HTTP, from the casino, the hub and the studio.

The hub's journal is read as an agent reads it, by the transaction-id cursor, and as a provider
does, by `round`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from meganodes.demo.http_client import get_json, post_json
from meganodes.demo.provider_door import HubDoor
from meganodes.demo.three_records import Fate, HubState, Kind, Movement, Played, Records
from meganodes.protocol.money import parse_amount

_PAGE = 2_000
_KINDS = {1: Kind.BET, 2: Kind.WIN, 16: Kind.CANCEL}
_MOVED = frozenset({"booked", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the three are, and what opens the hub's doors."""

    casino_url: str
    studio_url: str
    hub_url: str
    api_token: str
    door: HubDoor
    exponent: int


class HubAnswerFault(Exception):
    """The hub refused to show its journal."""


async def read_records(places: Places) -> Records:
    """Read all three, the hub last: what it lists then is at least as new as the others."""
    rounds = await _studio_rounds(places)
    casino = await _casino(places)
    states: dict[str, HubState] = {}
    for game_round in rounds:
        states |= await _states(places.door, game_round)
    hub = [movement async for movement in hub_list(places)]
    return Records(casino=casino, hub=hub, studio=_played(rounds), states=states)


async def hub_list(places: Places) -> AsyncIterator[Movement]:
    """Walk through the agent's list, all pages of it."""
    last_id = 0
    while True:
        page = await _page(places, last_id)
        for item in page:
            yield _listed(item, places.exponent)
        if len(page) < _PAGE:
            return
        last_id = page[-1]["trans_id"]


async def _page(places: Places, last_id: int) -> list[dict[str, Any]]:
    url = f"{places.hub_url}/v4/game/transaction-id"
    fields = {"last_id": last_id, "limit": _PAGE}
    answer: Any = await post_json(url, fields, token=places.api_token)
    if answer.get("code") != 0:
        raise HubAnswerFault(f"transaction-id answered {answer}")
    page: list[dict[str, Any]] = answer["data"]
    return page


def _listed(item: Mapping[str, Any], exponent: int) -> Movement:
    kind = _KINDS[item["trans_type"]]
    own = item.get("trans_guid") or item.get("callback_trans_id")
    undone = item.get("cancel_trans_guid") or item.get("callback_trans_id")
    return Movement(
        kind=kind,
        key=str(undone if kind is Kind.CANCEL else own),
        round_id=item["round_id"],
        amount_minor=parse_amount(str(item["trans_amount"]), exponent),
    )


async def _casino(places: Places) -> list[Movement]:
    ledger: Any = await get_json(f"{places.casino_url}/control/ledger")
    return [
        Movement(
            kind=Kind(row["kind"]),
            key=row["original_id"] if row["kind"] == Kind.CANCEL else row["id"],
            round_id=row["round_id"],
            amount_minor=row["amount_minor"],
        )
        for row in ledger["rows"]
        if row["state"] in _MOVED
    ]


async def _studio_rounds(places: Places) -> list[dict[str, Any]]:
    record: Any = await get_json(f"{places.studio_url}/control/record", timeout_seconds=60)
    rounds: list[dict[str, Any]] = record["rounds"]
    return rounds


def _played(rounds: list[dict[str, Any]]) -> list[Played]:
    return [
        Played(
            kind=Kind(item["kind"]),
            transaction_id=item["transaction_id"],
            round_id=game_round["round_id"],
            amount_minor=item["amount_minor"],
            fate=Fate(item["outcome"]),
        )
        for game_round in rounds
        for item in game_round["items"]
        if item["kind"] != Kind.CANCEL
    ]


async def _states(door: HubDoor, game_round: Mapping[str, Any]) -> dict[str, HubState]:
    fields = {"session": game_round["session"], "round_id": game_round["round_id"]}
    answer = await door.ask("round", json.dumps(fields))
    rows = answer.data.get("transactions") if answer is not None and answer.code == 0 else []
    assert isinstance(rows, list), "the hub lists a round's transactions"
    return {
        row["transaction_id"]: HubState(state=row["state"], delivered=row["delivered"])
        for row in rows
    }
