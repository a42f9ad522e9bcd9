"""What other modules may use of listings."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.achievement import Achievement, AchievementStatus, may_see
from app.listings.domain.content import (
    AchievementContent,
    Completer,
    Confidentiality,
    Empowerment,
    IpAsset,
    IpStatus,
    Readiness,
)
from app.listings.domain.deposit import DepositUse, ForfeitureGround
from app.listings.domain.listing import Listing, ListingStatus, PricingMode
from app.listings.domain.notice import Notice
from app.listings.domain.priority import Decision, RightHolder
from app.listings.domain.registration import (
    BankReceipt,
    DepositDue,
    Depositor,
    Registration,
    RegistrationStatus,
    refund_order_id,
)
from app.listings.domain.relation import Relation
from app.listings.repository import (
    achievements,
    listings,
    notices,
    objections,
    registrations,
)
from app.listings.repository import rights as right_rows
from app.listings.repository.deposits_due import find_due as deposits_due
from app.listings.repository.field_sizes import field_size
from app.listings.repository.owners import (
    owner_of_achievement,
    owner_of_import,
    owner_of_listing,
    owner_of_notice,
    owner_of_objection,
    owner_of_registration,
    owner_of_roadshow,
    owner_of_room,
    owner_of_saved_search,
)
from app.listings.repository.told_works import (
    SoldWork,
    ToldWork,
    told_works_beside,
    told_works_of,
    works_sold_by,
)
from app.listings.service import drafting, posting, publishing
from app.listings.service.binding import bind_deposit, return_bond, return_price
from app.listings.service.depositing import record_deposit
from app.listings.service.forfeiting import forfeit_deposits, record_forfeiture
from app.listings.service.refunding import keep_standby, release_deposit, return_deposits
from app.platform.access import Actor, ObjectUnknown
from app.shared.ids import (
    AchievementId,
    AuctionId,
    ListingId,
    PartyId,
    RegistrationId,
)

__all__ = [
    "Achievement",
    "AchievementContent",
    "AchievementStatus",
    "BankReceipt",
    "Completer",
    "Confidentiality",
    "DepositDue",
    "DepositUse",
    "Depositor",
    "Empowerment",
    "ForfeitureGround",
    "IpAsset",
    "IpStatus",
    "Listing",
    "ListingStatus",
    "Notice",
    "PricingMode",
    "Readiness",
    "Registration",
    "RegistrationStatus",
    "Relation",
    "RightHolder",
    "SoldWork",
    "ToldWork",
    "achievements_of_listings",
    "achievements_on_shelf",
    "attach_bidding",
    "attach_plan",
    "bind_deposit",
    "depositor_by_code",
    "depositors",
    "depositors_of_many",
    "deposits_due",
    "evidence_subjects",
    "field_size",
    "forfeit_deposits",
    "get_achievement",
    "get_listing",
    "get_notice",
    "get_offers",
    "get_registration",
    "hand_over",
    "ids_on_shelf",
    "judge_again",
    "keep_standby",
    "listings_of_achievement",
    "may_see",
    "notices_of",
    "objections_to",
    "owner_of_achievement",
    "owner_of_import",
    "owner_of_listing",
    "owner_of_notice",
    "owner_of_objection",
    "owner_of_registration",
    "owner_of_roadshow",
    "owner_of_room",
    "owner_of_saved_search",
    "record_deposit",
    "record_forfeiture",
    "refund_order_id",
    "release_deposit",
    "return_bond",
    "return_deposits",
    "return_price",
    "right_holders",
    "told_works_beside",
    "told_works_of",
    "works_sold_by",
]


async def get_achievement(session: AsyncSession, achievement_id: AchievementId) -> Achievement:
    """Return an achievement, whoever asks: the caller answers for what it shows.

    Raises:
        ObjectUnknown: There is none.
    """
    achievement = await achievements.find(session, achievement_id)
    if achievement is None:
        raise ObjectUnknown("There is no such achievement.")
    return achievement


async def achievements_on_shelf(
    session: AsyncSession, achievement_ids: Collection[AchievementId]
) -> Sequence[Achievement]:
    """Return those of the achievements that everybody knows, by id, in one query.

    With all their content: what everybody may read of it is for the caller to choose.
    """
    return await achievements.find_on_shelf(session, achievement_ids)


async def ids_on_shelf(
    session: AsyncSession, *, after: UUID, limit: int
) -> Sequence[AchievementId]:
    """Return the next ids of achievements that everybody knows, in order."""
    return await achievements.ids_on_shelf(session, after=after, limit=limit)


async def achievements_of_listings(
    session: AsyncSession, listing_ids: Collection[ListingId]
) -> frozenset[AchievementId]:
    """Return what the listings offer or offered, in one query."""
    return await listings.achievements_of(session, listing_ids)


async def get_listing(
    session: AsyncSession, listing_id: ListingId, *, lock: bool = False
) -> Listing:
    """Return a listing, whoever asks: drafts too.

    Args:
        lock: Take its row lock for the rest of the transaction.

    Raises:
        ObjectUnknown: There is none.
    """
    return await publishing.require_listing(session, listing_id, lock=lock)


async def get_offers(
    session: AsyncSession, listing_ids: Collection[ListingId]
) -> Mapping[ListingId, tuple[Listing, Achievement]]:
    """Return listings with what they offer, whoever asks, in two queries."""
    found = await listings.find_many(session, listing_ids)
    works = await achievements.find_many(session, {listing.achievement_id for listing in found})
    by_id = {work.id: work for work in works}
    return {listing.id: (listing, by_id[listing.achievement_id]) for listing in found}


async def get_notice(session: AsyncSession, listing_id: ListingId) -> Notice | None:
    """Return a listing's notice as published, or ``None`` for a draft."""
    return await notices.find_terms(session, listing_id)


