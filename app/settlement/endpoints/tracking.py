"""Routes of conversion tracking 转化跟踪."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Path, Response

from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.platform.tables.http import row_number
from app.settlement.domain.contract import etag
from app.settlement.domain.tracking import Conversion, ConversionTrigger
from app.settlement.repository import tracking as rows
from app.settlement.schemas.tracking import (
    AnswerBody,
    ConversionView,
    FiguresBody,
    OutcomeView,
    PeriodBody,
    PlanBody,
    ProgressView,
    ReportBody,
)
from app.settlement.service import tracking
from app.shared.ids import DealId, FileId

routes = router(tag="settlement")

Year = Annotated[int, Path(ge=2000, le=2199)]
IfMatch = Annotated[
    str | None, Header(description="ETag of the plan as last read; required", max_length=100)
]


async def _view(session: SessionDep, conversion: Conversion, response: Response) -> ConversionView:
    response.headers["ETag"] = etag(conversion.version)
    return ConversionView.of(conversion, await rows.outcomes_of(session, conversion.deal_id))


@routes.get("/deals/{deal_id}/conversion")
async def get_conversion(deal_id: UUID, session: SessionDep, response: Response) -> ConversionView:
    """Return what becomes of the result: plan, status, yearly figures; `ETag` is the plan's.

    It begins when the contract takes effect or the price is settled. Only seller, buyer and the
    exchange's staff read it.
    """
    return await _view(session, await rows.get_conversion(session, DealId(deal_id)), response)


@routes.put("/deals/{deal_id}/conversion/plan")
async def plan_conversion(
    deal_id: UUID,
    body: PlanBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
    if_match: IfMatch = None,
) -> ConversionView:
    """Write the conversion plan: pilot, product, certification, mass production, first sale.

    Seller and buyer write the same plan, so each names by `If-Match` the version it has seen: 0
    before there is one. A step that was reached stays so while its kind and note do.
    """
    planned = await tracking.plan(
        session,
        actor,
        deal_id,
        [(step.kind, step.planned_on, step.note) for step in body.milestones],
        seen=if_match,
        now=await market_now(session, actor.market_id),
    )
    return await _view(session, planned, response)


@routes.put("/deals/{deal_id}/conversion/period")
async def set_conversion_period(
    deal_id: UUID, body: PeriodBody, actor: ActorDep, session: SessionDep, response: Response
) -> ConversionView:
    """Set how often and until when the two sides are asked; half-yearly for three years at first.

    Five years where the unit uses its result itself. The exchange does this.
    """
    changed = await tracking.set_period(
        session,
        actor,
        deal_id,
        every_months=body.every_months,
        until_on=body.until_on,
        now=await market_now(session, actor.market_id),
    )
    return await _view(session, changed, response)


@routes.post("/deals/{deal_id}/conversion/reports", status_code=201)
async def report_progress(
    deal_id: UUID, body: ReportBody, actor: ActorDep, session: SessionDep
) -> ProgressView:
    """Report how the conversion goes, with evidence; a report is never changed.

    What is on sale may still fail, and what was given up may be taken up again by `progress`.
    The other side may read the evidence from then on.
    """
    _, made = await tracking.report(
        session,
        actor,
        deal_id,
        says=ConversionTrigger(body.says),
        reported_on=body.reported_on,
        text=body.text,
        milestone=body.milestone,
        failure_reason=body.failure_reason,
        evidence=[FileId(file_id) for file_id in body.evidence],
        now=await market_now(session, actor.market_id),
    )
    return ProgressView.model_validate(made)


@routes.get("/deals/{deal_id}/conversion/reports")
async def list_progress_reports(
    deal_id: UUID, session: SessionDep, cursor: str | None = None, limit: Limit = 50
) -> Page[ProgressView]:
    """Return the progress reports, newest first."""
    before = None if cursor is None else decode_cursor(cursor, row_number)[0]
    found = await rows.find_reports(session, DealId(deal_id), before=before, limit=limit + 1)
    return Page(
        items=[ProgressView.model_validate(item) for item in found[:limit]],
        next=encode_cursor(found[limit - 1].number) if len(found) > limit else None,
    )


@routes.put("/deals/{deal_id}/conversion/outcomes/{year}")
async def state_outcome(
    deal_id: UUID, year: Year, body: FiguresBody, actor: ActorDep, session: SessionDep
) -> OutcomeView:
    """State what a year that is over brought: output, sales, profit, tax, exports, jobs.

    One side states a year, and may state it anew; the other confirms or disputes it.
    """
    stated = await tracking.state(
        session,
        actor,
        deal_id,
        year,
        body.to_domain(),
        note=body.note,
        now=await market_now(session, actor.market_id),
    )
    return OutcomeView.of(stated)


@routes.post("/deals/{deal_id}/conversion/outcomes/{year}/answer", status_code=201)
async def answer_outcome(
    deal_id: UUID, year: Year, body: AnswerBody, actor: ActorDep, session: SessionDep
) -> OutcomeView:
    """Confirm or dispute what the other side stated of a year; the last answer holds."""
    answered = await tracking.answer(
        session,
        actor,
        deal_id,
        year,
        version=body.version,
        dispute=body.dispute,
        now=await market_now(session, actor.market_id),
    )
    return OutcomeView.of(answered)
