"""The posting of demands over HTTP, its changes, its notices, its end by the poster."""

from uuid import UUID

from app.demands.repository import notices
from app.demands.schemas.demands import DemandView, ReasonBody
from app.demands.schemas.posting import DemandNoticeView, ExtensionBody, PostingBody
from app.demands.service import posting, withdrawing
from app.demands.service.locking import read_demand
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import DemandId, EditionId

routes = router(tag="demands")


@routes.post("/demands/{demand_id}/posting")
async def post_demand(
    demand_id: UUID, body: PostingBody, actor: ActorDep, session: SessionDep
) -> DemandView:
    """Post a reviewed demand with its terms, in an edition or alone; all is frozen with it."""
    demand = await posting.post_demand(
        session,
        actor,
        DemandId(demand_id),
        body.terms.to_domain(),
        edition_id=None if body.edition_id is None else EditionId(body.edition_id),
        now=await market_now(session, actor.market_id),
    )
    return DemandView.of_seen(demand, near=True, restricted=True)


@routes.post("/demands/{demand_id}/extension")
async def extend_demand(
    demand_id: UUID, body: ExtensionBody, actor: ActorDep, session: SessionDep
) -> DemandView:
    """Put off the deadline of an open demand, with a reason; proposals that came stay."""
    demand = await posting.extend_posting(
        session,
        actor,
        DemandId(demand_id),
        closes_at=body.closes_at,
        questions_until=body.questions_until,
        reason=body.reason,
        now=await market_now(session, actor.market_id),
    )
    return DemandView.of_seen(demand, near=True, restricted=True)


@routes.post("/demands/{demand_id}/return")
async def return_reviewed_demand(
    demand_id: UUID, body: ReasonBody, actor: ActorDep, session: SessionDep
) -> DemandView:
    """Return a demand that passed its diagnosis and was not posted, so that it can be changed."""
    now = await market_now(session, actor.market_id)
    demand = await posting.return_reviewed(
        session, actor, DemandId(demand_id), reason=body.reason, now=now
    )
    return DemandView.of_seen(demand, near=True, restricted=True)


@routes.post("/demands/{demand_id}/revision")
async def revise_demand(demand_id: UUID, actor: ActorDep, session: SessionDep) -> DemandView:
    """Take an unanswered demand back, to change it, submit it and have it posted anew."""
    now = await market_now(session, actor.market_id)
    demand = await posting.revise_demand(session, actor, DemandId(demand_id), now=now)
    return DemandView.of_seen(demand, near=True, restricted=True)


@routes.post("/demands/{demand_id}/withdrawal")
async def withdraw_demand(
    demand_id: UUID, body: ReasonBody, actor: ActorDep, session: SessionDep
) -> DemandView:
    """Withdraw a demand that has no contract; once it was posted, a reason is published."""
    now = await market_now(session, actor.market_id)
    demand = await withdrawing.withdraw_demand(
        session, actor, DemandId(demand_id), reason=body.reason, now=now
    )
    return DemandView.of_seen(demand, near=True, restricted=True)


@routes.get("/demands/{demand_id}/notices")
async def list_demand_notices(
    demand_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[DemandNoticeView]:
    """List what was published of a demand, in the order of publication."""
    demand = await read_demand(session, actor, DemandId(demand_id))
    after = 0 if cursor is None else decode_cursor(cursor, _sequence)[0]
    found = await notices.of_demand(session, demand.id, after=after, limit=limit + 1)
    return Page(
        items=[DemandNoticeView.of(notice) for notice in found[:limit]],
        next=encode_cursor(found[limit - 1].seq) if len(found) > limit else None,
    )


def _sequence(key: object) -> int:
    if not isinstance(key, int) or not 0 <= key < 2**31:  # INTEGER
        raise ValueError("no sequence")
    return key
