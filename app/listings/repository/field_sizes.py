"""How many came for a listing, for those who count and name nobody."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.registration import RegistrationStatus
from app.listings.models import FieldRow, RegistrationRow
from app.shared.ids import ListingId

_R = RegistrationRow


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSize:
    """Registrations of a listing, however they ended.

    Attributes:
        registered: All that were made.
        qualified: Those that were admitted.
        deposited: Those whose deposit came.
        offered: Single buyers of a posted listing who named their price: 0 or 1.
    """

    registered: int
    qualified: int
    deposited: int
    offered: int


async def field_size(session: AsyncSession, listing_id: ListingId) -> FieldSize:
    """Return how many came for a listing, in one query.

    How many they are is for the market's staff (LS9): tell others sums only.
    """
    offered = (
        select(func.count()).where(
            FieldRow.listing_id == listing_id, FieldRow.offered_at.is_not(None)
        )
    ).scalar_subquery()
    admitted = _R.decided_at.is_not(None) & (_R.status != str(RegistrationStatus.REFUSED))
    row = (
        (
            await session.execute(
                select(
                    func.count().label("registered"),
                    func.count().filter(admitted).label("qualified"),
                    func.count(_R.received_at).label("deposited"),
                    offered.label("offered"),
                ).where(_R.listing_id == listing_id)
            )
        )
        .mappings()
        .one()
    )
    return FieldSize(**row)
