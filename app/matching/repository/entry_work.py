"""What is still to be done for entries: to read their meaning, to match them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.entry import EntryKind, told
from app.matching.models import MatchEntryRow
from app.platform.db import rows_as_json

_E: Final = MatchEntryRow.__table__.c


@dataclass(frozen=True, slots=True)
class Unread:
    """An entry whose text is to be read by the embedding model."""

    id: UUID
    kind: EntryKind
    text_hash: str
    words: str


async def unread(
    session: AsyncSession, *, but: Collection[UUID] = (), limit: int
) -> Sequence[Unread]:
    """Return entries without a vector, newest first."""
    return await _unread(session, _E.model.is_(None) & _E.id.not_in(but), limit)


async def read_by_others(
    session: AsyncSession, model: str, *, before: UUID, but: Collection[UUID] = (), limit: int
) -> Sequence[Unread]:
    """Return entries with another model's vector and smaller ids, newest first."""
    others = (_E.model != model) & (_E.id < before) & _E.id.not_in(but)
    return await _unread(session, others, limit)


async def _unread(
    session: AsyncSession, which: ColumnElement[bool], limit: int
) -> Sequence[Unread]:
    rows = await session.execute(
        select(_E.id, _E.kind, _E.text_hash, _E.title, _E.keywords, _E.text)
        .where(which)
        .order_by(_E.id.desc())
        .limit(limit)
    )
    return [
        Unread(
            id=row.id,
            kind=EntryKind(row.kind),
            text_hash=row.text_hash,
            words=told(row.title, row.keywords, row.text),
        )
        for row in rows
    ]


# Others match a newcomer again when its meaning is read. Where a whole market is read, each of
# them is matched when its own turn comes, and not once more for every other one.
_KEEP_VECTORS: Final = text("""
    UPDATE match_entries AS held
    SET model = :model, vector = decode(read.vector, 'hex'), matched_with = NULL,
        made_at = CASE WHEN held.made_at > clock_timestamp() - interval '1 hour'
            THEN clock_timestamp() ELSE held.made_at END
    FROM json_to_recordset(CAST(:rows AS json)) AS read (id uuid, text_hash text, vector text)
    WHERE held.id = read.id AND held.text_hash = read.text_hash
""")


async def keep_vectors(
    session: AsyncSession, model: str, read: Collection[tuple[Unread, bytes]]
) -> None:
    """Keep the vectors of texts that are still the same, to be matched anew with meaning.

    Invariant: MT26.
    """
    rows: list[dict[str, Any]] = [
        {"id": one.id, "text_hash": one.text_hash, "vector": vector.hex()} for one, vector in read
    ]
    await session.execute(_KEEP_VECTORS, {"model": model, "rows": rows_as_json(rows)})


async def unmatched(
    session: AsyncSession, *, but: Collection[UUID], limit: int
) -> Mapping[UUID, datetime]:
    """Return entries whose kept result is not of what they are now, with when they were made.

    The newest come first.
    """
    found = await session.execute(
        select(_E.id, _E.made_at)
        .where(_E.matched_with.is_(None), _E.id.not_in(but))
        .order_by(_E.id.desc())
        .limit(limit)
    )
    return {row.id: row.made_at for row in found}


_IGNORANT: Final = text("""
    SELECT held.id FROM match_entries held
    JOIN json_to_recordset(CAST(:rows AS json)) AS news (id uuid, made_at timestamptz)
        ON news.id = held.id
    WHERE held.matched_with IS NOT NULL
        AND coalesce(held.knows_until < news.made_at, true)
    ORDER BY held.id
""")


async def ignorant_among(session: AsyncSession, news: Mapping[UUID, datetime]) -> Collection[UUID]:
    """Return those of the entries that were matched before what they fit was made.

    Args:
        news: By entry, when the newest that it fits was made.
    """
    rows = [{"id": id_, "made_at": made_at.isoformat()} for id_, made_at in news.items()]
    return (await session.scalars(_IGNORANT, {"rows": rows_as_json(rows)})).all()
