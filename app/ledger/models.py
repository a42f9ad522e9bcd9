"""Tables of the ledger; accounts, entries and postings are append-only by trigger."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.ledger.domain.accounts import Purpose
from app.platform.columns import one_of
from app.platform.db import Base


class AccountRow(Base):
    """An account; one for each market, party, purpose, subject and currency."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint(
            "market_id",
            "party_id",
            "purpose",
            "subject_id",
            "currency",
            name="uq_accounts_key",
            postgresql_nulls_not_distinct=True,
        ),
        UniqueConstraint("id", "currency", name="uq_accounts_id_currency"),
        one_of("purpose", Purpose),
        CheckConstraint("side IN ('debit', 'credit')", name="side"),
        Index("ix_accounts_party_id", "party_id"),
        Index("ix_accounts_subject_id", "subject_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    party_id: Mapped[UUID | None]
    purpose: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[UUID | None]
    currency: Mapped[str] = mapped_column(String(3))
    side: Mapped[str] = mapped_column(String(6))
    limited: Mapped[bool]


class EntryRow(Base):
    """A movement; its postings come in one INSERT of the same transaction."""

    __tablename__ = "entries"
    __table_args__ = (
        UniqueConstraint("reverses_id", name="uq_entries_reverses_id"),
        Index("ix_entries_subject_id", "subject_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reference: Mapped[str | None] = mapped_column(String(2000))
    subject_id: Mapped[UUID | None]
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("entries.id"))
    actor: Mapped[str] = mapped_column(String(60))
    content: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=FetchedValue()
    )


class PostingRow(Base):
    """One leg of an entry; ``amount_minor`` is positive for a debit, negative for a credit."""

    __tablename__ = "postings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "currency"],
            ["accounts.id", "accounts.currency"],
            name="fk_postings_account_id",
        ),
        UniqueConstraint("entry_id", "account_id", name="uq_postings_entry_id"),
        CheckConstraint("amount_minor <> 0", name="amount"),
        Index("ix_postings_account_id", "account_id", "seq"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entries.id"))
    account_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


class HoldRow(Base):
    """A deposit and where it stands; its movements are entries."""

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'posted', 'voided', 'forfeited')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("(state = 'posted') = (deal_id IS NOT NULL)", name="deal"),
        Index("ix_holds_subject_id", "subject_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    party_id: Mapped[UUID]
    subject_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10))
    deal_id: Mapped[UUID | None]
