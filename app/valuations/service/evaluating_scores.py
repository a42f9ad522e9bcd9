"""Hand in scores, open them together, explain what lies far off."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import SYSTEM, Actor, Role
from app.shared.canonical import salted_digest
from app.shared.jsonable import jsonable
from app.shared.panels import all_in, sits
from app.shared.transitions import advance
from app.valuations.domain.conclusion import (
    Explanation,
    check_explainable,
    unexplained,
)
from app.valuations.domain.evaluation import (
    EVALUATION_TRANSITIONS,
    EvaluationStatus,
    EvaluationTrigger,
)
from app.valuations.domain.panel import by_number, check_may_hand_in, check_may_open
from app.valuations.domain.scoring import (
    Outlier,
    Sheet,
    Sheets,
    check_sheet,
    find_outliers,
    measure,
)
from app.valuations.repository import evaluations
from app.valuations.service.evaluating import Case, note, seat_of, take, watch

_SALT_BYTES: Final = 32


async def hand_in_scores(
    session: AsyncSession, actor: Actor, evaluation_id: UUID, sheet: Sheet, *, now: datetime
) -> Case:
    """Take an expert's scores, once; the last sheet opens all.

    The journal learns only the sheet's salted digest. Under the evaluation's lock, of two last
    experts at once the second finds the first's sheet.

    Raises:
        ObjectUnknown: The caller does not sit on this panel.
        DeclarationMissing, ScoresHandedIn, ScoresLate: The stored deadline decides.
        ScoresInvalid: Names every fault.

    Invariant: EV5, EV6.
    """
    moved, case = await take(session, evaluation_id, EvaluationTrigger.HAND_IN)
    seat = seat_of(case, actor)
    check_may_hand_in(moved, seat, now=now)
    check_sheet(moved.scheme, sheet)
    salt = secrets.token_bytes(_SALT_BYTES)
    told = jsonable(sheet)
    handed_in = replace(seat, handed_in_at=now, digest=salted_digest(told, salt))
    await evaluations.insert_sheet(session, moved.id, seat.id, told, salt)
    await evaluations.save_seat(session, handed_in)
    await note(
        session,
        moved,
        "scores_handed_in",
        actor.ref,
        now,
        restricted={"seat": seat.number, "digest": handed_in.digest},
    )
    seats = tuple(handed_in if item.id == seat.id else item for item in case.seats)
    if all_in(seats):
        return await _open(session, Case(moved, seats), SYSTEM, now=now)
    return Case(moved, seats)


async def open_scores(
    session: AsyncSession, actor: Actor, evaluation_id: UUID, *, now: datetime
) -> Case:
    """Go on without the missing, once the deadline has passed and a quorum is in.

    Raises:
        ScoresNotDue: Names deadline, number and quorum.

    Invariant: EV6.
    """
    _, case = await take(session, evaluation_id, EvaluationTrigger.OPEN_SCORES)
    check_may_open(case.evaluation, case.seats, now=now)
    return await _open(session, case, actor.ref, now=now)


async def _open(session: AsyncSession, case: Case, actor: str, *, now: datetime) -> Case:
    evaluation = case.evaluation
    status = advance(
        EVALUATION_TRANSITIONS, state=evaluation.status, trigger=EvaluationTrigger.OPEN_SCORES
    )
    due_at = now + timedelta(days=evaluation.scheme.explain_days)
    opened = replace(evaluation, status=status, scores_opened_at=now, explain_due_at=due_at)
    await evaluations.save(session, opened)
    sheets = await evaluations.sheets_of(session, opened.id)
    numbered = by_number(case.seats, sheets)
    await note(
        session,
        opened,
        "scores_opened",
        actor,
        now,
        restricted={
            "sheets": [
                {
                    "seat": seat.number,
                    "scores": sheets[seat.id].sheet,
                    "salt": sheets[seat.id].salt.hex(),
                }
                for seat in sits(case.seats)
                if seat.id in sheets
            ],
            "dispersion": measure(opened.scheme, numbered),
            "outliers": find_outliers(opened.scheme, numbered),
            "explain_due_at": due_at,
        },
    )
    await watch(session, opened, due_at)
    return Case(opened, case.seats)


async def opened_sheets(session: AsyncSession, case: Case) -> Sheets:
    """Return the sheets by seat number; none before they are open.

    Invariant: EV6.
    """
    if not case.evaluation.scores_open:
        return {}
    return by_number(case.seats, await evaluations.sheets_of(session, case.evaluation.id))


async def explain_outliers(
    session: AsyncSession,
    actor: Actor,
    evaluation_id: UUID,
    texts: Mapping[tuple[int, str], str],
    *,
    now: datetime,
) -> Case:
    """Take explanations of outliers: an expert's of its own, the exchange's after their time.

    Args:
        texts: By seat number and indicator.

    Raises:
        ObjectUnknown: An expert who does not sit on this panel.
        ExplanationsNotDue: The exchange, while experts still have time.
        NothingToExplain: Names what the caller can explain.

    Invariant: EV10.
    """
    moved, case = await take(session, evaluation_id, EvaluationTrigger.EXPLAIN)
    by_expert = actor.role is Role.EXPERT
    seat = seat_of(case, actor) if by_expert else None
    open_ones = await open_outliers(session, case)
    check_explainable(
        texts,
        open_ones,
        seat=None if seat is None else seat.number,
        due_at=moved.explain_due_at,
        now=now,
    )
    explanations = [
        Explanation(
            seat=number, indicator=indicator, text=text, by_expert=by_expert, explained_at=now
        )
        for (number, indicator), text in texts.items()
    ]
    await evaluations.insert_explanations(session, moved.id, explanations)
    await evaluations.save(session, moved)
    told = {"explanations": explanations}
    await note(session, moved, "outliers_explained", actor.ref, now, restricted=told)
    return Case(moved, case.seats)


async def open_outliers(session: AsyncSession, case: Case) -> tuple[Outlier, ...]:
    """Return the outliers of opened scores that nobody has explained."""
    sheets = await opened_sheets(session, case)
    if not sheets:
        return ()
    told = await evaluations.explanations_of(session, case.evaluation.id)
    return unexplained(find_outliers(case.evaluation.scheme, sheets), told)


async def evaluation_due(session: AsyncSession, evaluation_id: UUID, now: datetime) -> None:
    """Tell the market's staff who is missing when a deadline passes; decide nothing.

    A timer that was overtaken by a later deadline waits for that one.

    Invariant: EV7.
    """
    found = await evaluations.find(session, evaluation_id, lock=True)
    if found is None:
        return
    due_at = {
        EvaluationStatus.SCORING: found.scores_due_at,
        EvaluationStatus.EXPLAINING: found.explain_due_at,
    }.get(found.status)
    if due_at is None:
        return
    if now < due_at:
        await watch(session, found, due_at)
        return
    case = Case(found, await evaluations.seats_of(session, found.id))
    if found.status is EvaluationStatus.SCORING:
        missing = [seat.number for seat in sits(case.seats) if seat.handed_in_at is None]
        await note(session, found, "scores_overdue", SYSTEM, now, restricted={"seats": missing})
    else:
        left = await open_outliers(session, case)
        if left:
            told = {"outliers": [{"seat": o.seat, "indicator": o.indicator} for o in left]}
            await note(session, found, "explanations_overdue", SYSTEM, now, restricted=told)
