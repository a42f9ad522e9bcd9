"""Deposits in the database."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.deposit import Deposit, DepositState, ForfeitureGround
from app.listings.models import DepositRow
from app.shared.ids import DealId, ListingId, MarketId, PartyId, RegistrationId
from app.shared.money import Money


def _deposit(row: DepositRow) -> Deposit:
    return Deposit(
        registration_id=RegistrationId(row.registration_id),
        listing_id=ListingId(row.listing_id),
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        amount=Money(row.amount_minor, row.currency),
        state=DepositState(row.state),
        due_at=row.due_at,
        deal_id=None if row.deal_id is None else DealId(row.deal_id),
        refund_due_at=row.refund_due_at,
        refunded_at=row.refunded_at,
        ground=None if row.ground is None else ForfeitureGround(row.ground),
    )


async def find_deposit(
    session: AsyncSession, registration_id: RegistrationId, *, lock: bool = False
) -> Deposit | None:
    """Return a registration's deposit as it stands now, under its row lock if asked."""
    statement = select(DepositRow).where(DepositRow.registration_id == registration_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    return None if row is None else _deposit(row)


async def insert_deposit(session: AsyncSession, deposit: Deposit) -> None:
    """Write a deposit that is due; the caller holds its registration's lock."""
    await session.execute(
        insert(DepositRow).values(
            registration_id=deposit.registration_id,
            listing_id=deposit.listing_id,
            market_id=deposit.market_id,
            party_id=deposit.party_id,
            currency=deposit.amount.currency,
            amount_minor=deposit.amount.amount_minor,
            state=str(deposit.state),
            due_at=deposit.due_at,
        )
    )


async def save_deposit(session: AsyncSession, deposit: Deposit) -> None:
    """Save where a deposit stands; the caller holds its lock."""
    await session.execute(
        update(DepositRow)
        .where(DepositRow.registration_id == deposit.registration_id)
        .values(
            state=str(deposit.state),
            due_at=deposit.due_at,
            deal_id=deposit.deal_id,
            refund_due_at=deposit.refund_due_at,
            refunded_at=deposit.refunded_at,
            ground=None if deposit.ground is None else str(deposit.ground),
        )
    )


async def bound_parties(
    session: AsyncSession, listing_id: ListingId, party_ids: Collection[PartyId]
) -> frozenset[PartyId]:
    """Return those of the parties whose deposits are bonds of a listing's deal."""
    found = await session.scalars(
        select(DepositRow.party_id).where(
            DepositRow.listing_id == listing_id,
            DepositRow.party_id == func.any(literal(list(party_ids), ARRAY(Uuid))),
            DepositRow.state == str(DepositState.BOND),
        )
    )
    return frozenset(PartyId(party_id) for party_id in found)


async def find_bond(session: AsyncSession, deal_id: DealId) -> Deposit | None:
    """Return the deposit that is a deal's bond, if one still is."""
    row = await session.scalar(
        select(DepositRow)
        .where(DepositRow.deal_id == deal_id, DepositRow.state == str(DepositState.BOND))
        .execution_options(populate_existing=True)
    )
    return None if row is None else _deposit(row)


async def drop_due_of_listing(session: AsyncSession, listing_id: ListingId) -> None:
    """Note that no deposit of a listing will come any more; the caller holds its lock."""
    await session.execute(
        update(DepositRow)
        .where(DepositRow.listing_id == listing_id, DepositRow.state == str(DepositState.DUE))
        .values(state=str(DepositState.DROPPED))
    )


async def page_of_deposits(
    session: AsyncSession,
    *,
    market_id: MarketId,
    state: DepositState | None,
    overdue_at: datetime | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Deposit]:
    """Return a market's deposits, newest registration first.

    Args:
        overdue_at: Only those that the bank should have paid back by then.
    """
    statement = select(DepositRow).where(DepositRow.market_id == market_id)
    if state is not None:
        statement = statement.where(DepositRow.state == str(state))
    if overdue_at is not None:
        statement = statement.where(
            DepositRow.state == str(DepositState.RETURNING),
            DepositRow.refund_due_at <= overdue_at,
        )
    if before is not None:
        statement = statement.where(DepositRow.registration_id < before)
    rows = await session.scalars(statement.order_by(DepositRow.registration_id.desc()).limit(limit))
    return [_deposit(row) for row in rows]
