"""Registrations, qualification and deposits over HTTP."""

from uuid import UUID

from app.listings.domain.registration import Registration
from app.listings.endpoints.paging import before, following
from app.listings.schemas.registrations import (
    BuyerApplication,
    DepositReceipt,
    FlagView,
    Qualification,
    RegistrationView,
)
from app.listings.service import depositing, registering, relating
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page
from app.shared.ids import ListingId, PartyId, RegistrationId

routes = router(tag="registrations")


@routes.post("/listings/{listing_id}/registrations", status_code=201)
async def register_buyer(
    listing_id: UUID, body: BuyerApplication, actor: ActorDep, session: SessionDep
) -> RegistrationView:
    """Register the caller's party as a buyer, accepting the notice that was shown.

    Open while the disclosure lasts, once per party; who accepted which text is recorded. A
    relation to the seller is declared, and only one that the notice discloses is admitted. After
    a notice that states the terms anew, the same call accepts those.
    """
    now = await market_now(session, actor.market_id)
    return _view(
        await registering.register_buyer(
            session,
            actor,
            ListingId(listing_id),
            accepted_terms_hash=body.accepted_terms_hash,
            relation=body.relation,
            members=[PartyId(member) for member in body.members],
            now=now,
        )
    )


@routes.get("/listings/{listing_id}/registrations")
async def list_registrations(
    listing_id: UUID,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[RegistrationView]:
    """List a listing's registrations, newest first."""
    below = before(cursor)
    found = await registering.list_registrations(
        session,
        ListingId(listing_id),
        before=None if below is None else RegistrationId(below),
        limit=limit + 1,
    )
    return Page(
        items=[_view(item) for item in found[:limit]],
        next=following([item.id for item in found], limit),
    )


@routes.get("/listings/{listing_id}/flags")
async def list_flags(listing_id: UUID, session: SessionDep) -> Page[FlagView]:
    """List the pairs of a listing's buyers that one hand may move, and what they share.

    A flag asks the operator a question and refuses nobody.
    """
    found = await relating.list_flags(session, ListingId(listing_id))
    return Page(items=[FlagView.model_validate(flag) for flag in found], next=None)


@routes.get("/registrations/{registration_id}")
async def get_registration(registration_id: UUID, session: SessionDep) -> RegistrationView:
    """Return a registration to its buyer and the market's operator and auditor."""
    return _view(await registering.require_registration(session, RegistrationId(registration_id)))


@routes.post("/registrations/{registration_id}/qualification")
async def qualify_registration(
    registration_id: UUID, body: Qualification, actor: ActorDep, session: SessionDep
) -> RegistrationView:
    """Decide whether a registered buyer qualifies; a refusal states its reason."""
    now = await market_now(session, actor.market_id)
    return _view(
        await registering.qualify_registration(
            session,
            actor,
            RegistrationId(registration_id),
            qualified=body.qualified,
            reason=body.reason,
            now=now,
        )
    )


@routes.post("/registrations/{registration_id}/deposit")
async def record_deposit(
    registration_id: UUID, body: DepositReceipt, actor: ActorDep, session: SessionDep
) -> RegistrationView:
    """Book a qualified buyer's deposit as the bank shows it and assign the bidder code.

    The amount is the announced one, the payer is the buyer itself, and the bank received it
    before the auction opened, or in a posted listing before the buyer's deadline.
    """
    now = await market_now(session, actor.market_id)
    return _view(
        await depositing.record_deposit(
            session, actor, RegistrationId(registration_id), body.receipt(), now=now
        )
    )


@routes.post("/registrations/{registration_id}/withdrawal")
async def withdraw_registration(
    registration_id: UUID, actor: ActorDep, session: SessionDep
) -> RegistrationView:
    """Step back as a buyer: freely before paying, at the price of the deposit after it.

    Who has not accepted changed terms leaves freely also after paying.
    """
    now = await market_now(session, actor.market_id)
    return _view(
        await registering.withdraw_registration(
            session, actor, RegistrationId(registration_id), now=now
        )
    )


def _view(registration: Registration) -> RegistrationView:
    return RegistrationView.model_validate(registration)
