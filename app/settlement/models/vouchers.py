"""Tables of innovation vouchers."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.columns import TIME, one_of
from app.platform.db import Base
from app.settlement.domain.voucher import VoucherStatus


class VoucherProgrammeRow(Base):
    """A programme as its issuer announced it; never changed (a trigger refuses it)."""

    __tablename__ = "voucher_programmes"
    __table_args__ = (
        CheckConstraint("valid_from <= valid_to", name="dates"),
        CheckConstraint("cap_minor > 0 AND year_cap_minor >= cap_minor", name="caps"),
        CheckConstraint("share_bp BETWEEN 1 AND 10000", name="share"),
        Index("ix_voucher_programmes_market_id", "market_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    name: Mapped[str] = mapped_column(String(200))
    issuer: Mapped[str] = mapped_column(String(200))
    region_code: Mapped[str] = mapped_column(String(6))
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    currency: Mapped[str] = mapped_column(String(3))
    cap_minor: Mapped[int] = mapped_column(BigInteger)
    year_cap_minor: Mapped[int] = mapped_column(BigInteger)
    share_bp: Mapped[int]
    uses: Mapped[list[str]] = mapped_column(ARRAY(String(5)))
    entered_by: Mapped[str] = mapped_column(String(60))
    entered_at: Mapped[datetime] = mapped_column(TIME)


class VoucherRow(Base):
    """A voucher and its one use."""

    __tablename__ = "vouchers"
    __table_args__ = (
        one_of("status", VoucherStatus),
        CheckConstraint("face_minor > 0", name="face"),
        CheckConstraint("used_minor > 0 AND used_minor <= face_minor", name="used"),
        CheckConstraint(
            "(status = 'issued') = (used_minor IS NULL) AND (status = 'issued') = (deal_id IS NULL)"
            " AND (status = 'issued') = (reserved_at IS NULL)"
            " AND (status IN ('redeemed', 'claimed', 'settled')) = (redeemed_at IS NOT NULL)"
            " AND (status IN ('claimed', 'settled')) = (claimed_at IS NOT NULL)"
            " AND (status = 'settled') = (settled_at IS NOT NULL)"
            " AND (status = 'settled') = (bank_reference IS NOT NULL)",
            name="course",
        ),
        ForeignKeyConstraint(
            ["deal_id", "charge_number"],
            ["deal_charges.deal_id", "deal_charges.number"],
            name="fk_vouchers_charge",
        ),
        Index("uq_vouchers_number", "programme_id", "number", unique=True),
        Index("ix_vouchers_holder_id", "holder_id", "programme_id", "id"),
        Index("ix_vouchers_market_id", "market_id", "id"),
        Index("ix_vouchers_deal_id", "deal_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("voucher_programmes.id"))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    number: Mapped[str] = mapped_column(String(60))
    holder_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    status: Mapped[str] = mapped_column(String(10))
    currency: Mapped[str] = mapped_column(String(3))
    face_minor: Mapped[int] = mapped_column(BigInteger)
    expires_on: Mapped[date]
    issued_at: Mapped[datetime] = mapped_column(TIME)
    deal_id: Mapped[UUID | None] = mapped_column(ForeignKey("deals.id"))
    charge_number: Mapped[int | None]
    used_minor: Mapped[int | None] = mapped_column(BigInteger)
    reserved_at: Mapped[datetime | None] = mapped_column(TIME)
    redeemed_at: Mapped[datetime | None] = mapped_column(TIME)
    claimed_at: Mapped[datetime | None] = mapped_column(TIME)
    settled_at: Mapped[datetime | None] = mapped_column(TIME)
    bank_reference: Mapped[str | None] = mapped_column(String(200))
    round: Mapped[int]
