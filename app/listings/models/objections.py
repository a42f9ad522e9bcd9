"""The tables of agreements and objections."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.listings.domain.objection import ObjectionGround, ObjectionStatus
from app.listings.domain.relation import Relation
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class ProcedureRow(Base):
    """An objection procedure as published; never changed (a trigger refuses)."""

    __tablename__ = "objection_procedures"
    __table_args__ = (
        Index(
            "uq_objection_procedures_version",
            "market_id",
            "party_id",
            "version",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID | None] = mapped_column(ForeignKey("parties.id"))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime] = mapped_column(TIME)


class ConsentRow(Base):
    """A buyer's consent to exact terms; never changed (a trigger refuses)."""

    __tablename__ = "agreement_consents"
    __table_args__ = (one_of("relation", Relation),)

    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"), primary_key=True)
    terms_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    relation: Mapped[str] = mapped_column(String(10))
    consented_by: Mapped[str] = mapped_column(String(60))
    consented_at: Mapped[datetime] = mapped_column(TIME)


class ProposalRow(Base):
    """Changed terms of a published agreement that wait for the buyer's consent: one a listing."""

    __tablename__ = "agreement_proposals"

    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"), primary_key=True)
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    terms_hash: Mapped[str] = mapped_column(String(64))
    proposed_by: Mapped[str] = mapped_column(String(60))
    proposed_at: Mapped[datetime] = mapped_column(TIME)


class ObjectionRow(Base):
    """An objection and its decision."""

    __tablename__ = "objections"
    __table_args__ = (
        one_of("status", ObjectionStatus),
        one_of("ground", ObjectionGround),
        CheckConstraint(
            "(status IN ('upheld', 'rejected')) = (decision IS NOT NULL)", name="decision"
        ),
        Index("ix_objections_listing_id", "listing_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"))
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("listing_notices.id"))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID | None] = mapped_column(ForeignKey("parties.id"))
    name: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(200))
    ground: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    files: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    status: Mapped[str] = mapped_column(String(10))
    filed_at: Mapped[datetime] = mapped_column(TIME)
    filed_by: Mapped[str] = mapped_column(String(60))
    decide_by_at: Mapped[datetime | None] = mapped_column(TIME)
    decision: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(TIME)
    decided_by: Mapped[str | None] = mapped_column(String(60))
