"""The single buyer's price and priority rights of a posted listing over HTTP."""

from uuid import UUID

from app.listings.schemas.posting import (
    Exercise,
    NewRightHolder,
    NewRightsStatement,
    Offer,
    OfferView,
    RightHolderView,
    RightsStatementView,
)
from app.listings.service import rights
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Page
from app.shared.ids import FileId, ListingId, PartyId

routes = router(tag="listings")


@routes.post("/listings/{listing_id}/offer", status_code=201)
async def offer_price(
    listing_id: UUID, body: Offer, actor: ActorDep, session: SessionDep
) -> OfferView:
    """Name the price as the single qualified buyer: the floor or more.

    Where nobody's priority right goes before it, the sale is confirmed at once.
    """
    now = await market_now(session, actor.market_id)
    return OfferView.of(
        await rights.offer_price(session, actor, ListingId(listing_id), body.amount, now=now)
    )


@routes.get("/listings/{listing_id}/offer")
async def get_offer(listing_id: UUID, actor: ActorDep, session: SessionDep) -> OfferView:
    """Return the price that is asked of the single buyer, or that it named.

    For that buyer, the market's staff, and with a price the holders whose right goes before it.
    """
    return OfferView.of(await rights.read_offer(session, actor, ListingId(listing_id)))


@routes.post("/listings/{listing_id}/priority-holders", status_code=201)
async def record_right_holder(
    listing_id: UUID, body: NewRightHolder, actor: ActorDep, session: SessionDep
) -> RightHolderView:
    """Record who holds a priority right in a transfer, before the disclosure ends; notifies it."""
    now = await market_now(session, actor.market_id)
    holder = await rights.record_holder(
        session,
        actor,
        ListingId(listing_id),
        party_id=PartyId(body.party_id),
        basis=body.basis,
        rank=body.rank,
        now=now,
    )
    return RightHolderView.model_validate(holder)


@routes.get("/listings/{listing_id}/priority-holders")
async def list_right_holders(
    listing_id: UUID, actor: ActorDep, session: SessionDep
) -> Page[RightHolderView]:
    """List a listing's holders, best rank first: the staff sees all, a holder itself."""
    found = await rights.list_holders(session, actor, ListingId(listing_id))
    return Page(items=[RightHolderView.model_validate(holder) for holder in found], next=None)


@routes.post("/listings/{listing_id}/priority-statement", status_code=201)
async def state_rights(
    listing_id: UUID, body: NewRightsStatement, actor: ActorDep, session: SessionDep
) -> RightsStatementView:
    """File the document by which a service result's completers waive their right (847)."""
    now = await market_now(session, actor.market_id)
    statement = await rights.record_statement(
        session,
        actor,
        ListingId(listing_id),
        reference=body.reference,
        signed_on=body.signed_on,
        file_id=None if body.file_id is None else FileId(body.file_id),
        now=now,
    )
    return RightsStatementView.model_validate(statement)


@routes.post("/listings/{listing_id}/priority-waiver")
async def waive_right(listing_id: UUID, actor: ActorDep, session: SessionDep) -> RightHolderView:
    """Declare as a holder not to use the priority right; it cannot be taken back."""
    now = await market_now(session, actor.market_id)
    holder = await rights.waive(session, actor, ListingId(listing_id), now=now)
    return RightHolderView.model_validate(holder)


@routes.post("/listings/{listing_id}/priority-exercise", status_code=201)
async def exercise_right(
    listing_id: UUID, body: Exercise, actor: ActorDep, session: SessionDep
) -> RightHolderView:
    """Take the offered price as a holder, under the same conditions.

    It registers the holder; once qualified and with its deposit paid, it buys.
    """
    now = await market_now(session, actor.market_id)
    holder = await rights.exercise(
        session,
        actor,
        ListingId(listing_id),
        accepted_terms_hash=body.accepted_terms_hash,
        relation=body.relation,
        now=now,
    )
    return RightHolderView.model_validate(holder)
