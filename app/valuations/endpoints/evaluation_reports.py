"""Reports of evaluations, and what the market says, over HTTP."""

import asyncio
from pathlib import Path
from typing import Final
from uuid import UUID

from fastapi import Response

from app.platform.access import ActorDep
from app.platform.db import SessionDep
from app.platform.documents import render_pdf
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.shared.ids import AchievementId
from app.valuations.domain.report import chart, printed
from app.valuations.schemas.evaluations import ReportView
from app.valuations.schemas.market_views import MarketEvaluation, StatedView, StatedViews
from app.valuations.service import evaluating_reading, market_viewing

routes = router(tag="evaluations")
rendering = self_transacted_router(tag="evaluations")

_TEMPLATE: Final = Path(__file__).parents[1] / "documents" / "evaluation.typ"


@routes.get("/evaluations/{evaluation_id}/report")
async def get_evaluation_report(
    evaluation_id: UUID, actor: ActorDep, session: SessionDep
) -> ReportView:
    """Return the signed report: owner, panel and staff; everybody once it is published."""
    return ReportView.of(await evaluating_reading.read_report(session, actor, evaluation_id))


@rendering.get("/evaluations/{evaluation_id}/report.pdf", response_class=Response)
async def get_evaluation_report_pdf(
    evaluation_id: UUID, actor: ActorDep, runtime: RuntimeDep
) -> Response:
    """Return the report as a Chinese PDF/A with its chart; the signed form is the JSON."""
    async with runtime.database.transaction() as session:
        report = await evaluating_reading.read_report(session, actor, evaluation_id)
    data = {
        **printed(report.content),
        "content_hash": report.content_hash,
        "kid": report.kid,
        "chart": chart(report.content["result"]),
    }
    pdf = await asyncio.to_thread(render_pdf, _TEMPLATE, data, at=report.concluded_at)
    return Response(
        pdf,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="evaluation-{evaluation_id}.pdf"'},
    )


@routes.get("/achievements/{achievement_id}/market-evaluation")
async def get_market_evaluation(achievement_id: UUID, session: SessionDep) -> MarketEvaluation:
    """Return what the market says of a result in sum; prices from three parties on."""
    summary = await market_viewing.sum_up(session, AchievementId(achievement_id))
    return MarketEvaluation.of(summary)


@routes.get("/achievements/{achievement_id}/market-views")
async def list_market_views(
    achievement_id: UUID, actor: ActorDep, session: SessionDep
) -> StatedViews:
    """List a result's living market views: all for the exchange, for others their own party's."""
    views = await market_viewing.list_views(session, actor, AchievementId(achievement_id))
    return StatedViews(items=[StatedView.of(view) for view in views])
