"""Tables of where parties are paid and by which reference they pay."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.banking.domain.matching import TargetKind
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class BankAccountRow(Base):
    """A party's account; the newest is the one that is used, earlier ones stay."""

    __tablename__ = "bank_accounts"
    __table_args__ = (
        Index("ix_bank_accounts_party_id", "party_id", "id"),
        Index("ix_bank_accounts_account_number", "market_id", "account_number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    holder_name: Mapped[str] = mapped_column(String(200))
    account_number: Mapped[str] = mapped_column(String(32))
    bank_name: Mapped[str] = mapped_column(String(200))
    bank_code: Mapped[str | None] = mapped_column(String(12))
    of_exchange: Mapped[bool]
    entered_at: Mapped[datetime] = mapped_column(TIME)
    entered_by: Mapped[str] = mapped_column(String(60))


class PaymentReferenceRow(Base):
    """What a payer writes in the remark of its transfer; one a target."""

    __tablename__ = "payment_references"
    __table_args__ = (
        one_of("kind", TargetKind),
        UniqueConstraint("target_id", name="uq_payment_references_target_id"),
    )

    reference: Mapped[str] = mapped_column(String(12), primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    kind: Mapped[str] = mapped_column(String(10))
    target_id: Mapped[UUID]
