"""Batches for the bank: each order once, the same file whenever it is asked for."""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain.orders import BATCH_MAX, Batch, NothingToPay, PaymentOrder
from app.banking.repository import orders
from app.banking.service.telling import order_event
from app.platform import journal
from app.platform.access import Actor
from app.platform.tables.report import TableFormat
from app.platform.tables.sheets import write_csv, write_xlsx
from app.shared.ids import new_id
from app.shared.money import Money

_HEADER: Final = ("付款序号", "收款户名", "账号", "开户行", "联行号", "金额", "用途")
_STAMP: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_PROPERTIES: Final = "docProps/core.xml"
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # of a ZIP archive


async def make_batch(
    session: AsyncSession, actor: Actor, *, now: datetime
) -> tuple[Batch, Sequence[PaymentOrder]]:
    """Put the orders that wait, at most a thousand, the most urgent first, into a batch (BK11).

    Raises:
        NothingToPay: None waits with an account to pay to.
    """
    found = await orders.lock_exportable(session, actor.market_id, limit=BATCH_MAX)
    if not found:
        raise NothingToPay("No order waits with an account to pay to.")
    batch = Batch(
        id=new_id(),
        number=await orders.next_batch_number(session, at=now),
        market_id=actor.market_id,
        made_at=now,
        made_by=actor.ref,
        count=len(found),
        total=sum((order.amount for order in found), Money(0)),
    )
    await orders.insert_batch(session, batch)
    exported = await orders.put_into_batch(session, found, batch)
    events = [order_event(order, "exported", at=now, actor=actor) for order in exported]
    await journal.append(session, *events)
    return batch, exported


async def read_batch(session: AsyncSession, batch_id: UUID) -> tuple[Batch, Sequence[PaymentOrder]]:
    """Return a batch with its orders in their places.

    Raises:
        ObjectUnknown: There is none.
    """
    batch = await orders.get_batch(session, batch_id)
    return batch, await orders.orders_of_batch(session, batch_id)


def write_batch(batch: Batch, found: Sequence[PaymentOrder], kind: TableFormat) -> bytes:
    """Return the file for the bank; slow, call it in a thread.

    Only what was fixed with the batch is in it, so it has the same bytes for ever.
    """
    rows: list[Sequence[str]] = [_HEADER]
    for order in found:
        payee = order.payee
        assert payee is not None
        rows.append(
            (
                str(order.place),
                payee.name,
                payee.account_number,
                payee.bank_name,
                payee.bank_code or "",
                str(order.amount),
                order.purpose,
            )
        )
    if kind is TableFormat.CSV:
        return write_csv(rows)
    return _without_clock(write_xlsx([(batch.number, rows)]), batch.made_at)


def _without_clock(content: bytes, made_at: datetime) -> bytes:
    """Return an XLSX file that does not tell when it was written, but when the batch was made."""
    stamp = made_at.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as known,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as fixed,
    ):
        for item in known.infolist():
            part = known.read(item)
            if item.filename == _PROPERTIES:
                part = _STAMP.sub(stamp, part)
            fixed.writestr(zipfile.ZipInfo(item.filename, _EARLIEST), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()
