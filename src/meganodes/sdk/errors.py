"""What can go wrong on the operator's side: an unreadable callback, a result nobody may answer.

The dispatcher answers both with result 99 and logs the sentence; it never shows an error page.
"""

from __future__ import annotations


class SdkError(Exception):
    """Any failure this package raises."""


class BadCallback(SdkError):
    """The request does not have the shape of contract 3.1; the sentence names the field."""


class BackendFault(SdkError):
    """The operator's own code gave a result that cannot stand in a reply; the sentence says why."""
