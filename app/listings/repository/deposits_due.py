"""Which deposits an arrival at the bank may be."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, String, Uuid, and_, false, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.registration import DepositDue, RegistrationStatus
from app.listings.models import ListingRow, RegistrationRow
from app.shared.ids import MarketId, PartyId, RegistrationId
from app.shared.money import Money


async def find_due(
    session: AsyncSession,
    market_id: MarketId,
    *,
    registration_ids: Collection[UUID],
    listing_numbers: Collection[str],
    party_ids: Collection[PartyId],
    amount: Money | None,
    limit: int,
) -> Sequence[DepositDue]:
    """Return the registrations named, and those that owe a deposit by party or amount.

    Those named by id or by their listing's number come also if they owe nothing (any more). The
    named by id come first, then those of the parties.
    """
    row, listing = RegistrationRow, ListingRow
    owes = row.status == str(RegistrationStatus.QUALIFIED)
    by_id = row.id == func.any(literal(list(registration_ids), ARRAY(Uuid)))
    named = or_(
        by_id,
        listing.number == func.any(literal(list(listing_numbers), ARRAY(String))),
    )
    of_parties = row.party_id == func.any(literal(list(party_ids), ARRAY(Uuid)))
    equal: ColumnElement[bool] = false()
    if amount is not None:
        equal = and_(
            listing.deposit_minor == amount.amount_minor, listing.currency == amount.currency
        )
    rows = await session.execute(
        select(
            row.id,
            row.party_id,
            row.status,
            listing.number,
            listing.deposit_minor,
            listing.currency,
        )
        .join(listing, listing.id == row.listing_id)
        .where(row.market_id == market_id, or_(named, and_(owes, or_(of_parties, equal))))
        .order_by(
            by_id.desc(),
            of_parties.desc(),
            owes.desc(),
            row.id,
        )
        .limit(limit)
    )
    return [
        DepositDue(
            registration_id=RegistrationId(found.id),
            listing_number=found.number,
            party_id=PartyId(found.party_id),
            amount=Money(found.deposit_minor, found.currency),
            open=found.status == str(RegistrationStatus.QUALIFIED),
        )
        for found in rows
        if found.deposit_minor
    ]
