"""The table of match wishes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.matching.domain.entry import EntryKind
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class MatchWishesRow(Base):
    """What a party wishes of the matches of one of its entries, in the present version.

    Attributes:
        id: The journal's subject; the entry's own events are another chain.
    """

    __tablename__ = "match_wishes"
    __table_args__ = (
        one_of("kind", EntryKind),
        Index("uq_match_wishes_entry_id", "entry_id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(12))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_at: Mapped[datetime] = mapped_column(TIME)
