"""Pictures never change: a change makes a new one, and what is held keeps showing the old."""

from dataclasses import replace

from meganodes.directory.snapshot import (
    AgentEntry,
    Loaded,
    ProviderEntry,
    Snapshot,
    TokenEntry,
    TokenIndex,
    changed_snapshot,
    fresh_snapshot,
)
from tests.support.builders import NOW_MS, a_game, a_provider, an_agent

TEXT = "mna_LOOKUP01" + "x" * 49


def _token(
    owner_id: int = 1, secret_hash: bytes = b"h", ends_at_ms: int | None = None
) -> TokenEntry:
    return TokenEntry(
        owner_id=owner_id,
        lookup="LOOKUP01",
        secret_hash=secret_hash,
        starts_at_ms=NOW_MS,
        ends_at_ms=ends_at_ms,
    )


def _snapshot(*entries: AgentEntry) -> Snapshot:
    agents = {entry.agent.agent_id: entry for entry in entries}
    providers = {7: ProviderEntry(provider=a_provider(), games={"fruits": a_game()})}
    return fresh_snapshot(Loaded(version=1, agents=agents, providers=providers))


def test_token_counts_in_its_time_only() -> None:
    index = TokenIndex([_token(ends_at_ms=NOW_MS + 10)])
    moments = {after: index.owner_of(TEXT, [b"h"], NOW_MS + after) for after in (-1, 0, 9, 10)}
    assert moments == {-1: None, 0: 1, 9: 1, 10: None}


def test_tokens_with_the_same_open_part_are_told_apart() -> None:
    index = TokenIndex([_token(1, b"one"), _token(2, b"two")])
    assert index.owner_of(TEXT, [b"two"], NOW_MS) == 2
    assert index.owner_of(TEXT, [b"three"], NOW_MS) is None
    assert TokenIndex([]).owner_of(TEXT, [b"one"], NOW_MS) is None


def test_replaced_index_leaves_the_old_one_alone() -> None:
    old = TokenIndex([_token(1, b"one"), _token(2, b"two")])
    new = old.replaced(gone=[_token(1, b"one")], come=[_token(3, b"three")])
    assert [new.owner_of(TEXT, [each], NOW_MS) for each in (b"one", b"two", b"three")] == [
        None,
        2,
        3,
    ]
    assert [old.owner_of(TEXT, [each], NOW_MS) for each in (b"one", b"three")] == [1, None]


def test_agent_entry_is_what_it_is_at_each_moment() -> None:
    agents = [an_agent(version=number) for number in (1, 2, 3)]
    entry = AgentEntry(agent=agents[0], later=((NOW_MS + 5, agents[1]), (NOW_MS + 9, agents[2])))
    versions = [entry.at(NOW_MS + after).version for after in (0, 4, 5, 8, 9, 100)]
    assert versions == [1, 1, 2, 2, 3, 3]


def test_changed_agent_comes_into_a_new_picture_only() -> None:
    old = _snapshot(
        AgentEntry(agent=an_agent(agent_id=1, name="one"), tokens=(_token(1, b"one"),)),
        AgentEntry(agent=an_agent(agent_id=2, name="two", parent_id=1)),
    )
    moved = AgentEntry(agent=an_agent(agent_id=1, name="one", version=9))
    added = AgentEntry(agent=an_agent(agent_id=3, name="three", parent_id=2))
    new = changed_snapshot(old, Loaded(version=2, agents={1: moved, 3: added}, providers={}))
    assert (old.version, new.version) == (1, 2)
    assert old.agents[1].agent.version == 1
    assert new.agents[1].agent.version == 9
    assert new.agent_ids == {"one": 1, "two": 2, "three": 3}
    assert (old.subtree(1), new.subtree(1)) == ((1, 2), (1, 2, 3))
    assert old.agent_tokens.owner_of(TEXT, [b"one"], NOW_MS) == 1
    assert new.agent_tokens.owner_of(TEXT, [b"one"], NOW_MS) is None
    assert new.providers is old.providers


def test_changed_provider_leaves_the_agents_shared() -> None:
    old = _snapshot(AgentEntry(agent=an_agent()))
    changed = ProviderEntry(provider=a_provider(version=2), tokens=(_token(7, b"p"),))
    new = changed_snapshot(old, Loaded(version=2, agents={}, providers={7: changed}))
    assert new.agents is old.agents
    assert (old.providers[7].provider.version, new.providers[7].provider.version) == (1, 2)
    assert new.provider_tokens.owner_of(TEXT, [b"p"], NOW_MS) == 7
    again = replace(changed, tokens=())
    newest = changed_snapshot(new, Loaded(version=3, agents={}, providers={7: again}))
    assert newest.provider_tokens.owner_of(TEXT, [b"p"], NOW_MS) is None


def test_change_of_nothing_here_raises_the_version_only() -> None:
    old = _snapshot(AgentEntry(agent=an_agent()))
    new = changed_snapshot(old, Loaded(version=2, agents={}, providers={}))
    assert new == replace(old, version=2)


def test_subtree_of_nobody_is_empty() -> None:
    assert Snapshot().subtree(1) == ()
