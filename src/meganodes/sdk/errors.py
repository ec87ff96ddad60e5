"""What can go wrong on the operator's side: unreadable callbacks, results nobody may answer.

The dispatcher answers whatever is raised with result 99 and logs the sentence; it never shows an
error page. What the ledger has to tell its own casino stands here too.
"""

from __future__ import annotations


class SdkError(Exception):
    """Any failure this package raises."""


class BadCallback(SdkError):
    """The request does not have the shape of contract 3.1; the sentence names the field."""


class BackendFault(SdkError):
    """The operator's own code gave a result that cannot stand in a reply; the sentence says why."""


class AccountUnknown(SdkError):
    """The ledger has no account of this name."""


class BalanceTooLow(SdkError):
    """An account has less than was to be taken out."""


class ReferenceTaken(SdkError):
    """The reference of a payment stands for another one already."""


class DatabaseBusy(SdkError):
    """No connection to the database became free in time."""
