"""Pairs of one market in the database: read off results, read for the desk's queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.matching.domain.cases import CaseStatus, Suggestion
from app.matching.domain.entry import EntryKind
from app.matching.domain.match import Verdict
from app.matching.models import MatchCaseRow, MatchEntryRow, MatchPairRow, MatchResultRow
from app.matching.repository.entries import MATCHABLE
from app.shared.ids import MarketId, PartyId

_P: Final = MatchPairRow


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the queue ends."""

    score_ppm: int
    demand_id: UUID
    achievement_id: UUID


@dataclass(frozen=True, slots=True)
class Queued:
    """A suggestion with its place in the queue."""

    suggestion: Suggestion
    place: Place


async def replace_found(
    session: AsyncSession, kind: EntryKind, entry_id: UUID, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Let an entry have found these and no others.

    Args:
        rows: Columns of the table; the technology field is looked up.
    """
    own = _P.demand_id if kind is EntryKind.DEMAND else _P.achievement_id
    await session.execute(
        delete(_P)
        .where(own == entry_id, _P.found_by == kind)
        .execution_options(synchronize_session=False)
    )
    sides = {row[name] for row in rows for name in ("demand_id", "achievement_id")}
    held = await session.execute(
        select(MatchEntryRow.id, MatchEntryRow.technology_field)
        .where(MatchEntryRow.id.in_(sides))
        .order_by(MatchEntryRow.id)
        .with_for_update(read=True, key_share=True)  # none goes before its pairs are there
    )
    fields = {row.id: row.technology_field for row in held}
    found = [
        {**row, "technology_field": fields[row["demand_id"]]}
        for row in rows
        if row["demand_id"] in fields and row["achievement_id"] in fields
    ]
    if not found:
        return
    statement = insert(_P).values(found)
    fresh = {
        name: statement.excluded[name]
        for name in found[0].keys() - {"demand_id", "achievement_id", "found_by"}
    }
    keys = [_P.demand_id, _P.achievement_id, _P.found_by]
    # Two indexers may keep the same entry's results at once; the later one stands.
    await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=fresh))


_CASE: Final = aliased(MatchCaseRow)
_OTHER: Final = aliased(MatchPairRow)
_SLICE: Final = 100  # rows looked at first; then twice as many each time
_SLICE_MAX: Final = 3200


def _current(entry: Any, revision: Any, kind: EntryKind) -> Any:
    """Tell whether an entry may be shown now, in the revision that was judged."""
    view = MATCHABLE.alias()
    return (
        select(1)
        .where(view.c.id == entry, view.c.kind == str(kind), view.c.revision == revision)
        .exists()
    )


def _looked_at(*conditions: ColumnElement[bool], limit: int) -> Select[*tuple[Any, ...]]:
    """Return the statement of pairs in the queue's order, each with whether it may be taken.

    The slice is cut off first: so the rest is looked up by keys for its few rows, however many
    pairs there are. The better direction of a pair comes first.
    """
    order = ("demand_id", "achievement_id")
    part = (
        select(_P.__table__)
        .where(*conditions)
        .order_by(_P.score_ppm.desc(), *(getattr(_P, name) for name in order), _P.found_by.desc())
        .limit(limit)
        .subquery()
    ).c
    same = and_(
        *(
            getattr(_OTHER, name) == part[name]
            for name in (*order, "demand_revision", "achievement_revision")
        )
    )
    better = tuple_(_OTHER.score_ppm, _OTHER.found_by) > tuple_(part.score_ppm, part.found_by)
    of_pair = and_(*(getattr(_CASE, name) == part[name] for name in order))
    standing = _CASE.status != str(CaseStatus.RELEASED)
    return select(
        part.demand_id,
        part.achievement_id,
        part.found_by,
        part.score_ppm,
        ~select(1).where(same, better).exists(),
        ~select(1).where(of_pair, standing).exists(),
        _current(part.demand_id, part.demand_revision, EntryKind.DEMAND),
        _current(part.achievement_id, part.achievement_revision, EntryKind.ACHIEVEMENT),
    ).order_by(part.score_ppm.desc(), *(part[name] for name in order), part.found_by.desc())


def _may_be_taken(row: Any) -> bool:
    return all(row[4:])


async def find_queue(
    session: AsyncSession,
    market_id: MarketId,
    *,
    technology_field: str | None = None,
    verdict: Verdict | None = None,
    after: Place | None = None,
    limit: int,
) -> Sequence[Queued]:
    """Return pairs that may be taken, the best first, below ``after``.

    Args:
        technology_field: Of the demand.
    """
    asked: list[ColumnElement[bool]] = [_P.market_id == market_id]
    if technology_field is not None:
        asked.append(_P.technology_field == technology_field)
    if verdict is not None:
        asked.append(_P.verdict == str(verdict))
    found: list[Any] = []
    size = _SLICE
    while len(found) < limit:
        statement = _looked_at(*asked, *_below(after), limit=size)
        rows = (await session.execute(statement)).all()
        found += filter(_may_be_taken, rows)
        if len(rows) < size:
            break
        last = rows[-1]
        after = Place(last.score_ppm, last.demand_id, last.achievement_id)
        size = min(2 * size, _SLICE_MAX)
    return await _unpacked(session, found[:limit])


def _below(after: Place | None) -> Sequence[ColumnElement[bool]]:
    if after is None:
        return []
    ids = tuple_(_P.demand_id, _P.achievement_id) > (after.demand_id, after.achievement_id)
    return [_P.score_ppm <= after.score_ppm, or_(_P.score_ppm < after.score_ppm, ids)]


async def find_suggestion(
    session: AsyncSession, market_id: MarketId, demand_id: UUID, achievement_id: UUID
) -> Suggestion | None:
    """Return a pair of a market that may be taken now."""
    asked = (
        _P.market_id == market_id,
        _P.demand_id == demand_id,
        _P.achievement_id == achievement_id,
    )
    rows = await session.execute(_looked_at(*asked, limit=len(EntryKind)))
    found = await _unpacked(session, list(filter(_may_be_taken, rows.all())))
    return found[0].suggestion if found else None


async def _unpacked(session: AsyncSession, rows: Sequence[Any]) -> Sequence[Queued]:
    """Return pairs with the match that each stands in, in the order given."""
    keys = [tuple(row[:3]) for row in rows]
    demand, achievement = aliased(MatchEntryRow), aliased(MatchEntryRow)
    found = await session.execute(
        select(
            _P.market_id,
            _P.demand_id,
            _P.achievement_id,
            _P.found_by,
            _P.score_ppm,
            _P.result_id,
            demand.party_id.label("demand_party_id"),
            demand.title.label("demand_title"),
            achievement.party_id.label("achievement_party_id"),
            achievement.title.label("achievement_title"),
            MatchResultRow.matches[_P.place].label("match"),
        )
        .join(demand, demand.id == _P.demand_id)
        .join(achievement, achievement.id == _P.achievement_id)
        .join(MatchResultRow, MatchResultRow.id == _P.result_id)
        .where(tuple_(_P.demand_id, _P.achievement_id, _P.found_by).in_(keys))
    )
    unpacked = {(row.demand_id, row.achievement_id, row.found_by): row for row in found}
    return [
        Queued(_suggestion(unpacked[key]), Place(unpacked[key].score_ppm, *key[:2])) for key in keys
    ]


def _suggestion(row: Any) -> Suggestion:
    return Suggestion(
        market_id=MarketId(row.market_id),
        demand_id=row.demand_id,
        achievement_id=row.achievement_id,
        demand_party_id=PartyId(row.demand_party_id),
        achievement_party_id=PartyId(row.achievement_party_id),
        demand_title=row.demand_title,
        achievement_title=row.achievement_title,
        result_id=row.result_id,
        found_by=EntryKind(row.found_by),
        match=row.match,
    )
