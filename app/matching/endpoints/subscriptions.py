"""Match subscriptions over HTTP."""

from uuid import UUID

from app.matching.schemas.subscriptions import (
    MatchSubscriptionView,
    NewMatchSubscription,
    SubscriptionSettings,
)
from app.matching.service import subscribing
from app.matching.service.engine import engine_of
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import MatchSubscriptionId

routes = router(tag="matching")


@routes.post("/match-subscriptions", status_code=201)
async def subscribe_to_matches(
    body: NewMatchSubscription, actor: ActorDep, session: SessionDep, runtime: RuntimeDep
) -> MatchSubscriptionView:
    """Subscribe to what is new and fits: a demand or an achievement of one's own, a field, a text.

    Messages come into the party's inbox, with the reasons, once for each entry; nothing comes
    in the quiet hours. What is there already is asked for by query.
    """
    return MatchSubscriptionView.of(
        await subscribing.subscribe(
            session,
            engine_of(runtime),
            actor,
            body.source.value(actor.market_id),
            body.settings(),
            now=await market_now(session, actor.market_id),
        )
    )


@routes.get("/match-subscriptions")
async def list_match_subscriptions(
    actor: ActorDep, session: SessionDep, cursor: str | None = None, limit: Limit = 50
) -> Page[MatchSubscriptionView]:
    """List the match subscriptions of the caller's party, newest first."""
    found = await subscribing.list_subscriptions(
        session,
        actor,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    return Page(
        items=[MatchSubscriptionView.of(item) for item in found[:limit]],
        next=encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None,
    )


@routes.get("/match-subscriptions/{match_subscription_id}")
async def get_match_subscription(
    match_subscription_id: UUID, session: SessionDep
) -> MatchSubscriptionView:
    """Return a match subscription of the caller's party."""
    return MatchSubscriptionView.of(
        await subscribing.read_subscription(session, MatchSubscriptionId(match_subscription_id))
    )


@routes.put("/match-subscriptions/{match_subscription_id}")
async def change_match_subscription(
    match_subscription_id: UUID, body: SubscriptionSettings, actor: ActorDep, session: SessionDep
) -> MatchSubscriptionView:
    """Put other settings in the place of all present ones; the source stays as it is.

    What waits is told by the new settings. The same settings again change nothing.
    """
    return MatchSubscriptionView.of(
        await subscribing.change_settings(
            session,
            actor,
            MatchSubscriptionId(match_subscription_id),
            body.settings(),
            now=await market_now(session, actor.market_id),
        )
    )


@routes.delete("/match-subscriptions/{match_subscription_id}", status_code=204)
async def end_match_subscription(
    match_subscription_id: UUID, actor: ActorDep, session: SessionDep
) -> None:
    """End a match subscription: what waits is not told, what was told stays in the inbox."""
    now = await market_now(session, actor.market_id)
    await subscribing.end_subscription(
        session, actor, MatchSubscriptionId(match_subscription_id), now=now
    )
