"""Starting, draining, taking over changes: the hub as the people who run it meet it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from meganodes.demo.children import ChildFault
from tests.support.evening import Evening, an_evening


async def test_a_drain_under_load_fails_no_call_and_ends_with_exit_0(tmp_path: Path) -> None:
    async with an_evening(tmp_path) as evening:
        session = await evening.open_session("ada", "500.00")
        answers: list[int] = []
        bets = [asyncio.create_task(_bet(evening, session, n, answers)) for n in range(40)]
        await asyncio.sleep(0.05)
        stopping = asyncio.create_task(evening.stop_hub())
        await asyncio.gather(*bets)
        assert await stopping == 0
        assert len(answers) == 40
        assert set(answers) <= {0, 1001}, "answered, or told that the hub is closing down"
        await evening.start_hub()
        bets_seen = await evening.casino("/arrivals?command=bet")
        assert len(bets_seen) == answers.count(0)


async def _bet(evening: Evening, session: str, number: int, answers: list[int]) -> None:
    answer = await evening.ask(
        "bet", session=session, transaction_id=f"d{number}", round_id=f"r{number}", amount="1.00"
    )
    answers.append(answer["code"])


async def test_a_change_by_the_command_line_is_seen_within_a_second(tmp_path: Path) -> None:
    async with an_evening(tmp_path) as evening:
        session = await evening.open_session("ada")
        await evening.children.run("agent", "suspend", "toy-casino", "--reason", "test")
        await asyncio.sleep(1.0)
        answer = await evening.ask(
            "bet", session=session, transaction_id="b1", round_id="r1", amount="1.00"
        )
        assert answer["code"] == 3004


async def test_a_second_hub_on_the_same_file_is_refused_by_name(tmp_path: Path) -> None:
    async with an_evening(tmp_path) as evening:
        with pytest.raises(ChildFault, match="another server"):
            await evening.children.run("serve", "--port", "0")


@pytest.mark.rule("3.5-secrets-masked")
async def test_no_log_and_no_database_holds_a_usable_secret(tmp_path: Path) -> None:
    async with an_evening(tmp_path) as evening:
        session = await evening.open_session("ada")
        await evening.play(session, 5)
        await evening.stop_hub()
        secrets = [
            evening.agent["api_token"],
            evening.agent["callback_token"],
            evening.agent["signing_secret"],
            evening.provider["provider_token"],
            session,
        ]
        for name in ("hub.log", "hub.db"):
            content = (evening.folder / name).read_bytes()
            assert len(content) > 1_000
            for secret in secrets:
                assert secret.encode() not in content, name


async def test_health_says_live_and_ready(tmp_path: Path) -> None:
    async with an_evening(tmp_path) as evening:
        for path, word in (("live", "live"), ("ready", "ready")):
            answer = await _get(evening, f"/health/{path}")
            assert answer["status"] == word


async def _get(evening: Evening, path: str) -> dict[str, object]:
    reader, writer = await asyncio.open_connection("127.0.0.1", evening.ports["hub"])
    writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert b" 200 " in head.splitlines()[0]
    found: dict[str, object] = json.loads(body)
    return found
