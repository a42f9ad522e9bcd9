"""The award queue: who bid best, and what became of each place."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, case, insert, literal, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.model import Act, Origin
from app.auctions.domain.offering import Award, Outcome
from app.auctions.models import AwardRow, BidRow
from app.shared.ids import DealId, PartyId
from app.shared.money import Money

_MATCHED: Final = BidRow.origin == str(Origin.MATCH)
_IN_TURN: Final = case((_MATCHED, -BidRow.sequence), else_=BidRow.sequence)


async def best_bids(session: AsyncSession, auction_id: UUID, *, sign: int) -> list[tuple[int, Act]]:
    """Return each bidder's best bid and best match with an open amount, at most two a bidder.

    Of equal bids the earlier, of equal matches the later.

    Args:
        sign: 1 where more is better, -1 where less is.
    """
    way = literal(-sign, BigInteger)
    matched = _MATCHED.label("matched")
    rows = await session.execute(
        select(BidRow.bidder_code, BidRow.amount_minor, BidRow.currency, BidRow.sequence, matched)
        .ext(distinct_on(BidRow.bidder_code, matched))
        .where(
            BidRow.auction_id == auction_id,
            BidRow.kind == "bid",
            BidRow.refusal.is_(None),
            BidRow.amount_minor.is_not(None),
        )
        .order_by(BidRow.bidder_code, matched, BidRow.amount_minor * way, _IN_TURN)
    )
    return [
        (
            row.sequence,
            Act(
                row.bidder_code,
                Money(row.amount_minor, row.currency),
                Origin.MATCH if row.matched else Origin.BIDDER,
            ),
        )
        for row in rows
    ]


async def add(session: AsyncSession, auction_id: UUID, awards: Sequence[Award]) -> None:
    """Insert a confirmed auction's queue."""
    await session.execute(
        insert(AwardRow), [{"auction_id": auction_id, **_columns(award)} for award in awards]
    )


async def save(session: AsyncSession, auction_id: UUID, *awards: Award) -> None:
    """Store what became of places; the caller holds the auction's lock."""
    for award in awards:
        await session.execute(
            update(AwardRow)
            .where(AwardRow.auction_id == auction_id, AwardRow.place == award.place)
            .values(
                outcome=str(award.outcome),
                deal_id=award.deal_id,
                answer_by_at=award.answer_by_at,
            )
        )


def _columns(award: Award) -> dict[str, object]:
    return {
        "place": award.place,
        "party_id": award.party_id,
        "bidder_code": award.bidder_code,
        "amount_minor": award.amount.amount_minor,
        "currency": award.amount.currency,
        "outcome": str(award.outcome),
        "deal_id": award.deal_id,
        "answer_by_at": award.answer_by_at,
    }


async def queue(session: AsyncSession, auction_id: UUID) -> list[Award]:
    """Return an auction's queue, the winner first; empty before the confirmation."""
    rows = await session.scalars(
        select(AwardRow)
        .where(AwardRow.auction_id == auction_id)
        .order_by(AwardRow.place)
        .execution_options(populate_existing=True)
    )
    return [
        Award(
            place=row.place,
            party_id=PartyId(row.party_id),
            bidder_code=row.bidder_code,
            amount=Money(row.amount_minor, row.currency),
            outcome=Outcome(row.outcome),
            deal_id=None if row.deal_id is None else DealId(row.deal_id),
            answer_by_at=row.answer_by_at,
        )
        for row in rows
    ]
