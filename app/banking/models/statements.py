"""Tables of bank statements, their lines and what became of these."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.banking.domain.lines import Direction, LineStatus, PartKind
from app.banking.domain.matching import Doubt
from app.banking.domain.statement_form import SERIAL_MAX
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class BankStatementRow(Base):
    """An imported file."""

    __tablename__ = "bank_statements"
    __table_args__ = (Index("ix_bank_statements_market_id", "market_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"))
    account_number: Mapped[str] = mapped_column(String(32))
    line_count: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    opening_minor: Mapped[int | None] = mapped_column(BigInteger)
    closing_minor: Mapped[int | None] = mapped_column(BigInteger)
    first_at: Mapped[datetime] = mapped_column(TIME)
    last_at: Mapped[datetime] = mapped_column(TIME)
    imported_at: Mapped[datetime] = mapped_column(TIME)
    imported_by: Mapped[str] = mapped_column(String(60))


class BankLineRow(Base):
    """A line; known by account and serial number, whichever file it came in."""

    __tablename__ = "bank_lines"
    __table_args__ = (
        one_of("direction", Direction),
        one_of("status", LineStatus),
        one_of("doubt", Doubt),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("assigned_minor BETWEEN 0 AND amount_minor", name="assigned"),
        CheckConstraint(
            "(status IN ('booked', 'returned')) = (assigned_minor = amount_minor)", name="rest"
        ),
        CheckConstraint("(status = 'ignored') <= (reason IS NOT NULL)", name="reason"),
        Index("uq_bank_lines_serial", "market_id", "account_number", "serial", unique=True),
        Index("ix_bank_lines_market_id", "market_id", "id"),
        Index("ix_bank_lines_statement_id", "statement_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    statement_id: Mapped[UUID] = mapped_column(ForeignKey("bank_statements.id"))
    account_number: Mapped[str] = mapped_column(String(32))
    serial: Mapped[str] = mapped_column(String(SERIAL_MAX))
    direction: Mapped[str] = mapped_column(String(6))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    assigned_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    at: Mapped[datetime] = mapped_column(TIME)
    counterparty_name: Mapped[str] = mapped_column(String(200))
    counterparty_account: Mapped[str] = mapped_column(String(200))
    counterparty_bank: Mapped[str] = mapped_column(String(200))
    remark: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(10))
    parts: Mapped[int]
    doubt: Mapped[str | None] = mapped_column(String(20))
    doubt_detail: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)


class BankLinePartRow(Base):
    """What a part of a line became; never changes, also when a return fails later."""

    __tablename__ = "bank_line_parts"
    __table_args__ = (
        one_of("kind", PartKind),
        CheckConstraint("amount_minor > 0", name="amount"),
        Index("ix_bank_line_parts_target_id", "target_id"),
    )

    line_id: Mapped[UUID] = mapped_column(ForeignKey("bank_lines.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10))
    target_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    at: Mapped[datetime] = mapped_column(TIME)
    actor: Mapped[str] = mapped_column(String(60))