async def notices_of(session: AsyncSession, listing_id: ListingId) -> Sequence[Notice]:
    """Return all notices of a listing as published, the first one first."""
    return await notices.of_listing(session, listing_id)


async def objections_to(session: AsyncSession, notice: Notice) -> Mapping[str, int]:
    """Return how many objections a notice met, by what became of them; nobody's name."""
    found = await objections.of_listing(session, notice.listing_id, before=None, limit=None)
    return Counter(str(it.status) for it in found if it.notice_id == notice.id)


async def evidence_subjects(
    session: AsyncSession, listing: Listing, actor: Actor
) -> Sequence[UUID]:
    """Return what else of a listing is journaled and may be known to the actor.

    Who registered is for the market's staff (LS9).
    """
    found: list[UUID] = [
        objection.id
        for objection in await objections.of_listing(session, listing.id, before=None, limit=None)
    ]
    if listing.room_id is not None:
        found.append(listing.room_id)
    if actor.viewer.staff_of == listing.market_id:
        found += await registrations.ids_of_listing(session, listing.id)
    return found


async def listings_of_achievement(
    session: AsyncSession, achievement_id: AchievementId
) -> frozenset[ListingId]:
    """Return every listing that offers or offered an achievement."""
    return await listings.ids_of_achievement(session, achievement_id)


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
    """Fix a draft's auction, once; the notice will publish ``terms`` whole.

    Args:
        opens_at: Aware; must not lie before the disclosure's end when it is published.
        terms: Values that `jsonable` knows; nothing secret, such as a hidden reserve.

    Raises:
        ObjectUnknown: No such listing in the actor's market.
        TransitionRefused: It is not a draft.
        BiddingAlreadyAttached: It has its auction.
    """
    return await drafting.attach_bidding(
        session,
        listing_id=listing_id,
        auction_id=auction_id,
        opens_at=opens_at,
        terms=terms,
        now=now,
        actor=actor,
    )


async def attach_plan(
    session: AsyncSession,
    *,
    listing_id: ListingId,
    plan: Mapping[str, Any],
    now: datetime,
    actor: Actor,
) -> Listing:
    """Fix how bids will be taken if two or more buyers qualify for a posted draft (L8).

    Args:
        plan: As `domain.plan` describes it, of values that `jsonable` knows; nothing secret.

    Raises:
        ObjectUnknown: No such listing in the actor's market.
        PlanNotOfThisMode: It is not posted.
        TransitionRefused: It is not a draft.
    """
    return await posting.attach_plan(
        session, listing_id=listing_id, plan=plan, now=now, actor=actor
    )


async def hand_over(
    session: AsyncSession,
    listing: Listing,
    *,
    auction_id: AuctionId,
    opens_at: datetime,
    at: datetime,
) -> Listing:
    """Give a posted listing with several buyers its auction; the caller holds its lock.

    Raises:
        TransitionRefused: It is not closed.

    Invariant: LS76.
    """
    return await posting.hand_over(
        session, listing, auction_id=auction_id, opens_at=opens_at, at=at
    )


async def judge_again(session: AsyncSession, listing: Listing, *, at: datetime) -> None:
    """Have the field of a posted listing judged again whose bidding cannot be opened yet.

    The caller holds its lock.
    """
    await posting.judge_again(session, listing, at=at)


async def right_holders(session: AsyncSession, listing_id: ListingId) -> Sequence[RightHolder]:
    """Return who may still use a priority right in a listing, best rank first.

    Invariant: LS79.
    """
    known = await right_rows.holders(session, listing_id)
    return [holder for holder in known if holder.decision is not Decision.WAIVED]


async def depositors(
    session: AsyncSession, listing_id: ListingId, party_ids: Collection[PartyId] | None
) -> Mapping[PartyId, Depositor]:
    """Return the qualified buyers whose deposit was taken, by party; one query.

    Args:
        party_ids: Only these; ``None`` for all.

    Invariant: LS11.
    """
    return await registrations.find_depositors(session, listing_id, party_ids)


async def depositors_of_many(
    session: AsyncSession, listing_ids: Collection[ListingId], party_ids: Collection[PartyId]
) -> Mapping[tuple[ListingId, PartyId], Depositor]:
    """Return those of the parties whose deposit was taken, by listing and party; one query.

    Invariant: LS11.
    """
    return await registrations.find_depositors_of_many(session, listing_ids, party_ids)


async def depositor_by_code(
    session: AsyncSession, listing_id: ListingId, bidder_code: str
) -> Depositor | None:
    """Return who stands behind a listing's bidder code, or ``None`` if nobody does.

    Invariant: LS12.
    """
    return await registrations.find_depositor_by_code(session, listing_id, bidder_code)


async def get_registration(session: AsyncSession, registration_id: RegistrationId) -> Registration:
    """Return a registration, whoever asks: it is secret from all but the buyer and staff.

    Raises:
        ObjectUnknown: There is none.
    """
    registration = await registrations.find(session, registration_id)
    if registration is None:
        raise ObjectUnknown("There is no such registration.")
    return registration
