"""Plain words for kinds, states and steps of transactions, and the colour each has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from meganodes.backoffice.messages import listed, say
from meganodes.domain.transaction import Kind, State


@dataclass(frozen=True, slots=True)
class Said:
    """A few words for a list, the tone of their tag, and a sentence for who wants to know more."""

    text: str
    tone: str
    sentence: str


STATES: Final[Mapping[State, Said]] = {
    State.PENDING: Said(
        "deciding", "info", "The bet is on its way to the backend; nobody knows the answer yet."
    ),
    State.ACCEPTED: Said("accepted", "success", "The backend has taken the stake."),
    State.REFUSED: Said("refused", "quiet", "The backend or the hub said no; nothing was booked."),
    State.CANCELLING: Said(
        "cancelling", "warning", "The bet is being undone: a cancel is owed and sent until taken."
    ),
    State.NOT_SEEN_WAIT: Said(
        "cancelling, not seen",
        "warning",
        "The backend says it never saw the bet; a late one may come, so the cancel goes on.",
    ),
    State.CANCELLED: Said("cancelled", "quiet", "The backend confirmed that the bet is undone."),
    State.VOID: Said("void", "quiet", "The backend never saw the bet; there was nothing to undo."),
    State.TOMBSTONE: Said(
        "cancelled before it came", "quiet", "The cancel came first; the bet is refused for ever."
    ),
    State.OWED: Said(
        "owed", "warning", "The win is recorded and sent again and again until it is accepted."
    ),
    State.CREDITED: Said("paid", "success", "The backend has taken the win."),
    State.UNDELIVERED: Said(
        "not delivered", "quiet", "A win of nothing that the backend did not take: nothing is owed."
    ),
    State.PARKED: Said(
        "parked", "danger", "Nothing is sent any more: a person has to resume or settle it."
    ),
    State.SETTLED_BY_HAND: Said(
        "settled by hand", "info", "Two people settled it outside the hub; the row is closed."
    ),
    State.RECORDED: Said(
        "recorded", "quiet", "The wish to cancel is recorded; the bet's row acts."
    ),
}

KINDS: Final[Mapping[Kind, str]] = {
    Kind.BET: listed("bet"),
    Kind.WIN: listed("win"),
    Kind.CANCEL: listed("cancel"),
}

SHOWN_STATES: Final = tuple(state for state in State if state is not State.RECORDED)
"""States that rows of a list can have."""

OUTCOMES: Final[Mapping[str, Said]] = {
    "accepted": Said("accepted", "success", "The backend said yes."),
    "refused": Said("refused", "warning", "The backend said no, well-formed and knowingly."),
    "duplicate": Said("already booked", "info", "The backend says it has booked this id before."),
    "notseen": Said("not seen", "warning", "The backend says it does not know the transaction."),
    "notsent": Said("not sent", "quiet", "Not one byte reached the backend."),
    "unknown": Said(
        "unknown",
        "danger",
        "It was sent, and no answer came that can be trusted: it may have acted.",
    ),
}


def event_words(from_state: str | None, to_state: str, cause: str) -> str:
    """Say what a step of a row's history did."""
    if from_state is None:
        is_no = to_state in {State.REFUSED, State.TOMBSTONE}
        return say("Refused at once") if is_no else say("Recorded")
    if from_state == to_state:
        return say("Taken up") if cause.startswith("claimed") else say("Goes on")
    one, other = (say(STATES[State(each)].text) for each in (from_state, to_state))
    return say("From %(one)s to %(other)s", one=one, other=other)


def event_tone(to_state: str) -> str:
    """Say which mark a step has: good, bad or waiting."""
    tone = STATES[State(to_state)].tone
    return {"success": "is-good", "danger": "is-bad", "warning": "is-waiting"}.get(tone, "")
