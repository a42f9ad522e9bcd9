"""Cases of the broker's desk in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.cases import Act, Case, CaseStatus, Suggestion
from app.matching.domain.entry import EntryKind
from app.matching.models import MatchCaseActRow, MatchCaseRow
from app.shared.ids import MarketId, PartyId
from app.shared.jsonable import jsonable


@dataclass(frozen=True, slots=True)
class Reach:
    """Which cases somebody may list.

    Attributes:
        market_id: All of a market's, for its staff; else those of a party.
    """

    market_id: MarketId | None = None
    party_id: PartyId | None = None

    @property
    def condition(self) -> ColumnElement[bool]:
        """What a row must fulfil; a dismissed pair was brought before neither side."""
        row = MatchCaseRow
        if self.market_id is not None:
            return row.market_id == self.market_id
        known = row.status != str(CaseStatus.DISMISSED)
        return or_(
            row.broker_id == self.party_id,
            and_(row.demand_party_id == self.party_id, known),
            and_(row.achievement_party_id == self.party_id, known),
        )


async def insert(session: AsyncSession, case: Case) -> bool:
    """Insert a case; false if the pair has one already, whose transaction is waited for."""
    pair = case.pair
    statement = upsert(MatchCaseRow).values(
        id=case.id,
        market_id=case.market_id,
        broker_id=case.broker_id,
        demand_id=pair.demand_id,
        achievement_id=pair.achievement_id,
        demand_party_id=pair.demand_party_id,
        achievement_party_id=pair.achievement_party_id,
        demand_title=pair.demand_title,
        achievement_title=pair.achievement_title,
        result_id=pair.result_id,
        found_by=str(pair.found_by),
        match=pair.match,
        opened_at=case.opened_at,
        **_moving(case),
    )
    made = await session.scalar(statement.on_conflict_do_nothing().returning(MatchCaseRow.id))
    return made is not None


def _moving(case: Case) -> dict[str, Any]:
    return {
        "status": str(case.status),
        "acts": case.acts,
        "acted_at": case.acted_at,
        "meeting_at": case.meeting_at,
    }


async def save(session: AsyncSession, case: Case) -> None:
    """Save a case; the caller holds its lock."""
    await session.execute(
        update(MatchCaseRow).where(MatchCaseRow.id == case.id).values(**_moving(case))
    )


async def find(session: AsyncSession, case_id: UUID, *, lock: bool = False) -> Case | None:
    """Return a case, under its row lock if asked."""
    row = await session.get(
        MatchCaseRow, case_id, populate_existing=True, with_for_update=lock or None
    )
    return None if row is None else _case(row)


async def find_standing(
    session: AsyncSession, demand_id: UUID, achievement_id: UUID
) -> Case | None:
    """Return the case that keeps a pair from being taken."""
    row = await session.scalar(
        select(MatchCaseRow)
        .where(
            MatchCaseRow.demand_id == demand_id,
            MatchCaseRow.achievement_id == achievement_id,
            MatchCaseRow.status != str(CaseStatus.RELEASED),
        )
        .execution_options(populate_existing=True)
    )
    return None if row is None else _case(row)


async def find_page(
    session: AsyncSession,
    reach: Reach,
    *,
    statuses: Sequence[CaseStatus],
    before: UUID | None,
    limit: int,
) -> Sequence[Case]:
    """Return cases, the newest first; of all states if none is named."""
    rows = await session.scalars(
        select(MatchCaseRow)
        .where(
            reach.condition,
            MatchCaseRow.status.in_([str(status) for status in statuses]) if statuses else true(),
            true() if before is None else MatchCaseRow.id < before,
        )
        .order_by(MatchCaseRow.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [_case(row) for row in rows]


def _case(row: MatchCaseRow) -> Case:
    market_id = MarketId(row.market_id)
    return Case(
        id=row.id,
        market_id=market_id,
        broker_id=PartyId(row.broker_id),
        status=CaseStatus(row.status),
        pair=Suggestion(
            market_id=market_id,
            demand_id=row.demand_id,
            achievement_id=row.achievement_id,
            demand_party_id=PartyId(row.demand_party_id),
            achievement_party_id=PartyId(row.achievement_party_id),
            demand_title=row.demand_title,
            achievement_title=row.achievement_title,
            result_id=row.result_id,
            found_by=EntryKind(row.found_by),
            match=row.match,
        ),
        opened_at=row.opened_at,
        acted_at=row.acted_at,
        acts=row.acts,
        meeting_at=row.meeting_at,
    )


async def add_act(session: AsyncSession, act: Act) -> None:
    """Keep an act; the caller holds the case's lock."""
    session.add(
        MatchCaseActRow(
            case_id=act.case_id,
            number=act.number,
            what=act.what,
            acted_at=act.acted_at,
            facts=jsonable(act.facts),
            note=act.note,
        )
    )
    await session.flush()


async def acts_of(session: AsyncSession, case_id: UUID) -> Sequence[Act]:
    """Return all acts of a case in order."""
    rows = await session.scalars(
        select(MatchCaseActRow)
        .where(MatchCaseActRow.case_id == case_id)
        .order_by(MatchCaseActRow.number)
    )
    return [
        Act(
            case_id=row.case_id,
            number=row.number,
            what=row.what,
            acted_at=row.acted_at,
            facts=row.facts,
            note=row.note,
        )
        for row in rows
    ]
