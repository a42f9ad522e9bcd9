"""Pairs of one market in the database: read off results, read for the desk's queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, and_, delete, or_, select, tuple_
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
    if not rows:
        return
    demands = {row["demand_id"] for row in rows}
    fields = dict(
        (
            await session.execute(
                select(MatchEntryRow.id, MatchEntryRow.technology_field).where(
                    MatchEntryRow.id.in_(demands)
                )
            )
        )
        .all()
    )
    statement = insert(_P).values(
        [{**row, "technology_field": fields.get(row["demand_id"])} for row in rows]
    )
    fresh = {
        name: statement.excluded[name]
        for name in rows[0].keys() - {"demand_id", "achievement_id", "found_by"}
    }
    keys = [_P.demand_id, _P.achievement_id, _P.found_by]
    # Two indexers may keep the same entry's results at once; the later one stands.
    await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=fresh))


_CASE: Final = aliased(MatchCaseRow)
_OTHER: Final = aliased(MatchPairRow)
_DEMAND, _ACHIEVEMENT = aliased(MatchEntryRow), aliased(MatchEntryRow)


def _current(entry: Any, revision: Any, kind: EntryKind) -> Any:
    """Tell whether an entry may be shown now, in the revision that was judged."""
    view = MATCHABLE.alias()
    return (
        select(1)
        .where(view.c.id == entry, view.c.kind == str(kind), view.c.revision == revision)
        .exists()
    )


def _standing() -> Select[*tuple[Any, ...]]:
    """Return the statement of all pairs that may be taken now, each once, unpacked."""
    same = and_(_OTHER.demand_id == _P.demand_id, _OTHER.achievement_id == _P.achievement_id)
    better = tuple_(_OTHER.score_ppm, _OTHER.found_by) > tuple_(_P.score_ppm, _P.found_by)
    current = (
        _current(_P.demand_id, _P.demand_revision, EntryKind.DEMAND),
        _current(_P.achievement_id, _P.achievement_revision, EntryKind.ACHIEVEMENT),
    )
    taken = (
        select(1)
        .where(
            _CASE.demand_id == _P.demand_id,
            _CASE.achievement_id == _P.achievement_id,
            _CASE.status != str(CaseStatus.RELEASED),
        )
        .exists()
    )
    statement: Select[*tuple[Any, ...]] = select(
        _P.market_id,
        _P.demand_id,
        _P.achievement_id,
        _P.found_by,
        _P.score_ppm,
        _P.result_id,
        _DEMAND.party_id.label("demand_party_id"),
        _DEMAND.title.label("demand_title"),
        _ACHIEVEMENT.party_id.label("achievement_party_id"),
        _ACHIEVEMENT.title.label("achievement_title"),
        MatchResultRow.matches[_P.place].label("match"),
    )
    return (
        statement.join(_DEMAND, _DEMAND.id == _P.demand_id)
        .join(_ACHIEVEMENT, _ACHIEVEMENT.id == _P.achievement_id)
        .join(MatchResultRow, MatchResultRow.id == _P.result_id)
        .where(~select(1).where(same, better).exists(), ~taken, *current)
    )


async def find_queue(
    session: AsyncSession,
    market_id: MarketId,
    *,
    technology_fields: Sequence[str] = (),
    verdict: Verdict | None = None,
    after: Place | None = None,
    limit: int,
) -> Sequence[Queued]:
    """Return pairs that may be taken, the best first, below ``after``.

    Args:
        technology_fields: Of the demand, one of them; empty for all.
    """
    statement = _standing().where(_P.market_id == market_id)
    if technology_fields:
        statement = statement.where(_P.technology_field.in_(technology_fields))
    if verdict is not None:
        statement = statement.where(_P.verdict == str(verdict))
    if after is not None:
        ids = tuple_(_P.demand_id, _P.achievement_id) > (after.demand_id, after.achievement_id)
        statement = statement.where(
            _P.score_ppm <= after.score_ppm, or_(_P.score_ppm < after.score_ppm, ids)
        )
    rows = await session.execute(
        statement.order_by(_P.score_ppm.desc(), _P.demand_id, _P.achievement_id).limit(limit)
    )
    return [
        Queued(_suggestion(row), Place(row.score_ppm, row.demand_id, row.achievement_id))
        for row in rows
    ]


async def find_suggestion(
    session: AsyncSession, market_id: MarketId, demand_id: UUID, achievement_id: UUID
) -> Suggestion | None:
    """Return a pair of a market that may be taken now."""
    rows = await session.execute(
        _standing().where(
            _P.market_id == market_id,
            _P.demand_id == demand_id,
            _P.achievement_id == achievement_id,
        )
    )
    row = rows.one_or_none()
    return None if row is None else _suggestion(row)


def _suggestion(row: Row[Any]) -> Suggestion:
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
