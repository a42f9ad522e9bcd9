"""Payment orders and batches in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain.orders import Batch, OrderKind, OrderStatus, Payee, PaymentOrder
from app.banking.models import PaymentBatchRow, PaymentOrderRow
from app.platform.access import ObjectUnknown, Owner
from app.shared.calendar import SHANGHAI
from app.shared.ids import MarketId, PartyId
from app.shared.money import Money

_WAITING = (str(OrderStatus.ORDERED), str(OrderStatus.EXPORTED))


def _order(row: PaymentOrderRow) -> PaymentOrder:
    payee = None
    if row.payee_name is not None:
        payee = Payee(
            name=row.payee_name,
            account_number=row.payee_account or "",
            bank_name=row.payee_bank or "",
            bank_code=row.payee_bank_code,
        )
    return PaymentOrder(
        id=row.id,
        number=row.number,
        market_id=MarketId(row.market_id),
        kind=OrderKind(row.kind),
        party_id=None if row.party_id is None else PartyId(row.party_id),
        subject_id=row.subject_id,
        amount=Money(row.amount_minor, row.currency),
        payee=payee,
        purpose=row.purpose,
        due_at=row.due_at,
        status=OrderStatus(row.status),
        ordered_at=row.ordered_at,
        batch_id=row.batch_id,
        place=row.place,
        executed_at=row.executed_at,
        bank_reference=row.bank_reference,
        failed_at=row.failed_at,
        failure=row.failure,
    )


def _payee(payee: Payee | None) -> Mapping[str, str | None]:
    return {
        "payee_name": None if payee is None else payee.name,
        "payee_account": None if payee is None else payee.account_number,
        "payee_bank": None if payee is None else payee.bank_name,
        "payee_bank_code": None if payee is None else payee.bank_code,
    }


async def next_number(session: AsyncSession, *, at: datetime) -> str:
    """Return the next order's number; a rollback leaves a gap, which is allowed."""
    value = await session.scalar(select(func.nextval("payment_order_numbers")))
    return f"ZP-P-{at.astimezone(SHANGHAI).year}-{value:06}"


async def next_batch_number(session: AsyncSession, *, at: datetime) -> str:
    """Return the next batch's number."""
    value = await session.scalar(select(func.nextval("payment_batch_numbers")))
    return f"ZP-B-{at.astimezone(SHANGHAI).year}-{value:06}"


async def insert_order(session: AsyncSession, order: PaymentOrder) -> bool:
    """Write a new order; false if its id is known."""
    inserted = await session.scalar(
        insert(PaymentOrderRow)
        .values(
            id=order.id,
            number=order.number,
            market_id=order.market_id,
            kind=str(order.kind),
            party_id=order.party_id,
            subject_id=order.subject_id,
            amount_minor=order.amount.amount_minor,
            currency=order.amount.currency,
            purpose=order.purpose,
            due_at=order.due_at,
            status=str(order.status),
            ordered_at=order.ordered_at,
            **_payee(order.payee),
        )
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(PaymentOrderRow.id)
    )
    return inserted is not None


