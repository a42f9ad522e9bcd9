"""Match wishes over HTTP, of demands and of achievements."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Response

from app.matching.domain.entry import EntryKind
from app.matching.domain.wishes import KeptWishes, etag
from app.matching.schemas.wishes import WishesBody, WishesView
from app.matching.service import wishing
from app.platform.access import Actor, ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router

routes = router(tag="matching")

Seen = Annotated[str | None, Header(description="ETag of the wishes as last read", max_length=100)]


@routes.get("/demands/{demand_id}/match-wishes")
async def get_demand_match_wishes(
    demand_id: UUID, session: SessionDep, response: Response
) -> WishesView:
    """Return what a demand's poster asks of matches beyond the record; the `ETag` is its version.

    For the poster and the staff of its market. Version 0 says that nothing was ever asked.
    """
    return _told(await wishing.read_wishes(session, demand_id), response)


@routes.put("/demands/{demand_id}/match-wishes")
async def set_demand_match_wishes(
    demand_id: UUID,
    body: WishesBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
    if_match: Seen = None,
) -> WishesView:
    """Set what a demand's poster asks of matches: all of it, in the place of `If-Match`.

    The demand is then matched anew. Without `If-Match` it is refused with 400, with another than
    the present version with 409. The same wishes again change nothing.
    """
    kept = await _set(session, actor, demand_id, EntryKind.DEMAND, body, if_match)
    return _told(kept, response)


@routes.get("/achievements/{achievement_id}/match-wishes")
async def get_achievement_match_wishes(
    achievement_id: UUID, session: SessionDep, response: Response
) -> WishesView:
    """Return what an achievement's owner asks of matches; the `ETag` is its version.

    For the owner and the staff of its market. Version 0 says that nothing was ever asked.
    """
    return _told(await wishing.read_wishes(session, achievement_id), response)


@routes.put("/achievements/{achievement_id}/match-wishes")
async def set_achievement_match_wishes(
    achievement_id: UUID,
    body: WishesBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
    if_match: Seen = None,
) -> WishesView:
    """Set what an achievement's owner asks of matches: all of it, in the place of `If-Match`.

    It has no `readiness`, `readiness_min` or `price_max`: those are asked of results. The rest is
    as for a demand.
    """
    kept = await _set(session, actor, achievement_id, EntryKind.ACHIEVEMENT, body, if_match)
    return _told(kept, response)


async def _set(
    session: SessionDep,
    actor: Actor,
    entry_id: UUID,
    kind: EntryKind,
    body: WishesBody,
    seen: str | None,
) -> KeptWishes:
    return await wishing.set_wishes(
        session,
        actor,
        entry_id,
        kind,
        body.wishes(actor.market_id),
        seen=seen,
        now=await market_now(session, actor.market_id),
    )


def _told(kept: KeptWishes, response: Response) -> WishesView:
    response.headers["ETag"] = etag(kept.version)
    return WishesView.of(kept)
