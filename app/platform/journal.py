"""The journal: one event a state change, written in the transaction that makes the change.

It is the audit trail, the change feed and the source of every reaction. Each subject's events
are numbered without a gap under the subject's lock and chained by hash; the chain covers the
public part and a salted digest of the restricted part, so the public can verify it.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import (
    BigInteger,
    DateTime,
    FetchedValue,
    Index,
    LargeBinary,
    String,
    Uuid,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.access import Actor, Role
from app.platform.db import TOUCHED, Base, insert_from_json, insert_rows, rows_as_json
from app.shared.canonical import GENESIS, chain_hash, salted_digest
from app.shared.ids import MarketId, PartyId
from app.shared.jsonable import jsonable


class JournalEpoch(Base):
    """A server life in which transaction ids only grow; see `app/platform/epoch.py`."""

    __tablename__ = "journal_epochs"

    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    system_identifier: Mapped[int] = mapped_column(BigInteger)
    timeline: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class JournalHead(Base):
    """Last version and chain head of a subject; its row lock orders the subject's events."""

    __tablename__ = "journal_heads"

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class JournalEvent(Base):
    """One event; never updated, never deleted (a trigger refuses both)."""

    __tablename__ = "journal_events"
    __table_args__ = (
        Index("ix_journal_events_feed", "epoch", "txid", "seq"),
        Index("uq_journal_events_subject", "subject_id", "subject_version", unique=True),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    epoch: Mapped[int] = mapped_column(server_default=FetchedValue())
    txid: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
    market_id: Mapped[UUID]
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[UUID]
    subject_version: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(String(60))
    market_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=FetchedValue()
    )
    request_id: Mapped[str | None] = mapped_column(String(64))
    public: Mapped[dict[str, Any]] = mapped_column(JSONB)
    restricted: Mapped[dict[str, Any]] = mapped_column(JSONB)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    audience: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event about to be journaled.

    Attributes:
        subject: Kind of the subject, e.g. ``listing``.
        type: ``<subject>.<past participle>``, e.g. ``listing.published``.
        market_at: The market's moment at which it happened, aware UTC.
        actor: ``Actor.ref`` or ``SYSTEM``; kept in the restricted part.
        public: What anyone may read, for ever; values that `jsonable` knows.
        restricted: What is for the audience, operators and auditors of the market only.
        audience: Parties that may read the restricted part.
        request_id: Set where one task acts for several requests; else the task's own.
    """

    market_id: MarketId
    subject: str
    subject_id: UUID
    type: str
    market_at: datetime
    actor: str
    public: Mapping[str, Any] = field(default_factory=dict)
    restricted: Mapping[str, Any] = field(default_factory=dict)
    audience: frozenset[PartyId] = frozenset()
    request_id: str | None = None


def public_link(
    event: "JournalEvent | NewEvent", *, version: int, restricted_digest: str
) -> dict[str, Any]:
    """Return what the chain covers: every public fact of an event, recomputable by anyone."""
    return {
        "subject": event.subject,
        "subject_id": str(event.subject_id),
        "subject_version": version,
        "type": event.type,
        "market_at": jsonable(event.market_at),
        "public": jsonable(event.public),
        "restricted_digest": restricted_digest,
    }


class Place(NamedTuple):
    """Where an event stands: its subject's version and the chain's head after it."""

    version: int
    hash: str


async def append(session: AsyncSession, *events: NewEvent) -> list[Place]:
    """Journal events in order; return their places.

    Each subject's versions rise by one under its head's row lock, held to the end of the
    transaction, so versions have no gap and a rollback leaves none.
    """
    if not events:
        return []
    subjects = sorted({event.subject_id for event in events})
    heads = await _lock_heads(session, subjects)
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    rows: list[dict[str, Any]] = []
    places: list[Place] = []
    for event in events:
        version, previous = heads[event.subject_id]
        restricted = jsonable({**event.restricted, "actor": event.actor})
        salt = secrets.token_bytes(16)
        link = public_link(
            event, version=version + 1, restricted_digest=salted_digest(restricted, salt)
        )
        place = Place(version + 1, chain_hash(previous, link))
        heads[event.subject_id] = place
        places.append(place)
        rows.append(
            {
                "market_id": event.market_id,
                "subject": event.subject,
                "subject_id": link["subject_id"],
                "subject_version": version + 1,
                "type": event.type,
                "market_at": link["market_at"],
                "request_id": event.request_id or request_id,
                "public": link["public"],
                "restricted": restricted,
                "salt": salt,
                "audience": sorted(event.audience),
                "hash": place.hash,
            }
        )
    await _write(session, rows, heads)
    session.info.setdefault(TOUCHED, set()).update(subjects)
    return places


# All heads or none, so that none is locked while another has yet to be made.
_LOCK_HEADS = """
SELECT subject_id, version, hash FROM journal_heads
WHERE subject_id = ANY(CAST(:subjects AS uuid[]))
{all_there}ORDER BY subject_id FOR UPDATE
"""
_ALL_THERE = """AND cardinality(CAST(:subjects AS uuid[])) = (
    SELECT count(*) FROM journal_heads WHERE subject_id = ANY(CAST(:subjects AS uuid[]))
)
"""
_LOCK_KNOWN_HEADS = text(_LOCK_HEADS.format(all_there=_ALL_THERE))
_LOCK_MADE_HEADS = text(_LOCK_HEADS.format(all_there=""))


async def _lock_heads(session: AsyncSession, subjects: Sequence[UUID]) -> dict[UUID, Place]:
    rows = (await session.execute(_LOCK_KNOWN_HEADS, {"subjects": subjects})).all()
    if not rows:
        # A first event has no row to lock, so heads are made first, while no lock is held that
        # another maker could wait for; who comes second waits here and sees the first's.
        fresh = [{"subject_id": name, "version": 0, "hash": GENESIS} for name in subjects]
        await insert_rows(session, JournalHead, fresh, after="ON CONFLICT DO NOTHING")
        rows = (await session.execute(_LOCK_MADE_HEADS, {"subjects": subjects})).all()
    return {row.subject_id: Place(row.version, row.hash) for row in rows}


_SAVE_HEADS = """
WITH saved AS (
    UPDATE journal_heads AS head SET version = moved.version, hash = moved.hash
    FROM unnest(
        CAST(:subjects AS uuid[]), CAST(:versions AS bigint[]), CAST(:hashes AS text[])
    ) AS moved (subject_id, version, hash)
    WHERE head.subject_id = moved.subject_id
)
"""
# As the columns' defaults do, which would ask for each row.
_ONCE = (("epoch", "SELECT journal_epoch()"), ("txid", "SELECT pg_current_xact_id()::text::bigint"))


async def _write(
    session: AsyncSession, rows: Sequence[Mapping[str, Any]], heads: Mapping[UUID, Place]
) -> None:
    """Insert events and save the heads, which are locked, in one statement."""
    versions, hashes = zip(*heads.values(), strict=True)
    await session.execute(
        insert_from_json(JournalEvent, tuple(rows[0]), before=_SAVE_HEADS, once=_ONCE),
        {
            "rows": rows_as_json(rows),
            "subjects": list(heads),
            "versions": versions,
            "hashes": hashes,
        },
    )


async def history(
    session: AsyncSession, subject_id: UUID, *, after: int = 0, limit: int | None = None
) -> Sequence[JournalEvent]:
    """Return a subject's events with a version above ``after``, in version order."""
    rows = await session.scalars(
        select(JournalEvent)
        .where(JournalEvent.subject_id == subject_id, JournalEvent.subject_version > after)
        .order_by(JournalEvent.subject_version)
        .limit(limit)
    )
    return rows.all()


def is_insider(event: JournalEvent, actor: Actor) -> bool:
    """Tell whether an actor of the event's market may read its restricted part."""
    return actor.role in {Role.OPERATOR, Role.AUDITOR} or actor.party_id in event.audience


class ChainBroken(Exception):
    """A recomputed hash differs from the stored one, or a version is missing."""


def verify_chain(events: Sequence[JournalEvent]) -> str:
    """Recompute a subject's whole chain and return its head.

    Raises:
        ChainBroken: Names the first version that does not follow.
    """
    head = GENESIS
    for version, event in enumerate(events, start=1):
        link = public_link(
            event,
            version=version,
            restricted_digest=salted_digest(event.restricted, event.salt),
        )
        head = chain_hash(head, link)
        if event.subject_version != version or event.hash != head:
            raise ChainBroken(f"{event.subject} {event.subject_id} breaks at version {version}")
    return head
