"""Points, rankings and results of reviews in the database; the demand's lock guards them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.award import Winner
from app.demands.domain.objection import Result
from app.demands.domain.ranking import Fate
from app.demands.domain.scoring import Points
from app.demands.models import ProposalScoreRow, RankingRow, ResultRow
from app.platform.db import insert_rows
from app.shared.ids import DemandId, PartyId, ProposalId
from app.shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the rules made of a proposal, as it is told.

    Attributes:
        price: ``None`` of whoever did not bid in an auction.
        total: Points of 100 as a decimal text; ``None`` where an auction decided.
        contributions: What each criterion, and the price, adds to it.
    """

    proposal_id: ProposalId
    party_id: PartyId
    code: str
    rank: int
    price: Money | None
    total: str | None
    contributions: Mapping[str, str]
    route: str | None
    fate: Fate

    @property
    def winner(self) -> Winner:
        """As whoever gets the work."""
        assert self.price is not None
        return Winner(
            proposal_id=self.proposal_id,
            party_id=self.party_id,
            rank=self.rank,
            price=self.price,
        )


async def save_points(
    session: AsyncSession,
    review_id: UUID,
    criteria: Sequence[str],
    points: Mapping[ProposalId, Mapping[str, Points]],
) -> None:
    """Keep the panel's points in the place of an earlier review's; at least one proposal."""
    row = ProposalScoreRow
    await session.execute(delete(row).where(row.proposal_id.in_(points)))
    rows = [
        {
            "proposal_id": proposal_id,
            "criterion": place,
            "review_id": review_id,
            "name": name,
            "points": of_proposal[name].whole,
            "total": of_proposal[name].total,
            "count": of_proposal[name].count,
        }
        for proposal_id, of_proposal in points.items()
        for place, name in enumerate(criteria)
    ]
    await insert_rows(session, row, rows)


async def points_of(session: AsyncSession, review_id: UUID) -> dict[ProposalId, dict[str, Points]]:
    """Return the panel's points of a review, by proposal and criterion in published order."""
    row = ProposalScoreRow
    found: dict[ProposalId, dict[str, Points]] = {}
    rows = await session.execute(
        select(row.proposal_id, row.name, row.total, row.count)
        .where(row.review_id == review_id)
        .order_by(row.proposal_id, row.criterion)
    )
    for proposal_id, name, total, count in rows:
        if name is not None and total is not None and count is not None:
            found.setdefault(ProposalId(proposal_id), {})[name] = Points(total, count)
    return found


async def insert_ranking(session: AsyncSession, review_id: UUID, places: Sequence[Place]) -> None:
    """Keep what became of all proposals, in the place of what the review said before."""
    await session.execute(delete(RankingRow).where(RankingRow.review_id == review_id))
    if not places:
        return
    rows = [
        {
            "review_id": review_id,
            "proposal_id": place.proposal_id,
            "party_id": place.party_id,
            "code": place.code,
            "rank": place.rank,
            "price_minor": None if place.price is None else place.price.amount_minor,
            "currency": None if place.price is None else place.price.currency,
            "total": place.total,
            "contributions": dict(place.contributions),
            "route": place.route,
            "fate": str(place.fate),
        }
        for place in places
    ]
    await insert_rows(session, RankingRow, rows)


async def ranking_of(
    session: AsyncSession,
    review_id: UUID,
    *,
    after: int = 0,
    limit: int | None = None,
    party_id: PartyId | None = None,
) -> list[Place]:
    """Return what became of the proposals, best first, those behind rank ``after``."""
    row = RankingRow
    statement = select(row).where(row.review_id == review_id, row.rank > after)
    if party_id is not None:
        statement = statement.where(row.party_id == party_id)
    rows = await session.scalars(statement.order_by(row.rank).limit(limit))
    return [_place(found) for found in rows]


def _place(row: RankingRow) -> Place:
    return Place(
        proposal_id=ProposalId(row.proposal_id),
        party_id=PartyId(row.party_id),
        code=row.code,
        rank=row.rank,
        price=_price(row),
        total=row.total,
        contributions=row.contributions,
        route=row.route,
        fate=Fate(row.fate),
    )


def _price(row: RankingRow) -> Money | None:
    if row.price_minor is None or row.currency is None:
        return None
    return Money(row.price_minor, row.currency)


async def insert(session: AsyncSession, result: Result) -> None:
    """Insert a result."""
    session.add(
        ResultRow(
            id=result.id,
            demand_id=result.demand_id,
            number=result.number,
            review_id=result.review_id,
            notice_seq=result.notice_seq,
            published_at=result.published_at,
            ends_at=result.ends_at,
            winners=list(result.winners),
            over_at=result.over_at,
        )
    )
    await session.flush()


async def save_times(
    session: AsyncSession, result_id: UUID, *, ends_at: datetime | None, over_at: datetime | None
) -> None:
    """Save when a result's notice ends and when it was over."""
    await session.execute(
        update(ResultRow)
        .where(ResultRow.id == result_id)
        .values(ends_at=ends_at, over_at=over_at)
        .execution_options(synchronize_session=False)
    )


async def latest(session: AsyncSession, demand_id: DemandId) -> Result | None:
    """Return the latest result of a demand."""
    row = await session.scalar(
        select(ResultRow)
        .where(ResultRow.demand_id == demand_id)
        .order_by(ResultRow.number.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return None if row is None else _result(row)


def _result(row: ResultRow) -> Result:
    return Result(
        id=row.id,
        demand_id=DemandId(row.demand_id),
        number=row.number,
        review_id=row.review_id,
        notice_seq=row.notice_seq,
        published_at=row.published_at,
        ends_at=row.ends_at,
        winners=tuple(ProposalId(winner) for winner in row.winners),
        over_at=row.over_at,
    )


async def earlier_winners(session: AsyncSession, review_id: UUID) -> Collection[ProposalId]:
    """Return all who have won by a review's ranking, whatever came of it."""
    rows = await session.scalars(
        select(func.unnest(ResultRow.winners)).where(ResultRow.review_id == review_id)
    )
    return frozenset(ProposalId(winner) for winner in rows)
