"""Innovation vouchers 科技创新券 over HTTP."""

from typing import Final
from uuid import UUID

from app.platform.access import ActorDep, Role
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.settlement.domain.voucher import VoucherStatus
from app.settlement.repository import vouchers as repository
from app.settlement.schemas.vouchers import (
    ProgrammeBody,
    ProgrammeView,
    Reservation,
    VoucherBody,
    VoucherReceipt,
    VoucherView,
)
from app.settlement.service import voucher_programmes, vouching
from app.shared.ids import PartyId

routes = router(tag="vouchers")

_SEES_ALL: Final = frozenset({Role.OPERATOR, Role.AUDITOR})


@routes.post("/voucher-programmes", status_code=201)
async def create_voucher_programme(
    body: ProgrammeBody, actor: ActorDep, session: SessionDep
) -> ProgrammeView:
    """Enter a voucher programme: issuer, region, days, caps, share and uses; for good."""
    programme = body.plain(actor.market_id)
    now = await market_now(session, actor.market_id)
    await voucher_programmes.enter_programme(session, actor, programme, now=now)
    return ProgrammeView.model_validate(programme)


@routes.get("/voucher-programmes")
async def list_voucher_programmes(
    actor: ActorDep, session: SessionDep, limit: Limit = 50, cursor: str | None = None
) -> Page[ProgrammeView]:
    """List the market's voucher programmes, newest first."""
    found = await repository.page_of_programmes(
        session,
        market_id=actor.market_id,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    more = encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=[ProgrammeView.model_validate(it) for it in found[:limit]], next=more)


@routes.post("/vouchers", status_code=201)
async def issue_voucher(body: VoucherBody, actor: ActorDep, session: SessionDep) -> VoucherView:
    """Put a voucher that the issuer gave a party on record; the region must fit."""
    voucher = await vouching.issue_voucher(
        session,
        actor,
        programme_id=body.programme_id,
        number=body.number,
        holder_id=PartyId(body.holder_id),
        face=body.face,
        expires_on=body.expires_on,
        now=await market_now(session, actor.market_id),
    )
    return VoucherView.model_validate(voucher)


@routes.get("/vouchers")
async def list_vouchers(
    actor: ActorDep,
    session: SessionDep,
    status: VoucherStatus | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[VoucherView]:
    """List vouchers, newest first: those the caller's party holds, or the market's."""
    found = await repository.page_of_vouchers(
        session,
        market_id=actor.market_id,
        holder_id=None if actor.role in _SEES_ALL else actor.party_id,
        status=status,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    more = encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=[VoucherView.model_validate(it) for it in found[:limit]], next=more)


@routes.get("/vouchers/{voucher_id}")
async def get_voucher(voucher_id: UUID, session: SessionDep) -> VoucherView:
    """Return a voucher and what it pays."""
    return VoucherView.model_validate(await repository.get_voucher(session, voucher_id))


@routes.post("/vouchers/{voucher_id}/reservation")
async def reserve_voucher(
    voucher_id: UUID, body: Reservation, actor: ActorDep, session: SessionDep
) -> VoucherView:
    """Set a voucher aside for a charge that its holder owes, or for the price of services.

    It pays at most its face value, the programme's share of the charge or price, what the
    holder's yearly cap leaves, and what is owed.
    """
    voucher = await vouching.reserve_voucher(
        session,
        actor,
        voucher_id,
        deal_id=body.deal_id,
        charge_number=body.charge_number,
        amount=body.amount,
        now=await market_now(session, actor.market_id),
    )
    return VoucherView.model_validate(voucher)


@routes.post("/vouchers/{voucher_id}/return")
async def free_voucher(voucher_id: UUID, actor: ActorDep, session: SessionDep) -> VoucherView:
    """Take a reservation back: the voucher may be used for something else."""
    now = await market_now(session, actor.market_id)
    return VoucherView.model_validate(
        await vouching.free_voucher(session, actor, voucher_id, now=now)
    )


@routes.post("/vouchers/{voucher_id}/redemption")
async def redeem_voucher(voucher_id: UUID, actor: ActorDep, session: SessionDep) -> VoucherView:
    """Let a reserved voucher pay; its issuer owes the exchange the amount from then on."""
    now = await market_now(session, actor.market_id)
    return VoucherView.model_validate(
        await vouching.redeem_voucher(session, actor, voucher_id, now=now)
    )


@routes.post("/vouchers/{voucher_id}/claim")
async def claim_voucher(voucher_id: UUID, actor: ActorDep, session: SessionDep) -> VoucherView:
    """Note that the issuer was asked to pay; its deal is settled by then."""
    now = await market_now(session, actor.market_id)
    return VoucherView.model_validate(
        await vouching.claim_voucher(session, actor, voucher_id, now=now)
    )


@routes.post("/vouchers/{voucher_id}/settlement")
async def settle_voucher(
    voucher_id: UUID, body: VoucherReceipt, actor: ActorDep, session: SessionDep
) -> VoucherView:
    """Book that the issuer has paid for a claimed voucher."""
    voucher = await vouching.settle_voucher(
        session,
        actor,
        voucher_id,
        bank_reference=body.bank_reference,
        now=await market_now(session, actor.market_id),
    )
    return VoucherView.model_validate(voucher)
