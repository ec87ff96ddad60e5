"""Where the money is in the end: I1, I3, I4, I5, I6 and I9."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from meganodes.domain.transaction import Transaction
from tests.simulation.checkers.accounts import account_of, excuse_of, parked_excuse
from tests.simulation.checkers.evidence import Evidence, Violation
from tests.simulation.history import Journaled

_TAKEN = "accepted"


def conservation(run: Evidence) -> list[Violation]:
    """I1: the operator took exactly the stake of an accepted bet, and nothing of any other."""
    return [*_strangers(run), *_wrong_nets(run)]


def _strangers(run: Evidence) -> Iterator[Violation]:
    for (agent_id, reference), entries in run.entries.items():
        if (agent_id, reference) not in run.by_reference and any(e.moved_minor for e in entries):
            kinds = ", ".join(entry.kind for entry in entries)
            yield Violation(
                invariant="I1",
                subject=f"{agent_id}/{reference}",
                sentence=f"the operator booked what the journal does not know: {kinds}",
            )


def _wrong_nets(run: Evidence) -> Iterator[Violation]:
    for row in _rows(run, "bet"):
        net = account_of(run, row).net_minor
        wanted = {-row.amount_minor} if row.state == _TAKEN else {0}
        if row.state == "parked":
            wanted = {0, -row.amount_minor}
        if net not in wanted:
            sentence = f"the bet is {row.state}, its player gained {net}"
            yield _about(row, "I1", sentence, excuse_of(run, row))


def at_most_once(run: Evidence) -> list[Violation]:
    """I3: an id is debited once at most, credited once at most, never refunded undebited."""
    found = []
    for row in _rows(run, "bet", "win"):
        account = account_of(run, row)
        if account.debits > 1 or account.credits > 1 or account.refunds > account.debits:
            counts = f"{account.debits} debits, {account.credits} credits, "
            sentence = f"{counts}{account.refunds} refunds"
            found.append(_about(row, "I3", sentence, excuse_of(run, row)))
    return found


def no_lost_win(run: Evidence) -> list[Violation]:
    """I4: what a provider was told is paid, and what the journal holds, is credited once."""
    return [*_unpaid(run), *_unrecorded(run), *_told_too_early(run)]


def _unpaid(run: Evidence) -> Iterator[Violation]:
    for row in _rows(run, "win"):
        credited = account_of(run, row).credits
        if row.state == "parked":
            # Parked is open work for a person; only an operator's way may leave some.
            excuse = parked_excuse(run, row)
            yield _about(row, "I4", f"the win is parked, credited {credited} times", excuse)
        elif row.state == "undelivered" and not row.amount_minor:
            continue
        elif row.state != "credited" or not credited:
            yield _about(row, "I4", f"the win is {row.state}, credited {credited} times")


def _unrecorded(run: Evidence) -> Iterator[Violation]:
    for word in run.words:
        key = (word.agent_id, word.provider_id, word.transaction_id)
        if word.kind == "win" and word.last == "ok" and key not in run.by_key:
            yield Violation(
                invariant="I4",
                subject="/".join(map(str, key)),
                sentence="the provider was told that the win is paid; the journal has no such win",
            )


def _told_too_early(run: Evidence) -> Iterator[Violation]:
    """An acknowledgement that left before the win was durable (reliability 2.4, D4)."""
    durable: dict[tuple[int, str], float] = {}
    for step in run.history.of(Journaled):
        durable.setdefault((step.agent_id, step.guid), step.at)
    for asked, answered, guid in run.acknowledged:
        recorded_at = durable.get((asked.agent_id, guid))
        late = recorded_at is None or recorded_at > answered.at
        if asked.command == "win" and late:
            yield Violation(
                invariant="I4",
                subject=f"{asked.agent_id}/{guid}",
                sentence=f"acknowledged at {answered.at}, durable at {recorded_at}",
            )


def no_win_for_a_dead_bet(run: Evidence) -> list[Violation]:
    """I5: a win rests on an accepted bet, and a bet whose round was won is not undone."""
    bets: dict[tuple[object, ...], list[Transaction]] = defaultdict(list)
    for bet in _rows(run, "bet"):
        bets[bet.agent_id, bet.provider_id, bet.round_id, bet.user_code].append(bet)
    found = []
    for win in _rows(run, "win"):
        profile = run.providers[win.provider_id]
        ground = bets[win.agent_id, win.provider_id, win.round_id, win.user_code]
        if profile.wins_without_bet:
            # A prize rests on what was there when it was recorded, not on what came afterwards.
            ground = [bet for bet in ground if bet.round_seq < win.round_seq]
        if win.bet_transaction_id is not None:
            named = run.by_key.get((win.agent_id, win.provider_id, win.bet_transaction_id))
            ground = [] if named is None else [named]
        if any(bet.state == _TAKEN for bet in ground) or profile.cancel_after_win:
            continue
        # A prize needs no bet; one that comes later is none of its business.
        ground = [bet for bet in ground if _born(run, bet) <= _born(run, win)]
        if ground or not profile.wins_without_bet:
            states = ", ".join(bet.state for bet in ground) or "none"
            found.append(_about(win, "I5", f"a win whose bets are: {states}"))
    return found


def _born(run: Evidence, row: Transaction) -> float:
    steps = run.steps.get((row.agent_id, row.trans_id))
    return steps[0].at if steps else 0.0


def every_debit_has_an_outcome(run: Evidence) -> list[Violation]:
    """I6: an accepted bet has a win in its round, or its round is reported as open."""
    won = {row.round_key for row in _rows(run, "win")}
    named = {
        (row.agent_id, row.provider_id, row.bet_transaction_id)
        for row in _rows(run, "win")
        if row.bet_transaction_id
    }
    reported = {each.key for each in run.open_rounds}
    return [
        _about(row, "I6", "a stake without a win, a cancel or a line in the report")
        for row in _rows(run, "bet")
        if row.state == _TAKEN
        and row.round_key not in won | reported
        and (row.agent_id, row.provider_id, row.transaction_id) not in named
    ]


def three_ledgers(run: Evidence) -> list[Violation]:
    """I9: provider, hub and operator hold the same; the agent's list says it too.

    Sums by agent over what none of the operator's ways explains; what a provider is unsure of is
    taken as the hub has it.
    """
    sums: dict[str, Counter[int]] = {side: Counter() for side in ("provider", "hub", "operator")}
    words = {(w.agent_id, w.provider_id, w.transaction_id): w for w in run.words}
    for row in _rows(run, "bet", "win"):
        if excuse_of(run, row) or row.state == "parked":
            continue
        hub = _net(row.kind, row.amount_minor, holds=row.state in {_TAKEN, "credited"})
        word = words.get((row.agent_id, row.provider_id, row.transaction_id))
        provider = hub
        if word is not None and word.last != "unsure":
            provider = _net(word.kind, word.amount_minor, holds=word.last == "ok")
        sums["provider"][row.agent_id] += provider
        sums["hub"][row.agent_id] += hub
        sums["operator"][row.agent_id] += account_of(run, row).net_minor
    found = [
        Violation(
            invariant="I9",
            subject=f"agent {agent_id}",
            sentence=", ".join(f"{side} {sums[side][agent_id]}" for side in sums),
        )
        for agent_id in sorted(run.agents)
        if len({sums[side][agent_id] for side in sums}) > 1
    ]
    return [*found, *_lists(run)]


def _net(kind: str, amount_minor: int, *, holds: bool) -> int:
    if not holds:
        return 0
    return amount_minor if kind == "win" else -amount_minor


def _lists(run: Evidence) -> Iterator[Violation]:
    """The list of an agent has accepted bets, accepted wins and confirmed cancels, each once."""
    for agent_id in sorted(run.agents):
        wanted = Counter(
            (row.trans_id, int(kind))
            for row in run.rows
            if row.agent_id == agent_id
            for kind in _listed_kinds(run, row)
        )
        listed = run.listed.get(agent_id, ())
        has = Counter((each.row.trans_id, int(each.trans_type)) for each in listed)
        positions = [each.position for each in listed]
        if positions != list(range(1, len(listed) + 1)):
            yield _list_fault(agent_id, "its positions have a hole or a double")
        if has != wanted:
            missing, surplus = sorted(wanted - has)[:3], sorted(has - wanted)[:3]
            yield _list_fault(agent_id, f"missing {missing}, too many {surplus}")


def _listed_kinds(run: Evidence, row: Transaction) -> tuple[int, ...]:
    states = [step.to_state for step in run.steps.get((row.agent_id, row.trans_id), [])]
    if row.kind == "win":
        return (2,) if "credited" in states else ()
    if row.kind != "bet":
        return ()
    taken = "accepted" in states or any(
        step.cause.startswith("accepted") for step in run.steps[row.agent_id, row.trans_id]
    )
    cancelled = "cancelled" in states
    return ((1,) if taken or cancelled else ()) + ((16,) if cancelled else ())


def _list_fault(agent_id: int, sentence: str) -> Violation:
    return Violation(invariant="I9", subject=f"list of agent {agent_id}", sentence=sentence)


def _rows(run: Evidence, *kinds: str) -> Iterator[Transaction]:
    return (row for row in run.rows if row.kind in kinds)


def _about(row: Transaction, invariant: str, sentence: str, excuse: str = "") -> Violation:
    return Violation(
        invariant=invariant,
        subject=f"{row.agent_id}/{row.provider_id}/{row.transaction_id}",
        sentence=sentence,
        excuse=excuse,
    )