async def get_order(session: AsyncSession, order_id: UUID, *, lock: bool = False) -> PaymentOrder:
    """Return an order, under its row lock if asked.

    Raises:
        ObjectUnknown: There is none.
    """
    statement = select(PaymentOrderRow).where(PaymentOrderRow.id == order_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    if row is None:
        raise ObjectUnknown("There is no such payment order.")
    return _order(row)


async def save_outcome(session: AsyncSession, order: PaymentOrder) -> None:
    """Save that an order was executed or failed; the caller holds its lock."""
    await session.execute(
        update(PaymentOrderRow)
        .where(PaymentOrderRow.id == order.id)
        .values(
            status=str(order.status),
            executed_at=order.executed_at,
            bank_reference=order.bank_reference,
            failed_at=order.failed_at,
            failure=order.failure,
        )
    )


async def give_payee(session: AsyncSession, party_id: PartyId, payee: Payee) -> None:
    """Tell a party's account to its orders that wait for one."""
    row = PaymentOrderRow
    await session.execute(
        update(row)
        .where(
            row.party_id == party_id,
            row.status == str(OrderStatus.ORDERED),
            row.payee_account.is_(None),
        )
        .values(**_payee(payee))
    )


async def lock_exportable(
    session: AsyncSession, market_id: MarketId, *, limit: int
) -> Sequence[PaymentOrder]:
    """Lock and return orders that wait for the bank and have a payee, the most urgent first.

    Those that another transaction holds are passed over: it exports or ends them.
    """
    row = PaymentOrderRow
    rows = await session.scalars(
        select(row)
        .where(
            row.market_id == market_id,
            row.status == str(OrderStatus.ORDERED),
            row.payee_account.is_not(None),
            row.currency == "CNY",
        )
        .order_by(row.due_at.nulls_last(), row.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [_order(found) for found in rows]


async def insert_batch(session: AsyncSession, batch: Batch) -> None:
    """Write a batch."""
    await session.execute(
        insert(PaymentBatchRow).values(
            id=batch.id,
            number=batch.number,
            market_id=batch.market_id,
            made_at=batch.made_at,
            made_by=batch.made_by,
            order_count=batch.count,
            total_minor=batch.total.amount_minor,
            currency=batch.total.currency,
        )
    )


async def put_into_batch(
    session: AsyncSession, orders: Sequence[PaymentOrder], batch: Batch
) -> Sequence[PaymentOrder]:
    """Mark locked orders as exported, each at its place in the batch (BK11)."""
    exported = [
        replace(order, status=OrderStatus.EXPORTED, batch_id=batch.id, place=place)
        for place, order in enumerate(orders, start=1)
    ]
    await session.execute(
        update(PaymentOrderRow),
        [
            {
                "id": order.id,
                "status": str(order.status),
                "batch_id": batch.id,
                "place": order.place,
            }
            for order in exported
        ],
    )
    return exported


async def get_batch(session: AsyncSession, batch_id: UUID) -> Batch:
    """Return a batch.

    Raises:
        ObjectUnknown: There is none.
    """
    row = await session.get(PaymentBatchRow, batch_id)
    if row is None:
        raise ObjectUnknown("There is no such batch.")
    return _batch(row)


def _batch(row: PaymentBatchRow) -> Batch:
    return Batch(
        id=row.id,
        number=row.number,
        market_id=MarketId(row.market_id),
        made_at=row.made_at,
        made_by=row.made_by,
        count=row.order_count,
        total=Money(row.total_minor, row.currency),
    )


async def orders_of_batch(session: AsyncSession, batch_id: UUID) -> Sequence[PaymentOrder]:
    """Return a batch's orders in their places."""
    rows = await session.scalars(
        select(PaymentOrderRow)
        .where(PaymentOrderRow.batch_id == batch_id)
        .order_by(PaymentOrderRow.place)
        .execution_options(populate_existing=True)
    )
    return [_order(row) for row in rows]


async def find_batches(
    session: AsyncSession, market_id: MarketId, *, before: UUID | None, limit: int
) -> Sequence[Batch]:
    """Return a market's batches, newest first."""
    row = PaymentBatchRow
    rows = await session.scalars(
        select(row)
        .where(row.market_id == market_id, true() if before is None else row.id < before)
        .order_by(row.id.desc())
        .limit(limit)
    )
    return [_batch(found) for found in rows]


def _overdue(now: datetime) -> ColumnElement[bool]:
    row = PaymentOrderRow
    return (row.status != str(OrderStatus.FAILED)) & (
        func.coalesce(row.executed_at, now) >= row.due_at
    )


async def find_page(
    session: AsyncSession,
    market_id: MarketId,
    *,
    party_id: PartyId | None,
    status: OrderStatus | None,
    kind: OrderKind | None,
    overdue_at: datetime | None,
    before: UUID | None,
    limit: int,
) -> Sequence[PaymentOrder]:
    """Return payment orders, newest first.

    Args:
        overdue_at: Only those that should have been paid by then, or were paid too late.
    """
    row = PaymentOrderRow
    rows = await session.scalars(
        select(row)
        .where(
            row.market_id == market_id,
            true() if party_id is None else row.party_id == party_id,
            true() if status is None else row.status == str(status),
            true() if kind is None else row.kind == str(kind),
            true() if overdue_at is None else _overdue(overdue_at),
            true() if before is None else row.id < before,
        )
        .order_by(row.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [_order(found) for found in rows]


async def waiting_like(
    session: AsyncSession,
    market_id: MarketId,
    *,
    numbers: Sequence[str],
    amount: Money,
    account_number: str,
    at: datetime,
) -> Sequence[PaymentOrder]:
    """Return orders not paid yet that a payment may have executed.

    Those that it names; if it names none, those of its amount to its account that were ordered
    before it: another order like the one that is named was not paid.
    """
    row = PaymentOrderRow
    meant: ColumnElement[bool] = row.number.in_(numbers)
    if not numbers:
        meant = and_(
            row.amount_minor == amount.amount_minor,
            row.currency == amount.currency,
            row.payee_account == account_number,
            row.ordered_at <= at,
        )
    rows = await session.scalars(
        select(row)
        .where(
            row.market_id == market_id,
            row.status.in_(_WAITING),
            meant,
        )
        .order_by(row.id)
        .limit(20)
        .execution_options(populate_existing=True)
    )
    return [_order(found) for found in rows]


async def owner_of_order(session: AsyncSession, order_id: UUID) -> Owner | None:
    """Return an order's market and the party whose money it is."""
    row = await session.get(PaymentOrderRow, order_id)
    if row is None:
        return None
    party = frozenset() if row.party_id is None else frozenset({PartyId(row.party_id)})
    return Owner(MarketId(row.market_id), party)


async def owner_of_batch(session: AsyncSession, batch_id: UUID) -> Owner | None:
    """Return a batch's market; it belongs to no party."""
    row = await session.get(PaymentBatchRow, batch_id)
    return None if row is None else Owner(MarketId(row.market_id), frozenset())
