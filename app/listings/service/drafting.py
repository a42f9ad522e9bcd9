"""Draft a listing and attach its auction."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import Party, require_verified
from app.listings.domain.achievement import Achievement
from app.listings.domain.listing import (
    LISTING_TRANSITIONS,
    AchievementOnOffer,
    BiddingAlreadyAttached,
    Listing,
    ListingStatus,
    ListingTerms,
    ListingTrigger,
    SellerClassMissing,
    check_listable,
)
from app.listings.domain.terms import check_terms
from app.listings.repository import achievements, listings, versions
from app.listings.service.achievements import read_achievement
from app.markets.public import Policy, get_session, policy_for
from app.platform import journal
from app.platform.access import Actor, NotYours, ObjectUnknown, Role
from app.platform.journal import NewEvent
from app.shared.calendar import SHANGHAI
from app.shared.ids import AchievementId, AuctionId, ListingId, RoomId, SessionId, new_id
from app.shared.jsonable import jsonable
from app.shared.transitions import advance


async def policy_of(
    session: AsyncSession, seller: Party, terms: ListingTerms, *, now: datetime
) -> Policy:
    """Return the policy in effect today for this seller and pricing mode.

    Raises:
        SellerClassMissing: The seller has no class.
        PolicyMissing: None is in effect.
    """
    if seller.seller_class is None:
        raise SellerClassMissing("Put the seller's class on record first.", party_id=seller.id)
    return await policy_for(
        session,
        market_id=seller.market_id,
        seller_class=seller.seller_class,
        pricing_mode=str(terms.pricing_mode),
        on=now.astimezone(SHANGHAI).date(),
    )


async def check_offer(
    session: AsyncSession, achievement: Achievement, terms: ListingTerms, policy: Policy
) -> None:
    """Refuse terms that break the policy or what was offered before.

    Raises:
        ListingInvalid: Names every fault of the terms.

    Invariant: LS5.
    """
    base = terms.base_price
    relisted = base is not None and await listings.was_offered(session, achievement.id, base)
    check_terms(terms, achievement, policy.terms, seller_id=achievement.party_id, relisted=relisted)


async def require_unoffered(session: AsyncSession, achievement_id: AchievementId) -> None:
    """Refuse an achievement that another listing offers or has sold outright.

    Raises:
        AchievementOnOffer: Names that listing's number.
    """
    rival = await listings.find_rival(session, achievement_id)
    if rival is not None:
        raise AchievementOnOffer(
            "One listing at a time offers an achievement.",
            field="achievement_id",
            listing_number=rival,
        )


async def draft_listing(
    session: AsyncSession,
    actor: Actor,
    *,
    achievement_id: AchievementId,
    terms: ListingTerms,
    now: datetime,
    room_id: RoomId | None = None,
) -> Listing:
    """Draft a listing of an accepted achievement: the seller its own, the operator any.

    Raises:
        ObjectUnknown: No such achievement for the actor, or no such session in its market.
        NotYours: The achievement is another party's.
        AchievementNotListable, AchievementOnOffer: It cannot be listed (now).
        SellerClassMissing, PolicyMissing: No rules are known for the seller.
        PartyNotVerified: The buyer of an agreement is not verified.
        ListingInvalid: Names every fault of the terms.
    """
    achievement = await read_achievement(session, actor, achievement_id)
    if room_id is None:  # in a deal room both sides have agreed
        _require_reach(actor, achievement)
    check_listable(achievement)
    seller = await require_verified(session, achievement.party_id)
    policy = await policy_of(session, seller, terms, now=now)
    await check_offer(session, achievement, terms, policy)
    await require_buyer(session, terms, achievement)
    await _require_session(session, terms.session_id, achievement)
    await require_unoffered(session, achievement.id)
    listing = Listing(
        id=ListingId(new_id()),
        number=await listings.next_number(session, now=now),
        market_id=achievement.market_id,
        seller_id=achievement.party_id,
        achievement_id=achievement.id,
        title=achievement.title,
        status=ListingStatus.DRAFT,
        drafted_at=now,
        room_id=room_id,
        **vars_of(terms),
    )
    await listings.insert_draft(session, listing)
    drafted = {"number": listing.number, "achievement_id": achievement.id, "terms": terms}
    await _journal(session, listing, "drafted", actor, now, drafted)
    return listing


def vars_of(terms: ListingTerms) -> dict[str, Any]:
    """Return the terms by name, as a listing holds them."""
    return {name: getattr(terms, name) for name in ListingTerms.__dataclass_fields__}


async def require_buyer(
    session: AsyncSession, terms: ListingTerms, achievement: Achievement
) -> None:
    """Refuse an agreement with a buyer that is not a verified party of the market.

    Raises:
        ObjectUnknown: No such party in the market.
        PartyNotVerified: The exchange has not verified it.
    """
    if terms.buyer_id is None:
        return
    buyer = await require_verified(session, terms.buyer_id)
    if buyer.market_id != achievement.market_id:
        raise ObjectUnknown("There is no such party in your market.", field="buyer_id")


def _require_reach(actor: Actor, achievement: Achievement) -> None:
    if actor.market_id != achievement.market_id:
        raise ObjectUnknown("There is no such achievement in your market.")
    if actor.role is not Role.OPERATOR and actor.party_id != achievement.party_id:
        raise NotYours("The achievement belongs to another party.")


async def _require_session(
    session: AsyncSession, session_id: SessionId | None, achievement: Achievement
) -> None:
    if session_id is None:
        return
    found = await get_session(session, session_id)
    if found.market_id != achievement.market_id:
        raise ObjectUnknown("There is no such session in your market.", field="session_id")


async def attach_bidding(
    session: AsyncSession,
    *,
    listing_id: ListingId,
    auction_id: AuctionId,
    opens_at: datetime,
    terms: Mapping[str, Any],
    now: datetime,
    actor: Actor,
) -> Listing:
    """Fix a draft's auction, once.

    Raises:
        ObjectUnknown: No such listing in the actor's market.
        TransitionRefused: It is not a draft.
        BiddingAlreadyAttached: It has its auction.
    """
    listing = await listings.find(session, listing_id, lock=True)
    if listing is None or listing.market_id != actor.market_id:
        raise ObjectUnknown("There is no such listing in your market.")
    status = advance(
        LISTING_TRANSITIONS, state=listing.status, trigger=ListingTrigger.ATTACH_BIDDING
    )
    if listing.auction_id is not None:
        raise BiddingAlreadyAttached(
            "Draft a new listing to change the auction.", auction_id=listing.auction_id
        )
    attached = replace(
        listing,
        status=status,
        auction_id=auction_id,
        opens_at=opens_at,
        bidding=jsonable(terms),
    )
    await listings.save(session, attached)
    told = {"auction_id": auction_id, "opens_at": opens_at, "bidding": terms}
    await _journal(session, attached, "bidding_attached", actor, now, told)
    return attached


async def _journal(
    session: AsyncSession,
    listing: Listing,
    what: str,
    actor: Actor,
    now: datetime,
    restricted: Mapping[str, Any],
) -> None:
    # A draft is nobody else's business; its publication tells everything.
    event = NewEvent(
        market_id=listing.market_id,
        subject="listing",
        subject_id=listing.id,
        type=f"listing.{what}",
        market_at=now,
        actor=actor.ref,
        restricted=restricted,
        audience=frozenset({listing.seller_id}),
    )
    await journal.append(session, event)


async def achievement_of(session: AsyncSession, listing: Listing) -> Achievement:
    """Return a listing's achievement under its row lock."""
    achievement = await achievements.find(session, listing.achievement_id, lock=True)
    if achievement is None:
        raise ObjectUnknown("The listing's achievement is gone.")
    return achievement


async def edited_at(session: AsyncSession, achievement_id: AchievementId) -> datetime:
    """Return since when an achievement's content stands as it does."""
    (present,) = await versions.find_page(
        session, achievement_id, only=None, on=None, before=None, limit=1
    )
    return present.edited_at
