"""Parties, members, clients, and who the caller is."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse

from app.identity.domain.party import PartyStatus
from app.identity.endpoints.oauth import address_of
from app.identity.schemas import (
    ClientBody,
    ClientView,
    MemberBody,
    MembershipView,
    MemberView,
    MeView,
    NewClientView,
    PartyView,
    RegistrationBody,
    RegistrationView,
    UserView,
    VerificationBody,
)
from app.identity.service import clients, joining, parties, reading
from app.platform import idempotency
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import once, router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Line, Page, decode_cursor, encode_cursor
from app.shared.canonical import canonical_json
from app.shared.ids import ClientId, MarketId, PartyId, UserId

routes = router(tag="identity")
hashing = self_transacted_router(tag="identity")


@hashing.post("/parties", status_code=201, response_model=RegistrationView)
async def register_party(
    body: RegistrationBody, request: Request, actor: ActorDep, runtime: RuntimeDep
) -> Response:
    """Register an organisation or a natural person with its first user.

    The party is pending until an operator verifies it; nobody can sign in for it before. A
    repeated idempotency key is compared without the password, of which no digest is kept.
    """
    await joining.admit_registration(runtime, address_of(request))
    user = await joining.hash_user(runtime, body.user.plain())
    key: str | None = request.state.key
    async with runtime.database.transaction() as session:

        async def register(_request: Request) -> Response:
            party, user_id = await joining.register_party(
                session,
                market_id=MarketId(body.market_id),
                new=body.party.plain(),
                user=user,
                roles=frozenset(body.roles),
                actor=actor.ref,
            )
            view = RegistrationView(party=PartyView.of(party, actor.viewer), user_id=user_id)
            return JSONResponse(view.model_dump(mode="json"), 201)

        if key is None:
            return await register(request)
        plain = canonical_json(body.without_password())
        printed = idempotency.fingerprint(runtime.print_key, "POST", request.url.path, "", plain)
        return await once(request, register, session, key, printed)


@routes.get("/parties", response_model=Page[PartyView])
async def list_parties(
    actor: ActorDep,
    session: SessionDep,
    status: PartyStatus | None = None,
    name: Annotated[Line | None, Query(description="Part of the name")] = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[PartyView]:
    """List the market's parties, newest first."""
    found = await reading.page_of_parties(
        session,
        market_id=actor.market_id,
        status=status,
        name=name,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    items = [PartyView.of(party, actor.viewer) for party in found[:limit]]
    more = len(found) > limit
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if more else None)


@routes.get("/parties/{party_id}")
async def get_party(party_id: UUID, actor: ActorDep, session: SessionDep) -> PartyView:
    """Return a party to its own staff, operators and auditors."""
    return PartyView.of(await parties.get_party(session, PartyId(party_id)), actor.viewer)


@routes.post("/parties/{party_id}/verification")
async def verify_party(
    party_id: UUID, body: VerificationBody, actor: ActorDep, session: SessionDep
) -> PartyView:
    """Accept or refuse a pending party, once."""
    party = await parties.verify_party(
        session,
        party_id=PartyId(party_id),
        accepted=body.accepted,
        reason=body.reason,
        actor=actor.ref,
        now=await market_now(session, actor.market_id),
    )
    return PartyView.of(party, actor.viewer)


@hashing.post("/parties/{party_id}/members", status_code=201, response_model=MemberView)
async def add_member(
    party_id: UUID, body: MemberBody, actor: ActorDep, runtime: RuntimeDep
) -> MemberView:
    """Let a new or a known user act for a party in a role."""
    if body.user is not None:
        user: joining.NewUser | UserId = body.user.plain()
    else:
        assert body.user_id is not None
        user = UserId(body.user_id)
    membership_id, user_id = await joining.add_member(
        runtime, actor, party_id=PartyId(party_id), role=body.role, user=user
    )
    return MemberView(
        membership_id=membership_id, user_id=user_id, party_id=party_id, role=body.role
    )


@routes.post("/clients", status_code=201, response_model=NewClientView)
async def create_client(body: ClientBody, actor: ActorDep, session: SessionDep) -> NewClientView:
    """Make a partner exchange's client; its secret is shown in this answer only."""
    client, secret = await clients.create_client(
        session,
        actor,
        party_id=PartyId(body.party_id),
        name=body.name,
        now=await market_now(session, actor.market_id),
    )
    view = ClientView.model_validate(client)
    return NewClientView(**view.model_dump(), client_secret=secret)


@routes.post("/clients/{client_id}/revocation", response_model=ClientView)
async def revoke_client(client_id: UUID, actor: ActorDep, session: SessionDep) -> ClientView:
    """Give a client no more tokens; those it has end within minutes."""
    client = await clients.revoke_client(
        session,
        actor,
        client_id=ClientId(client_id),
        now=await market_now(session, actor.market_id),
    )
    return ClientView.model_validate(client)


@routes.get("/me", response_model=MeView)
async def who_am_i(actor: ActorDep, session: SessionDep) -> MeView:
    """Tell the token's bearer who it is, for whom it acts and as what else it can sign in."""
    me = await reading.describe(session, actor)
    return MeView(
        ref=actor.ref,
        role=actor.role,
        market_id=actor.market_id,
        scopes=sorted(actor.scopes),
        party=PartyView.of(me.party, actor.viewer),
        user=None if me.user is None else UserView.model_validate(me.user),
        memberships=[
            MembershipView(
                membership_id=membership.id,
                role=membership.role,
                market_id=membership.market_id,
                party_id=party.id,
                party_name=party.name,
                party_status=party.status,
            )
            for membership, party in me.memberships
        ],
    )
