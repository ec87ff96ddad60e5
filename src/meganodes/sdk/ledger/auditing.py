"""Adds the ledger up by itself: every movement must sum to zero and every balance to its postings.

The statements know nothing of how entries are written, so that a mistake there cannot hide here.
"""

from __future__ import annotations

from typing import Final

from meganodes.sdk.ledger.books import Books

_QUERIES: Final = {
    "the postings of {} do not sum to zero": (
        "SELECT e.id FROM wallet_entries e JOIN wallet_postings p ON p.position = e.position "
        "GROUP BY e.id HAVING SUM(p.amount_minor) <> 0 OR COUNT(*) <> 2"
    ),
    "the entry {} moved money and has no postings": (
        "SELECT e.id FROM wallet_entries e WHERE e.state IN ('booked', 'cancelled') "
        "AND NOT EXISTS (SELECT 1 FROM wallet_postings p WHERE p.position = e.position)"
    ),
    "the entry {} moved nothing and has postings": (
        "SELECT DISTINCT e.id FROM wallet_entries e "
        "JOIN wallet_postings p ON p.position = e.position "
        "WHERE e.state NOT IN ('booked', 'cancelled')"
    ),
    "a posting of {} is not its amount": (
        "SELECT DISTINCT e.id FROM wallet_entries e "
        "JOIN wallet_postings p ON p.position = e.position WHERE ABS(p.amount_minor) <> "
        "e.amount_minor"
    ),
    "the balance of {} is not the sum of its postings": (
        "SELECT a.name FROM wallet_accounts a LEFT JOIN wallet_postings p ON p.account = a.name "
        "GROUP BY a.name, a.balance_minor HAVING a.balance_minor <> "
        "COALESCE(SUM(p.amount_minor), 0)"
    ),
    "{} is cancelled and not by exactly one cancel": (
        "SELECT e.id FROM wallet_entries e LEFT JOIN wallet_entries c ON c.original_id = e.id "
        "AND c.kind = 'cancel' AND c.state = 'booked' "
        "GROUP BY e.id, e.state HAVING COUNT(c.id) <> "
        "CASE WHEN e.state = 'cancelled' THEN 1 ELSE 0 END"
    ),
}


def faults_in(books: Books) -> tuple[str, ...]:
    """Return a sentence for whatever does not add up; none in books that are right."""
    return tuple(
        sentence.format(name) for sentence, query in _QUERIES.items() for name in books.texts(query)
    )
