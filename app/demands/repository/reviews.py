"""Reviews, panels, sheets and presentations in the database; the demand's lock guards them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.presentation import Presentation, PresentationState
from app.demands.domain.review import Review, ReviewStatus
from app.demands.domain.scoring import Score, Sheet
from app.demands.models import PresentationRow, ReviewRow, ReviewSeatRow, ReviewSheetRow
from app.platform.db import insert_rows
from app.shared.ids import (
    DemandId,
    MarketId,
    MembershipId,
    PartyId,
    ProposalId,
    SeatId,
    UserId,
)
from app.shared.panels import Departure, Seat


def _review(row: ReviewRow) -> Review:
    return Review(
        id=row.id,
        demand_id=DemandId(row.demand_id),
        market_id=MarketId(row.market_id),
        posting=row.posting,
        number=row.number,
        status=ReviewStatus(row.status),
        begun_at=row.begun_at,
        reason=row.reason,
        seed_digest=row.seed_digest,
        seed=row.seed,
        scores_due_at=row.scores_due_at,
        opened_at=row.opened_at,
        ended_at=row.ended_at,
        routes=row.routes,
    )


def _plain(value: Review | Seat | Presentation) -> dict[str, Any]:
    return {
        name: str(field)
        if isinstance(field, ReviewStatus | Departure | PresentationState)
        else field
        for name, field in asdict(value).items()
    }


async def insert(session: AsyncSession, review: Review) -> None:
    """Insert a review."""
    session.add(ReviewRow(**_plain(review)))
    await session.flush()


async def save(session: AsyncSession, review: Review) -> None:
    """Save a review; its sealed seed stays."""
    await session.execute(
        update(ReviewRow)
        .where(ReviewRow.id == review.id)
        .values(_plain(review))
        .execution_options(synchronize_session=False)
    )


async def save_seed(session: AsyncSession, review_id: UUID, sealed: bytes) -> None:
    """Keep the sealed seed of a draw."""
    await session.execute(
        update(ReviewRow)
        .where(ReviewRow.id == review_id)
        .values(seed_sealed=sealed)
        .execution_options(synchronize_session=False)
    )


async def sealed_seed(session: AsyncSession, review_id: UUID) -> bytes | None:
    """Return the sealed seed of a draw."""
    found: bytes | None = await session.scalar(
        select(ReviewRow.seed_sealed).where(ReviewRow.id == review_id)
    )
    return found


async def latest(session: AsyncSession, demand_id: DemandId) -> Review | None:
    """Return the latest review of a demand."""
    row = await session.scalar(
        select(ReviewRow)
        .where(ReviewRow.demand_id == demand_id)
        .order_by(ReviewRow.number.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return None if row is None else _review(row)


async def find(session: AsyncSession, review_id: UUID) -> Review | None:
    """Return a review."""
    row = await session.get(ReviewRow, review_id, populate_existing=True)
    return None if row is None else _review(row)


async def insert_seats(session: AsyncSession, review_id: UUID, seats: Sequence[Seat]) -> None:
    """Insert seats."""
    session.add_all(ReviewSeatRow(review_id=review_id, **_plain(seat)) for seat in seats)
    await session.flush()


async def save_seat(session: AsyncSession, seat: Seat) -> None:
    """Save what became of a seat."""
    await session.execute(
        update(ReviewSeatRow)
        .where(ReviewSeatRow.id == seat.id)
        .values(_plain(seat))
        .execution_options(synchronize_session=False)
    )


async def seats_of(session: AsyncSession, review_id: UUID) -> tuple[Seat, ...]:
    """Return all who sit and sat on a panel, in the order of appointment."""
    rows = await session.scalars(
        select(ReviewSeatRow)
        .where(ReviewSeatRow.review_id == review_id)
        .order_by(ReviewSeatRow.appointed_at, ReviewSeatRow.number, ReviewSeatRow.id)
        .execution_options(populate_existing=True)
    )
    return tuple(map(_seat, rows))


def _seat(row: ReviewSeatRow) -> Seat:
    return Seat(
        id=SeatId(row.id),
        number=row.number,
        membership_id=MembershipId(row.membership_id),
        user_id=UserId(row.user_id),
        party_id=PartyId(row.party_id),
        name=row.name,
        unit_name=row.unit_name,
        chair=row.chair,
        appointed_at=row.appointed_at,
        declared_at=row.declared_at,
        left_at=row.left_at,
        departure=None if row.departure is None else Departure(row.departure),
        reason=row.reason,
        handed_in_at=row.handed_in_at,
        digest=row.digest,
    )


async def interests_of(session: AsyncSession, demand_id: DemandId) -> Mapping[UserId, str]:
    """Return the interests that experts declared in a demand's reviews, by person."""
    rows = await session.execute(
        select(ReviewSeatRow.user_id, func.max(ReviewSeatRow.reason))
        .join(ReviewRow, ReviewRow.id == ReviewSeatRow.review_id)
        .where(
            ReviewRow.demand_id == demand_id,
            ReviewSeatRow.departure == str(Departure.RECUSED),
        )
        .group_by(ReviewSeatRow.user_id)
    )
    return {UserId(user_id): reason or "" for user_id, reason in rows}


