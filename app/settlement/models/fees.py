"""Tables of fees: policies, charges, brokers, invoice titles."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.columns import TIME, one_of
from app.platform.db import Base
from app.settlement.domain.charge import ChargeKind, ChargeStatus
from app.settlement.domain.deal import Side


class FeePolicyRow(Base):
    """One version of a market's fees; never updated, never deleted (a trigger refuses both)."""

    __tablename__ = "fee_policies"
    __table_args__ = (Index("ix_fee_policies_effective", "market_id", "effective_on", "version"),)

    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    effective_on: Mapped[date]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    entered_by: Mapped[str] = mapped_column(String(60))
    entered_at: Mapped[datetime] = mapped_column(TIME)


class ChargeRow(Base):
    """What a side owes for a deal; changed only under the deal's lock."""

    __tablename__ = "deal_charges"
    __table_args__ = (
        one_of("kind", ChargeKind),
        one_of("side", Side),
        one_of("status", ChargeStatus),
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint(
            "funds_minor >= 0 AND withheld_minor >= 0 AND voucher_minor >= 0 AND waived_minor >= 0"
            " AND funds_minor + withheld_minor + voucher_minor + waived_minor <= amount_minor",
            name="met",
        ),
        CheckConstraint(
            "status = 'cancelled' OR (status = 'met') ="
            " (funds_minor + withheld_minor + voucher_minor + waived_minor = amount_minor)",
            name="status_of_met",
        ),
        CheckConstraint("refunded_minor BETWEEN 0 AND funds_minor", name="refund"),
        CheckConstraint("(kind = 'brokerage') = (payee_id IS NOT NULL)", name="payee"),
        CheckConstraint("(invoice_number IS NULL) = (invoiced_on IS NULL)", name="invoice"),
        Index("uq_deal_charges_invoice_number", "market_id", "invoice_number", unique=True),
        Index("ix_deal_charges_market_id", "market_id", "deal_id", "number"),
        Index("ix_deal_charges_payer_id", "payer_id", "deal_id", "number"),
        Index("ix_deal_charges_payee_id", "payee_id", "deal_id", "number"),
    )

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    kind: Mapped[str] = mapped_column(String(10))
    side: Mapped[str] = mapped_column(String(6))
    payer_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    payee_id: Mapped[UUID | None] = mapped_column(ForeignKey("parties.id"))
    status: Mapped[str] = mapped_column(String(10))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    funds_minor: Mapped[int] = mapped_column(BigInteger)
    withheld_minor: Mapped[int] = mapped_column(BigInteger)
    voucher_minor: Mapped[int] = mapped_column(BigInteger)
    waived_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[datetime] = mapped_column(TIME)
    policy_version: Mapped[int]
    calculation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str | None] = mapped_column(String(2000))
    invoice_number: Mapped[str | None] = mapped_column(String(20))
    invoiced_on: Mapped[date | None]


class BrokerRow(Base):
    """The broker 技术经理人 through whom a deal came, with both sides' consent."""

    __tablename__ = "deal_brokers"

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"), primary_key=True)
    broker_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    named_by: Mapped[str] = mapped_column(String(60))
    named_at: Mapped[datetime] = mapped_column(TIME)
    buyer_consent_at: Mapped[datetime | None] = mapped_column(TIME)
    buyer_consent_by: Mapped[str | None] = mapped_column(String(60))
    seller_consent_at: Mapped[datetime | None] = mapped_column(TIME)
    seller_consent_by: Mapped[str | None] = mapped_column(String(60))


class InvoiceTitleRow(Base):
    """A version of a party's invoice data 开票信息; never changed, only followed by the next."""

    __tablename__ = "invoice_titles"

    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(200))
    tax_number: Mapped[str | None] = mapped_column(String(20))
    address_phone: Mapped[str | None] = mapped_column(String(400))
    bank_account: Mapped[str | None] = mapped_column(String(400))
    entered_by: Mapped[str] = mapped_column(String(60))
    entered_at: Mapped[datetime] = mapped_column(TIME)
