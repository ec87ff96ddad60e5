"""What the journal says of itself, and whether everything came to its end: I7, I12 and I13."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from meganodes.domain.transaction import Transaction
from tests.simulation.checkers.accounts import parked_excuse, unwilling_excuse
from tests.simulation.checkers.circuits import used_up_retries
from tests.simulation.checkers.evidence import Evidence, Violation
from tests.simulation.history import Fault, Journaled

LEGAL = frozenset(
    {
        ("pending", "pending"),
        ("pending", "accepted"),
        ("pending", "refused"),
        ("pending", "cancelling"),
        ("accepted", "cancelling"),
        ("cancelling", "cancelling"),
        ("cancelling", "not_seen_wait"),
        ("cancelling", "cancelled"),
        ("cancelling", "void"),
        ("cancelling", "parked"),
        ("not_seen_wait", "not_seen_wait"),
        ("not_seen_wait", "cancelled"),
        ("not_seen_wait", "void"),
        ("not_seen_wait", "parked"),
        ("cancelled", "cancelled"),
        ("cancelled", "cancelling"),
        ("cancelled", "parked"),
        ("void", "void"),
        ("void", "cancelling"),
        ("owed", "owed"),
        ("owed", "credited"),
        ("owed", "undelivered"),
        ("owed", "parked"),
        ("parked", "cancelling"),
        ("parked", "owed"),
        ("parked", "settled_by_hand"),
    }
)
"""The transitions of reliability 2.3, written down once more: the judge does not ask the hub."""

BIRTHS = frozenset(
    {
        ("bet", "pending"),
        ("bet", "refused"),
        ("bet", "tombstone"),
        ("win", "owed"),
        ("cancel", "recorded"),
        ("cancel", "refused"),
    }
)
_OPEN = frozenset({"pending", "owed", "cancelling", "not_seen_wait"})
_PENDING_SECONDS = 30.0
OWED_SECONDS = 2 * 3_600.0
"""After healing: the slow schedule asks hourly, the window for 42 and 43 is 15 min."""
_HUB_FAULTS = frozenset({"database-outage", "node-killed", "node-paused", "commit-lost"})


def history_rebuilds_state(run: Evidence) -> list[Violation]:
    """I7: folding the events gives the row; only legal transitions; an end stays an end."""
    found = []
    for row in run.rows:
        sentence = _event_fault(run, row)
        if sentence:
            found.append(_about(row, "I7", sentence))
    return found


def _event_fault(run: Evidence, row: Transaction) -> str:
    place = (row.agent_id, row.trans_id)
    events = run.events.get(place, ())
    told = [(s.epoch, s.from_state, s.to_state, s.cause) for s in run.steps.get(place, [])]
    if not events or events[0].from_state is not None:
        return "its history does not begin with its insert"
    if (row.kind.value, events[0].to_state) not in BIRTHS:
        return f"a {row.kind} was born {events[0].to_state}"
    for before, after in pairwise(events):
        if (after.epoch, after.from_state) != (before.epoch + 1, before.to_state):
            return f"epoch {after.epoch} from {after.from_state} follows {before.to_state}"
        if (after.from_state, after.to_state) not in LEGAL:
            return f"{after.from_state} may not become {after.to_state}"
    if (events[-1].to_state, events[-1].epoch) != (row.state.value, row.epoch):
        return f"its events end in {events[-1].to_state}, the row is {row.state}"
    if told != [(e.epoch, e.from_state, e.to_state, e.cause) for e in events]:
        return "its events are not what became durable"
    return ""


def liveness(run: Evidence) -> list[Violation]:
    """I12: nothing stays pending beyond 30 s, nothing is open in the end or long after healing."""
    found = []
    outages = _outages(run)
    for row in run.rows:
        if row.state in _OPEN:
            found.append(_about(row, "I12", f"still {row.state} in the end"))
        elif row.step != "none":
            found.append(_about(row, "I12", f"a {row.step} is still due in the end"))
        elif row.state == "parked" and row.kind == "bet":
            excuse = parked_excuse(run, row)
            found.append(_about(row, "I12", "the cancel is parked", excuse))
        found.extend(_slow(run, row, outages))
    return [*found, *used_up_retries(run)]


def _outages(run: Evidence) -> list[tuple[float, float]]:
    faults = [each for each in run.history.of(Fault) if each.kind in _HUB_FAULTS]
    return [(each.at, each.at + each.seconds) for each in faults]


def _slow(
    run: Evidence, row: Transaction, outages: list[tuple[float, float]]
) -> Iterator[Violation]:
    steps = run.steps.get((row.agent_id, row.trans_id), [])
    for start, end in _spans(steps, {"pending"}, run.ended_at):
        allowed = start + _PENDING_SECONDS
        for begin, over in outages:
            # A store or a node that is away gives no decision; the time counts anew afterwards.
            if start - _PENDING_SECONDS <= begin <= min(end, allowed):
                allowed = max(allowed, over + _PENDING_SECONDS)
        if end > allowed:
            yield _about(row, "I12", f"pending for {end - start:.1f} s")
    for start, end in _spans(steps, {"owed", "cancelling"}, run.ended_at):
        if start <= run.healed_at and end > run.healed_at + OWED_SECONDS:
            excuse = unwilling_excuse(run, row)
            yield _about(row, "I12", f"owed for {end - run.healed_at:.0f} s after healing", excuse)


def _spans(
    steps: list[Journaled], states: set[str], ended_at: float
) -> Iterator[tuple[float, float]]:
    """Give the times within these states, from entering to leaving or the end."""
    since: float | None = None
    for step in steps:
        if step.to_state in states and since is None:
            since = step.at
        elif step.to_state not in states and since is not None:
            yield since, step.at
            since = None
    if since is not None:
        yield since, ended_at


def chain_and_secrets(run: Evidence) -> list[Violation]:
    """I13: the seals hold, and no secret is in a log, in kept bytes or in an answer."""
    found = [Violation(invariant="I13", subject="seals", sentence=f) for f in run.seal_faults]
    secrets = {secret for agent in run.agents.values() for secret in agent.secrets}
    secrets |= {secret for provider in run.providers.values() for secret in provider.secrets}
    secrets.discard(b"")
    for place, content in _kept(run):
        leaked = sum(secret in content for secret in sorted(secrets))
        if leaked:
            sentence = f"{leaked} secrets are in it"
            found.append(Violation(invariant="I13", subject=place, sentence=sentence))
    return found


def _kept(run: Evidence) -> Iterator[tuple[str, bytes]]:
    yield "the logs", run.logs
    kept = b"\n".join(part for each in run.attempts for part in (each.request, each.reply))
    yield "the bytes of the API log", kept
    yield "the answers to providers", b"\n".join(a.body or b"" for _, a in run.answers)


def _about(row: Transaction, invariant: str, sentence: str, excuse: str = "") -> Violation:
    return Violation(
        invariant=invariant,
        subject=f"{row.agent_id}/{row.provider_id}/{row.transaction_id}",
        sentence=sentence,
        excuse=excuse,
    )
