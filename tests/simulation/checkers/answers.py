"""What providers were told: I2, I8 and I14."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.simulation.checkers.accounts import DEAD
from tests.simulation.checkers.evidence import Evidence, Violation, Word, answer_of
from tests.simulation.history import Asked, Journaled
from tests.simulation.wire import amount_text, minor_of, read_callback

_FINAL = frozenset({0, 2002, 2006, 3003, 3004, 3005, 3006, 3007, 3008, 3010})
_MOVING = frozenset({"bet", "win", "betwin", "cancel"})
_CANCELLED = 3005
_UNDONE = DEAD | {"cancelling", "not_seen_wait", "parked", "settled_by_hand"}
Deal = tuple[int, int, str]
Content = tuple[object, ...]


def agreement(run: Evidence) -> list[Violation]:
    """I2: a provider's last word is OK exactly for what the journal holds as accepted."""
    wrong = (_disagreement(run, word) for word in run.words)
    return [*(each for each in wrong if each is not None), *_told_too_early(run)]


def _disagreement(run: Evidence, word: Word) -> Violation | None:
    key = (word.agent_id, word.provider_id, word.transaction_id)
    row = run.by_key.get(key)
    state = "unknown" if row is None else row.state.value
    agree = True
    if word.kind == "bet":
        agree = {
            "ok": state == "accepted",
            "failed": state in _UNDONE or row is None,
            "cancelled": state in _UNDONE,
        }.get(word.last, True)
    elif word.kind == "cancel":
        agree = {"ok": state == "recorded", "refused": state == "refused"}.get(word.last, True)
    elif word.last == "failed":
        agree = row is None
    if agree:
        return None
    return Violation(
        invariant="I2",
        subject="/".join(map(str, key)),
        sentence=f"the provider holds this {word.kind} to be {word.last}, the journal {state}",
    )


def _told_too_early(run: Evidence) -> Iterator[Violation]:
    """An OK that left before the decision was durable (reliability 2.4, D2)."""
    accepted: dict[tuple[int, str], float] = {}
    for step in run.history.of(Journaled):
        if step.kind == "bet" and step.to_state == "accepted":
            accepted.setdefault((step.agent_id, step.guid), step.at)
    for asked, answered, guid in run.acknowledged:
        if asked.command != "bet":
            continue
        decided_at = accepted.get((asked.agent_id, guid))
        if decided_at is None or decided_at > answered.at:
            yield Violation(
                invariant="I2",
                subject=f"{asked.agent_id}/{guid}",
                sentence=f"answered OK at {answered.at}, accepted durably at {decided_at}",
            )


def same_answer(run: Evidence) -> list[Violation]:
    """I8: all definite answers to one id agree; another content under it is never taken."""
    said: dict[tuple[Deal, Content], set[int]] = defaultdict(set)
    taken: dict[Deal, set[Content]] = defaultdict(set)
    cancelled: set[Deal] = set()
    confirmed: dict[Deal, float] = {}
    found: list[Violation] = []
    for asked, answered in run.answers:
        if asked.command not in _MOVING:
            continue
        reply = answer_of(answered)
        deal, content = _deal_of(asked), _content_of(asked)
        code = None if reply is None else reply["code"]
        if asked.command == "cancel":
            bet = (*deal[:2], str(asked.field("cancel_transaction_id")))
            cancelled.add(bet)
            if code == 0:
                confirmed.setdefault(bet, answered.at)
        elif code == 0 and asked.at > confirmed.get(deal, asked.at):
            found.append(_about(deal, "taken although its cancel had been confirmed"))
        if code in _FINAL:
            said[deal, content].add(code)
        if code == 0:
            taken[deal].add(content)
    return [*found, *_changed(said, cancelled), *_confused(taken)]


def _changed(
    said: dict[tuple[Deal, Content], set[int]], cancelled: set[Deal]
) -> Iterator[Violation]:
    for (deal, content), codes in said.items():
        # A bet changes in one way only: it was accepted, and its provider took it back. A win that
        # was not taken leaves no record: another bet of its round may allow it later.
        may_change = deal in cancelled or content[0] == "win"
        if len(codes) > 1 and not (may_change and codes == {0, _CANCELLED}):
            yield _about(deal, f"one {content[0]} was answered by {sorted(codes)}")


def _confused(taken: dict[Deal, set[Content]]) -> Iterator[Violation]:
    for deal, contents in taken.items():
        if len(contents) > 1:
            yield _about(deal, f"{len(contents)} different contents were taken under one id")


def _about(deal: Deal, sentence: str) -> Violation:
    return Violation(invariant="I8", subject="/".join(map(str, deal)), sentence=sentence)


def _deal_of(asked: Asked) -> Deal:
    """Name the id a request is about; of a betwin the bet's."""
    bet = asked.field("bet")
    named = bet["transaction_id"] if isinstance(bet, dict) else asked.field("transaction_id")
    return (asked.agent_id, asked.provider_id, str(named))


def _content_of(asked: Asked) -> Content:
    left_out = {"round_closed"}
    members = sorted((name, value) for name, value in asked.fields if name not in left_out)
    return (asked.command, *((name, repr(value)) for name, value in members))


def exactness(run: Evidence) -> list[Violation]:
    """I14: the amount on the wire, in the journal, in the books and as asked for is one."""
    return [*_asked_amounts(run), *_sent_amounts(run), *_booked_amounts(run)]


def _asked_amounts(run: Evidence) -> Iterator[Violation]:
    asked: dict[Deal, set[str]] = defaultdict(set)
    for each in run.calls.values():
        for item in _items(each):
            asked[each.agent_id, each.provider_id, str(item["transaction_id"])].add(
                str(item["amount"])
            )
    for key, amounts in asked.items():
        row = run.by_key.get(key)
        if row is None or row.state == "tombstone":
            continue
        exponent = run.agents[row.agent_id].exponent
        if row.amount_minor not in {minor_of(amount, exponent) for amount in amounts}:
            yield _inexact(key, f"asked for {sorted(amounts)}, journaled {row.amount_minor}")


def _items(asked: Asked) -> list[dict[str, object]]:
    if asked.command in {"bet", "win"}:
        return [dict(asked.fields)]
    if asked.command != "betwin":
        return []
    bet, wins = asked.field("bet"), asked.field("wins")
    assert isinstance(bet, dict)
    assert isinstance(wins, list)
    return [bet, *wins]


def _sent_amounts(run: Evidence) -> Iterator[Violation]:
    for sent in run.sent:
        callback = read_callback(sent.body)
        if callback.amount is None:
            continue
        reference = (sent.agent_id, callback.original or callback.reference)
        row = run.by_reference.get(reference)
        if row is None:
            continue
        wanted = amount_text(row.amount_minor, run.agents[row.agent_id].exponent)
        if callback.amount != wanted:
            yield _inexact(reference, f"{callback.amount} on the wire, {wanted} in the journal")


def _booked_amounts(run: Evidence) -> Iterator[Violation]:
    for reference, entries in run.entries.items():
        row = run.by_reference.get(reference)
        for entry in entries:
            if row is not None and abs(entry.moved_minor) != row.amount_minor:
                sentence = f"booked {entry.moved_minor}, journaled {row.amount_minor}"
                yield _inexact(reference, sentence)


def _inexact(key: tuple[object, ...], sentence: str) -> Violation:
    return Violation(invariant="I14", subject="/".join(map(str, key)), sentence=sentence)