async def insert_sheet(
    session: AsyncSession, review_id: UUID, seat_id: SeatId, sealed: bytes
) -> None:
    """Keep a sealed sheet."""
    session.add(ReviewSheetRow(seat_id=seat_id, review_id=review_id, sealed=sealed))
    await session.flush()


async def sealed_sheets(session: AsyncSession, review_id: UUID) -> Mapping[SeatId, bytes]:
    """Return the sheets of a review as they lie sealed, by seat."""
    rows = await session.execute(
        select(ReviewSheetRow.seat_id, ReviewSheetRow.sealed).where(
            ReviewSheetRow.review_id == review_id
        )
    )
    return {SeatId(seat_id): sealed for seat_id, sealed in rows}


async def open_sheet(session: AsyncSession, seat_id: SeatId, scores: Mapping[str, Any]) -> None:
    """Keep what an opened sheet says beside its sealed form."""
    await session.execute(
        update(ReviewSheetRow)
        .where(ReviewSheetRow.seat_id == seat_id)
        .values(scores=scores)
        .execution_options(synchronize_session=False)
    )


async def opened_sheets(session: AsyncSession, review_id: UUID) -> Mapping[SeatId, Sheet]:
    """Return the opened sheets of a review, by seat; none before they are opened."""
    rows = await session.execute(
        select(ReviewSheetRow.seat_id, ReviewSheetRow.scores).where(
            ReviewSheetRow.review_id == review_id, ReviewSheetRow.scores.is_not(None)
        )
    )
    return {SeatId(seat_id): sheet_of(scores) for seat_id, scores in rows}


def sheet_of(told: Mapping[str, Any]) -> Sheet:
    """Read a sheet's stored form."""
    return {
        ProposalId(UUID(proposal_id)): {
            name: Score(points=score["points"], reason=score["reason"])
            for name, score in scores.items()
        }
        for proposal_id, scores in told.items()
    }


async def insert_presentations(
    session: AsyncSession, review_id: UUID, presentations: Sequence[Presentation]
) -> None:
    """Insert the presentations of a review, in one statement; at least one."""
    rows = [{"review_id": review_id} | _plain(item) for item in presentations]
    await insert_rows(session, PresentationRow, rows)


async def save_presentation(
    session: AsyncSession, review_id: UUID, presentation: Presentation
) -> None:
    """Save where a presentation stands."""
    row = PresentationRow
    await session.execute(
        update(row)
        .where(row.review_id == review_id, row.proposal_id == presentation.proposal_id)
        .values(_plain(presentation))
        .execution_options(synchronize_session=False)
    )


async def presentations_of(session: AsyncSession, review_id: UUID) -> list[Presentation]:
    """Return the presentations of a review in drawn order."""
    rows = await session.scalars(
        select(PresentationRow)
        .where(PresentationRow.review_id == review_id)
        .order_by(PresentationRow.place)
        .execution_options(populate_existing=True)
    )
    return [
        Presentation(
            proposal_id=ProposalId(row.proposal_id),
            code=row.code,
            place=row.place,
            starts_at=row.starts_at,
            state=PresentationState(row.state),
            called_at=row.called_at,
            ended_at=row.ended_at,
        )
        for row in rows
    ]
