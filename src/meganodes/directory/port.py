"""The directory as the rest of the hub sees it."""

from __future__ import annotations

from meganodes.directory.administration import Administration
from meganodes.directory.user_sessions import UserSessions


class Directory(UserSessions, Administration):
    """The address book: look-ups from memory, users and sessions from caches, changes by people.

    Any number of processes may have one on the same database; each sees the others' changes within
    a second and its own at once.
    """
