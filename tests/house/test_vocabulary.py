"""One word per thing: the last column of the glossary's table does not occur in identifiers."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.house.tree import ROOT, SOURCE, files, listed, tree

GLOSSARY = ROOT / "docs/glossary.md"

# Words of the glossary's last column that mean something else too often to be looked for.
ELSEWHERE = {
    "client": "the caller's side of HTTP",
    "member": "of an enum or of an object",
    "action": "what a person did, in the audit",
    "hand": "settled by hand is a state of the wire",
    "operation": "running the hub is operations",
    "order": "a sequence",
    "method": "of HTTP",
    "type": "of a value; a field of the wire",
    "rule": "of the contract or of a guard",
    "retry": "the verb stays, and so does its schedule",
    "response": "of HTTP",
    "result": "a field of the wire",
    "status": "a field of the wire and of HTTP",
    "fail": "what programs do; a correct no is refused",
    "error": "what exceptions are; a correct no is refused",
    "rollback": "of a database",
    "void": "a state of the wire",
    "log": "diagnostics, and the API log of the contract",
    "failed": "what attempts and programs have done",
}

# Identifiers that a wire, a standard or a library has named, or a place where the word is right.
NAMED_ELSEWHERE = {
    "webhook_id": "Standard Webhooks",
    "webhook_timestamp": "Standard Webhooks",
    "webhook_signature": "Standard Webhooks",
    "webhook_id_header": "Standard Webhooks",
    "webhook_timestamp_header": "Standard Webhooks",
    "webhook_signature_header": "Standard Webhooks",
    "validation_error": "code 1002 of the wire",
    "slots": "a category of games on the wire, and Python's __slots__",
    "slot_bet": "a field of statistics/*",
    "slot_win": "a field of statistics/*",
    "slot_bet_minor": "the same, in minor units",
    "slot_win_minor": "the same, in minor units",
    "player_blocked": "code 3007 of the wire",
    "player_inactive": "result 22 of the wire",
    "player_pages": "the door for players' browsers",
    "transfer_encoding": "a header of HTTP",
}
RIGHT_IN = {
    "ledger": ("sdk", "demo"),
    "studio": ("demo", "cli"),
    "slot": ("demo",),  # a kind of game
    "operator": ("backoffice", "directory"),  # a role of staff
    "player": ("demo", "player_pages"),
}
EMPTY_WORDS = ("Manager", "Helper", "Util", "Utils", "Service", "Base", "Data", "Info", "Impl")
EMPTY_VERBS = ("process_", "handle_")


def forbidden_words(glossary: str) -> set[str]:
    """The last column of the table under "The words"."""
    rows = re.findall(r"^\| [^|]+ \| [^|]+ \| ([^|]+) \|$", glossary, re.MULTILINE)
    return {word.strip().lower() for row in rows[1:] for word in row.split(",")}


def identifiers(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name that a module itself gives."""
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.ClassDef(name=name) | ast.arg(arg=name) | ast.alias(asname=str(name)):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case _:
                pass


def words(identifier: str) -> list[str]:
    """The words of an identifier in lower case, whichever way it is joined."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", identifier)
    return [part.lower() for part in parts]


def wrong_word(identifier: str, package: str, forbidden: set[str]) -> str | None:
    """The first forbidden word (or pair of words) of an identifier, in the singular."""
    spoken = words(identifier)
    if "_".join(spoken) in NAMED_ELSEWHERE:
        return None
    pairs = [" ".join(pair) for pair in pairwise(spoken)]
    for word in [*spoken, *pairs]:
        singular = word if word in forbidden else word.removesuffix("s")
        if singular in forbidden and package not in RIGHT_IN.get(singular, ()):
            return singular
    return None


def checked_words() -> set[str]:
    return forbidden_words(GLOSSARY.read_text()) - set(ELSEWHERE)


def names_of_files() -> Iterator[tuple[str, str]]:
    for path in files(SOURCE):
        inside = path.relative_to(SOURCE).with_suffix("")
        for part in inside.parts:
            yield inside.as_posix(), part


def test_identifiers_use_the_words_of_the_glossary() -> None:
    forbidden = checked_words()
    faults = []
    for path in files(SOURCE):
        inside = path.relative_to(SOURCE)
        for line, name in identifiers(tree(path)):
            if wrong := wrong_word(name, inside.parts[0], forbidden):
                faults.append(f"{inside}:{line} {name}: {wrong!r} is not our word")
    for place, part in names_of_files():
        if wrong := wrong_word(part, place.split("/")[0], forbidden):
            faults.append(f"{place}: {wrong!r} is not our word")
    assert not faults, listed([*faults, "docs/glossary.md has the right ones"])


def test_names_say_something() -> None:
    faults = [
        f"{path.relative_to(SOURCE)}:{line} {name}: say what it is or does"
        for path in files(SOURCE)
        for line, name in identifiers(tree(path))
        if is_empty_name(name)
    ]
    assert not faults, listed(faults)


def is_empty_name(name: str) -> bool:
    """Whether a class ends, or a function begins, with a word that says nothing."""
    bare = name.lstrip("_")
    return bare.startswith(EMPTY_VERBS) or (
        bare[:1].isupper() and not bare.isupper() and bare.endswith(EMPTY_WORDS)
    )


def test_glossary_and_exceptions_fit_each_other() -> None:
    forbidden = forbidden_words(GLOSSARY.read_text())
    assert len(forbidden) > 40
    assert set(ELSEWHERE) <= forbidden, "an exception for a word that nobody forbids"
    assert set(RIGHT_IN) <= forbidden, "an exception for a word that nobody forbids"


def test_file_names_are_looked_at() -> None:
    assert (Path("hub/worker").as_posix(), "worker") in list(names_of_files())


@pytest.mark.parametrize(
    ("identifier", "wrong"),
    [
        ("merchant_id", "merchant"),
        ("PlayerSession", "player"),
        ("refunds", "refund"),
        ("error_code", "error code"),
        ("_vendor", "vendor"),
        ("webhook_id", None),
        ("webhook_url", "webhook"),
        ("user_code", None),
        ("HTTPReply", None),
    ],
)
def test_checker_finds_wrong_words(identifier: str, wrong: str | None) -> None:
    assert wrong_word(identifier, "hub", checked_words()) == wrong


def test_checker_knows_where_a_word_is_right() -> None:
    assert wrong_word("Ledger", "demo", checked_words()) is None
    assert wrong_word("Ledger", "hub", checked_words()) == "ledger"


def test_checker_sees_every_kind_of_name() -> None:
    planted = ast.parse(
        "import x as a\nclass B:\n  def c(self, d): self.e = f = 1\n  async def g(): ...\n"
        "for h in []: pass\nwith x as i: pass\nj: int = 1\n"
    )
    assert {name for _, name in identifiers(planted)} == {*"aBcdefghij", "self"}


@pytest.mark.parametrize("name", ["UserManager", "_BaseInfo", "process_bet", "handle_win"])
def test_checker_finds_empty_names(name: str) -> None:
    assert is_empty_name(name)


@pytest.mark.parametrize("name", ["Wallet", "DATABASE", "data", "handled", "processes"])
def test_checker_leaves_other_names_alone(name: str) -> None:
    assert not is_empty_name(name)
