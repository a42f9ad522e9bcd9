"""Publish the result of a public seller's deal."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party
from app.listings import public as listings
from app.platform.access import SYSTEM
from app.settlement import repository
from app.settlement.domain.deal import Deal
from app.settlement.domain.result_notice import PUBLIC_SELLERS, ResultNotice, write_result
from app.settlement.repository import result_notices
from app.settlement.service.settling import journal_deal
from app.shared.canonical import digest
from app.shared.ids import new_id


async def publish_result(
    session: AsyncSession, deal: Deal, *, naming_consent: bool, now: datetime
) -> None:
    """Publish a signed deal's result for its listing's frozen duration, once (ST41, ST42).

    A private seller's is not published, nor one that ended meanwhile, and a demand has published
    its own winner.
    """
    if deal.listing_id is None or deal.defaulted_at is not None:
        return
    seller = await get_party(session, deal.seller_id)
    if seller.seller_class not in PUBLIC_SELLERS:
        return
    listing = await listings.get_listing(session, deal.listing_id)
    assert listing.policy is not None  # it was published
    terms = await listings.get_notice(session, listing.id)
    named = terms is not None and (terms.content.get("buyer") or {}).get("party_id")
    buyer = await get_party(session, deal.buyer_id)
    shown = naming_consent or named == str(deal.buyer_id)
    content = write_result(
        deal,
        listing_number=listing.number,
        title=listing.title,
        pricing_mode=str(listing.pricing_mode),
        conversion_mode=listing.conversion_mode,
        seller_name=seller.name,
        buyer_name=buyer.name if shown else None,
        contract_type=(await repository.get_contract(session, deal.id)).contract_type,
    )
    notice = ResultNotice(
        id=new_id(),
        deal_id=deal.id,
        listing_id=listing.id,
        market_id=deal.market_id,
        content=content,
        content_hash=digest(content),
        published_at=now,
        duration=listing.policy.result_notice,
    )
    if await result_notices.insert_once(session, notice):
        told = {"notice": content, "content_hash": notice.content_hash}
        await journal_deal(session, deal, "result_noticed", SYSTEM, now, public=told)
