"""Gather a unit's annual conversion report."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands import public as demands
from app.identity import public as identity
from app.listings import public as listings
from app.settlement.domain.annual import AnnualReport, SignedContract, YearOfUnit, year_of_unit
from app.settlement.repository import annual
from app.settlement.repository.annual import SignedDeal
from app.shared.ids import MarketId, PartyId

_NOTHING_GRANTED: Final = "none"


async def annual_report(
    session: AsyncSession, market_id: MarketId, party_id: PartyId, year: int
) -> AnnualReport:
    """Return a unit's year in a market, and the year before.

    Invariants: ST250, ST251, ST252.
    """
    unit = await identity.get_party(session, party_id)
    return AnnualReport(
        unit=unit.name,
        present=await _year(session, market_id, party_id, year),
        before=await _year(session, market_id, party_id, year - 1),
    )


async def _year(
    session: AsyncSession, market_id: MarketId, party_id: PartyId, year: int
) -> YearOfUnit:
    signed = await annual.signed_in(session, market_id, party_id, year)
    return year_of_unit(
        year,
        await _contracts(session, signed),
        await annual.received_in(session, market_id, party_id, year),
        await annual.awarded_in(session, market_id, party_id, year),
        await annual.stated_of(session, market_id, party_id, year),
        unsigned=await annual.count_unsigned(session, market_id, party_id, year),
    )


async def _contracts(
    session: AsyncSession, signed: Sequence[SignedDeal]
) -> Sequence[SignedContract]:
    offers = await listings.get_offers(
        session, {deal.listing_id for deal in signed if deal.listing_id is not None}
    )
    wanted = {deal.demand_id for deal in signed if deal.demand_id is not None}
    works = {demand.id: demand for demand in await demands.get_demands(session, wanted)}
    found = []
    for deal in signed:
        listing, work = offers[deal.listing_id] if deal.listing_id is not None else (None, None)
        title = deal.project_name
        if title is None and listing is not None:
            title = listing.title
        if title is None and deal.demand_id is not None:
            title = works[deal.demand_id].content.title
        granted = None if work is None else str(work.content.empowerment)
        found.append(
            SignedContract(
                deal_id=deal.deal_id,
                number=deal.number,
                title=title or deal.number,
                way=deal.way,
                signed_on=deal.signed_on,
                price=deal.price,
                amount_known=deal.amount_known,
                achievement_id=None if work is None else work.id,
                empowerment=None if granted == _NOTHING_GRANTED else granted,
            )
        )
    return found
