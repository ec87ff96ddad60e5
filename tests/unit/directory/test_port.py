"""The directory is all three: look-ups, users with sessions, administration."""

from meganodes.directory.administration import Administration
from meganodes.directory.lookups import Lookups
from meganodes.directory.port import Directory
from meganodes.directory.user_sessions import UserSessions


def test_directory_is_all_parts_and_adds_nothing() -> None:
    parts = (Lookups, UserSessions, Administration)
    assert all(issubclass(Directory, part) for part in parts)
    assert [name for name in vars(Directory) if not name.startswith("__")] == []


def test_parts_do_not_hide_each_others_methods() -> None:
    own = [set(vars(part)) - set(vars(Lookups)) for part in (UserSessions, Administration)]
    assert own[0] & own[1] <= {"__module__", "__doc__"}
