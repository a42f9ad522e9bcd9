"""Credit signed deals to the results that showed their pair."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings import public as listings
from app.matching.domain.feedback import (
    Judgement,
    Said,
    Showing,
    Side,
    Standing,
    credited,
    standing_of,
)
from app.matching.repository import feedback as repository
from app.matching.service.judging import record
from app.platform.access import SYSTEM
from app.platform.journal import JournalEvent
from app.settlement import public as settlement
from app.settlement.public import Deal
from app.shared.ids import DealId

SIGNED: Final = frozenset({"deal.signed"})


async def credit_deal(session: AsyncSession, event: JournalEvent) -> None:
    """Note a signed deal against the results that showed its pair before its price was found.

    Both directions are looked at: what the buyer's demands were shown, and what the seller's
    achievements were shown.

    Invariant: MT45.
    """
    deal = await settlement.get_deal(session, DealId(event.subject_id))
    for found in await _showings(session, deal):
        showing = credited(found)
        if showing is None:
            continue
        said = Said(side=Side.SYSTEM, judge_id=None, judgement=Judgement.DEAL)
        if standing_of(showing.said, said) is Standing.SHOWN:  # else an earlier deal was credited
            await record(
                session,
                showing.result,
                showing.shown_id,
                said,
                actor=SYSTEM,
                now=event.market_at,
                deal_id=deal.id,
            )


async def _showings(session: AsyncSession, deal: Deal) -> tuple[list[Showing], list[Showing]]:
    """Return what showed the pair to the one side, and to the other."""
    before = deal.confirmed_at
    if deal.listing_id is None:
        assert deal.demand_id is not None
        entry_id: UUID = deal.demand_id
        other_id = deal.seller_id
    else:
        entry_id = (await listings.get_listing(session, deal.listing_id)).achievement_id
        other_id = deal.buyer_id
    return (
        await repository.showings_by_entry(
            session, entry_id, shown_party_id=other_id, before=before
        ),
        await repository.showings_to_party(session, other_id, shown_id=entry_id, before=before),
    )
