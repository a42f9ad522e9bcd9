"""Demands over HTTP: drafted, edited, submitted, read."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Response

from app.demands.domain.demand import is_near
from app.demands.domain.versions import etag
from app.demands.schemas.demands import (
    DemandBody,
    DemandVersionView,
    DemandView,
    NewDemand,
)
from app.demands.service import drafting
from app.demands.service.confidentiality import reads_restricted
from app.demands.service.locking import read_demand
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import DemandId

routes = router(tag="demands")

_NUMBERS_END = 2**31  # of an INTEGER column


def _version_number(key: object) -> int:
    if not isinstance(key, int) or not 0 <= key < _NUMBERS_END:
        raise ValueError("no version")
    return key


@routes.post("/demands", status_code=201)
async def draft_demand(body: NewDemand, actor: ActorDep, session: SessionDep) -> DemandView:
    """Store a demand of the caller's verified party and, unless it is a draft, submit it."""
    now = await market_now(session, actor.market_id)
    demand = await drafting.draft_demand(session, actor, body.content(), draft=body.draft, now=now)
    return DemandView.of_seen(demand, near=True, restricted=True)


@routes.get("/demands/{demand_id}")
async def get_demand(
    demand_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> DemandView:
    """Return a demand that the caller may see; the `ETag` is its content's version.

    Who accepted its confidentiality reads the restricted text; that it did is recorded.
    """
    demand = await read_demand(session, actor, DemandId(demand_id))
    response.headers["ETag"] = etag(demand.version)
    return DemandView.of_seen(
        demand,
        near=is_near(actor.viewer, demand),
        restricted=await reads_restricted(session, actor, demand),
    )


@routes.put("/demands/{demand_id}")
async def edit_demand(
    demand_id: UUID,
    body: DemandBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
    if_match: Annotated[
        str | None, Header(description="ETag of the demand as last read", max_length=100)
    ] = None,
) -> DemandView:
    """Edit a draft or a returned demand: the whole content replaces the version of `If-Match`.

    Without `If-Match` it is refused with 400, with another than the present version with 409.
    The same content again changes nothing.
    """
    demand = await drafting.edit_demand(
        session,
        actor,
        DemandId(demand_id),
        body.content(),
        seen=if_match,
        now=await market_now(session, actor.market_id),
    )
    response.headers["ETag"] = etag(demand.version)
    return DemandView.of_seen(demand, near=True, restricted=True)


@routes.post("/demands/{demand_id}/submission")
async def submit_demand(demand_id: UUID, actor: ActorDep, session: SessionDep) -> DemandView:
    """Submit a draft, or what was returned and mended, to the diagnosis."""
    now = await market_now(session, actor.market_id)
    demand = await drafting.submit_demand(session, actor, DemandId(demand_id), now=now)
    return DemandView.of_seen(demand, near=True, restricted=True)


@routes.get("/demands/{demand_id}/versions")
async def list_demand_versions(
    demand_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[DemandVersionView]:
    """List the versions of a demand's content, newest first, for its poster and the exchange."""
    found = await drafting.list_versions(
        session,
        actor,
        DemandId(demand_id),
        before=None if cursor is None else decode_cursor(cursor, _version_number)[0],
        limit=limit + 1,
    )
    return Page(
        items=[DemandVersionView.of(item) for item in found[:limit]],
        next=encode_cursor(found[limit - 1].number) if len(found) > limit else None,
    )
