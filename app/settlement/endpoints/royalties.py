"""Routes of royalty reports and of the total that was unknown at signing."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.settlement import repository
from app.settlement.repository import dues as rows
from app.settlement.schemas.dues import AuditBody, ObjectionBody, ReportBody, ReportView
from app.settlement.schemas.terms import DealTermsView, ReconciliationBody
from app.settlement.service import royalties, terms
from app.shared.ids import FileId

routes = router(tag="settlement")

Number = Annotated[int, Path(ge=1, le=10_000, description="Of the period's due item")]


@routes.get("/deals/{deal_id}/royalty-reports")
async def list_royalty_reports(deal_id: UUID, session: SessionDep) -> list[ReportView]:
    """Return a deal's royalty reports in the order of their periods."""
    deal = await repository.get_deal(session, deal_id)
    return [ReportView.model_validate(found) for found in await rows.reports_of(session, deal.id)]


@routes.post("/deals/{deal_id}/royalty-reports/{number}", status_code=201)
async def report_royalty(
    deal_id: UUID, number: Number, body: ReportBody, actor: ActorDep, session: SessionDep
) -> ReportView:
    """Report the base of a period that is over; what it brings becomes due, to the fen.

    Periods are reported in order, each once; what turns out wrong is mended by an audit. What an
    earlier audit found to have been paid too much is deducted.
    """
    await royalties.report(
        session,
        actor,
        deal_id,
        number,
        base=body.base,
        evidence_id=FileId(body.evidence_id),
        now=await market_now(session, actor.market_id),
    )
    deal = await repository.get_deal(session, deal_id)
    reports = await rows.reports_of(session, deal.id)
    (found,) = [one for one in reports if one.due_number == number]
    return ReportView.model_validate(found)


@routes.post("/deals/{deal_id}/royalty-reports/{number}/objection")
async def object_to_royalty(
    deal_id: UUID, number: Number, body: ObjectionBody, actor: ActorDep, session: SessionDep
) -> ReportView:
    """Doubt a report for the seller; the notice of the audit clause begins."""
    now = await market_now(session, actor.market_id)
    found = await royalties.object_to(session, actor, deal_id, number, reason=body.reason, now=now)
    return ReportView.model_validate(found)


@routes.delete("/deals/{deal_id}/royalty-reports/{number}/objection")
async def drop_royalty_objection(
    deal_id: UUID, number: Number, actor: ActorDep, session: SessionDep
) -> ReportView:
    """Give a doubt up for the seller: the report counts as it is."""
    now = await market_now(session, actor.market_id)
    return ReportView.model_validate(
        await royalties.accept(session, actor, deal_id, number, now=now)
    )


@routes.post("/deals/{deal_id}/royalty-reports/{number}/audit")
async def record_royalty_audit(
    deal_id: UUID, number: Number, body: AuditBody, actor: ActorDep, session: SessionDep
) -> ReportView:
    """Enter what the auditor found once the notice has run out; from then on it counts.

    What the period brought more is due; what was paid too much is credited to the next one.
    `audit_paid_by` follows from the clause.
    """
    found = await royalties.audit(
        session,
        actor,
        deal_id,
        number,
        audited=body.audited,
        audit_report_id=FileId(body.audit_report_id),
        now=await market_now(session, actor.market_id),
    )
    return ReportView.model_validate(found)


@routes.post("/deals/{deal_id}/terms/reconciliation")
async def reconcile_total(
    deal_id: UUID, body: ReconciliationBody, actor: ActorDep, session: SessionDep
) -> DealTermsView:
    """Note the final total of a deal whose amount was unknown at signing, as both sides agreed.

    Periods that were not reported are over by that; what is lacking becomes due. The registration
    sheet has its total amount from then on.
    """
    deal = await royalties.reconcile(
        session,
        actor,
        deal_id,
        final_total=body.final_total,
        text_hash=body.text_hash,
        reason=body.reason,
        now=await market_now(session, actor.market_id),
    )
    return DealTermsView.of(await terms.read(session, deal))
