"""Routes of payment orders and their batches."""

import asyncio
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Response

from app.banking.domain.orders import OrderKind, OrderStatus
from app.banking.repository import orders
from app.banking.schemas.orders import (
    ExecutionBody,
    FailureBody,
    PaymentBatchDetail,
    PaymentBatchView,
    PaymentOrderView,
)
from app.banking.service import batching, executing
from app.platform.access import ActorDep, Role
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.platform.tables.http import Format, table_file
from app.platform.tables.report import TableFormat

routes = router(tag="banking")
files = self_transacted_router(tag="banking")

_SEES_ALL: Final = frozenset({Role.OPERATOR, Role.AUDITOR})


@routes.get("/payment-orders")
async def list_payment_orders(
    actor: ActorDep,
    session: SessionDep,
    status: OrderStatus | None = None,
    kind: OrderKind | None = None,
    overdue: Annotated[
        bool, Query(description="Only those not paid in time, or paid too late")
    ] = False,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[PaymentOrderView]:
    """List payment orders, newest first: those of the caller's party, or the market's."""
    now = await market_now(session, actor.market_id)
    found = await orders.find_page(
        session,
        actor.market_id,
        party_id=None if actor.role in _SEES_ALL else actor.party_id,
        status=status,
        kind=kind,
        overdue_at=now if overdue else None,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[PaymentOrderView.of(order, now=now) for order in page],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


@routes.get("/payment-orders/{payment_order_id}")
async def get_payment_order(
    payment_order_id: UUID, actor: ActorDep, session: SessionDep
) -> PaymentOrderView:
    """Return a payment order to the party whose money it is and to the exchange."""
    now = await market_now(session, actor.market_id)
    return PaymentOrderView.of(await orders.get_order(session, payment_order_id), now=now)


@routes.post("/payment-orders/{payment_order_id}/execution")
async def execute_payment_order(
    payment_order_id: UUID, body: ExecutionBody, actor: ActorDep, session: SessionDep
) -> PaymentOrderView:
    """Note by hand that the bank has paid an order; statements that are imported do it, too."""
    now = await market_now(session, actor.market_id)
    order = await executing.execute(
        session,
        actor,
        payment_order_id,
        at=body.executed_at,
        bank_reference=body.bank_reference,
        now=now,
    )
    return PaymentOrderView.of(order, now=now)


@routes.post("/payment-orders/{payment_order_id}/failure")
async def fail_payment_order(
    payment_order_id: UUID, body: FailureBody, actor: ActorDep, session: SessionDep
) -> PaymentOrderView:
    """Note that the bank does not pay an order: its money goes back where it was taken from.

    A party's is free in its funds again, and it is told; an arrival's waits in the queue.
    """
    now = await market_now(session, actor.market_id)
    order = await executing.fail(session, actor, payment_order_id, reason=body.reason, now=now)
    return PaymentOrderView.of(order, now=now)


@routes.post("/payment-batches", status_code=201)
async def make_payment_batch(actor: ActorDep, session: SessionDep) -> PaymentBatchDetail:
    """Put the orders that wait into a batch for the bank, at most 1,000, the most urgent first.

    Each order goes to the bank once. Orders whose payee has no account on record stay behind.
    """
    now = await market_now(session, actor.market_id)
    batch, found = await batching.make_batch(session, actor, now=now)
    return PaymentBatchDetail(
        **PaymentBatchView.model_validate(batch).model_dump(),
        orders=[PaymentOrderView.of(order, now=now) for order in found],
    )


@routes.get("/payment-batches")
async def list_payment_batches(
    actor: ActorDep, session: SessionDep, limit: Limit = 50, cursor: str | None = None
) -> Page[PaymentBatchView]:
    """List the market's batches, newest first."""
    found = await orders.find_batches(
        session,
        actor.market_id,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[PaymentBatchView.model_validate(batch) for batch in page],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


@routes.get("/payment-batches/{payment_batch_id}")
async def get_payment_batch(
    payment_batch_id: UUID, actor: ActorDep, session: SessionDep
) -> PaymentBatchDetail:
    """Return a batch with its orders in their places and how they stand now."""
    now = await market_now(session, actor.market_id)
    batch, found = await batching.read_batch(session, payment_batch_id)
    return PaymentBatchDetail(
        **PaymentBatchView.model_validate(batch).model_dump(),
        orders=[PaymentOrderView.of(order, now=now) for order in found],
    )


@files.get("/payment-batches/{payment_batch_id}/file", response_class=Response)
async def download_payment_batch(
    payment_batch_id: UUID, runtime: RuntimeDep, kind: Format = TableFormat.XLSX
) -> Response:
    """Return a batch's file for the bank, with whole account numbers; always the same bytes."""
    async with runtime.database.transaction() as session:
        batch, found = await batching.read_batch(session, payment_batch_id)
    content = await asyncio.to_thread(batching.write_batch, batch, found, kind)
    return table_file(content, kind, batch.number)
