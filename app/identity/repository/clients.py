"""SQL of partner exchanges' clients."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.domain.client import Client
from app.identity.models import ClientRow
from app.platform.access import Owner
from app.shared.ids import ClientId, MarketId, PartyId


def _client(row: ClientRow) -> Client:
    return Client(
        id=ClientId(row.id),
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        name=row.name,
        secret_prefix=row.secret_prefix,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )


async def insert_client(session: AsyncSession, client: Client, *, secret_hash: bytes) -> None:
    """Insert a client."""
    session.add(
        ClientRow(
            id=client.id,
            market_id=client.market_id,
            party_id=client.party_id,
            name=client.name,
            secret_prefix=client.secret_prefix,
            secret_hash=secret_hash,
            created_at=client.created_at,
            revoked_at=None,
        )
    )
    await session.flush()


async def find_client(
    session: AsyncSession, client_id: ClientId, *, lock: bool = False
) -> tuple[Client, bytes] | None:
    """Return a client and its secret's hash, the row locked if asked."""
    statement = select(ClientRow).where(ClientRow.id == client_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = await session.scalar(statement)
    return None if row is None else (_client(row), row.secret_hash)


async def names_of_clients(session: AsyncSession, clients: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the names of those clients that exist."""
    rows = await session.execute(
        select(ClientRow.id, ClientRow.name).where(ClientRow.id.in_(clients))
    )
    return {row.id: row.name for row in rows}


async def save_revocation(session: AsyncSession, client_id: ClientId, *, at: datetime) -> None:
    """Revoke a locked client."""
    await session.execute(update(ClientRow).where(ClientRow.id == client_id).values(revoked_at=at))


async def owner_of_client(session: AsyncSession, client_id: UUID) -> Owner | None:
    """Return whose a client is."""
    found = await find_client(session, ClientId(client_id))
    if found is None:
        return None
    client, _ = found
    return Owner(client.market_id, frozenset({client.party_id}))
