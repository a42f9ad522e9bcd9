"""The tables behind searches: what entries are found by, and searches that were saved."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.listings.domain.searching import Target
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class AchievementSearchRow(Base):
    """An achievement on the shelf; a trigger removes it in the transaction that takes it off."""

    __tablename__ = "achievement_search"
    __table_args__ = (
        Index(
            "ix_achievement_search_words",
            "words",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
        Index("ix_achievement_search_newest", "shelved_at", "achievement_id"),
    )

    achievement_id: Mapped[UUID] = mapped_column(ForeignKey("achievements.id"), primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    version: Mapped[int]
    technology_field: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    ip_kind: Mapped[str] = mapped_column(String(40))
    conversion_modes: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    region: Mapped[str | None] = mapped_column(String(6))
    readiness_scale: Mapped[str] = mapped_column(String(40))
    readiness_level: Mapped[int]
    readiness_bp: Mapped[int]
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    price_currency: Mapped[str | None] = mapped_column(String(3))
    shelved_at: Mapped[datetime] = mapped_column(TIME)
    owner_name: Mapped[str] = mapped_column(String(200))
    words: Mapped[str] = mapped_column(TSVECTOR)


class ListingSearchRow(Base):
    """What a published listing is found by; everything else is its own row's."""

    __tablename__ = "listing_search"
    __table_args__ = (
        Index(
            "ix_listing_search_words",
            "words",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"), primary_key=True)
    technology_field: Mapped[str] = mapped_column(String(40))
    keywords: Mapped[list[str]] = mapped_column(ARRAY(String(200)))
    told_abstract: Mapped[str] = mapped_column(Text)
    owner_name: Mapped[str] = mapped_column(String(200))
    words: Mapped[str] = mapped_column(TSVECTOR)


class SavedSearchRow(Base):
    """A saved search; ``anchor`` is a token without which it finds nothing."""

    __tablename__ = "saved_searches"
    __table_args__ = (
        one_of("target", Target),
        Index("ix_saved_searches_party_id", "party_id", "id"),
        Index("ix_saved_searches_anchor", "market_id", "target", "anchor"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    name: Mapped[str] = mapped_column(String(200))
    target: Mapped[str] = mapped_column(String(20))
    q: Mapped[str] = mapped_column(String(200))
    filters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    anchor: Mapped[str | None] = mapped_column(String(40))
    technology_fields: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    created_at: Mapped[datetime] = mapped_column(TIME)
    created_by: Mapped[str] = mapped_column(String(60))
