"""The broker's desk 技术经理人工作台 over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.cases import Case, CaseStatus
from app.matching.domain.match import Verdict
from app.matching.repository.pairs import Place
from app.matching.schemas.cases import (
    CaseSummary,
    CaseView,
    DismissBody,
    MeetingBody,
    MeetingResultBody,
    OfferBody,
    OutcomeBody,
    SuggestionView,
    TakeBody,
)
from app.matching.schemas.wishes import Code
from app.matching.service import brokering, case_reading, suggesting
from app.matching.service.brokering import Step
from app.matching.service.suggesting import score_key
from app.platform.access import Actor, ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor

routes = router(tag="matching")

Field = Annotated[Code | None, Query(description="Of the demand")]
Statuses = Annotated[list[CaseStatus], Query(default_factory=list, max_length=8)]


@routes.get("/match-suggestions")
async def list_match_suggestions(
    actor: ActorDep,
    session: SessionDep,
    technology_field: Field = None,
    verdict: Literal["strong", "possible"] | None = None,
    cursor: str | None = None,
    limit: Limit = 20,
) -> Page[SuggestionView]:
    """List the pairs of the caller's market that wait for a broker, the best first, each once.

    Both entries are on offer now and as they were judged. What a broker has taken or dismissed,
    and what is settled, is left out.
    """
    after = None if cursor is None else Place(*decode_cursor(cursor, score_key, UUID, UUID))
    found = await suggesting.list_suggestions(
        session,
        actor.market_id,
        technology_field=technology_field,
        verdict=None if verdict is None else Verdict(verdict),
        after=after,
        limit=limit + 1,
    )
    following = None
    if len(found) > limit:
        last = found[limit - 1].place
        following = encode_cursor(last.score_ppm, str(last.demand_id), str(last.achievement_id))
    return Page(
        items=[SuggestionView.of(item.suggestion) for item in found[:limit]], next=following
    )


@routes.post("/match-cases", status_code=201)
async def take_match_pair(body: TakeBody, actor: ActorDep, session: SessionDep) -> CaseView:
    """Take a pair of the queue; no other broker can, until it is given back or left untouched."""
    case = await brokering.take_pair(
        session,
        actor,
        body.demand_id,
        body.achievement_id,
        note=body.note,
        now=await market_now(session, actor.market_id),
    )
    return await _view(session, actor, case)


@routes.post("/match-dismissals", status_code=201)
async def dismiss_match_pair(body: DismissBody, actor: ActorDep, session: SessionDep) -> CaseView:
    """Say that a pair of the queue is of no use; it is suggested no more, and nobody is told."""
    case = await brokering.dismiss_pair(
        session,
        actor,
        body.demand_id,
        body.achievement_id,
        reason=body.reason,
        text=body.text,
        now=await market_now(session, actor.market_id),
    )
    return await _view(session, actor, case)


@routes.get("/match-cases")
async def list_match_cases(
    actor: ActorDep,
    session: SessionDep,
    status: Statuses,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[CaseSummary]:
    """List cases, newest first: a broker's and a party's own; all of the market to its staff."""
    found = await case_reading.list_cases(
        session,
        actor,
        statuses=status,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    more = encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=[CaseSummary.of(case) for case in found[:limit]], next=more)


@routes.get("/match-cases/{case_id}")
async def get_match_case(case_id: UUID, actor: ActorDep, session: SessionDep) -> CaseView:
    """Return a case with its reasons and acts; the broker's notes to the broker and to staff."""
    return CaseView.seen(await case_reading.read_case(session, actor, case_id))


@routes.post("/match-cases/{case_id}/meeting")
async def arrange_match_meeting(
    case_id: UUID, body: MeetingBody, actor: ActorDep, session: SessionDep
) -> CaseView:
    """Arrange a meeting, or another time for it: both sides are told when, where and why."""
    return await _act(session, actor, case_id, body.step())


@routes.post("/match-cases/{case_id}/meeting/result")
async def record_match_meeting(
    case_id: UUID, body: MeetingResultBody, actor: ActorDep, session: SessionDep
) -> CaseView:
    """Say whether the meeting was held and what came of it; else another can be arranged."""
    return await _act(session, actor, case_id, body.step())


@routes.post("/match-cases/{case_id}/offer")
async def record_match_offer(
    case_id: UUID, body: OfferBody, actor: ActorDep, session: SessionDep
) -> CaseView:
    """Note an offer that one side has made to the other."""
    return await _act(session, actor, case_id, body.step())


@routes.post("/match-cases/{case_id}/outcome")
async def close_match_case(
    case_id: UUID, body: OutcomeBody, actor: ActorDep, session: SessionDep
) -> CaseView:
    """Close a case: signed, declined, or given back to the queue."""
    return await _act(session, actor, case_id, body.step())


async def _act(session: AsyncSession, actor: Actor, case_id: UUID, step: Step) -> CaseView:
    now = await market_now(session, actor.market_id)
    return await _view(session, actor, await brokering.act(session, actor, case_id, step, now=now))


async def _view(session: AsyncSession, actor: Actor, case: Case) -> CaseView:
    return CaseView.seen(await case_reading.read_case(session, actor, case.id))
