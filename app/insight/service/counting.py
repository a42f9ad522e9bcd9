"""Keep what the statistics know: a reaction to what the journal tells of listings and deals."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions import public as auctions
from app.identity import public as identity
from app.insight.domain.lots import Outcome, Part, Told, lot_of
from app.insight.repository import lots
from app.listings import public as listings
from app.markets import public as markets
from app.platform.journal import JournalEvent
from app.shared.ids import ListingId, MarketId, PartyId
from app.shared.money import Money

REACTION: Final = "insight.prices"
_TERMS: Final = frozenset({"listing.published", "listing.changed", "listing.extended"})
_ENDS: Final = {
    "listing.sold": Outcome.SOLD,
    "listing.failed": Outcome.FAILED,
    "listing.withdrawn": Outcome.WITHDRAWN,
    "listing.terminated": Outcome.TERMINATED,
    "listing.reopened": Outcome.RUNNING,  # its deal ended in default
}
_DEALS: Final = frozenset({"deal.opened", "deal.terms_fixed", "deal.defaulted"})
TOLD: Final = _TERMS | _ENDS.keys() | _DEALS


async def count_event(session: AsyncSession, event: JournalEvent) -> None:
    """Count what an event tells of a lot; of a draft or a demand it tells nothing (IN1)."""
    listing_id = _listing_of(event)
    if listing_id is None:
        return
    market_id = MarketId(event.market_id)
    known = await lots.keep(session, listing_id, await _told(session, event, listing_id))
    lot = None if known is None else lot_of(known)
    if lot is not None:
        await lots.put(session, market_id, listing_id, lot)


async def count_anew(session: AsyncSession) -> None:
    """Forget all that is counted; the worker reads the journal from its start (IN1)."""
    await lots.start_anew(session, REACTION)


def _listing_of(event: JournalEvent) -> ListingId | None:
    if event.subject == "deal":
        named = event.public.get("listing_id")  # a demand's deal has none
        return None if named is None else ListingId(UUID(named))
    # A draft's withdrawal has no public part.
    return ListingId(event.subject_id) if event.public else None


async def _told(session: AsyncSession, event: JournalEvent, listing_id: ListingId) -> Told:
    at = event.market_at.isoformat()
    said: dict[str, Any]
    if event.type in _TERMS:
        part, said = str(Part.TERMS), await _terms(session, event)
    elif event.type in _ENDS:
        part, said = str(Part.END), {"outcome": str(_ENDS[event.type]), "at": at}
        said |= await _field(session, listing_id)
    elif event.type == "deal.opened":
        part, said = _of_deal(Part.DEAL, event), await _deal(session, event)
        said |= {"confirmed_at": at}
    elif event.type == "deal.terms_fixed":
        part = _of_deal(Part.PRICE, event)
        # A royalty comes on top of the price, so nobody knows the total at signing.
        said = {"amount_known": event.restricted["terms"]["royalty"] is None}
    else:
        part, said = _of_deal(Part.DEFAULT, event), {"at": at}
    return Told(part=part, version=event.subject_version, said=said)


def _of_deal(part: Part, event: JournalEvent) -> str:
    return f"{part}:{event.subject_id}"


async def _terms(session: AsyncSession, event: JournalEvent) -> dict[str, Any]:
    notice = event.public["notice"]
    seller = await identity.get_party(session, PartyId(UUID(notice["seller"]["party_id"])))
    market = await markets.get_market(session, MarketId(event.market_id))
    floor, appraisal = _money(notice["floor"]), notice.get("base_price")
    # An appraisal in another currency than the floor is none that could be compared.
    stated = None if appraisal is None else _money(appraisal)
    comparable = stated is not None and stated.currency == floor.currency
    return {
        "number": event.public["number"],
        "title": notice["achievement"]["title"],
        "achievement_id": notice["achievement"]["id"],
        "technology_field": notice["achievement"]["technology_field"],
        "seller_region": seller.region_code,
        "seller_class": seller.seller_class,
        "pricing_mode": notice["pricing_mode"],
        "sandbox": market.sandbox,
        "currency": floor.currency,
        "start_minor": floor.amount_minor,
        "appraisal_minor": stated.amount_minor if stated is not None and comparable else None,
    }


async def _field(session: AsyncSession, listing_id: ListingId) -> dict[str, Any]:
    """Return who took part; what has ended changes nothing of it any more."""
    came = await listings.field_size(session, listing_id)
    bidders = await auctions.bidders_of_listing(session, listing_id)
    return {
        "registered": came.registered,
        "qualified": came.qualified,
        "deposited": came.deposited,
        # Without an auction whoever named a price at least bid it.
        "bidders": came.offered if bidders is None else bidders,
    }


async def _deal(session: AsyncSession, event: JournalEvent) -> dict[str, Any]:
    price, start = _money(event.public["price"]), _money(event.public["start"])
    buyer = await identity.get_party(session, PartyId(UUID(event.restricted["buyer_id"])))
    return {
        "price_minor": price.amount_minor,
        "start_minor": start.amount_minor,
        "currency": price.currency,
        "buyer_region": buyer.region_code,
    }


def _money(told: Mapping[str, str]) -> Money:
    return Money.parse(told["amount"], told["currency"])
