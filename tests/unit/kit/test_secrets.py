"""A secret has no plain text form, and what is sealed opens only where it belongs."""

import copy
import json
import pickle
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import pytest

from meganodes.kit.secrets import (
    MasterKey,
    MasterKeyError,
    SealError,
    Secret,
    create_master_key_file,
)

CANARY = "canary-7f3a9b"
KEY = MasterKey(b"k" * 32)


@dataclass(frozen=True)
class Holder:
    secret: Secret


@pytest.mark.parametrize(
    "shown",
    [
        repr(Secret(CANARY)),
        str(Secret(CANARY)),
        f"{Secret(CANARY)}",
        f"{Secret(CANARY):>40}",
        f"{Secret(CANARY)!r}",
        "{}".format(Secret(CANARY)),  # noqa: UP032 - one of the ways to print
        "%s" % Secret(CANARY),  # noqa: UP031 - one of the ways to print
        repr(Holder(Secret(CANARY))),
        repr([Secret(CANARY.encode())]),
        str(asdict(Holder(Secret(CANARY)))),
        repr(MasterKey(CANARY.encode().ljust(32, b"x"))),
    ],
)
@pytest.mark.security("leakage")
def test_no_way_of_printing_shows_a_secret(shown: str) -> None:
    assert CANARY not in shown
    assert "****" in shown


@pytest.mark.security("leakage")
def test_secrets_cannot_be_serialised() -> None:
    for refuse in (pickle.dumps, json.dumps, msgspec.json.encode):
        with pytest.raises(TypeError):
            refuse(Secret(CANARY))
    with pytest.raises(TypeError):
        pickle.dumps(KEY)


def test_secret_has_no_attributes_to_look_into() -> None:
    assert not hasattr(Secret(CANARY), "__dict__")
    public = [name for name in dir(Secret) if not name.startswith("_")]
    assert public == ["fingerprint", "reveal", "reveal_bytes"]


def test_secret_gives_back_what_was_put_in() -> None:
    assert Secret("é").reveal() == "é"
    assert Secret("é").reveal_bytes() == "é".encode()
    assert Secret(b"\xff").reveal_bytes() == b"\xff"
    assert Secret(b"abc").reveal() == "abc"


def test_secrets_compare_by_content() -> None:
    assert Secret("a") == Secret(b"a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert hash(Secret("a")) == hash(Secret("a"))


def test_copies_are_the_same_secret() -> None:
    secret = Secret(CANARY)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


def test_fingerprint_names_a_secret_without_showing_it() -> None:
    assert Secret("a").fingerprint() == Secret(b"a").fingerprint()
    assert Secret("a").fingerprint() != Secret("b").fingerprint()
    assert len(Secret(CANARY).fingerprint()) == 12


def test_sealed_value_opens_where_it_belongs() -> None:
    sealed = KEY.seal(CANARY.encode(), bound_to="agent/1")
    assert CANARY.encode() not in sealed
    assert KEY.open_sealed(sealed, bound_to="agent/1") == CANARY.encode()
    assert KEY.seal(CANARY.encode(), bound_to="agent/1") != sealed


def test_sealed_value_does_not_open_in_another_row() -> None:
    sealed = KEY.seal(b"x", bound_to="agent/1")
    with pytest.raises(SealError, match="agent/2"):
        KEY.open_sealed(sealed, bound_to="agent/2")


def test_every_changed_bit_of_a_sealed_value_is_noticed() -> None:
    sealed = KEY.seal(b"some bytes", bound_to="agent/1")
    for position in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(SealError):
            KEY.open_sealed(bytes(changed), bound_to="agent/1")


def test_every_shortened_sealed_value_is_noticed() -> None:
    sealed = KEY.seal(b"some bytes", bound_to="agent/1")
    for length in range(len(sealed)):
        with pytest.raises(SealError):
            KEY.open_sealed(sealed[:length], bound_to="agent/1")


def test_another_master_key_says_so() -> None:
    sealed = KEY.seal(b"x", bound_to="agent/1")
    with pytest.raises(SealError, match="MEGANODES_MASTER_KEY_FILE"):
        MasterKey(b"o" * 32).open_sealed(sealed, bound_to="agent/1")


@pytest.mark.security("S17")
def test_older_keys_open_what_they_sealed_and_the_newest_seals() -> None:
    newer = MasterKey(b"n" * 32, older=(b"k" * 32,))
    sealed_before = KEY.seal(b"x", bound_to="agent/1")
    assert newer.open_sealed(sealed_before, bound_to="agent/1") == b"x"
    sealed_now = newer.seal(b"x", bound_to="agent/1")
    assert MasterKey(b"n" * 32).open_sealed(sealed_now, bound_to="agent/1") == b"x"
    assert newer.token_hash_keys[1:] == KEY.token_hash_keys
    assert newer.round_link_keys[1:] == KEY.round_link_keys


def test_derived_keys_differ_from_each_other_and_from_the_file() -> None:
    assert KEY.token_hash_keys[0] != b"k" * 32
    assert len(KEY.token_hash_keys[0]) == 32
    assert KEY.round_link_keys[0] not in {b"k" * 32, KEY.token_hash_keys[0]}
    assert len(KEY.round_link_keys[0]) == 32


def test_created_key_file_is_the_owners_alone_and_works(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    create_master_key_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_bytes()) == 32
    sealed = MasterKey.from_file(path).seal(b"x", bound_to="a")
    assert MasterKey.from_file(path).open_sealed(sealed, bound_to="a") == b"x"


def test_existing_key_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    create_master_key_file(path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        create_master_key_file(path)
    assert path.read_bytes() == before


def test_older_key_files_are_read_too(tmp_path: Path) -> None:
    for name in ("old", "new"):
        create_master_key_file(tmp_path / name)
    sealed = MasterKey.from_file(tmp_path / "old").seal(b"x", bound_to="a")
    both = MasterKey.from_file(tmp_path / "new", older=(tmp_path / "old",))
    assert both.open_sealed(sealed, bound_to="a") == b"x"


def test_missing_key_file_is_refused_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    with pytest.raises(MasterKeyError) as refused:
        MasterKey.from_file(path)
    assert "MEGANODES_MASTER_KEY_FILE" in str(refused.value)
    assert f"meganodes key create {path}" in str(refused.value)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_key_file_of_another_size_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(b"k" * size)
    path.chmod(0o600)
    with pytest.raises(MasterKeyError, match=f"has {size} bytes and must have 32"):
        MasterKey.from_file(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o777])
def test_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    create_master_key_file(path)
    path.chmod(mode)
    with pytest.raises(MasterKeyError, match="chmod 600"):
        MasterKey.from_file(path)


def test_raw_key_of_another_size_is_refused() -> None:
    with pytest.raises(MasterKeyError, match="not 16"):
        MasterKey(b"k" * 16)
