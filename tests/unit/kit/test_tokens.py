"""Tokens carry 256 bits beside their open part, know their own typing mistakes, and hash keyed."""

import ast
import inspect
import math
import textwrap

import pytest

from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import SeededIdentity, SystemIdentity
from meganodes.kit.tokens import (
    API_PREFIX,
    CALLBACK_PREFIX,
    LAUNCH_PREFIX,
    PROVIDER_PREFIX,
    SESSION_PREFIX,
    hash_matches,
    lookup_part,
    new_token,
    parse_token,
    token_hash,
    token_hashes,
)

PREFIXES = [API_PREFIX, PROVIDER_PREFIX, CALLBACK_PREFIX, SESSION_PREFIX, LAUNCH_PREFIX]
KEY = b"k" * 32


def _token(prefix: str = API_PREFIX, seed: int = 1) -> str:
    return new_token(prefix, SeededIdentity(seed)).reveal()


@pytest.mark.parametrize("prefix", PREFIXES)
def test_token_has_its_prefix_and_is_recognised(prefix: str) -> None:
    text = _token(prefix)
    assert text.startswith(prefix)
    assert parse_token(text)
    assert parse_token(text, prefix)
    assert all(not parse_token(text, other) for other in PREFIXES if other != prefix)


@pytest.mark.rule("4-session-secret")
@pytest.mark.security("S16")
def test_token_fits_64_characters_and_hides_256_bits_beside_its_open_part() -> None:
    text = _token(SESSION_PREFIX)
    secret_characters = len(text) - len(SESSION_PREFIX) - len(lookup_part(text)) - 6
    assert len(text) <= 64
    assert secret_characters * math.log2(62) >= 256


def test_tokens_of_the_system_do_not_repeat() -> None:
    identity = SystemIdentity(ManualClock(), 0)
    tokens = {new_token(API_PREFIX, identity).reveal() for _ in range(1_000)}
    assert len(tokens) == 1_000
    assert len({lookup_part(each) for each in tokens}) == 1_000


def test_every_single_typing_mistake_is_noticed() -> None:
    text = _token()
    for position in range(len(text)):
        for wrong in "0aZ_-":
            mistyped = text[:position] + wrong + text[position + 1 :]
            assert mistyped == text or not parse_token(mistyped)


def test_swapped_neighbours_are_noticed() -> None:
    text = _token()
    for position in range(len(text) - 1):
        pair = text[position : position + 2]
        swapped = text[:position] + pair[::-1] + text[position + 2 :]
        assert swapped == text or not parse_token(swapped)


@pytest.mark.parametrize(
    "text", ["", "mna_", "x" * 61, "mna_" + "é" * 57, f"{_token()}\n", "\ud800"]
)
def test_other_text_is_no_token(text: str) -> None:
    assert not parse_token(text)


def test_hash_depends_on_key_and_text() -> None:
    assert len(token_hash(KEY, "a")) == 32
    assert token_hash(KEY, "a") != token_hash(KEY, "b")
    assert token_hash(KEY, "a") != token_hash(b"o" * 32, "a")
    assert token_hashes((KEY, b"o" * 32), "a") == (token_hash(KEY, "a"), token_hash(b"o" * 32, "a"))


def test_text_without_utf8_form_is_hashed_like_any_other() -> None:
    assert len(token_hash(KEY, "\ud800")) == 32


def test_hash_matches_one_of_the_presented() -> None:
    assert hash_matches(b"a", [b"b", b"a"])
    assert not hash_matches(b"a", [b"b", b"c"])
    assert not hash_matches(b"a", [])


@pytest.mark.security("S16")
def test_hashes_are_compared_in_constant_time() -> None:
    """No comparison of the language and no early exit: every candidate costs the same."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(hash_matches)))
    kinds = [type(node) for node in ast.walk(tree)]
    attributes = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    assert ast.Compare not in kinds
    assert kinds.count(ast.Return) == 1
    assert attributes == ["compare_digest"]
