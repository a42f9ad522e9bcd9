"""The table of achievements."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.listings.domain.achievement import AchievementStatus
from app.listings.domain.content import Confidentiality, Empowerment, Secrecy
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class AchievementRow(Base):
    """A result offered for conversion, with the party that owns it."""

    __tablename__ = "achievements"
    __table_args__ = (
        one_of("status", AchievementStatus),
        one_of("confidentiality", Confidentiality),
        one_of("empowerment", Empowerment),
        CheckConstraint(
            "(price_idea_minor IS NULL) = (price_idea_currency IS NULL)", name="price_idea"
        ),
        one_of("secrecy", Secrecy),
        CheckConstraint(
            "status NOT IN ('returned', 'refused') OR reason IS NOT NULL", name="reason"
        ),
        CheckConstraint(
            "status IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL", name="submitted"
        ),
        Index("ix_achievements_market_id", "market_id", "id"),
        Index("ix_achievements_party_id", "party_id", "id"),
        Index(
            "ix_achievements_completers",
            "completers",
            postgresql_using="gin",
            postgresql_ops={"completers": "jsonb_path_ops"},
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    status: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    abstract: Mapped[str] = mapped_column(Text)
    technology_field: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    ip_kind: Mapped[str] = mapped_column(String(40))
    ip_assets: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    readiness_scale: Mapped[str] = mapped_column(String(40))
    readiness_level: Mapped[int]
    evidence: Mapped[str] = mapped_column(Text)
    state_of_the_art: Mapped[str] = mapped_column(Text)
    completers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    service_result: Mapped[bool]
    empowerment: Mapped[str] = mapped_column(String(20))
    plan_source: Mapped[str] = mapped_column(String(40))
    conversion_modes: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    price_idea_minor: Mapped[int | None] = mapped_column(BigInteger)
    price_idea_currency: Mapped[str | None] = mapped_column(String(3))
    confidentiality: Mapped[str] = mapped_column(String(10))
    keywords: Mapped[list[str]] = mapped_column(ARRAY(String(200)))
    public_summary: Mapped[str | None] = mapped_column(Text)
    secrecy: Mapped[str] = mapped_column(String(12))
    funding_project: Mapped[str | None] = mapped_column(String(200))
    price_basis: Mapped[str | None] = mapped_column(Text)
    attachments: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    version: Mapped[int]
    collected_at: Mapped[datetime] = mapped_column(TIME)
    submitted_at: Mapped[datetime | None] = mapped_column(TIME)
    reviewed_at: Mapped[datetime | None] = mapped_column(TIME)
    due_at: Mapped[datetime | None] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)
