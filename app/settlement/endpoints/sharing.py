"""Routes of income sharing 收益分配: schemes, what-if, and a deal's sharing.

Persons and amounts are for the unit that sold and for the exchange, never for the buyer.
"""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Header, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party
from app.platform.access import ActorDep, Role
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.documents import render_pdf
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.settlement.domain.contract import etag
from app.settlement.domain.sharing.awards import Sharing
from app.settlement.domain.sharing.catalogue import shipped_schemes
from app.settlement.domain.sharing.notices import day_in_shanghai
from app.settlement.domain.sharing.printing import printed
from app.settlement.repository import sharing as repository
from app.settlement.schemas.sharing.bodies import (
    AwardNoticeBody,
    AwardPaymentBody,
    SharingComparisonBody,
    SharingCostsBody,
    SharingDecisionBody,
    SharingObjectionBody,
    SharingOptionBody,
    SharingPlanBody,
    SharingSchemeBody,
)
from app.settlement.schemas.sharing.views import (
    SchemeOutcomeView,
    SharingComparisonView,
    SharingSchemeView,
    SharingSummary,
    SharingView,
)
from app.settlement.service.sharing import (
    comparing,
    noticing,
    paying,
    planning,
    reading,
    schemes,
)

routes = router(tag="settlement")
rendering = self_transacted_router(tag="settlement")

_TEMPLATE: Final = Path(__file__).parents[1] / "documents" / "award_notice.typ"


@routes.get("/sharing-schemes")
async def list_sharing_schemes() -> Page[SharingSchemeView]:
    """List the schemes of law and published ones, with their sources; all on one page."""
    shipped = [SharingSchemeView.model_validate(scheme) for scheme in shipped_schemes()]
    return Page(items=shipped, next=None)


@routes.get("/sharing-schemes/own")
async def list_own_sharing_schemes(
    actor: ActorDep, session: SessionDep, limit: Limit = 50, cursor: str | None = None
) -> Page[SharingSchemeView]:
    """List the versions of the unit's own scheme, the newest first."""
    found = await repository.schemes_of(
        session,
        actor.party_id,
        before=None if cursor is None else decode_cursor(cursor, int)[0],
        limit=limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[SharingSchemeView.model_validate(scheme) for scheme in page],
        next=encode_cursor(page[-1].version) if len(found) > limit else None,
    )


@routes.post("/sharing-schemes", status_code=201)
async def publish_sharing_scheme(
    body: SharingSchemeBody, actor: ActorDep, session: SessionDep
) -> SharingSchemeView:
    """Publish the next version of the unit's own scheme, named `unit`.

    Refused below the floor of law for the unit's class and region, with article and minimum.
    """
    now = await market_now(session, actor.market_id)
    scheme = await schemes.publish_scheme(session, actor, body.to_domain(), now=now)
    return SharingSchemeView.model_validate(scheme)


@routes.post("/sharing-comparisons")
async def compare_sharing(
    body: SharingComparisonBody, actor: ActorDep, session: SessionDep
) -> SharingComparisonView:
    """Compare schemes on a deal or on given figures; nothing is written.

    For each scheme: net, pools, every person's amount, and the minima of law, met or broken.
    """
    now = await market_now(session, actor.market_id)
    asked = body.to_domain()
    compared = await comparing.compare_schemes(session, actor, asked, now=now)
    return SharingComparisonView(
        basis=asked.basis,
        outcomes=[
            SchemeOutcomeView.of(outcome, basis=asked.basis, currency=compared.currency)
            for outcome in compared.outcomes
        ],
    )


