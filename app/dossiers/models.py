"""The table of dossiers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base


class DossierRow(Base):
    """A dossier that was made: what was signed of it; never changed (a trigger refuses)."""

    __tablename__ = "dossiers"
    __table_args__ = (Index("ix_dossiers_listing_id", "listing_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    made_by: Mapped[str] = mapped_column(String(60))
    manifest: Mapped[dict[str, Any]] = mapped_column(JSONB)
    kid: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
