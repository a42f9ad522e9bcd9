"""Routes of effect conditions."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Path, Response

from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.settlement import repository
from app.settlement.domain.contract import etag
from app.settlement.repository import effects as rows
from app.settlement.schemas.effects import ConditionsBody, ConditionsView, FulfilmentBody
from app.settlement.service import effects
from app.shared.ids import FileId

routes = router(tag="settlement")


@routes.get("/deals/{deal_id}/effect-conditions")
async def list_effect_conditions(
    deal_id: UUID, session: SessionDep, response: Response
) -> ConditionsView:
    """Return what the contract's effect waits for; the `ETag` is the contract's version."""
    deal = await repository.get_deal(session, deal_id)
    response.headers["ETag"] = etag(deal.contract_version)
    return ConditionsView.of(deal, await rows.conditions_of(session, deal.id))


@routes.put("/deals/{deal_id}/effect-conditions")
async def name_effect_conditions(
    deal_id: UUID,
    body: ConditionsBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
    if_match: Annotated[
        str | None, Header(description="ETag of the deal as last read; required", max_length=100)
    ] = None,
) -> ConditionsView:
    """Name what the contract's effect waits for, before it is signed.

    While one is open, what the buyer pays stays in escrow. The list replaces the present one and
    is a new version of the contract's data, so that earlier texts cannot be signed any more.
    """
    deal, named = await effects.name_conditions(
        session,
        actor,
        deal_id,
        body.plain(),
        seen=if_match,
        now=await market_now(session, actor.market_id),
    )
    response.headers["ETag"] = etag(deal.contract_version)
    return ConditionsView.of(deal, named)


@routes.post("/deals/{deal_id}/effect-conditions/{number}/fulfilment", status_code=201)
async def fulfil_effect_condition(
    deal_id: UUID,
    number: Annotated[int, Path(ge=1, le=1_000)],
    body: FulfilmentBody,
    actor: ActorDep,
    session: SessionDep,
) -> ConditionsView:
    """Record that a condition of a signed contract was met, with its proof.

    With the last one the contract takes effect and the money that waited goes on. A first
    payment is met by the payment itself.
    """
    file_id = body.evidence_file_id
    deal, conditions = await effects.fulfil(
        session,
        actor,
        deal_id,
        number,
        fulfilled_on=body.fulfilled_on,
        evidence_id=None if file_id is None else FileId(file_id),
        note=body.note,
        now=await market_now(session, actor.market_id),
    )
    return ConditionsView.of(deal, conditions)
