"""Entries as the indexer keeps them, made from what the other modules tell everybody."""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.coverage import lay_out
from app.matching.domain.entry import Entry, EntryKind
from app.matching.models import MatchEntryRow
from app.matching.repository.entries import MATCHABLE
from app.platform.db import insert_from_json, rows_as_json

_STATED: Final = (
    "kind",
    "market_id",
    "party_id",
    "revision",
    "title",
    "keywords",
    "text",
    "laid_out",
    "technology_field",
    "readiness_scale",
    "readiness_level",
    "price_low_minor",
    "price_high_minor",
    "price_currency",
    "region",
    "modes",
    "ip_ownership",
    "due_on",
    "text_hash",
)


def _of(row: str) -> str:
    return ", ".join(f"{row}.{name}" for name in _STATED)


# A vector is of the text, so it outlives other changes; whatever has changed is matched anew.
_PUT: Final = text(f"""
    {insert_from_json(MatchEntryRow, ("id", *_STATED))}
    ON CONFLICT (id) DO UPDATE SET ({", ".join(_STATED)}) = ROW({_of("excluded")}),
        model = CASE WHEN match_entries.text_hash = excluded.text_hash THEN match_entries.model END,
        vector =
            CASE WHEN match_entries.text_hash = excluded.text_hash THEN match_entries.vector END,
        matched_with = NULL, made_at = clock_timestamp()
    WHERE ({_of("match_entries")}) IS DISTINCT FROM ({_of("excluded")})
""")


async def begin(session: AsyncSession) -> None:
    """Let entries be made by one transaction at a time, several hosts' too.

    What it reads from now on is no older than what another one has read.
    """
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('matching', 0))"))


async def shown_among(session: AsyncSession, ids: Collection[UUID]) -> frozenset[UUID]:
    """Return those that may be shown now."""
    found = await session.scalars(select(MATCHABLE.c.id).where(MATCHABLE.c.id.in_(ids)))
    return frozenset(found)


async def estimate_shown(session: AsyncSession) -> int:
    """Return about how many may be shown now: counting a nation's takes longer than a request."""
    planned = await session.scalar(text(f"EXPLAIN (FORMAT JSON) SELECT FROM {MATCHABLE.name}"))
    told = json.loads(planned) if isinstance(planned, str) else planned
    return int(told[0]["Plan"]["Plan Rows"])


async def put(session: AsyncSession, entries: Collection[Entry]) -> None:
    """Keep entries as they are now; those that are kept so already stay as they are.

    Invariant: MT25.
    """
    if entries:
        await session.execute(_PUT, {"rows": rows_as_json([_row(entry) for entry in entries])})


async def remove(session: AsyncSession, ids: Collection[UUID]) -> None:
    """Keep those entries no more; their results stay."""
    if ids:
        await session.execute(delete(MatchEntryRow).where(MatchEntryRow.id.in_(ids)))


async def remove_between(
    session: AsyncSession,
    kind: EntryKind,
    *,
    after: UUID,
    until: UUID | None,
    but: Collection[UUID],
) -> None:
    """Keep no other entries of a kind whose ids lie in a range than some.

    Args:
        until: Included; ``None`` is the end.
    """
    within = [MatchEntryRow.kind == str(kind), MatchEntryRow.id > after]
    if until is not None:
        within.append(MatchEntryRow.id <= until)
    await session.execute(
        delete(MatchEntryRow).where(*within, MatchEntryRow.id.not_in(but)),
        execution_options={"synchronize_session": False},
    )


def _row(entry: Entry) -> Mapping[str, Any]:
    facts = entry.facts
    readiness, low, high = facts.readiness, facts.price_low, facts.price_high
    return {
        "id": entry.id,
        "kind": str(entry.kind),
        "market_id": entry.market_id,
        "party_id": entry.party_id,
        "revision": entry.revision,
        "title": entry.title,
        "keywords": entry.keywords,
        "text": entry.text,
        "laid_out": lay_out(entry.words),
        "technology_field": facts.technology_field,
        "readiness_scale": None if readiness is None else readiness.scale,
        "readiness_level": None if readiness is None else readiness.level,
        "price_low_minor": None if low is None else low.amount_minor,
        "price_high_minor": None if high is None else high.amount_minor,
        "price_currency": None if low is None else low.currency,
        "region": facts.region,
        "modes": facts.modes,
        "ip_ownership": facts.ip_ownership,
        "due_on": None if facts.due_on is None else facts.due_on.isoformat(),
        "text_hash": hashlib.sha256(entry.words.encode()).hexdigest(),
    }
