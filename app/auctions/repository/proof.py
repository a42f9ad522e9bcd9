"""What opens the commitments of an auction's trail, a page at a time."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.models import BidRow
from app.shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A judged command whose trail shows a commitment.

    Attributes:
        amount: ``None`` where it is in ``sealed``.
    """

    id: UUID
    sequence: int
    kind: str
    bidder_code: str
    amount: Money | None
    sealed: bytes | None


_HIDDEN: Final = (
    select(
        BidRow.id,
        BidRow.sequence,
        BidRow.kind,
        BidRow.bidder_code,
        BidRow.amount_minor,
        BidRow.currency,
        BidRow.sealed,
    )
    .where(or_(BidRow.refusal.is_not(None), BidRow.sealed.is_not(None)))
    .order_by(BidRow.sequence)
)


async def hidden(
    session: AsyncSession, auction_id: UUID, *, after: int, up_to: int, limit: int
) -> list[Hidden]:
    """Return refused and sealed commands numbered above ``after`` up to ``up_to``, in order."""
    rows = await session.execute(
        _HIDDEN.where(
            BidRow.auction_id == auction_id, BidRow.sequence > after, BidRow.sequence <= up_to
        ).limit(limit)
    )
    return [
        Hidden(
            id=row.id,
            sequence=row.sequence,
            kind=row.kind,
            bidder_code=row.bidder_code,
            amount=None if row.amount_minor is None else Money(row.amount_minor, row.currency),
            sealed=row.sealed,
        )
        for row in rows
    ]
