"""Partner exchanges' clients: create, revoke."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.domain import grants
from app.identity.domain.client import Client
from app.identity.domain.party import check_verified
from app.identity.repository import clients
from app.identity.service.parties import get_party
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.clock import database_now
from app.platform.journal import NewEvent
from app.shared.ids import ClientId, PartyId, new_id


async def create_client(
    session: AsyncSession, actor: Actor, *, party_id: PartyId, name: str, now: datetime
) -> tuple[Client, str]:
    """Make a client for a verified party and return it with its secret, shown only now.

    Raises:
        ObjectUnknown: No such party in the actor's market.
        PartyNotVerified: It is pending or refused.
    """
    party = await get_party(session, party_id)
    if party.market_id != actor.market_id:
        raise ObjectUnknown("There is no such party.", party_id=party_id)
    check_verified(party)
    prefix, secret = grants.new_client_secret()
    client = Client(
        id=ClientId(new_id()),
        market_id=party.market_id,
        party_id=party_id,
        name=name,
        secret_prefix=prefix,
        created_at=await database_now(session),
        revoked_at=None,
    )
    await clients.insert_client(session, client, secret_hash=grants.secret_hash(secret))
    await _journal(session, actor, client, "client.created", now)
    return client, secret


async def revoke_client(
    session: AsyncSession, actor: Actor, *, client_id: ClientId, now: datetime
) -> Client:
    """Give a client no more tokens; revoking it again changes nothing.

    Raises:
        ObjectUnknown: There is none.
    """
    found = await clients.find_client(session, client_id, lock=True)
    if found is None:
        raise ObjectUnknown("There is no such client.", client_id=client_id)
    client, _ = found
    if client.revoked_at is not None:
        return client
    await clients.save_revocation(session, client_id, at=await database_now(session))
    await _journal(session, actor, client, "client.revoked", now)
    found = await clients.find_client(session, client_id, lock=True)
    assert found is not None
    return found[0]


async def _journal(
    session: AsyncSession, actor: Actor, client: Client, kind: str, now: datetime
) -> None:
    await journal.append(
        session,
        NewEvent(
            market_id=client.market_id,
            subject="client",
            subject_id=client.id,
            type=kind,
            market_at=now,
            actor=actor.ref,
            restricted={"name": client.name, "prefix": client.secret_prefix},
            audience=frozenset({client.party_id}),
        ),
    )
