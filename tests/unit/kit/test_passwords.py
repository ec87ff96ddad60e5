"""Passwords of staff: strong hashes, never in the way, and none that everybody tries (S4, S5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher, extract_parameters

from meganodes.kit.passwords import NOBODYS, Passwords, is_outdated, password_fault
from meganodes.kit.secrets import Secret

GOOD = Secret("correct horse battery staple")


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


async def test_a_hash_matches_its_password_alone(passwords: Passwords) -> None:
    stored = await passwords.hashed(GOOD)
    assert await passwords.matches(stored, GOOD)
    assert not await passwords.matches(stored, Secret("correct horse battery stapler"))


@pytest.mark.security("S4")
async def test_hashes_are_argon2id_with_46_mib(passwords: Passwords) -> None:
    parameters = extract_parameters(await passwords.hashed(GOOD))
    assert parameters.type.name == "ID"
    assert parameters.memory_cost >= 46 * 1024


async def test_no_account_matches_nothing(passwords: Passwords) -> None:
    assert not await passwords.matches(None, Secret("no such account \0"))


@pytest.mark.security("S6")
async def test_no_account_costs_what_an_account_costs(passwords: Passwords) -> None:
    assert extract_parameters(NOBODYS) == extract_parameters(await passwords.hashed(GOOD))


async def test_a_broken_hash_matches_nothing(passwords: Passwords) -> None:
    assert not await passwords.matches("not a hash", GOOD)


@pytest.mark.security("S4")
async def test_weaker_hashes_of_earlier_days_are_told(passwords: Passwords) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(GOOD.reveal())
    assert is_outdated(weak)
    assert not is_outdated(await passwords.hashed(GOOD))


async def test_the_event_loop_runs_on_while_passwords_are_judged(passwords: Passwords) -> None:
    stored = await passwords.hashed(GOOD)
    judging = asyncio.gather(*(passwords.matches(stored, GOOD) for _ in range(6)))
    turns = 0
    while not judging.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 6
    assert all(await judging)


@pytest.mark.parametrize("text", ["12345678", "qwertyuiop", "iloveyou", "PASSWORD", "abababab"])
@pytest.mark.security("S5")
def test_what_everybody_tries_first_is_refused(text: str) -> None:
    assert "everybody tries first" in str(password_fault(Secret(text), ()))


@pytest.mark.parametrize(
    "text", ["correct horse battery staple", "пароль из шести слов", "x9-Kf_!2"]
)
@pytest.mark.security("S5")
def test_no_rule_asks_for_certain_letters(text: str) -> None:
    assert password_fault(Secret(text), ("anna", "casino")) is None
