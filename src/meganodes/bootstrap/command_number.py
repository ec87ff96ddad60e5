"""Numbers for a command that writes into the API log while nodes run: never one of theirs.

On PostgreSQL it borrows a node number as a node does, for as long as it works. A file of SQLite has
one node, whose number is a setting; a command there takes another one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from meganodes.bootstrap.node_number import LentIdentity, NodeNumber, NumberTaken
from meganodes.bootstrap.wiring import Office, StartFault, read_database_url
from meganodes.directory.node_numbers import Holder
from meganodes.kit.identity import NODE_MAX, SystemIdentity


@asynccontextmanager
async def numbered(office: Office, command: str) -> AsyncIterator[SystemIdentity]:
    """Give an identity that issues numbers until the block ends. Raises StartFault."""
    url = read_database_url(office.settings)
    above = await office.reads.highest_trans_id()
    if url.path is not None:
        nodes = office.settings.node_number
        yield SystemIdentity(office.clock, NODE_MAX - (nodes == NODE_MAX), above=above)
        return
    holder = Holder(key=office.identity.token_bytes(16).hex(), name=f"meganodes {command}")
    number = NodeNumber(url, holder, None, office.clock)
    try:
        try:
            await number.start()
        except NumberTaken as fault:
            raise StartFault(str(fault)) from None
        yield LentIdentity(office.clock, number, above=above)
    finally:
        await number.close()
