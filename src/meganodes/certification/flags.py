"""What a run has shown that a backend can do: the hub stores it per agent and decides by it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final

from meganodes.certification.case import Verdict
from meganodes.certification.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Each is None where the run did not show it either way (reliability 2.9)."""

    duplicates: int | None = None
    """What a repeated transaction is answered: 41 or 0."""
    repeats_move_nothing: bool | None = None
    tombstones: bool | None = None
    """A bet that comes after its cancel is not booked."""
    unknown_cancel_refused: bool | None = None
    """A cancel of an unknown bet is refused and moves nothing."""
    repeated_cancel_moves_nothing: bool | None = None
    refused_stays_refused: bool | None = None
    parallel_safe: bool | None = None
    """Callbacks at the same time neither book twice nor overspend nor lose anything."""
    pays_locked_wins: bool | None = None
    takes_zero: bool | None = None
    exact_decimals: bool | None = None
    truthful_status: bool | None = None
    checks_in_order: bool | None = None
    token_checked: bool | None = None
    verifies_signatures: bool | None = None
    quick: bool | None = None
    """99 of 100 replies come within a second."""
    p99_ms: int | None = None

    def as_json(self) -> dict[str, bool | int | None]:
        """Give them by name."""
        return asdict(self)


_SHOWN_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "repeats_move_nothing": (
        *("duplicates-01-bet", "duplicates-02-win", "duplicates-03-cancel"),
        *("duplicates-05-new-connection", "duplicates-06-other-amount", "duplicates-07-other-kind"),
        *("duplicates-11-alike", "duplicates-12-old"),
    ),
    "tombstones": (
        *("reordering-01-late-bet", "reordering-02-cancel-again", "duplicates-10-cancelled"),
    ),
    "unknown_cancel_refused": ("cancel-03-unknown", "reordering-03-cancels-only"),
    "repeated_cancel_moves_nothing": ("duplicates-03-cancel", "duplicates-04-other-cancel"),
    "refused_stays_refused": ("duplicates-09-refused",),
    "parallel_safe": (
        *("races-01-same-bet", "races-02-same-win", "races-03-same-cancel"),
        *("races-04-different-bets", "races-05-bets-and-wins", "races-06-overspending"),
        "races-07-bet-and-cancel",
    ),
    "takes_zero": ("bet-03-zero", "win-04-zero"),
    "exact_decimals": (
        *("amounts-01-decimals", "amounts-02-smallest", "amounts-03-floats"),
        *("amounts-04-whole", "amounts-05-sums"),
    ),
    "truthful_status": (
        *("status-01-unknown", "status-02-bet", "status-03-win", "status-04-cancelled"),
        *("status-05-refused", "reordering-04-status"),
    ),
    "checks_in_order": (
        *("bet-11-order-unknown", "bet-12-order-blocked", "bet-13-order-repeat"),
        "status-06-unknown-account",
    ),
    "token_checked": (
        *("token-01-wrong", "token-02-missing", "token-03-part", "token-05-bet", "token-06-win"),
        "token-07-cancel",
    ),
    "quick": ("timing-01-quick",),
}
_OBSERVED_DUPLICATES: Final = {"0": 0, "41": 41}
_OBSERVED_LOCKED: Final = {"paid": True, "refused": False}
_OBSERVED_SIGNATURES: Final = {"verified": True, "ignored": False}


def capabilities(report: Report) -> Capabilities:
    """Read a report: what all cases of a flag have passed is shown, what one has failed is not."""
    verdicts = {case.id: case.verdict for case in report.cases}
    seen = {name: value for case in report.cases for name, value in case.observed.items()}
    p99 = seen.get("p99_ms")
    shown = {
        name: _flag([verdicts.get(case) for case in cases]) for name, cases in _SHOWN_BY.items()
    }
    return Capabilities(
        duplicates=_OBSERVED_DUPLICATES.get(seen.get("duplicates", "")),
        pays_locked_wins=_OBSERVED_LOCKED.get(seen.get("win_of_locked", "")),
        verifies_signatures=_OBSERVED_SIGNATURES.get(seen.get("signatures", "")),
        p99_ms=None if p99 is None else int(p99),
        **shown,
    )


def _flag(verdicts: list[Verdict | None]) -> bool | None:
    """True needs a pass and nothing that is open; what does not apply counts for nothing."""
    if Verdict.FAILED in verdicts:
        return False
    judged = [verdict for verdict in verdicts if verdict is not Verdict.NOT_APPLICABLE]
    if not judged or any(verdict is not Verdict.PASSED for verdict in judged):
        return None
    return True


_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "repeats_move_nothing": ("repeats move nothing", "repeats move money again"),
    "tombstones": ("a bet after its cancel is refused", "a bet after its cancel is booked"),
    "unknown_cancel_refused": (
        "cancels of unknown bets are refused",
        "cancels of unknown bets are answered with success or move money",
    ),
    "repeated_cancel_moves_nothing": (
        "repeated cancels move nothing",
        "repeated cancels give money again",
    ),
    "refused_stays_refused": ("refused ids stay refused", "refused ids may be booked later"),
    "parallel_safe": ("safe when callbacks come at once", "not safe when callbacks come at once"),
    "pays_locked_wins": ("pays wins of locked accounts", "refuses wins of locked accounts with 22"),
    "takes_zero": ("takes amounts of 0", "refuses amounts of 0"),
    "exact_decimals": ("exact to the last decimal", "loses decimals"),
    "truthful_status": ("status tells the truth", "status does not tell the truth"),
    "checks_in_order": ("makes the checks in order", "makes the checks in another order"),
    "token_checked": ("refuses wrong tokens", "accepts wrong tokens"),
    "verifies_signatures": ("verifies signatures", "does not look at signatures"),
    "quick": ("99 of 100 replies within a second", "slow replies"),
}


def capability_words(shown: Capabilities) -> list[str]:
    """Say for people what was shown; what was not is left out."""
    words = []
    if shown.duplicates is not None:
        words.append(f"answers repeats with {shown.duplicates}")
    for flag in fields(shown):
        value = getattr(shown, flag.name)
        if flag.name in _WORDS and value is not None:
            words.append(_WORDS[flag.name][0 if value else 1])
    if shown.p99_ms is not None:
        words.append(f"99 of 100 replies came within {shown.p99_ms} ms")
    return words
