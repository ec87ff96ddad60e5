"""What a case works with: amounts, callbacks, and expectations whose words say what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from meganodes.certification.bench import Bench
from meganodes.certification.case import CaseFailed, Finding, NotApplicable, NotJudged
from meganodes.certification.sending import How
from meganodes.certification.words import Guess
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Revision
from meganodes.protocol.currency import currency
from tests.support.certifying import Reply, a_line, an_answer, no

MINE = Guess("The case's own idea.", "The case's own mend.")


def a_bench(reply: Callable[[dict[str, Any]], Reply] | Reply, **target: Any) -> Bench:  # noqa: ANN401
    return Bench(a_line(reply if callable(reply) else lambda _: reply, **target))


def holding(balance: str, **target: Any) -> Bench:  # noqa: ANN401 - fields of Target
    body = f'{{"result":0,"status":"OK","data":{{"balance":{balance}}}}}'.encode()
    return a_bench(an_answer(body), **target)


async def finding_of(bench: Bench, *results: int, guess: Guess | None = None) -> Finding:
    came = await bench.balance()
    with pytest.raises(CaseFailed) as failed:
        bench.expect(came, *results, guess=guess)
    return failed.value.finding


async def test_an_amount_fits_as_often_as_asked_and_is_not_round() -> None:
    bench = holding("100.00")
    for parts in (2, 4, 10):
        for _ in range(50):
            amount = await bench.amount(parts)
            assert 1 <= amount * parts <= 100
            assert amount % 10 != 0


async def test_an_amount_stays_below_the_limit_and_the_balance() -> None:
    assert all([await holding("100.00", max_amount_minor=30).amount() <= 15 for _ in range(20)])
    assert all([await holding("0.40").amount() <= 20 for _ in range(20)])


async def test_an_account_without_money_is_not_judged() -> None:
    with pytest.raises(NotJudged) as untried:
        await holding("0.05").amount()
    assert untried.value.reason.startswith("The account holds 0.05 and a case may stake 0.05;")
    with pytest.raises(NotJudged):
        await holding("0.05").whole()


async def test_a_currency_without_decimals_stakes_up_to_a_hundred() -> None:
    bench = holding("5000", currency=currency("JPY"))
    amounts = {await bench.amount() for _ in range(30)}
    assert max(amounts) <= 50
    assert len(amounts) > 5


async def test_all_that_is_there_is_not_staked_above_the_limit() -> None:
    assert await holding("100.00").whole() == 10_000
    assert await holding("100.00", max_amount_minor=10_000).whole() == 10_000
    with pytest.raises(NotApplicable, match=r"above --max-amount 99\.99"):
        await holding("100.00", max_amount_minor=9_999).whole()


def test_a_locked_account_must_be_named() -> None:
    assert holding("1.00", blocked_account="berta").blocked() == "berta"
    with pytest.raises(NotApplicable, match="--blocked-account"):
        holding("1.00").blocked()


@pytest.mark.parametrize(("revision", "result"), [(Revision.GUID, 43), (Revision.ID, 42)])
def test_an_unknown_original_has_the_result_of_the_revision(
    revision: Revision, result: int
) -> None:
    assert holding("1.00", revision=revision).unknown_original == result


async def test_an_expected_result_ends_nothing() -> None:
    bench = a_bench(no(ResultCode.PLAYER_INACTIVE))
    came = await bench.balance()
    bench.expect(came, 21, 22, guess=MINE)
    assert came.result == 22


async def test_another_result_is_told_with_its_meaning_and_the_idea_of_the_case() -> None:
    found = await finding_of(a_bench(no(ResultCode.PLAYER_INACTIVE)), 0, guess=MINE)
    assert found.expected == "balance: result 0 (done)."
    assert found.came == "Result 22 (the player is not active)."
    assert (found.mistake, found.mend) == (MINE.mistake, MINE.mend)
    assert found.step == 1


async def test_a_wrong_token_has_its_own_reason_whatever_the_case_had_in_mind() -> None:
    found = await finding_of(a_bench(no(100)), 0, guess=MINE)
    assert MINE.mistake not in found.mistake
    assert "Compare the header `Callback-Token`" in found.mend


async def test_a_failure_may_be_what_the_case_had_in_mind_or_a_defect() -> None:
    found = await finding_of(a_bench(no(99)), 0, guess=MINE)
    assert found.mistake.startswith(MINE.mistake)
    assert "own code failed" in found.mistake
    assert "log" in found.mend


async def test_a_reply_that_cannot_be_read_is_told_as_a_hub_reads_it() -> None:
    page = an_answer(b"<html>Not found</html>", status=404)
    found = await finding_of(a_bench(page), 0, guess=MINE)
    assert "HTTP status is 404" in found.came
    assert found.mistake != MINE.mistake


async def test_a_late_reply_is_told_with_its_time() -> None:
    late = an_answer(b'{"result":0,"status":"OK","data":{"balance":1.00}}', seconds=2.4)
    found = await finding_of(a_bench(late), 0)
    assert found.came == "The reply came after 2.4 s; the hub waits 2 s for balance."


async def test_a_wrong_balance_is_told_with_both_figures() -> None:
    bench = holding("98.00")
    with pytest.raises(CaseFailed) as failed:
        await bench.expect_change(9_900, -50, "by the bet")
    found = failed.value.finding
    assert found.expected == "The balance falls by 0.50 by the bet: 98.50."
    assert found.came == "98.00: it falls by 1.00."
    assert "booked 2 times" in found.mistake


async def test_a_reply_must_tell_the_balance_after_the_movement() -> None:
    bench = holding("98.50")
    came = await bench.bet(bench.play(50))
    bench.expect_told(came, 9_900, -50)
    with pytest.raises(CaseFailed) as failed:
        bench.expect_told(came, 9_800, -50)
    assert "97.50" in failed.value.finding.expected


def _purse(start_minor: int) -> tuple[Callable[[dict[str, Any]], Reply], list[tuple[str, str]]]:
    """Hold money and take every bet and win; keep what was booked."""
    held, booked = [start_minor], []

    def reply(asked: dict[str, Any]) -> Reply:
        command, amount = asked["command"], asked["data"].get("amount", 0)
        if command in {"bet", "win"}:
            booked.append((command, f"{amount:.2f}"))
            held[0] += round(amount * 100) * (1 if command == "win" else -1)
        body = f'{{"result":0,"status":"OK","data":{{"balance":{held[0] / 100:.2f}}}}}'
        return an_answer(body.encode())

    return reply, booked


@pytest.mark.parametrize(("move", "back"), [("bet", "win"), ("win", "bet")])
async def test_what_a_case_has_moved_is_given_back(move: str, back: str) -> None:
    reply, booked = _purse(10_000)
    bench = a_bench(reply)
    await getattr(bench, move)(bench.play(37))
    await bench.give_back()
    assert booked == [(move, "0.37"), (back, "0.37")]
    assert await bench.held() == 10_000
    assert bench.sender.steps[-2].title == "giving back 0.37"


async def test_more_than_a_case_has_moved_is_never_given_back() -> None:
    reply, booked = _purse(10_000)
    bench = a_bench(reply)
    await bench.bet(bench.play(37))
    await Bench(bench.line).win(bench.play(5_000))  # somebody else, meanwhile
    await bench.give_back()
    assert booked == [("bet", "0.37"), ("win", "50.00")]


async def test_a_case_that_moved_nothing_sends_nothing_afterwards() -> None:
    bench = holding("1.00")
    await bench.held()
    await bench.give_back()
    assert len(bench.sender.steps) == 1


async def test_steps_stand_in_the_order_of_sending() -> None:
    bench = holding("1.00")
    await bench.at_once(*(bench.balance(how=How(title=str(number))) for number in range(5)))
    assert [step.title for step in bench.sender.steps] == ["0", "1", "2", "3", "4"]
