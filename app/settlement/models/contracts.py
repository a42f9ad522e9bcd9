"""Tables of contracts."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base


class ContractRow(Base):
    """The contract's data in their present version; the journal keeps the earlier ones."""

    __tablename__ = "deal_contracts"
    __table_args__ = (CheckConstraint("technology_amount_minor > 0", name="technology_amount"),)

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3))
    project_name: Mapped[str | None] = mapped_column(String(200))
    contract_type: Mapped[str | None] = mapped_column(String(60))
    technology_amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    signed_on: Mapped[date | None] = mapped_column(Date)
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    payment_mode: Mapped[str | None] = mapped_column(String(60))
    plan_source: Mapped[str | None] = mapped_column(String(60))
    social_economic_objective: Mapped[str | None] = mapped_column(String(60))
    ip_kind: Mapped[str | None] = mapped_column(String(60))
    related_party: Mapped[bool | None]
    in_writing: Mapped[bool | None]
    patent_ends_on: Mapped[date | None] = mapped_column(Date)
    buyer_is_transfer_institution: Mapped[bool | None]
    buyer_is_rd_institution: Mapped[bool | None]
    buyer_is_converted_institute: Mapped[bool | None]
