"""What went over the wire: I10 and I11."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

from tests.simulation.checkers.evidence import Evidence, Reference, Violation, answer_of
from tests.simulation.history import Executed, Journaled, Sent
from tests.simulation.wire import Callback, read_callback

SEND_WINDOW_SECONDS = 1.5
"""A bet's first byte leaves at most so long after its intent's commit (contract 3.3)."""

BET_LEASE_SECONDS = 5.0
CLAIM_LEASE_SECONDS = 9.0
"""How long nobody else may touch what a node has taken, by the database's clock (2.3)."""
_MARGIN_SECONDS = 0.01
_MONEY = frozenset({"bet", "win", "cancel"})
_ENDED = frozenset(
    {
        "credited",
        "undelivered",
        "cancelled",
        "void",
        "parked",
        "settled_by_hand",
        "refused",
        "tombstone",
    }
)


class _Watched:
    """One transaction as its wire and its journal were seen so far."""

    def __init__(self) -> None:
        self.intent_at: float | None = None
        self.state = ""
        self.claims = 0
        self.sends = 0
        self.bets = 0
        self.cancel_names: set[str] = set()


def discipline(run: Evidence) -> list[Violation]:
    """I10: a durable claim before each send, a bet once, one name per cancel, an end is an end."""
    names = {
        (row.agent_id, row.trans_id): run.reference(row) for row in run.rows if row.kind != "cancel"
    }
    watched: dict[Reference, _Watched] = defaultdict(_Watched)
    found: list[Violation] = []
    for record in run.history:
        if isinstance(record, Journaled):
            name = names.get((record.agent_id, record.trans_id))
            if name is not None:
                _note(watched[name], record)
        elif isinstance(record, Sent):
            callback = read_callback(record.body)
            if callback.command in _MONEY:
                name = (record.agent_id, callback.original or callback.reference)
                faults = _send_faults(watched[name], record, callback)
                found.extend(_about("I10", name, fault) for fault in faults)
    return [*found, *_unsent(run), *_broken_leases(run)]


def _broken_leases(run: Evidence) -> Iterator[Violation]:
    """While a lease runs its owner is alone with the row: nobody else undoes or claims it."""
    for (agent_id, _), steps in run.steps.items():
        for before, after in pairwise(steps):
            sentence = _lease_fault(steps[0], before, after)
            if sentence:
                yield _about("I10", (agent_id, after.guid), sentence)


def _lease_fault(intent: Journaled, before: Journaled, after: Journaled) -> str:
    owned, held = after.at - intent.at, after.at - before.at
    if after.cause == "its node stopped" and owned + _MARGIN_SECONDS < BET_LEASE_SECONDS:
        return f"undone by recovery {owned:.2f} s after its intent"
    both = _is_claim(before) and _is_claim(after)
    if both and held + _MARGIN_SECONDS < CLAIM_LEASE_SECONDS:
        return f"claimed {held:.2f} s after a claim that still held"
    return ""


def _is_claim(step: Journaled) -> bool:
    return step.leased and step.attempts > 0 and step.to_state != "pending"


def _note(seen: _Watched, step: Journaled) -> None:
    if step.from_state is None:
        seen.intent_at = step.at
    seen.state = step.to_state
    if _is_claim(step):
        seen.claims += 1


def _send_faults(seen: _Watched, sent: Sent, callback: Callback) -> Iterator[str]:
    if seen.intent_at is None:
        yield f"a {callback.command} was sent before anything about it was durable"
    elif callback.command == "bet":
        yield from _bet_faults(seen, sent, seen.intent_at)
    else:
        yield from _owed_faults(seen, callback)


def _bet_faults(seen: _Watched, sent: Sent, intent_at: float) -> Iterator[str]:
    seen.bets += 1
    if seen.bets > 1:
        yield f"the bet was on the wire {seen.bets} times"
    if sent.at > intent_at + SEND_WINDOW_SECONDS:
        yield f"the bet left {sent.at - intent_at:.2f} s after its intent"


def _owed_faults(seen: _Watched, callback: Callback) -> Iterator[str]:
    seen.sends += 1
    if seen.sends > seen.claims:
        yield f"{seen.sends} sends of a {callback.command}, but {seen.claims} durable claims"
    if callback.command == "cancel":
        seen.cancel_names.add(callback.reference)
        if len(seen.cancel_names) > 1:
            yield f"the cancel goes by {len(seen.cancel_names)} names"
    if seen.state in _ENDED:
        yield f"a {callback.command} was sent when it was {seen.state}"


def _unsent(run: Evidence) -> Iterator[Violation]:
    """What an operator was asked, some node must have sent (the network makes copies only)."""
    sent = Counter((each.agent_id, each.body) for each in run.sent)
    for each in run.history.of(Executed):
        if not sent[each.agent_id, each.body]:
            name = (each.agent_id, each.reference)
            yield _about("I10", name, "an operator was asked what no node sent")


def isolation(run: Evidence) -> list[Violation]:
    """I11: no row, account, token or answer of one agent reaches another."""
    return [
        *_strange_requests(run),
        *_strange_replies(run),
        *_strange_answers(run),
        *_shared_rows(run),
    ]


def _strange_requests(run: Evidence) -> Iterator[Violation]:
    owners = {name[1]: name[0] for name in run.by_reference}
    for sent in run.sent:
        agent = run.agents[sent.agent_id]
        callback = read_callback(sent.body)
        name = (sent.agent_id, callback.reference)
        owner = owners.get(callback.original or callback.reference, sent.agent_id)
        if owner != sent.agent_id:
            yield _about("I11", name, f"it belongs to agent {owner}")
        known = agent.accounts | {"callback_test"}
        if callback.account not in known:
            yield _about("I11", name, "an account of another agent is in it")
        token = dict(sent.headers).get(b"Callback-Token", b"")
        if token not in agent.secrets:
            yield _about("I11", name, "its Callback-Token was never this agent's")


def _strange_replies(run: Evidence) -> Iterator[Violation]:
    """A success that was taken must be what the operator answered to this very request."""
    given: dict[tuple[int, bytes], list[bytes]] = defaultdict(list)
    for each in run.history.of(Executed):
        given[each.agent_id, each.body].append(each.reply)
    for attempt in run.attempts:
        body = attempt.request.partition(b"\r\n\r\n")[2]
        replies = given.get((attempt.agent_id, body), [])
        if attempt.outcome == "accepted" and not any(map(attempt.reply.endswith, replies)):
            name = (attempt.agent_id, f"attempt {attempt.attempt_id}")
            yield _about("I11", name, f"a {attempt.command} took the reply to another request")


def _strange_answers(run: Evidence) -> Iterator[Violation]:
    owners: dict[str, set[int]] = defaultdict(set)
    for row in run.rows:
        owners[row.guid].add(row.agent_id)
        owners[row.guid + "-c"].add(row.agent_id)
    for asked, answered in run.answers:
        reply = answer_of(answered)
        data = (reply or {}).get("data")
        guid = data.get("transaction_guid") if isinstance(data, dict) else None
        if guid is not None and asked.agent_id not in owners[guid]:
            yield _about("I11", (asked.agent_id, guid), "the answer names another agent's row")


def _shared_rows(run: Evidence) -> Iterator[Violation]:
    for row in run.rows:
        if row.account and row.account not in run.agents[row.agent_id].accounts:
            name = run.reference(row)
            yield _about("I11", name, "the row is of an account that is not its agent's")


def _about(invariant: str, name: Reference, sentence: str) -> Violation:
    return Violation(invariant=invariant, subject=f"{name[0]}/{name[1]}", sentence=sentence)
