"""Deals and their payments in the database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import ObjectUnknown, Owner
from app.platform.db import insert_rows
from app.settlement.domain.deal import Deal, DealStatus, DefaultReason, Side
from app.settlement.domain.payment import Payment
from app.settlement.domain.schedule import initial
from app.settlement.models import DealRow, PaymentRow
from app.settlement.repository import dues
from app.shared.calendar import SHANGHAI
from app.shared.ids import (
    DealId,
    DemandId,
    EngagementId,
    EntryId,
    ListingId,
    MarketId,
    PartyId,
    RegistrationId,
)
from app.shared.money import Money


def deal_of(row: DealRow) -> Deal:
    """Return the value of a row."""
    return Deal(
        id=DealId(row.id),
        number=row.number,
        market_id=MarketId(row.market_id),
        listing_id=None if row.listing_id is None else ListingId(row.listing_id),
        demand_id=None if row.demand_id is None else DemandId(row.demand_id),
        engagement_id=None if row.engagement_id is None else EngagementId(row.engagement_id),
        seller_id=PartyId(row.seller_id),
        buyer_id=PartyId(row.buyer_id),
        registration_id=(
            None if row.registration_id is None else RegistrationId(row.registration_id)
        ),
        status=DealStatus(row.status),
        start=Money(row.start_minor, row.currency),
        price=Money(row.price_minor, row.currency),
        deposit=Money(row.deposit_minor, row.currency),
        paid=Money(row.paid_minor, row.currency),
        released=Money(row.released_minor, row.currency),
        returned=Money(row.returned_minor, row.currency),
        source=row.source,
        source_id=row.source_id,
        confirmed_at=row.confirmed_at,
        sign_by_at=row.sign_by_at,
        pay_by_at=row.pay_by_at,
        signed_at=row.signed_at,
        signed_text_hash=row.signed_text_hash,
        effective_at=row.effective_at,
        settled_at=row.settled_at,
        defaulted_at=row.defaulted_at,
        default_reason=None if row.default_reason is None else DefaultReason(row.default_reason),
        default_side=None if row.default_side is None else Side(row.default_side),
        default_ground=row.default_ground,
        shortfall=(
            None if row.shortfall_minor is None else Money(row.shortfall_minor, row.currency)
        ),
        contract_version=row.contract_version,
        beyond_minor=row.beyond_minor,
        shares_registered_at=row.shares_registered_at,
        terms_version=row.terms_version,
        final_total=(
            None if row.final_total_minor is None else Money(row.final_total_minor, row.currency)
        ),
    )


async def next_number(session: AsyncSession, *, confirmed_at: datetime) -> str:
    """Return the next human number; a rollback leaves a gap, which is allowed."""
    value = await session.scalar(select(func.nextval("deal_numbers")))
    return f"ZP-D-{confirmed_at.astimezone(SHANGHAI).year}-{value:06}"


async def insert_deal(session: AsyncSession, deal: Deal) -> bool:
    """Write a new deal with the one item of its first schedule.

    Returns:
        False if its listing or engagement has a living one (ST1, ST20); also one that just
        commits counts.
    """
    source = "listing_id" if deal.engagement_id is None else "engagement_id"
    claimed = await session.scalar(
        insert(DealRow)
        .values(
            id=deal.id,
            number=deal.number,
            market_id=deal.market_id,
            listing_id=deal.listing_id,
            demand_id=deal.demand_id,
            engagement_id=deal.engagement_id,
            seller_id=deal.seller_id,
            buyer_id=deal.buyer_id,
            registration_id=deal.registration_id,
            status=str(deal.status),
            currency=deal.price.currency,
            start_minor=deal.start.amount_minor,
            price_minor=deal.price.amount_minor,
            deposit_minor=deal.deposit.amount_minor,
            paid_minor=deal.paid.amount_minor,
            released_minor=deal.released.amount_minor,
            returned_minor=deal.returned.amount_minor,
            source=deal.source,
            source_id=deal.source_id,
            confirmed_at=deal.confirmed_at,
            sign_by_at=deal.sign_by_at,
            pay_by_at=deal.pay_by_at,
            settled_at=deal.settled_at,
            contract_version=deal.contract_version,
        )
        .on_conflict_do_nothing(index_elements=[source], index_where=text("status <> 'defaulted'"))
        .returning(DealRow.id)
    )
    if claimed is None:
        return False
    first = initial(deal.price, paid=deal.paid, pay_by_at=deal.pay_by_at)
    await dues.save_dues(session, [(deal.id, first)])
    return True


async def get_deal(session: AsyncSession, deal_id: UUID, *, lock: bool = False) -> Deal:
    """Return a deal as it stands now.

    Args:
        lock: Take its row lock for the rest of the transaction.

    Raises:
        ObjectUnknown: No such deal.
    """
    statement = select(DealRow).where(DealRow.id == deal_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    if row is None:
        raise ObjectUnknown("There is no such deal in your market.")
    return deal_of(row)


async def lock_engaged(session: AsyncSession, engagement_id: EngagementId) -> Deal | None:
    """Lock and return the living deal of an engagement."""
    row = await session.scalar(
        select(DealRow)
        .where(
            DealRow.engagement_id == engagement_id,
            DealRow.status != str(DealStatus.DEFAULTED),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return None if row is None else deal_of(row)


async def lock_deals(session: AsyncSession, deal_ids: Collection[UUID]) -> dict[DealId, Deal]:
    """Lock deals in id order and return them as they stand now.

    Raises:
        ObjectUnknown: One of them does not exist.
    """
    rows = await session.scalars(
        select(DealRow)
        .where(DealRow.id.in_(deal_ids))
        .order_by(DealRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = {DealId(row.id): deal_of(row) for row in rows}
    missing = set(deal_ids) - set(found)
    if missing:
        raise ObjectUnknown("There is no such deal in your market.", deal_id=min(missing))
    return found


async def save_deal(session: AsyncSession, deal: Deal) -> None:
    """Write what may change of a deal; the caller holds its lock."""
    await save_deals(session, [deal])


async def save_deals(session: AsyncSession, deals: Collection[Deal]) -> None:
    """Write what may change of deals in one go; the caller holds their locks."""
    if deals:
        await session.execute(update(DealRow), [_changeable(deal) for deal in deals])


def _changeable(deal: Deal) -> dict[str, Any]:
    return {
        "id": deal.id,
        "status": str(deal.status),
        "paid_minor": deal.paid.amount_minor,
        "beyond_minor": deal.beyond_minor,
        "released_minor": deal.released.amount_minor,
        "returned_minor": deal.returned.amount_minor,
        "signed_at": deal.signed_at,
        "signed_text_hash": deal.signed_text_hash,
        "effective_at": deal.effective_at,
        "settled_at": deal.settled_at,
        "defaulted_at": deal.defaulted_at,
        "default_reason": deal.default_reason,
        "default_side": deal.default_side,
        "default_ground": deal.default_ground,
        "shortfall_minor": None if deal.shortfall is None else deal.shortfall.amount_minor,
        "contract_version": deal.contract_version,
        "shares_registered_at": deal.shares_registered_at,
        "terms_version": deal.terms_version,
        "final_total_minor": None if deal.final_total is None else deal.final_total.amount_minor,
    }


async def deals_of(session: AsyncSession, listing_id: ListingId) -> Sequence[Deal]:
    """Return a listing's deals in the order they were opened: all but the last in default."""
    rows = await session.scalars(
        select(DealRow).where(DealRow.listing_id == listing_id).order_by(DealRow.id)
    )
    return [deal_of(row) for row in rows]


