"""Agreements, their objection procedures and objections over HTTP."""

from uuid import UUID

from app.listings.endpoints.paging import before, following
from app.listings.schemas.agreements import (
    ConsentBody,
    ObjectionBody,
    ObjectionDecision,
    ObjectionView,
    ProcedureBody,
    ProcedureView,
    ProposalView,
)
from app.listings.schemas.listings import ListingView, UnitNoticeJson
from app.listings.service import agreeing, changing, objecting, procedures, publishing
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page
from app.shared.ids import ListingId, MarketId, ObjectionId, PartyId

routes = router(tag="agreements")


@routes.post("/listings/{listing_id}/consent", status_code=201)
async def consent_to_agreement(
    listing_id: UUID, body: ConsentBody, actor: ActorDep, session: SessionDep
) -> ListingView:
    """Consent, for an agreement's buyer, to its draft or to the change that waits.

    Exactly the terms of the hash: the consent is kept for ever with who gave it and when. A
    change is published with it, and its whole period begins anew.
    """
    now = await market_now(session, actor.market_id)
    await changing.consent(
        session,
        actor,
        ListingId(listing_id),
        terms_hash=body.terms_hash,
        relation=body.relation,
        now=now,
    )
    return ListingView.of(*await publishing.read_listing(session, actor, ListingId(listing_id)))


@routes.get("/listings/{listing_id}/proposal")
async def get_proposal(listing_id: UUID, actor: ActorDep, session: SessionDep) -> ProposalView:
    """Return the change of a published agreement that waits for its buyer's consent."""
    return ProposalView.of(await agreeing.read_proposal(session, actor, ListingId(listing_id)))


@routes.post("/listings/{listing_id}/unit-notice", status_code=201)
async def record_unit_notice(
    listing_id: UUID, body: UnitNoticeJson, actor: ActorDep, session: SessionDep
) -> ListingView:
    """Record the publication 本单位公示 of a draft agreement in the seller's own unit."""
    now = await market_now(session, actor.market_id)
    await agreeing.record_unit_notice(session, actor, ListingId(listing_id), body.plain(), now=now)
    return ListingView.of(*await publishing.read_listing(session, actor, ListingId(listing_id)))


@routes.post("/objection-procedures", status_code=201)
async def publish_procedure(
    body: ProcedureBody, actor: ActorDep, session: SessionDep
) -> ProcedureView:
    """Publish the way of objecting: a seller its own, an operator the exchange's.

    It must be public before a notice is; a later version holds for later notices.
    """
    now = await market_now(session, actor.market_id)
    return ProcedureView.model_validate(
        await procedures.publish_procedure(session, actor, body.text, now=now)
    )


@routes.get("/objection-procedures")
async def list_procedures(
    session: SessionDep,
    market_id: UUID | None = None,
    party_id: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[ProcedureView]:
    """List published objection procedures, newest first."""
    found = await procedures.list_procedures(
        session,
        market_id=None if market_id is None else MarketId(market_id),
        party_id=None if party_id is None else PartyId(party_id),
        before=before(cursor),
        limit=limit + 1,
    )
    return Page(
        items=[ProcedureView.model_validate(item) for item in found[:limit]],
        next=following([item.id for item in found], limit),
    )


@routes.post("/listings/{listing_id}/objections", status_code=201)
async def file_objection(
    listing_id: UUID, body: ObjectionBody, actor: ActorDep, session: SessionDep
) -> ObjectionView:
    """Object to the notice of an agreement, with evidence: anyone, while it is open.

    The notice then waits for the decision. Everybody reads that an objection stands and what it
    is about; who objects is for the seller, the exchange and whoever objects.
    """
    listing, _ = await publishing.read_listing(session, actor, ListingId(listing_id))
    now = await market_now(session, listing.market_id)
    filed = await objecting.object_to(session, actor, listing.id, body.new(), now=now)
    return ObjectionView.of(filed, actor.viewer, listing.seller_id)


@routes.get("/listings/{listing_id}/objections")
async def list_objections(
    listing_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[ObjectionView]:
    """List the objections to a listing, newest first, with their decisions."""
    listing, found = await objecting.list_objections(
        session, actor, ListingId(listing_id), before=before(cursor), limit=limit + 1
    )
    return Page(
        items=[ObjectionView.of(item, actor.viewer, listing.seller_id) for item in found[:limit]],
        next=following([item.id for item in found], limit),
    )


@routes.post("/objections/{objection_id}/decision", status_code=201)
async def decide_objection(
    objection_id: UUID, body: ObjectionDecision, actor: ActorDep, session: SessionDep
) -> ObjectionView:
    """Decide an objection, as the seller's unit or the exchange; the decision is published.

    An upheld objection fails the listing. When the last one is rejected the notice goes on, and
    an agreement whose period is over is awarded.
    """
    now = await market_now(session, actor.market_id)
    decided = await objecting.decide(
        session,
        actor,
        ObjectionId(objection_id),
        upheld=body.upheld,
        reason=body.reason,
        now=now,
    )
    listing = await publishing.require_listing(session, decided.listing_id)
    return ObjectionView.of(decided, actor.viewer, listing.seller_id)


@routes.post("/objections/{objection_id}/withdrawal", status_code=201)
async def withdraw_objection(
    objection_id: UUID, actor: ActorDep, session: SessionDep
) -> ObjectionView:
    """Take the caller's own objection back."""
    now = await market_now(session, actor.market_id)
    withdrawn = await objecting.withdraw(session, actor, ObjectionId(objection_id), now=now)
    listing = await publishing.require_listing(session, withdrawn.listing_id)
    return ObjectionView.of(withdrawn, actor.viewer, listing.seller_id)
