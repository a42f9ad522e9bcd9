"""What identity tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.domain.login import Membership, User
from app.identity.domain.party import Party, PartyStatus
from app.identity.repository import members, parties
from app.identity.service.parties import get_party
from app.platform.access import Actor
from app.shared.ids import MarketId, UserId


@dataclass(frozen=True, slots=True)
class Description:
    """An actor with its party, its user and all that the user can sign in as."""

    party: Party
    user: User | None
    memberships: Sequence[tuple[Membership, Party]]


async def describe(session: AsyncSession, actor: Actor) -> Description:
    """Return who an actor is."""
    party = await get_party(session, actor.party_id)
    kind, _, ref_id = actor.ref.partition(":")
    if kind != "user":
        return Description(party, None, ())
    user_id = UserId(UUID(ref_id))
    return Description(
        party,
        await members.find_user(session, user_id),
        await members.memberships_of(session, user_id),
    )


async def page_of_parties(
    session: AsyncSession,
    *,
    market_id: MarketId,
    status: PartyStatus | None,
    name: str | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Party]:
    """Return the market's parties, newest first."""
    return await parties.page_of_parties(
        session, market_id=market_id, status=status, name=name, before=before, limit=limit
    )
