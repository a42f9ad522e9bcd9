"""Feedback on shown matches, and how good they were by month."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.matching.schemas.feedback import FeedbackBody, FeedbackView, PrecisionView
from app.matching.service import judging
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import MarketId

routes = router(tag="matching")


@routes.post("/match-results/{result_id}/feedback", status_code=201)
async def give_match_feedback(
    result_id: UUID, body: FeedbackBody, actor: ActorDep, session: SessionDep
) -> FeedbackView:
    """Say what a shown match is worth, or what became of it; nothing said before is changed.

    Each party says each step once: a rejection and a later acceptance stand beside each other, a
    meeting, an offer and a deal are facts. The match is kept as it was shown.
    """
    now = await market_now(session, actor.market_id)
    feedback = await judging.give_feedback(
        session,
        actor,
        result_id,
        body.entry_id,
        body.judgement,
        reason=body.reason,
        text=body.text,
        now=now,
    )
    return FeedbackView.of(feedback)


@routes.get("/match-results/{result_id}/feedback")
async def list_match_feedback(
    result_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[FeedbackView]:
    """List what was said against a result, the first one first; names of people are not told.

    That a broker dismissed a pair is for brokers and staff.
    """
    found = await judging.list_feedback(
        session,
        actor,
        result_id,
        after=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    return Page(
        items=[FeedbackView.of(item) for item in found[:limit]],
        next=encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None,
    )


@routes.get("/markets/{market_id}/match-precision")
async def get_match_precision(
    market_id: UUID,
    session: SessionDep,
    months: Annotated[int, Query(ge=1, le=60, description="Calendar months, this one too")] = 12,
) -> PrecisionView:
    """Return how many of the judged matches were good, by month, from real feedback alone.

    A pair counts once, in the month of its first judgement, as it was shown then.
    """
    return PrecisionView.of(
        await judging.read_precision(session, MarketId(market_id), months=months)
    )
