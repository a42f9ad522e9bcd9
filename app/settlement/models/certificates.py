"""The table of certificates."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.columns import TIME, one_of
from app.platform.db import Base
from app.settlement.domain.certificates import CertificateKind, RevocationGround


class CertificateRow(Base):
    """A certificate; but for its one revocation never changed (a trigger refuses)."""

    __tablename__ = "certificates"
    __table_args__ = (
        one_of("kind", CertificateKind),
        one_of("revocation_ground", RevocationGround),
        CheckConstraint(
            "num_nulls(revoked_at, revocation_ground, revocation_reason) IN (0, 3)",
            name="revocation",
        ),
        Index(
            "uq_certificates_deal_id",
            "deal_id",
            "kind",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
        Index("ix_certificates_deal_id", "deal_id", "number"),
        Index(
            "ix_certificates_revoked",
            "market_id",
            "number",
            postgresql_where=text("revoked_at IS NOT NULL"),
        ),
    )

    number: Mapped[str] = mapped_column(String(24), primary_key=True)
    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    kind: Mapped[str] = mapped_column(String(20))
    issued_at: Mapped[datetime] = mapped_column(TIME)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    public: Mapped[dict[str, Any]] = mapped_column(JSONB)
    kid: Mapped[str] = mapped_column(String(64))
    revoked_at: Mapped[datetime | None] = mapped_column(TIME)
    revocation_ground: Mapped[str | None] = mapped_column(String(20))
    revocation_reason: Mapped[str | None] = mapped_column(String(2000))
