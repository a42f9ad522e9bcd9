"""Routes of settlement: deals, payments, contracts, registration sheets."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Response

from app.platform.access import ActorDep, Role
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.settlement import repository
from app.settlement.domain.contract import etag
from app.settlement.domain.deal import DealStatus
from app.settlement.schemas.deals import (
    ContractFields,
    ContractView,
    DealDetail,
    DealView,
    DefaultBody,
    PaymentBody,
    SheetView,
    SigningBody,
)
from app.settlement.service import contracts, defaulting, keeping, paying, sheets

routes = router(tag="settlement")

_SEES_ALL = frozenset({Role.OPERATOR, Role.AUDITOR})


@routes.get("/deals")
async def list_deals(
    actor: ActorDep,
    session: SessionDep,
    status: DealStatus | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[DealView]:
    """List deals, newest first: those the caller's party sells or buys in, or the market's."""
    found = await repository.list_deals(
        session,
        market_id=actor.market_id,
        party_id=None if actor.role in _SEES_ALL else actor.party_id,
        status=status,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[DealView.model_validate(deal) for deal in page],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


@routes.get("/deals/{deal_id}")
async def get_deal(deal_id: UUID, session: SessionDep, response: Response) -> DealDetail:
    """Return a deal with its payments and contract; the `ETag` is the contract's version."""
    deal = await repository.get_deal(session, deal_id)
    payments = await repository.payments_of(session, deal.id)
    contract = await repository.get_contract(session, deal.id)
    response.headers["ETag"] = etag(deal.contract_version)
    return DealDetail.whole(deal, payments, contract)


@routes.post("/deals/{deal_id}/payments", status_code=201)
async def record_payment(
    deal_id: UUID, body: PaymentBody, actor: ActorDep, session: SessionDep
) -> DealView:
    """Book money of the buyer that the bank received; parts are welcome, too much is refused.

    When the whole price is there, it goes to the seller's funds and the deal is settled.
    """
    deal = await paying.record_payment(
        session,
        actor,
        deal_id,
        body.to_domain(),
        now=await market_now(session, actor.market_id),
    )
    return DealView.model_validate(deal)


@routes.post("/deals/{deal_id}/signing")
async def record_signing(
    deal_id: UUID, body: SigningBody, actor: ActorDep, session: SessionDep
) -> DealView:
    """Record that both parties have signed; the standby bidders get their deposits back.

    Signing after `sign_by_at` counts as long as nobody has declared default.
    """
    deal = await keeping.record_signing(
        session,
        actor,
        deal_id,
        signed_at=body.signed_at,
        text_hash=body.text_hash,
        naming_consent=body.naming_consent,
        now=await market_now(session, actor.market_id),
    )
    return DealView.model_validate(deal)


@routes.post("/deals/{deal_id}/default")
async def declare_default(
    deal_id: UUID, body: DefaultBody, actor: ActorDep, session: SessionDep
) -> DealView:
    """Declare a side in default: by a buyer's its deposit is lost and the rest goes back.

    By a seller's, before it has signed, everything goes back, and the listing ends.

    Possible from `sign_by_at` while nobody has signed, from the first unpaid due item on, and
    at any time if the buyer refused in writing. The listing can then be sold to who stood by.
    """
    deal = await defaulting.default_deal(
        session,
        actor,
        deal_id,
        body.breach(),
        now=await market_now(session, actor.market_id),
    )
    return DealView.model_validate(deal)


@routes.put("/deals/{deal_id}/contract")
async def fix_contract(
    deal_id: UUID,
    body: ContractFields,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
    if_match: Annotated[
        str | None, Header(description="ETag of the deal as last read; required", max_length=100)
    ] = None,
) -> ContractView:
    """Fix the contract's data: the whole document replaces the version named by `If-Match`.

    Without `If-Match` it is refused with 400, with another version than the present one with 409.
    """
    deal, contract = await contracts.fix_contract(
        session,
        actor,
        deal_id,
        body.to_domain(),
        seen=if_match,
        now=await market_now(session, actor.market_id),
    )
    response.headers["ETag"] = etag(deal.contract_version)
    return ContractView.of(deal, contract)


@routes.get("/deals/{deal_id}/registration-sheet")
async def get_registration_sheet(deal_id: UUID, actor: ActorDep, session: SessionDep) -> SheetView:
    """Return the preparation sheet for 技术合同认定登记: the form's fields and the check report.

    `ready` tells that every check passed; `unknown` names the fields that stay empty; `by_hand`
    lists what only a person can confirm.
    """
    now = await market_now(session, actor.market_id)
    return SheetView.of(await sheets.write(session, actor, deal_id, now=now))
