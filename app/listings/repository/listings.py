"""Listings and their notices in the database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.deposit import DepositUse
from app.listings.domain.listing import (
    Approval,
    Listing,
    ListingStatus,
    PricingMode,
    UnitNotice,
)
from app.listings.domain.relation import Relation
from app.listings.models import AchievementRow, ListingRow
from app.markets.public import PolicyTerms
from app.shared.access import Viewer
from app.shared.calendar import SHANGHAI
from app.shared.ids import (
    AchievementId,
    AuctionId,
    DealId,
    FileId,
    ListingId,
    MarketId,
    PartyId,
    PolicyId,
    RoomId,
    SessionId,
)
from app.shared.jsonable import jsonable
from app.shared.money import Money

# What sells the right itself: the achievement is gone afterwards.
_OUTRIGHT: Final = "transfer"
_OPEN: Final = ("disclosing", "suspended", "closed", "awarded")


def _listing(row: ListingRow) -> Listing:
    return Listing(
        id=ListingId(row.id),
        number=row.number,
        market_id=MarketId(row.market_id),
        seller_id=PartyId(row.seller_id),
        achievement_id=AchievementId(row.achievement_id),
        session_id=None if row.session_id is None else SessionId(row.session_id),
        title=row.title,
        status=ListingStatus(row.status),
        pricing_mode=PricingMode(row.pricing_mode),
        conversion_mode=row.conversion_mode,
        floor=Money(row.floor_minor, row.currency),
        deposit=Money(row.deposit_minor, row.currency),
        base_price=(
            None if row.base_price_minor is None else Money(row.base_price_minor, row.currency)
        ),
        contract_terms=row.contract_terms,
        payment_terms=row.payment_terms,
        buyer_conditions=row.buyer_conditions,
        forfeiture_terms=row.forfeiture_terms,
        drafted_at=row.drafted_at,
        policy_id=None if row.policy_id is None else PolicyId(row.policy_id),
        policy=None if row.policy is None else PolicyTerms.from_json(row.policy),
        published_at=row.published_at,
        disclosure_ends_at=row.disclosure_ends_at,
        auction_id=None if row.auction_id is None else AuctionId(row.auction_id),
        opens_at=row.opens_at,
        bidding=row.bidding,
        deal_id=None if row.deal_id is None else DealId(row.deal_id),
        reopened_at=row.reopened_at,
        related_buyers=tuple(Relation(relation) for relation in row.related_buyers),
        buyer_id=None if row.buyer_id is None else PartyId(row.buyer_id),
        room_id=None if row.room_id is None else RoomId(row.room_id),
        unit_notice=_unit_notice(row.unit_notice),
        extensions=row.extensions,
        reductions=tuple(Money(minor, row.currency) for minor in row.reductions_minor),
        joint_purchase=row.joint_purchase,
        approval=_approval(row.approval),
        deposit_becomes=DepositUse(row.deposit_becomes),
        notice_count=row.notice_count,
        terms_number=row.terms_number,
        terms_hash=row.terms_hash,
        extensions_done=row.extensions_done,
        suspended_at=row.suspended_at,
        suspended_until=row.suspended_until,
    )


def _unit_notice(stored: Mapping[str, Any] | None) -> UnitNotice | None:
    if stored is None:
        return None
    return UnitNotice(stored["place"], date.fromisoformat(stored["published_on"]))


def _approval(stored: Mapping[str, Any] | None) -> Approval | None:
    if stored is None:
        return None
    return Approval(
        stored["reference"],
        stored["approved_by"],
        date.fromisoformat(stored["approved_on"]),
        None if stored["file_id"] is None else FileId(UUID(stored["file_id"])),
    )


async def next_number(session: AsyncSession, *, now: datetime) -> str:
    """Return the next human number; a rollback leaves a gap, which is allowed."""
    value = await session.scalar(select(func.nextval("listing_numbers")))
    return f"ZP-{now.astimezone(SHANGHAI).year}-{value:06}"


async def insert_draft(session: AsyncSession, listing: Listing) -> None:
    """Insert a new draft."""
    session.add(
        ListingRow(
            id=listing.id,
            number=listing.number,
            market_id=listing.market_id,
            seller_id=listing.seller_id,
            achievement_id=listing.achievement_id,
            title=listing.title,
            pricing_mode=str(listing.pricing_mode),
            drafted_at=listing.drafted_at,
            room_id=listing.room_id,
            **_terms(listing),
            **_course(listing),
        )
    )
    await session.flush()


def _terms(listing: Listing) -> dict[str, Any]:
    base = listing.base_price
    return {
        "session_id": listing.session_id,
        "conversion_mode": listing.conversion_mode,
        "currency": listing.floor.currency,
        "floor_minor": listing.floor.amount_minor,
        "deposit_minor": listing.deposit.amount_minor,
        "base_price_minor": None if base is None else base.amount_minor,
        "contract_terms": listing.contract_terms,
        "payment_terms": listing.payment_terms,
        "buyer_conditions": listing.buyer_conditions,
        "forfeiture_terms": listing.forfeiture_terms,
        "related_buyers": [str(relation) for relation in listing.related_buyers],
        "buyer_id": listing.buyer_id,
        "unit_notice": jsonable(listing.unit_notice),
        "extensions": listing.extensions,
        "reductions_minor": [price.amount_minor for price in listing.reductions],
        "joint_purchase": listing.joint_purchase,
        "approval": jsonable(listing.approval),
        "deposit_becomes": str(listing.deposit_becomes),
    }


def _course(listing: Listing) -> dict[str, Any]:
    return {
        "status": str(listing.status),
        "auction_id": listing.auction_id,
        "opens_at": listing.opens_at,
        "bidding": None if listing.bidding is None else jsonable(listing.bidding),
        "policy_id": listing.policy_id,
        "policy": None if listing.policy is None else listing.policy.as_json(),
        "published_at": listing.published_at,
        "disclosure_ends_at": listing.disclosure_ends_at,
        "deal_id": listing.deal_id,
        "reopened_at": listing.reopened_at,
        "notice_count": listing.notice_count,
        "terms_number": listing.terms_number,
        "terms_hash": listing.terms_hash,
        "extensions_done": listing.extensions_done,
        "suspended_at": listing.suspended_at,
        "suspended_until": listing.suspended_until,
    }


async def save(session: AsyncSession, listing: Listing) -> None:
    """Save where a listing stands; its terms stay."""
    await session.execute(
        update(ListingRow).where(ListingRow.id == listing.id).values(**_course(listing))
    )


async def save_terms(session: AsyncSession, listing: Listing) -> None:
    """Save a listing whose terms were changed by a notice, too."""
    await session.execute(
        update(ListingRow)
        .where(ListingRow.id == listing.id)
        .values(**_course(listing), **_terms(listing))
    )


async def find(
    session: AsyncSession, listing_id: ListingId, *, lock: bool = False
) -> Listing | None:
    """Return a listing, under its row lock if asked."""
    statement = select(ListingRow).where(ListingRow.id == listing_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    return None if row is None else _listing(row)


async def find_many(session: AsyncSession, listing_ids: Collection[ListingId]) -> Sequence[Listing]:
    """Return those of the listings that exist, in one query."""
    rows = await session.scalars(
        select(ListingRow)
        .where(ListingRow.id.in_(listing_ids))
        .execution_options(populate_existing=True)
    )
    return [_listing(row) for row in rows]


async def ids_of_achievement(
    session: AsyncSession, achievement_id: AchievementId
) -> frozenset[ListingId]:
    """Return every listing of an achievement."""
    found = await session.scalars(
        select(ListingRow.id).where(ListingRow.achievement_id == achievement_id)
    )
    return frozenset(ListingId(listing_id) for listing_id in found)


async def achievements_of(
    session: AsyncSession, listing_ids: Collection[ListingId]
) -> frozenset[AchievementId]:
    """Return what the listings offer or offered."""
    found = await session.scalars(
        select(ListingRow.achievement_id).where(ListingRow.id.in_(listing_ids))
    )
    return frozenset(map(AchievementId, found))


async def find_rival(session: AsyncSession, achievement_id: AchievementId) -> str | None:
    """Return the number of a listing that has the achievement on offer or has sold it."""
    number: str | None = await session.scalar(
        select(ListingRow.number)
        .where(
            ListingRow.achievement_id == achievement_id,
            or_(
                ListingRow.status.in_(_OPEN),
                (ListingRow.status == str(ListingStatus.SOLD))
                & (ListingRow.conversion_mode == _OUTRIGHT),
            ),
        )
        .limit(1)
    )
    return number


async def was_offered(
    session: AsyncSession, achievement_id: AchievementId, base_price: Money
) -> bool:
    """Tell whether the achievement was offered at this base price before, and not sold (L4)."""
    found = select(ListingRow.id).where(
        ListingRow.achievement_id == achievement_id,
        ListingRow.status == str(ListingStatus.FAILED),
        ListingRow.base_price_minor == base_price.amount_minor,
        ListingRow.currency == base_price.currency,
    )
    return bool(await session.scalar(select(found.exists())))


def _seen_by(viewer: Viewer) -> ColumnElement[bool]:
    # The same rule as domain.listing.may_see_listing; a test holds them together.
    seen: list[ColumnElement[bool]] = [ListingRow.published_at.is_not(None)]
    if viewer.party_id is not None:
        seen += [ListingRow.seller_id == viewer.party_id, ListingRow.buyer_id == viewer.party_id]
    if viewer.staff_of is not None:
        seen.append(ListingRow.market_id == viewer.staff_of)
    return or_(*seen)


async def find_page(
    session: AsyncSession,
    viewer: Viewer,
    *,
    market_id: MarketId | None,
    session_id: SessionId | None,
    technology_field: str | None,
    status: ListingStatus | None,
    before: ListingId | None,
    limit: int,
) -> Sequence[Listing]:
    """Return what the viewer may see, newest first, below ``before``."""
    statement = select(ListingRow).where(
        _seen_by(viewer),
        true() if market_id is None else ListingRow.market_id == market_id,
        true() if session_id is None else ListingRow.session_id == session_id,
        true() if status is None else ListingRow.status == str(status),
        true() if before is None else ListingRow.id < before,
    )
    if technology_field is not None:
        statement = statement.join(
            AchievementRow, AchievementRow.id == ListingRow.achievement_id
        ).where(AchievementRow.technology_field == technology_field)
    rows = await session.scalars(statement.order_by(ListingRow.id.desc()).limit(limit))
    return [_listing(row) for row in rows]
