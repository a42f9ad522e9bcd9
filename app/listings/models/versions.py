"""The table of contents that achievements had and have."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.columns import TIME
from app.platform.db import Base


class VersionRow(Base):
    """A content as it was stored; never updated, never deleted (a trigger refuses both)."""

    __tablename__ = "achievement_versions"

    achievement_id: Mapped[UUID] = mapped_column(ForeignKey("achievements.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(String(64))
    edited_at: Mapped[datetime] = mapped_column(TIME)
    edited_by: Mapped[str] = mapped_column(String(60))
