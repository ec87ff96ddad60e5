"""Reports of certifications, kept per agent: what approval rests on, and what the hub has learnt.

The report itself is opaque here: bytes that `certification` wrote and reads again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    delete,
    func,
    select,
    update,
)

from meganodes.directory.audit import Action, Edit
from meganodes.directory.changes import Subject
from meganodes.directory.faults import DirectoryFault, FieldFault
from meganodes.directory.tables import agents, directory_metadata

if TYPE_CHECKING:
    from meganodes.directory.records import Actor, Agent
    from meganodes.directory.staff import Staff
    from meganodes.kit.database import ReadConnection

KEPT: Final = 20
"""Reports of one agent that are kept, the newest ones."""

certifications = Table(
    "certifications",
    directory_metadata,
    Column("certification_id", BigInteger, primary_key=True, autoincrement=False),
    Column("agent_id", BigInteger, ForeignKey(agents.c.agent_id), nullable=False),
    Column("started_at_ms", BigInteger, nullable=False),
    Column("kept_at_ms", BigInteger, nullable=False),
    Column("run_by", Text, nullable=False),
    Column("callback_url", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("money_faults", JSON, nullable=False),
    Column("capabilities", JSON, nullable=False),
    Column("report", LargeBinary, nullable=False),
    Column("requested_by", Text),
    Column("requested_at_ms", BigInteger),
)
_table: Final = certifications.c
Index(None, _table.agent_id, _table.certification_id)
_SHOWN: Final = [column for column in certifications.columns if column.name != "report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCertification:
    """What a run has found about an agent's backend.

    ``counts``: cases by verdict. ``money_faults``: ids of the cases about money that did not pass,
    whether they failed or were not judged. ``capabilities`` as certification names them;
    ``tombstones_shown`` is the one that deliveries look at.
    """

    agent_id: int
    started_at_ms: int
    callback_url: str
    revision: str
    edition: int
    whole: bool
    counts: Mapping[str, int]
    money_faults: Sequence[str]
    capabilities: Mapping[str, object]
    tombstones_shown: bool
    report: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Certification:
    """A kept report, as lists show it; `Certifications.report` gives its bytes."""

    certification_id: int
    agent_id: int
    started_at_ms: int
    kept_at_ms: int
    run_by: str
    callback_url: str
    revision: str
    edition: int
    whole: bool
    counts: Mapping[str, int]
    money_faults: Sequence[str]
    capabilities: Mapping[str, object]
    requested_by: str | None
    requested_at_ms: int | None

    def fault_for(self, agent: Agent) -> str | None:
        """Say why the agent cannot be approved on it, None when it can (contract 1)."""
        if not self.whole:
            return "the newest report is of some cases only: certify with all of them"
        if (self.callback_url, self.revision) != (agent.callback_url, agent.revision.value):
            return "the callback URL or the revision was changed after the newest report"
        if self.money_faults:
            listed = ", ".join(self.money_faults)
            return f"the newest report has findings about money: {listed}"
        return None


class Certifications:
    """The kept reports, on the database of the people who run them."""

    def __init__(self, staff: Staff) -> None:
        """Take the people."""
        self._staff = staff

    async def keep(self, new: NewCertification, actor: Actor) -> int:
        """Keep a report and what it says of tombstones; return its number.

        Beyond `KEPT` the agent's oldest reports go.
        """
        return await self._staff.edit(actor, _keep, new)

    async def of_agent(self, agent_id: int) -> list[Certification]:
        """Return an agent's kept reports, newest first."""
        return await self._staff.ports.database.read(_of_agent, agent_id)

    async def report(self, agent_id: int, certification_id: int) -> bytes | None:
        """Return the bytes of an agent's report; None when this agent has no such report."""
        return await self._staff.ports.database.read(_report, agent_id, certification_id)

    async def request_approval(self, agent: Agent, actor: Actor) -> None:
        """Ask for approval with the newest report; DirectoryFault when it would not do."""
        await self._staff.edit(actor, _request, agent)

    async def fault_of_approving(self, agent: Agent) -> str | None:
        """Say why an agent cannot be approved by its newest report, None when it can."""
        kept = await self.of_agent(agent.agent_id)
        return _fault(kept, agent)


def _fault(kept: Sequence[Certification], agent: Agent) -> str | None:
    if not kept:
        return f"agent {agent.name} has no certification report"
    return kept[0].fault_for(agent)


def _keep(edit: Edit, new: NewCertification) -> int:
    newest = edit.connection.select(select(func.max(_table.certification_id))).scalar_one_or_none()
    certification_id = (newest or 0) + 1
    told: dict[str, object] = {
        "certification_id": certification_id,
        "counts": dict(new.counts),
        "money_faults": list(new.money_faults),
    }
    _learn(edit, new)
    edit.note(Subject.AGENT, new.agent_id, Action(verb="certify", new=told))
    edit.connection.execute(
        certifications.insert().values(
            **told,
            agent_id=new.agent_id,
            started_at_ms=new.started_at_ms,
            kept_at_ms=edit.at_ms,
            run_by=edit.actor.name,
            callback_url=new.callback_url,
            revision=new.revision,
            edition=new.edition,
            whole=new.whole,
            capabilities=dict(new.capabilities),
            report=new.report,
        )
    )
    _drop_oldest(edit, new.agent_id)
    return certification_id


def _learn(edit: Edit, new: NewCertification) -> None:
    """Let deliveries know whether the backend keeps tombstones (contract 3.4)."""
    one = agents.c.agent_id == new.agent_id
    known = edit.connection.select(select(agents.c.tombstones_shown).where(one)).scalar_one()
    if not new.whole or known == new.tombstones_shown:
        return
    action = Action(
        verb="set",
        old={"tombstones_shown": known},
        new={"tombstones_shown": new.tombstones_shown},
    )
    version = edit.note(Subject.AGENT, new.agent_id, action)
    values = {"tombstones_shown": new.tombstones_shown, "version": version}
    edit.connection.execute(update(agents).where(one).values(**values))


def _drop_oldest(edit: Edit, agent_id: int) -> None:
    mine = _table.agent_id == agent_id
    newest_first = select(_table.certification_id).where(mine)
    ordered = newest_first.order_by(_table.certification_id.desc()).offset(KEPT).limit(1)
    last = edit.connection.select(ordered).scalar_one_or_none()
    if last is not None:
        edit.connection.execute(delete(certifications).where(mine, _table.certification_id <= last))


def _request(edit: Edit, agent: Agent) -> None:
    kept = _of_agent(edit.connection, agent.agent_id)
    if fault := _fault(kept, agent):
        raise DirectoryFault([FieldFault("report", fault)])
    newest = kept[0].certification_id
    action = Action(verb="request-approval", new={"certification_id": newest})
    edit.note(Subject.AGENT, agent.agent_id, action)
    edit.connection.execute(
        update(certifications)
        .where(_table.certification_id == newest)
        .values(requested_by=edit.actor.name, requested_at_ms=edit.at_ms)
    )


def _of_agent(connection: ReadConnection, agent_id: int) -> list[Certification]:
    mine = select(*_SHOWN).where(_table.agent_id == agent_id)
    rows = connection.select(mine.order_by(_table.certification_id.desc()))
    return [_certification(row) for row in rows]


def _report(connection: ReadConnection, agent_id: int, certification_id: int) -> bytes | None:
    one = (_table.agent_id == agent_id, _table.certification_id == certification_id)
    found = connection.select(select(_table.report).where(*one)).scalar_one_or_none()
    return None if found is None else bytes(found)


def _certification(row: Row[Any]) -> Certification:
    return Certification(**row._asdict())
