"""What the worker runs for settlement: deals of listings that were awarded without an auction."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import JournalEvent
from app.platform.reactions import Reaction
from app.settlement.service.opening import open_deal
from app.shared.ids import ListingId, PartyId, RegistrationId
from app.shared.money import Money


async def open_awarded(session: AsyncSession, event: JournalEvent) -> None:
    """Open the deal that a listing's award confirmed, at the moment of the award (ST17)."""
    price = event.public["price"]
    await open_deal(
        session,
        listing_id=ListingId(event.subject_id),
        buyer_id=PartyId(UUID(event.restricted["buyer_id"])),
        registration_id=RegistrationId(UUID(event.restricted["registration_id"])),
        price=Money.parse(price["amount"], price["currency"]),
        source=str(event.public["pricing_mode"]),
        source_id=event.subject_id,
        confirmed_at=event.market_at,
        actor=str(event.restricted["actor"]),
        standby=frozenset(),
    )


REACTIONS: Final[tuple[Reaction, ...]] = (
    Reaction("settlement.open_awarded", frozenset({"listing.awarded"}), open_awarded),
)
