"""One of each object of banking, written straight into the tables."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain.lines import BankLine, Direction, LineStatus
from app.banking.domain.orders import Batch, OrderKind, OrderStatus, Payee, PaymentOrder
from app.banking.domain.statement import BankStatement
from app.banking.repository import lines, orders
from app.platform.files.model import Audience, FileRow
from app.shared.ids import FileId, MarketId, PartyId, new_id
from app.shared.money import Money
from tests.banking.teller import BUYER, OWN, PAYER
from tests.world import START


@dataclass(frozen=True, slots=True)
class BankThings:
    """The ids."""

    statement_id: UUID
    line_id: UUID
    order_id: UUID
    batch_id: UUID


async def put_bank_things(
    session: AsyncSession, market_id: MarketId, *, uploader: PartyId, party_id: PartyId
) -> BankThings:
    """Write a statement with a queued line, and a batch with an order of the party."""
    things = BankThings(new_id(), new_id(), new_id(), new_id())
    file_id = FileId(new_id())
    session.add(
        FileRow(
            id=file_id,
            market_id=market_id,
            party_id=uploader,
            name="流水.csv",
            media_type="text/csv",
            size_bytes=1,
            sha256="0" * 64,
            audience=Audience.OWNER,
            uploaded_by="user:1",
        )
    )
    await session.flush()
    statement = BankStatement(
        id=things.statement_id,
        market_id=market_id,
        file_id=file_id,
        account_number=OWN,
        lines=1,
        fresh=1,
        opening=None,
        closing=None,
        first_at=START,
        last_at=START,
        imported_at=START,
        imported_by="user:1",
        counts={},
    )
    await lines.insert_statement(session, statement)
    line = BankLine(
        id=things.line_id,
        market_id=market_id,
        statement_id=things.statement_id,
        account_number=OWN,
        serial="T1",
        direction=Direction.CREDIT,
        amount=Money(100),
        at=START,
        counterparty_name=BUYER,
        counterparty_account=PAYER,
        counterparty_bank="杭州银行",
        remark="",
        status=LineStatus.QUEUED,
        assigned=Money(0),
    )
    await lines.insert_new(session, [line])
    order = PaymentOrder(
        id=things.order_id,
        number=await orders.next_number(session, at=START),
        market_id=market_id,
        kind=OrderKind.WITHDRAWAL,
        party_id=party_id,
        subject_id=party_id,
        amount=Money(100),
        payee=Payee(name=BUYER, account_number=PAYER, bank_name="杭州银行"),
        purpose="提取可用资金",
        due_at=None,
        status=OrderStatus.ORDERED,
        ordered_at=START,
    )
    await orders.insert_order(session, order)
    batch = Batch(
        id=things.batch_id,
        number=await orders.next_batch_number(session, at=START),
        market_id=market_id,
        made_at=START,
        made_by="user:1",
        count=1,
        total=order.amount,
    )
    await orders.insert_batch(session, batch)
    await orders.put_into_batch(session, [order], batch)
    return things
