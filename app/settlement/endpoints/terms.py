"""Routes of price terms, supplementary agreements and due items."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Header, Path, Response

from app.platform.access import ActorDep, Role
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.settlement import repository
from app.settlement.domain.contract import etag
from app.settlement.domain.deal import Deal
from app.settlement.domain.dues import Due, owed
from app.settlement.repository import dues as rows
from app.settlement.schemas.deals import DealView
from app.settlement.schemas.dues import (
    AcceptanceBody,
    DuesView,
    ListedDueView,
    ShareRegistrationBody,
    WaiverBody,
)
from app.settlement.schemas.terms import ConsentBody, DealTermsView, SupplementBody, TermsBody
from app.settlement.service import dues, supplementing, terms
from app.shared.ids import FileId

routes = router(tag="settlement")

_NUMBER_MAX = 10_000
Number = Annotated[int, Path(ge=1, le=_NUMBER_MAX, description="Of the due item")]
Seen = Annotated[
    str | None, Header(description="ETag of the terms as last read; required", max_length=100)
]
_SEES_ALL = frozenset({Role.OPERATOR, Role.AUDITOR})


@routes.get("/deals/{deal_id}/terms")
async def get_price_terms(deal_id: UUID, session: SessionDep, response: Response) -> DealTermsView:
    """Return how a deal is paid; the `ETag` is the terms' version.

    Where nothing was agreed, the price is due at once at the deadline of the notice; a demand's
    deal is paid by its milestones.
    """
    found = await terms.read(session, await repository.get_deal(session, deal_id))
    response.headers["ETag"] = etag(found.deal.terms_version)
    return DealTermsView.of(found)


@routes.put("/deals/{deal_id}/terms")
async def fix_price_terms(
    deal_id: UUID,
    body: TermsBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
    if_match: Seen = None,
) -> DealTermsView:
    """Fix how a deal is paid, before it is signed; the schedule of due items is made anew.

    The parts sum to the confirmed price; what was paid counts towards the new items. Terms that
    break a rule are refused with every fault and what would be accepted.
    """
    fixed = await terms.fix_terms(
        session,
        actor,
        deal_id,
        body.plain(),
        seen=if_match,
        now=await market_now(session, actor.market_id),
    )
    response.headers["ETag"] = etag(fixed.deal.terms_version)
    return DealTermsView.of(fixed)


@routes.post("/deals/{deal_id}/terms/supplement", status_code=201)
async def propose_supplement(
    deal_id: UUID,
    body: SupplementBody,
    actor: ActorDep,
    session: SessionDep,
    if_match: Seen = None,
) -> DealTermsView:
    """Propose a supplementary agreement on signed terms; it replaces one that waits.

    Who proposes for a side agrees by that; with the other side's consent it is in force.
    """
    now = await market_now(session, actor.market_id)
    found = await supplementing.propose(
        session, actor, deal_id, body.plain(now), seen=if_match, now=now
    )
    return DealTermsView.of(found)


@routes.post("/deals/{deal_id}/terms/supplement/consent")
async def agree_to_supplement(
    deal_id: UUID, body: ConsentBody, actor: ActorDep, session: SessionDep
) -> DealTermsView:
    """Agree to the supplementary agreement that waits, for the caller's side.

    With both sides it is in force: what was paid, fell due or was reported stays, the rest of the
    price and the coming royalty periods are scheduled anew.
    """
    now = await market_now(session, actor.market_id)
    found = await supplementing.agree(session, actor, deal_id, text_hash=body.text_hash, now=now)
    return DealTermsView.of(found)


@routes.delete("/deals/{deal_id}/terms/supplement", status_code=204)
async def withdraw_supplement(deal_id: UUID, actor: ActorDep, session: SessionDep) -> None:
    """Take back or refuse the supplementary agreement that waits."""
    now = await market_now(session, actor.market_id)
    await supplementing.withdraw(session, actor, deal_id, now=now)


@routes.get("/deals/{deal_id}/dues")
async def list_deal_dues(deal_id: UUID, actor: ActorDep, session: SessionDep) -> DuesView:
    """Return a deal's schedule: what is to be paid when, what is paid, what is overdue."""
    deal = await repository.get_deal(session, deal_id)
    found = await rows.dues_of(session, deal.id)
    return _shown(deal, found, await market_now(session, actor.market_id))


def _shown(deal: Deal, found: list[Due], now: datetime) -> DuesView:
    payable = owed(found, currency=deal.price.currency, signed=deal.signed_at is not None)
    return DuesView.of(deal.id, found, payable, now)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError("a due moment is aware")
    return moment


def _number(value: int) -> int:
    if not 1 <= int(value) <= _NUMBER_MAX:
        raise ValueError("no due item has this number")
    return int(value)


@routes.get("/dues")
async def list_dues(
    actor: ActorDep,
    session: SessionDep,
    overdue: bool = False,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[ListedDueView]:
    """List open items that have a day, the oldest first: of the caller's party, or the market's.

    `overdue` leaves those that should have been paid, or reported, by now.
    """
    now = await market_now(session, actor.market_id)
    found = await rows.list_open(
        session,
        market_id=actor.market_id,
        party_id=None if actor.role in _SEES_ALL else actor.party_id,
        overdue_at=now if overdue else None,
        after=None if cursor is None else decode_cursor(cursor, _moment, UUID, _number),
        limit=limit + 1,
    )
    page = found[:limit]
    following = None
    if len(found) > limit:
        last = page[-1]
        assert last.due.due_at is not None  # only dated items are listed
        following = encode_cursor(last.due.due_at.isoformat(), str(last.deal_id), last.due.number)
    return Page(items=[ListedDueView.at(item, now) for item in page], next=following)


@routes.post("/deals/{deal_id}/dues/{number}/acceptance")
async def accept_due(
    deal_id: UUID, number: Number, body: AcceptanceBody, actor: ActorDep, session: SessionDep
) -> DuesView:
    """Note that a milestone was accepted, or a deferred payment's trigger happened.

    The item is due the agreed days after. The buyer says so, or the exchange for it.
    """
    now = await market_now(session, actor.market_id)
    evidence = None if body.evidence_id is None else FileId(body.evidence_id)
    found = await dues.make_due(
        session,
        actor,
        deal_id,
        number,
        happened_on=body.happened_on,
        evidence_id=evidence,
        now=now,
    )
    return _shown(await repository.get_deal(session, deal_id), found, now)


@routes.post("/deals/{deal_id}/dues/{number}/waiver")
async def waive_due(
    deal_id: UUID, number: Number, body: WaiverBody, actor: ActorDep, session: SessionDep
) -> DuesView:
    """Renounce a royalty, a difference or interest that is not paid in part; never the price."""
    now = await market_now(session, actor.market_id)
    found = await dues.waive(session, actor, deal_id, number, reason=body.reason, now=now)
    return _shown(await repository.get_deal(session, deal_id), found, now)


@routes.post("/deals/{deal_id}/dues/{number}/share-registration")
async def register_shares(
    deal_id: UUID,
    number: Number,
    body: ShareRegistrationBody,
    actor: ActorDep,
    session: SessionDep,
) -> DealView:
    """Note that the shares of a share investment are registered: the deal is settled by that.

    Whatever money the buyer paid in, its deposit with it, goes back to its funds.
    """
    deal = await dues.register_shares(
        session,
        actor,
        deal_id,
        number,
        registered_on=body.registered_on,
        document_id=FileId(body.document_id),
        now=await market_now(session, actor.market_id),
    )
    return DealView.model_validate(deal)
