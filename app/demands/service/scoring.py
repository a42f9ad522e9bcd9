"""Score sheets of a review: handed in sealed, opened together.

Until then a sheet lies encrypted with a key derived from the process's secret, padded so that
its length tells little; the journal has its salted digest alone. Neither a role nor who reads
the database reads a score; who is root on a host of the exchange could.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.panel import (
    check_deadline,
    check_may_hand_in,
    check_may_open,
    require_complete,
)
from app.demands.domain.presentation import PresentationsOpen, require_over
from app.demands.domain.review import (
    REVIEW_TRANSITIONS,
    ReviewStatus,
    ReviewTrigger,
)
from app.demands.domain.scoring import Sheet, check_sheet, panel_points
from app.demands.repository import judged, results
from app.demands.repository import reviews as repository
from app.demands.service.locking import lock_demand
from app.demands.service.panelling import Case, note, seat_of, take
from app.platform import timers
from app.platform.access import SYSTEM, Actor
from app.platform.secrets import Box
from app.shared.canonical import canonical_json, salted_digest
from app.shared.ids import DemandId, SeatId
from app.shared.jsonable import jsonable
from app.shared.panels import Seat, all_in, sits
from app.shared.transitions import advance

SCORES_DUE: Final = "demand.scores_due"
_BLOCK_BYTES: Final = 4096


async def begin_scoring(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, due_at: datetime, now: datetime
) -> Case:
    """Let a whole, declared panel score until ``due_at``, or give it more time.

    Raises:
        ReviewPanelIncomplete: A seat is vacant or undeclared.
        PresentationsOpen: The terms ask for presentations, and some are not over.
        ReviewDeadlineTooEarly: It does not lie ahead, or cuts an announced one short.

    Invariants: DM57, DM59, DM63.
    """
    case = await take(session, demand_id, ReviewTrigger.BEGIN_SCORING)
    first = case.review.scores_due_at is None
    if first:
        require_complete(case.seats)
        await _require_presented(session, case)
    check_deadline(due_at, now=now, announced=case.review.scores_due_at)
    review = replace(case.review, scores_due_at=due_at)
    await repository.save(session, review)
    await _watch(session, case, due_at)
    what = "scoring_begun" if first else "scoring_prolonged"
    await note(session, case, what, actor.ref, now, public={"scores_due_at": due_at})
    return Case(case.demand, review, case.seats)


async def _require_presented(session: AsyncSession, case: Case) -> None:
    assert case.demand.terms is not None
    if case.demand.terms.presentation:
        planned = await repository.presentations_of(session, case.review.id)
        if not planned:
            raise PresentationsOpen("Draw their order first.", codes=[])
        require_over(planned)


async def _watch(session: AsyncSession, case: Case, due_at: datetime) -> None:
    subject_id = case.review.id
    if not await timers.is_in_hand(session, kind=SCORES_DUE, subject_id=subject_id):
        await timers.schedule(
            session,
            market_id=case.demand.market_id,
            kind=SCORES_DUE,
            subject_id=subject_id,
            due_at=due_at,
        )


async def scores_due(session: AsyncSession, review_id: UUID, due_at: datetime) -> None:
    """Tell the staff whose sheet is missing when the deadline has passed (a timer)."""
    seen = await repository.find(session, review_id)
    if seen is None:
        return
    demand = await lock_demand(session, seen.demand_id)
    review = await repository.find(session, review_id)
    if review is None or review.status is not ReviewStatus.SCORING:
        return
    case = Case(demand, review, await repository.seats_of(session, review_id))
    assert review.scores_due_at is not None
    if due_at < review.scores_due_at:
        await _watch(session, case, review.scores_due_at)
        return
    missing = [seat.number for seat in sits(case.seats) if seat.handed_in_at is None]
    await note(session, case, "scores_overdue", SYSTEM, due_at, restricted={"seats": missing})


async def hand_in_scores(
    session: AsyncSession,
    box: Box,
    actor: Actor,
    demand_id: DemandId,
    sheet: Sheet,
    *,
    now: datetime,
) -> Case:
    """Take an expert's sheet, once; the last one opens all.

    Under the demand's lock, of two last experts at once the second finds the first's sheet.

    Raises:
        ObjectUnknown: The caller does not sit on this panel.
        ReviewDeclarationMissing, ReviewScoresHandedIn, ReviewScoresLate: The stored deadline
            decides.
        ReviewScoresInvalid: Names every fault.

    Invariants: DM58, DM59, DM60.
    """
    case = await take(session, demand_id, ReviewTrigger.HAND_IN)
    seat = seat_of(case, actor)
    check_may_hand_in(case.review, seat, now=now)
    assert case.demand.terms is not None
    criteria = [criterion.name for criterion in case.demand.terms.criteria]
    proposals = await judged.admitted(session, demand_id, case.review.posting)
    check_sheet(sheet, proposals=[item.id for item in proposals], criteria=criteria)
    told = jsonable(sheet)
    sealed, digest = await asyncio.to_thread(_seal, box, seat.id, told)
    handed_in = replace(seat, handed_in_at=now, digest=digest)
    await repository.insert_sheet(session, case.review.id, seat.id, sealed)
    await repository.save_seat(session, handed_in)
    await note(
        session,
        case,
        "scores_handed_in",
        actor.ref,
        now,
        public={"digest": digest},
        restricted={"seat": seat.number},
    )
    seats = tuple(handed_in if item.id == seat.id else item for item in case.seats)
    if all_in(seats):
        return await _open(session, box, Case(case.demand, case.review, seats), SYSTEM, now=now)
    return Case(case.demand, case.review, seats)


def _context(seat_id: SeatId) -> bytes:
    return b"review sheet" + seat_id.bytes


def _seal(box: Box, seat_id: SeatId, told: Mapping[str, Any]) -> tuple[bytes, str]:
    context = _context(seat_id)
    plain = canonical_json(told)
    padded = plain.ljust(-(-len(plain) // _BLOCK_BYTES) * _BLOCK_BYTES)
    return box.seal(padded, context), salted_digest(told, box.salt(context))


def _unseal(box: Box, sealed: Mapping[SeatId, bytes]) -> dict[SeatId, dict[str, Any]]:
    return {
        seat_id: json.loads(box.open(data, _context(seat_id))) for seat_id, data in sealed.items()
    }


async def open_scores(
    session: AsyncSession, box: Box, actor: Actor, demand_id: DemandId, *, now: datetime
) -> Case:
    """Go on without the missing, once the deadline has passed and a quorum is in.

    Raises:
        ReviewScoresNotDue: Names deadline, number and quorum.

    Invariant: DM60.
    """
    case = await take(session, demand_id, ReviewTrigger.OPEN)
    check_may_open(case.review, case.seats, now=now)
    return await _open(session, box, case, actor.ref, now=now)


async def _open(session: AsyncSession, box: Box, case: Case, actor: str, *, now: datetime) -> Case:
    status = advance(REVIEW_TRANSITIONS, state=ReviewStatus.SCORING, trigger=ReviewTrigger.OPEN)
    opened = replace(case.review, status=status, opened_at=now)
    await repository.save(session, opened)
    taken = {seat.id: seat for seat in sits(case.seats) if seat.handed_in_at is not None}
    sealed = await repository.sealed_sheets(session, opened.id)
    counted = {seat_id: data for seat_id, data in sealed.items() if seat_id in taken}
    told = await asyncio.to_thread(_unseal, box, counted)
    for seat_id, scores in told.items():
        await repository.open_sheet(session, seat_id, scores)
    sheets = [repository.sheet_of(scores) for scores in told.values()]
    assert case.demand.terms is not None
    criteria = [criterion.name for criterion in case.demand.terms.criteria]
    await results.save_points(session, opened.id, criteria, panel_points(sheets))
    case = Case(case.demand, opened, case.seats)
    restricted = {"sheets": _proofs(box, list(taken.values()))}
    await note(session, case, "scores_opened", actor, now, restricted=restricted)
    return case


def _proofs(box: Box, seats: Sequence[Seat]) -> list[dict[str, Any]]:
    """Return what proves that an opened sheet is the one handed in."""
    return [
        {"seat": seat.number, "digest": seat.digest, "salt": box.salt(_context(seat.id)).hex()}
        for seat in seats
    ]