async def confirmed_at_of(
    session: AsyncSession, listing_ids: Collection[ListingId]
) -> Mapping[ListingId, datetime]:
    """Return when the living deals of these listings were confirmed."""
    rows = await session.execute(
        select(DealRow.listing_id, DealRow.confirmed_at).where(
            DealRow.listing_id.in_(listing_ids), DealRow.status != str(DealStatus.DEFAULTED)
        )
    )
    return {ListingId(row.listing_id): row.confirmed_at for row in rows}


async def lock_defaulted(session: AsyncSession, listing_ids: Collection[ListingId]) -> list[Deal]:
    """Lock and return the deals of these listings that ended in default, in id order."""
    rows = await session.scalars(
        select(DealRow)
        .where(
            DealRow.listing_id.in_(listing_ids),
            DealRow.status == str(DealStatus.DEFAULTED),
        )
        .order_by(DealRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [deal_of(row) for row in rows]


async def owner_of_deal(session: AsyncSession, deal_id: UUID) -> Owner | None:
    """Return a deal's market, seller and buyer."""
    row = (
        await session.execute(
            select(DealRow.market_id, DealRow.seller_id, DealRow.buyer_id).where(
                DealRow.id == deal_id
            )
        )
    ).first()
    if row is None:
        return None
    return Owner(MarketId(row[0]), frozenset({PartyId(row[1]), PartyId(row[2])}))


async def list_deals(
    session: AsyncSession,
    *,
    market_id: MarketId,
    party_id: PartyId | None,
    status: DealStatus | None,
    before: UUID | None,
    limit: int,
) -> list[Deal]:
    """Return deals newest first: a market's, or those a party sells or buys in."""
    statement = select(DealRow).where(DealRow.market_id == market_id)
    if party_id is not None:
        statement = statement.where(
            or_(DealRow.seller_id == party_id, DealRow.buyer_id == party_id)
        )
    if status is not None:
        statement = statement.where(DealRow.status == status)
    if before is not None:
        statement = statement.where(DealRow.id < before)
    rows = await session.scalars(statement.order_by(DealRow.id.desc()).limit(limit))
    return [deal_of(row) for row in rows]


async def insert_payments(
    session: AsyncSession, payments: Collection[tuple[DealId, Payment]]
) -> None:
    """Write arrivals in one go; the caller holds the deals' locks and has looked for references."""
    rows = [
        {
            "id": payment.id,
            "deal_id": deal_id,
            "amount_minor": payment.amount.amount_minor,
            "currency": payment.amount.currency,
            "payer_name": payment.payer_name,
            "bank_reference": payment.bank_reference,
            "received_at": payment.received_at,
        }
        for deal_id, payment in payments
    ]
    await insert_rows(session, PaymentRow, rows)


async def payments_of(session: AsyncSession, deal_id: DealId) -> Sequence[Payment]:
    """Return a deal's arrivals in the order they were recorded."""
    rows = await session.scalars(
        select(PaymentRow).where(PaymentRow.deal_id == deal_id).order_by(PaymentRow.id)
    )
    return [
        Payment(
            id=EntryId(row.id),
            amount=Money(row.amount_minor, row.currency),
            payer_name=row.payer_name,
            bank_reference=row.bank_reference,
            received_at=row.received_at,
        )
        for row in rows
    ]


async def references_of(
    session: AsyncSession, deal_ids: Collection[DealId]
) -> Mapping[DealId, set[str]]:
    """Return the bank references that are booked to each deal."""
    rows = await session.execute(
        select(PaymentRow.deal_id, PaymentRow.bank_reference).where(
            PaymentRow.deal_id.in_(deal_ids)
        )
    )
    known: dict[DealId, set[str]] = {deal_id: set() for deal_id in deal_ids}
    for row in rows:
        known[DealId(row.deal_id)].add(row.bank_reference)
    return known
