"""The tables of matching: entries as they are matched, and results as they were shown."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Index, LargeBinary, SmallInteger, String, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.matching.domain.entry import EntryKind
from app.matching.domain.match import Verdict
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class MatchEntryRow(Base):
    """A posted demand or an achievement on the shelf, as matching reads it.

    Made from the journal by the indexer, so it may be late: whoever shows a row joins it with
    ``matchable_entries``, a view that says what may be shown now and in which revision.

    Attributes:
        laid_out: Title, keywords and text as terms are counted in them.
        text_hash: SHA-256 of what the vector is made of.
        model, vector: The embedding model and its vector, a byte a dimension; both or neither.
        matched_with: Of which revision, model and weights the kept result is; ``None``: of none.
        made_at: Database moment since which others have to know it as it is.
        knows_until: All that was made before was in the index when it was matched.
    """

    __tablename__ = "match_entries"
    __table_args__ = (
        one_of("kind", EntryKind),
        Index("ix_match_entries_kind", "kind", "id"),
        Index("ix_match_entries_unmatched", "id", postgresql_where=text("matched_with IS NULL")),
        Index("ix_match_entries_unread", "id", postgresql_where=text("model IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    market_id: Mapped[UUID]
    party_id: Mapped[UUID]
    revision: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    keywords: Mapped[list[str]] = mapped_column(ARRAY(String(200)))
    text: Mapped[str] = mapped_column(Text)
    laid_out: Mapped[str] = mapped_column(Text)
    technology_field: Mapped[str | None] = mapped_column(String(40))
    readiness_scale: Mapped[str | None] = mapped_column(String(40))
    readiness_level: Mapped[int | None] = mapped_column(SmallInteger)
    price_low_minor: Mapped[int | None] = mapped_column(BigInteger)
    price_high_minor: Mapped[int | None] = mapped_column(BigInteger)
    price_currency: Mapped[str | None] = mapped_column(String(3))
    region: Mapped[str | None] = mapped_column(String(6))
    modes: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    ip_ownership: Mapped[str | None] = mapped_column(String(40))
    due_on: Mapped[date | None] = mapped_column(Date)
    text_hash: Mapped[str] = mapped_column(String(64))
    model: Mapped[str | None] = mapped_column(String(100))
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    matched_with: Mapped[str | None] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(TIME, server_default=func.clock_timestamp())
    knows_until: Mapped[datetime | None] = mapped_column(TIME)


class MatchResultRow(Base):
    """What an entry found at one time; never changed, so that feedback knows what was shown."""

    __tablename__ = "match_results"
    __table_args__ = (
        one_of("kind", EntryKind),
        one_of("verdict", Verdict),
        Index("ix_match_results_entry_id", "entry_id", "id"),
        # Which results showed an entry; `repository.feedback` asks in these very words.
        Index(
            "ix_match_results_shown",
            text("jsonb_path_query_array(matches, '$[*].entry_id')"),
            postgresql_using="gin",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    party_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(12))
    entry_id: Mapped[UUID]
    revision: Mapped[int]
    computed_at: Mapped[datetime] = mapped_column(TIME)
    verdict: Mapped[str] = mapped_column(String(10))
    basis: Mapped[dict[str, Any]] = mapped_column(JSONB)
    excluded: Mapped[dict[str, int]] = mapped_column(JSONB)
    matches: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
