"""Changes by people: agents, providers, games, tokens; checked whole, audited, seen everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from meganodes.directory.agents import (
    AGENT_TOKEN_KINDS,
    AgentChanges,
    AllProviders,
    assign_providers,
    change_agent,
    change_state,
    insert_agent,
    note_export,
    note_look_at_secret,
    reissue_of_agent,
    withdraw_provider,
)
from meganodes.directory.audit import (
    CHAIN_ROWS,
    AuditRow,
    Followed,
    audit_rows,
    first_broken_audit_row,
    follow_audit_chain,
)
from meganodes.directory.audit_reading import AuditFilter, AuditPage, audit_page
from meganodes.directory.catalogue import plan_catalogue, put_catalogue
from meganodes.directory.changes import Subject
from meganodes.directory.checks import agent_faults, cleaned_allow_list, provider_faults
from meganodes.directory.credentials import (
    CredentialView,
    Owner,
    Roll,
    credential_views,
    new_secret,
    overlap_faults,
    shown,
)
from meganodes.directory.faults import FieldFault, refuse_if_any
from meganodes.directory.lookups import Lookups
from meganodes.directory.maintenance import end_maintenance, plan_window, withdraw_window
from meganodes.directory.providers import (
    ProviderChanges,
    change_provider,
    insert_provider,
    reissue_of_provider,
)
from meganodes.directory.records import (
    SYSTEM,
    Actor,
    AgentCredentials,
    AgentState,
    CatalogueProvider,
    Game,
    Imported,
    NewAgent,
    NewProvider,
    NewWindow,
    ProviderCredentials,
    TokenKind,
    Window,
    field_values,
)
from meganodes.directory.users import set_blocked
from meganodes.kit.secrets import Secret

_AGENT_FIELDS = frozenset(AgentChanges.__annotations__)
_PROVIDER_FIELDS = frozenset(ProviderChanges.__annotations__)


class Administration(Lookups):
    """What people change. A change that cannot be made raises DirectoryFault and does nothing."""

    async def add_agent(self, new: NewAgent, actor: Actor = SYSTEM) -> AgentCredentials:
        """Set up an agent, unapproved; its secrets are returned this one time."""
        new = replace(new, allow_list=cleaned_allow_list(new.allow_list))
        faults = agent_faults(field_values(new)) + await self._url_faults(new.callback_url)
        secrets = {kind: new_secret(kind, self._ports.identity) for kind in AGENT_TOKEN_KINDS}
        agent_id = await self._edit(actor, insert_agent, new, faults, secrets)
        return AgentCredentials(
            agent_id=agent_id,
            api_token=secrets[TokenKind.API],
            callback_token=secrets[TokenKind.CALLBACK],
            signing_secret=shown(TokenKind.SIGNING, secrets[TokenKind.SIGNING]),
        )

    async def set_agent(self, name: str, changes: AgentChanges, actor: Actor = SYSTEM) -> None:
        """Change an agent's settings. Its currency and its name stay."""
        wanted = _storable(changes)
        faults = _foreign_faults(wanted, _AGENT_FIELDS) + agent_faults(wanted)
        if "callback_url" in changes:
            faults += await self._url_faults(changes["callback_url"])
        await self._edit(actor, change_agent, name, wanted, faults)

    async def set_agent_state(
        self, name: str, state: AgentState, actor: Actor = SYSTEM, reason: str | None = None
    ) -> None:
        """Approve, suspend or set back an agent; whether that is due is for the caller to judge."""
        await self._edit(actor, change_state, name, state, reason)

    async def reissue_token(
        self,
        name: str,
        kind: TokenKind,
        overlap_hours: int = 0,
        actor: Actor = SYSTEM,
        *,
        force: bool = False,
    ) -> Secret:
        """Give an agent a new token or signing secret; returned this one time.

        For 0 to 72 hours the old one counts too: an API token is accepted beside the new one, a
        signing secret signs beside it, and of callback tokens the hub goes on sending the old one
        until the overlap ends. Inside a running overlap another reissue is refused unless forced.
        """
        faults = overlap_faults(overlap_hours)
        if kind not in AGENT_TOKEN_KINDS:
            faults.append(FieldFault("kind", f"an agent has no {kind} token"))
        refuse_if_any(faults)
        secret = new_secret(kind, self._ports.identity)
        roll = Roll(kind=kind, overlap_hours=overlap_hours, force=force)
        await self._edit(actor, reissue_of_agent, name, roll, secret)
        return shown(kind, secret)

    async def assign(
        self, name: str, wanted: int | AllProviders, actor: Actor = SYSTEM
    ) -> tuple[int, ...]:
        """Let an agent see a provider, or ALL there are now; return those that are new to it."""
        return await self._edit(actor, assign_providers, name, wanted)

    async def withdraw(self, name: str, provider_id: int, actor: Actor = SYSTEM) -> None:
        """Let an agent no longer see a provider."""
        await self._edit(actor, withdraw_provider, name, provider_id)

    async def add_provider(self, new: NewProvider, actor: Actor = SYSTEM) -> ProviderCredentials:
        """Set up a provider; its token is returned this one time."""
        new = replace(new, allow_list=cleaned_allow_list(new.allow_list))
        faults = provider_faults(field_values(new), allow_http=self._settings.launch_http_allowed)
        secret = new_secret(TokenKind.PROVIDER, self._ports.identity)
        provider_id = await self._edit(actor, insert_provider, new, faults, secret)
        return ProviderCredentials(provider_id=provider_id, provider_token=secret)

    async def set_provider(
        self, provider_id: int, changes: ProviderChanges, actor: Actor = SYSTEM
    ) -> None:
        """Change a provider's settings."""
        wanted = _storable(changes)
        faults = _foreign_faults(wanted, _PROVIDER_FIELDS) + provider_faults(
            wanted, allow_http=self._settings.launch_http_allowed
        )
        await self._edit(actor, change_provider, provider_id, wanted, faults)

    async def reissue_provider_token(
        self,
        provider_id: int,
        overlap_hours: int = 0,
        actor: Actor = SYSTEM,
        *,
        force: bool = False,
    ) -> Secret:
        """Give a provider a new token; for 0 to 72 hours the old one is accepted beside it."""
        refuse_if_any(overlap_faults(overlap_hours))
        secret = new_secret(TokenKind.PROVIDER, self._ports.identity)
        roll = Roll(kind=TokenKind.PROVIDER, overlap_hours=overlap_hours, force=force)
        await self._edit(actor, reissue_of_provider, provider_id, roll, secret)
        return secret

    async def import_games(
        self, provider_id: int, games: Sequence[Game], actor: Actor = SYSTEM
    ) -> Imported:
        """Add and change games of one provider; others stay as they are."""
        wanted = CatalogueProvider(provider_id=provider_id, games=tuple(games))
        return await self.import_catalogue([wanted], actor)

    async def import_catalogue(
        self,
        catalogue: Sequence[CatalogueProvider],
        actor: Actor = SYSTEM,
        *,
        prune: bool = False,
        dry_run: bool = False,
    ) -> Imported:
        """Change providers and their games as the catalogue says, all or nothing (contract 4).

        Games that are not named stay; with ``prune`` they can no longer be launched. With
        ``dry_run`` nothing is written: the numbers say what would be.
        """
        database = self._ports.database
        plan = await database.read(plan_catalogue, catalogue, self._now_ms, prune=prune)
        if dry_run:
            return plan.summary()
        return await self._edit(actor, put_catalogue, catalogue, plan, prune=prune)

    async def plan_maintenance(self, new: NewWindow, actor: Actor = SYSTEM) -> Window:
        """Plan maintenance of a provider or a game; a window that has all of it stays alone."""
        return await self._edit(actor, plan_window, new)

    async def end_maintenance(
        self,
        provider_id: int,
        game_code: str | None = None,
        actor: Actor = SYSTEM,
        reason: str | None = None,
    ) -> bool:
        """End the maintenance that is going on; tell whether there was any."""
        return await self._edit(actor, end_maintenance, provider_id, game_code, reason)

    async def withdraw_maintenance(
        self, window_id: int, actor: Actor = SYSTEM, reason: str | None = None
    ) -> Window:
        """Take back a window that has not begun."""
        return await self._edit(actor, withdraw_window, window_id, reason)

    async def block_user(
        self,
        user_code: int,
        actor: Actor = SYSTEM,
        reason: str | None = None,
        *,
        blocked: bool = True,
    ) -> None:
        """Block a user, or let it play again."""
        await self._edit(actor, set_blocked, user_code, reason, blocked=blocked)

    async def audit_trail(self, limit: int = 100) -> list[AuditRow]:
        """Return the newest audit rows, newest first."""
        return await self._ports.database.read(audit_rows, limit)

    async def credentials(self, agent_id: int) -> list[CredentialView]:
        """Return an agent's tokens and secrets in force now or later, without themselves."""
        owner = Owner(Subject.AGENT, agent_id)
        return await self._ports.database.read(credential_views, owner, self._now_ms)

    async def note_look(self, agent_id: int, kind: TokenKind, actor: Actor) -> None:
        """Leave an audit row of somebody who had a secret shown (S26)."""
        await self._edit(actor, note_look_at_secret, agent_id, kind)

    async def note_export(
        self, agent_id: int, verb: str, wanted: Mapping[str, object], actor: Actor
    ) -> None:
        """Leave an audit row of somebody who exported what fits these filters (S26)."""
        await self._edit(actor, note_export, agent_id, verb, wanted)

    async def audit_page(self, wanted: AuditFilter, limit: int) -> AuditPage:
        """Look for audit rows that fit, newest first."""
        return await self._ports.database.read(audit_page, wanted, limit)

    async def follow_audit_chain(self, after: int) -> Followed:
        """Follow a stretch of the audit chain from the row after this version on."""
        return await self._ports.database.read(follow_audit_chain, after, CHAIN_ROWS)

    async def first_broken_audit_row(self) -> int | None:
        """Follow the audit chain; return the version of the first row that does not fit."""
        return await self._ports.database.read(first_broken_audit_row)

    async def _url_faults(self, callback_url: str) -> list[FieldFault]:
        reason = await self._ports.url_check(callback_url)
        return [] if reason is None else [FieldFault("callback_url", reason)]


def _storable(changes: Mapping[str, object]) -> dict[str, object]:
    """Put values into the form in which the database gives them back, so that they compare."""
    return {field: _storable_value(field, value) for field, value in changes.items()}


def _storable_value(field: str, value: object) -> object:
    match value:
        case list() | tuple():
            texts = [str(entry) for entry in value]
            return list(cleaned_allow_list(texts)) if field == "allow_list" else texts
        case Mapping():
            return dict(value)
        case _:
            return value


def _foreign_faults(wanted: Mapping[str, object], known: frozenset[str]) -> list[FieldFault]:
    return [
        FieldFault(field, f"{field} cannot be changed") for field in wanted if field not in known
    ]
