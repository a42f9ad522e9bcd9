"""Tables of payment orders and their batches."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.banking.domain.orders import OrderKind, OrderStatus
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class PaymentBatchRow(Base):
    """Orders that went to the bank together."""

    __tablename__ = "payment_batches"
    __table_args__ = (
        UniqueConstraint("number", name="uq_payment_batches_number"),
        Index("ix_payment_batches_market_id", "market_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    made_at: Mapped[datetime] = mapped_column(TIME)
    made_by: Mapped[str] = mapped_column(String(60))
    order_count: Mapped[int]
    total_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


class PaymentOrderRow(Base):
    """A payment order; a batch takes it once, at one place."""

    __tablename__ = "payment_orders"
    __table_args__ = (
        one_of("kind", OrderKind),
        one_of("status", OrderStatus),
        UniqueConstraint("number", name="uq_payment_orders_number"),
        UniqueConstraint("batch_id", "place", name="uq_payment_orders_batch_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("(kind = 'return') = (party_id IS NULL)", name="party"),
        CheckConstraint("num_nulls(batch_id, place) IN (0, 2)", name="batch"),
        CheckConstraint("status <> 'exported' OR batch_id IS NOT NULL", name="exported"),
        CheckConstraint(
            "num_nulls(payee_name, payee_account, payee_bank) IN (0, 3)"
            " AND (batch_id IS NULL OR payee_account IS NOT NULL)",
            name="payee",
        ),
        CheckConstraint(
            "num_nonnulls(executed_at, bank_reference)"
            " = CASE WHEN status = 'executed' THEN 2 ELSE 0 END",
            name="executed",
        ),
        CheckConstraint(
            "num_nonnulls(failed_at, failure) = CASE WHEN status = 'failed' THEN 2 ELSE 0 END",
            name="failed",
        ),
        Index("ix_payment_orders_market_id", "market_id", "id"),
        Index("ix_payment_orders_party_id", "party_id", "id"),
        Index("ix_payment_orders_subject_id", "subject_id"),
        Index(
            "ix_payment_orders_waiting",
            "market_id",
            "id",
            postgresql_where=text("status IN ('ordered', 'exported')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    kind: Mapped[str] = mapped_column(String(10))
    party_id: Mapped[UUID | None] = mapped_column(ForeignKey("parties.id"))
    subject_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    payee_name: Mapped[str | None] = mapped_column(String(200))
    payee_account: Mapped[str | None] = mapped_column(String(200))
    payee_bank: Mapped[str | None] = mapped_column(String(200))
    payee_bank_code: Mapped[str | None] = mapped_column(String(12))
    purpose: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime | None] = mapped_column(TIME)
    status: Mapped[str] = mapped_column(String(10))
    ordered_at: Mapped[datetime] = mapped_column(TIME)
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_batches.id"))
    place: Mapped[int | None]
    executed_at: Mapped[datetime | None] = mapped_column(TIME)
    bank_reference: Mapped[str | None] = mapped_column(String(200))
    failed_at: Mapped[datetime | None] = mapped_column(TIME)
    failure: Mapped[str | None] = mapped_column(Text)