@routes.get("/sharings")
async def list_sharings(
    actor: ActorDep,
    session: SessionDep,
    overdue: bool = False,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[SharingSummary]:
    """List sharings, newest first: the unit's or the market's; `overdue` those in arrears."""
    today = day_in_shanghai(await market_now(session, actor.market_id))
    found = await repository.list_sharings(
        session,
        market_id=actor.market_id,
        seller_id=actor.party_id if actor.role is Role.SELLER_STAFF else None,
        due_before=today if overdue else None,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[SharingSummary(**SharingSummary.summary(one, today=today)) for one in page],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


async def _shown(
    session: AsyncSession, sharing: Sharing, now: datetime, response: Response
) -> SharingView:
    response.headers["ETag"] = etag(sharing.version)
    return SharingView.of(await reading.whole(session, sharing, now=now))


@routes.post("/deals/{deal_id}/sharing", status_code=201)
async def open_sharing(
    deal_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> SharingView:
    """Open a deal's sharing: the achievement's completers by their shares, the unit's scheme."""
    now = await market_now(session, actor.market_id)
    sharing = await planning.open_sharing(session, actor, deal_id, now=now)
    return await _shown(session, sharing, now, response)


@routes.get("/deals/{deal_id}/sharing")
async def get_sharing(
    deal_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> SharingView:
    """Return a deal's sharing with every person's amounts; the `ETag` is the plan's version."""
    now = await market_now(session, actor.market_id)
    known = await reading.read_sharing(session, actor, deal_id, now=now)
    response.headers["ETag"] = etag(known.sharing.version)
    return SharingView.of(known)


@routes.put("/deals/{deal_id}/sharing")
async def plan_sharing(
    deal_id: UUID,
    body: SharingPlanBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
    if_match: Annotated[
        str | None, Header(description="ETag of the sharing as last read", max_length=100)
    ] = None,
) -> SharingView:
    """Write the plan, until the notice: the whole document replaces the version of `If-Match`."""
    now = await market_now(session, actor.market_id)
    sharing = await planning.plan_sharing(
        session,
        actor,
        deal_id,
        body.to_domain,
        scheme_name=body.scheme.name,
        scheme_version=body.scheme.version,
        seen=if_match,
        now=now,
    )
    return await _shown(session, sharing, now, response)


@routes.post("/deals/{deal_id}/sharing/options")
async def record_sharing_option(
    deal_id: UUID,
    body: SharingOptionBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
) -> SharingView:
    """Record what a person with granted ownership wants: to keep it, or the award in its place.

    Without a recorded choice the ownership stands in place of the award.
    """
    now = await market_now(session, actor.market_id)
    sharing = await planning.record_option(
        session,
        actor,
        deal_id,
        person=body.person,
        choice=body.choice,
        chosen_on=body.chosen_on,
        statement=body.statement,
        now=now,
    )
    return await _shown(session, sharing, now, response)


@routes.post("/deals/{deal_id}/sharing/notice")
async def publish_award_notice(
    deal_id: UUID,
    body: AwardNoticeBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
) -> SharingView:
    """Publish the award notice inside the unit, for at least 15 days.

    Refused while a minimum of law is broken. When the period is over without an open objection,
    the sharing is final.
    """
    now = await market_now(session, actor.market_id)
    sharing = await noticing.publish_notice(session, actor, deal_id, days=body.days, now=now)
    return await _shown(session, sharing, now, response)


@routes.post("/deals/{deal_id}/sharing/objections", status_code=201)
async def object_to_sharing(
    deal_id: UUID,
    body: SharingObjectionBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
) -> SharingView:
    """File an objection of one of the unit's people while the notice runs."""
    now = await market_now(session, actor.market_id)
    sharing, _ = await noticing.object_to(
        session, actor, deal_id, name=body.name, text=body.text, now=now
    )
    return await _shown(session, sharing, now, response)


@routes.post("/deals/{deal_id}/sharing/objections/{number}/decision")
async def decide_sharing_objection(
    deal_id: UUID,
    number: int,
    body: SharingDecisionBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
) -> SharingView:
    """Decide an objection: upheld, the plan is a draft again; else the notice runs on."""
    now = await market_now(session, actor.market_id)
    sharing, _ = await noticing.decide(
        session, actor, deal_id, number, upheld=body.upheld, decision=body.decision, now=now
    )
    return await _shown(session, sharing, now, response)


@routes.post("/deals/{deal_id}/sharing/costs")
async def add_sharing_costs(
    deal_id: UUID,
    body: SharingCostsBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
) -> SharingView:
    """Add costs and tax of a later income to a final sharing; persons and shares stay."""
    now = await market_now(session, actor.market_id)
    costs = [cost.to_domain() for cost in body.costs]
    sharing = await planning.add_costs(session, actor, deal_id, costs, body.tax, now=now)
    return await _shown(session, sharing, now, response)


@routes.post("/deals/{deal_id}/sharing/payments", status_code=201)
async def record_award_payment(
    deal_id: UUID,
    body: AwardPaymentBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
) -> SharingView:
    """Record what the unit paid a person, or registered in the person's name; never too much."""
    now = await market_now(session, actor.market_id)
    sharing = await paying.record_award_payment(
        session,
        actor,
        deal_id,
        person=body.person,
        amount=body.amount,
        shares=body.shares,
        paid_on=body.paid_on,
        reference=body.reference,
        now=now,
    )
    return await _shown(session, sharing, now, response)


@rendering.get("/deals/{deal_id}/sharing/notice.pdf", response_class=Response)
async def get_award_notice_pdf(deal_id: UUID, actor: ActorDep, runtime: RuntimeDep) -> Response:
    """Return the award notice as a Chinese PDF/A for the unit's board; its hash stands in it."""
    async with runtime.database.transaction() as session:
        now = await market_now(session, actor.market_id)
        sharing = await reading.read_notice(session, actor, deal_id, now=now)
        unit = await get_party(session, sharing.seller_id)
    pdf = await asyncio.to_thread(_render, sharing, unit.name)
    return Response(
        pdf,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{sharing.number}.pdf"'},
    )


def _render(sharing: Sharing, unit: str) -> bytes:
    data: dict[str, Any] = printed(sharing, unit=unit)
    return render_pdf(_TEMPLATE, data, at=datetime.fromisoformat(data["at"]))
