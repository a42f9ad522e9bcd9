"""The tables of match subscriptions, and of what each has told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Double,
    FetchedValue,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.matching.domain.delivering import Delivery
from app.matching.domain.entry import EntryKind
from app.matching.domain.match import Verdict
from app.matching.domain.subscription import SourceKind
from app.platform.columns import TIME, one_of
from app.platform.db import Base
from app.shared.words import TOKEN_LENGTH_MAX


class MatchSubscriptionRow(Base):
    """A subscription.

    Attributes:
        since: The database's own moment, which clocks of sandboxes do not move: what matching
            saw for the first time before it is none of its news.
    """

    __tablename__ = "match_subscriptions"
    __table_args__ = (
        one_of("source", SourceKind),
        one_of("wants", EntryKind),
        one_of("least", Verdict),
        one_of("delivery", Delivery),
        CheckConstraint("(source IN ('demand', 'achievement')) = (entry_id IS NOT NULL)", "entry"),
        CheckConstraint("(source = 'field') = (technology_field IS NOT NULL)", "field"),
        CheckConstraint("(source = 'query') = (num_nonnulls(query, wishes) = 2)", "query"),
        CheckConstraint("digest_hour BETWEEN 0 AND 23", "digest_hour"),
        CheckConstraint("quiet_from BETWEEN 0 AND 23 AND quiet_to BETWEEN 0 AND 23", "quiet_hours"),
        Index("ix_match_subscriptions_party_id", "party_id", "id"),
        Index("ix_match_subscriptions_entry_id", "entry_id"),
        Index("ix_match_subscriptions_field", "technology_field", "wants"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    name: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(12))
    wants: Mapped[str] = mapped_column(String(12))
    entry_id: Mapped[UUID | None]
    technology_field: Mapped[str | None] = mapped_column(String(40))
    query: Mapped[str | None] = mapped_column(String(2000))
    wishes: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    least: Mapped[str] = mapped_column(String(10))
    delivery: Mapped[str] = mapped_column(String(10))
    digest_hour: Mapped[int] = mapped_column(SmallInteger)
    quiet_from: Mapped[int] = mapped_column(SmallInteger)
    quiet_to: Mapped[int] = mapped_column(SmallInteger)
    since: Mapped[datetime] = mapped_column(TIME, server_default=FetchedValue())
    created_at: Mapped[datetime] = mapped_column(TIME)


class MatchQueryPairRow(Base):
    """A pair of characters of a query with its share of all pairs when it was saved.

    By these a new entry finds the queries that it may fit.
    """

    __tablename__ = "match_query_pairs"

    pair: Mapped[str] = mapped_column(String(TOKEN_LENGTH_MAX), primary_key=True)
    subscription_id: Mapped[UUID] = mapped_column(
        ForeignKey("match_subscriptions.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    share: Mapped[float] = mapped_column(Double)


class MatchTellingRow(Base):
    """An entry that a subscription tells, once ever.

    Attributes:
        content: What will be told of it; ``None`` once it was.
    """

    __tablename__ = "match_tellings"
    __table_args__ = (
        CheckConstraint("(content IS NULL) = (told_at IS NOT NULL)", "told"),
        Index(
            "ix_match_tellings_waiting",
            "subscription_id",
            postgresql_where=text("told_at IS NULL"),
        ),
    )

    subscription_id: Mapped[UUID] = mapped_column(
        ForeignKey("match_subscriptions.id", ondelete="CASCADE"), primary_key=True
    )
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int]
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    told_at: Mapped[datetime | None] = mapped_column(TIME)


class MatchNewcomerRow(Base):
    """When matching saw an entry for the first time, by the database's clock; kept for ever."""

    __tablename__ = "match_newcomers"

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(TIME, server_default=FetchedValue())
