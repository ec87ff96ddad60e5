"""Codes of authenticator apps and recovery codes (S7)."""

from __future__ import annotations

import base64

import pyotp
import pytest

from meganodes.kit.identity import SeededIdentity
from meganodes.kit.one_time_codes import (
    matching_step,
    new_recovery_codes,
    plain_recovery_code,
    seed_picture,
    seed_text,
)
from meganodes.kit.secrets import Secret

SEED = Secret(b"12345678901234567890")
NOW_MS = 1_790_000_010_000
STEP = NOW_MS // 1000 // 30


def code_at(step: int) -> str:
    return pyotp.TOTP(base64.b32encode(SEED.reveal_bytes()).decode()).at(step * 30)


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_a_clock_may_be_one_step_off(drift: int) -> None:
    assert matching_step(SEED, code_at(STEP + drift), NOW_MS, 0) == STEP + drift


@pytest.mark.reliability("2.6-database-clock-jump")
@pytest.mark.parametrize("drift", [-2, 2])
def test_and_no_more(drift: int) -> None:
    assert matching_step(SEED, code_at(STEP + drift), NOW_MS, 0) is None


@pytest.mark.parametrize("used", [STEP, STEP + 1])
def test_a_step_counts_once(used: int) -> None:
    assert matching_step(SEED, code_at(STEP), NOW_MS, used) is None


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "12 456"]
)
def test_anything_but_six_digits_is_no_code(code: str) -> None:
    assert matching_step(SEED, code, NOW_MS, 0) is None


def test_the_standards_own_example() -> None:
    """RFC 6238, appendix B: at second 1111111109 the eight digits end in 081804."""
    assert matching_step(SEED, "081804", 1_111_111_109_000, 0) == 1_111_111_109 // 30


def test_recovery_codes_are_ten_long_ones() -> None:
    codes = [each.reveal() for each in new_recovery_codes(SeededIdentity(1))]
    assert len(set(codes)) == 10
    assert all(len(each.replace("-", "")) == 24 for each in codes), "24 letters of 5 bits each"


def test_a_recovery_code_may_be_typed_with_blanks_and_small_letters() -> None:
    code = new_recovery_codes(SeededIdentity(1))[0].reveal()
    assert plain_recovery_code(f" {code.lower().replace('-', ' ')} ") == code


def test_the_picture_is_drawn_here() -> None:
    picture = seed_picture(SEED, "anna@casino.example")
    assert picture.startswith("<svg")
    assert "http" not in picture
    assert "style=" not in picture
    assert seed_text(SEED).replace("-", "") == base64.b32encode(SEED.reveal_bytes()).decode()
