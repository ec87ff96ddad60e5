"""No copy of the database opens a door: tokens are hashed, secrets sealed to their rows."""

import base64
import json
from urllib.parse import quote

import pytest

from meganodes.directory.faults import DirectoryFault
from meganodes.directory.port import Directory
from meganodes.directory.records import TokenKind
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import DatabaseUrl
from meganodes.kit.secrets import MasterKey, SealError, Secret
from tests.support.builders import a_launch, a_new_agent, a_new_provider
from tests.support.directory import Surroundings, set_the_stage, started_directory
from tests.support.places import all_bytes, change, rows_of

HOUR = 3_600


def _forms(secret: Secret) -> list[bytes]:
    plain = secret.reveal_bytes()
    return [
        plain,
        plain[::-1],
        plain.hex().encode(),
        base64.b64encode(plain),
        base64.urlsafe_b64encode(plain),
        quote(plain).encode(),
        json.dumps(plain.decode("latin-1")).encode(),
    ]


@pytest.mark.rule("4-session-secret", "4-launch-token")
@pytest.mark.security("S16", "S17")
async def test_database_files_hold_no_usable_secret(
    directory: Directory, place: DatabaseUrl
) -> None:
    """Every byte of the files, with the write-ahead log, in every form a secret may take."""
    stage = await set_the_stage(directory)
    unopened = await directory.create_launch(a_launch())
    agent = directory.agent(stage.agent.agent_id)
    assert agent is not None
    secrets = [
        stage.agent.api_token,
        stage.agent.callback_token,
        stage.agent.signing_secret,
        stage.provider.provider_token,
        stage.session_token,
        unopened,
        *agent.signing_secrets,
        *[
            await directory.reissue_token("acme", kind, 24)
            for kind in (TokenKind.API, TokenKind.CALLBACK, TokenKind.SIGNING)
        ],
    ]
    dump = all_bytes(place)
    assert b"acme" in dump
    for secret in secrets:
        assert all(form not in dump for form in _forms(secret))
        # What opens something begins behind the open part; that must not be there either.
        assert secret.reveal_bytes()[16:] not in dump


@pytest.mark.parametrize("kind", ["callback", "signing"])
@pytest.mark.security("S17")
async def test_swapped_ciphertexts_of_two_rows_do_not_open(
    directory: Directory, place: DatabaseUrl, kind: str
) -> None:
    for name in ("one", "two"):
        await directory.add_agent(a_new_agent(name=name))
    query = "SELECT owner_id, sealed FROM credentials WHERE kind = ? ORDER BY owner_id"
    (one, sealed_one), (two, sealed_two) = rows_of(place, query, kind)
    for owner_id, sealed in ((one, sealed_two), (two, sealed_one)):
        change(
            place,
            "UPDATE credentials SET sealed = ? WHERE kind = ? AND owner_id = ?",
            values=(sealed, kind, owner_id),
        )
    with pytest.raises(SealError, match=f"agent/1/{kind}/1"):
        async with started_directory(place):
            pass


async def test_older_ciphertext_of_the_same_agent_does_not_open_in_the_new_row(
    directory: Directory, place: DatabaseUrl
) -> None:
    await directory.add_agent(a_new_agent())
    await directory.reissue_token("acme", TokenKind.CALLBACK)
    change(
        place,
        "UPDATE credentials SET sealed = (SELECT sealed FROM credentials"
        " WHERE kind = 'callback' AND serial = 1) WHERE kind = 'callback' AND serial = 2",
    )
    with pytest.raises(SealError, match="agent/1/callback/2"):
        async with started_directory(place):
            pass


@pytest.mark.parametrize("kind", [TokenKind.API, TokenKind.CALLBACK, TokenKind.SIGNING])
async def test_second_reissue_inside_the_overlap_is_refused(
    directory: Directory, clock: ManualClock, kind: TokenKind
) -> None:
    await directory.add_agent(a_new_agent())
    await directory.reissue_token("acme", kind, 10)
    clock.advance(10 * HOUR - 1)
    with pytest.raises(DirectoryFault, match="still runs; force cuts it short"):
        await directory.reissue_token("acme", kind, 0)
    clock.advance(1)
    await directory.reissue_token("acme", kind, 0)


async def test_forced_reissue_ends_the_oldest_at_once(directory: Directory) -> None:
    first = (await directory.add_agent(a_new_agent())).api_token
    second = await directory.reissue_token("acme", TokenKind.API, 10)
    third = await directory.reissue_token("acme", TokenKind.API, 5, force=True)
    valid = [directory.agent_by_api_token(each.reveal()) for each in (first, second, third)]
    assert [each is not None for each in valid] == [False, True, True]


async def test_forced_callback_reissue_drops_the_token_never_sent(
    directory: Directory, clock: ManualClock
) -> None:
    """The backend knows the first token; the second, not sent yet, is taken out of the way."""
    first = (await directory.add_agent(a_new_agent())).callback_token
    await directory.reissue_token("acme", TokenKind.CALLBACK, 10)
    third = await directory.reissue_token("acme", TokenKind.CALLBACK, 2, force=True)
    assert directory.agents()[0].callback_token == first
    clock.advance(2 * HOUR)
    assert directory.agents()[0].callback_token == third
    clock.advance(20 * HOUR)
    assert directory.agents()[0].callback_token == third


async def test_ended_secrets_are_deleted_72_hours_later(
    directory: Directory, clock: ManualClock, place: DatabaseUrl
) -> None:
    await directory.add_agent(a_new_agent())
    await directory.reissue_token("acme", TokenKind.API)
    clock.advance(73 * HOUR)
    await directory.reissue_token("acme", TokenKind.API)
    serials = "SELECT serial FROM credentials WHERE kind = 'api' ORDER BY 1"
    assert rows_of(place, serials) == [(2,), (3,)]


async def test_other_master_key_is_noticed_at_the_start(
    directory: Directory, place: DatabaseUrl
) -> None:
    await directory.add_agent(a_new_agent())
    with pytest.raises(SealError, match="MEGANODES_MASTER_KEY_FILE"):
        async with started_directory(place, Surroundings(master_key=MasterKey(b"o" * 32))):
            pass


@pytest.mark.security("S17")
async def test_tokens_hashed_under_an_older_key_still_count(
    place: DatabaseUrl, clock: ManualClock
) -> None:
    before = Surroundings(clock=clock, master_key=MasterKey(b"a" * 32))
    async with started_directory(place, before) as directory:
        stage = await set_the_stage(directory)
    after = Surroundings(clock=clock, master_key=MasterKey(b"b" * 32, older=(b"a" * 32,)))
    async with started_directory(place, after) as directory:
        assert directory.agent_by_api_token(stage.agent.api_token.reveal()) is not None
        assert directory.provider_by_token(stage.provider.provider_token.reveal()) is not None
        assert directory.agents()[0].callback_token == stage.agent.callback_token
        session = await directory.session(stage.session_token.reveal(), 7)
        assert session is not None
        await directory.add_provider(a_new_provider(name="Later", provider_id=8))
