"""Weights of a market over HTTP: proposed, compared, switched to by an operator."""

from uuid import UUID

from app.matching.schemas.weights import (
    ComparisonBody,
    ComparisonView,
    WeightsBody,
    WeightsPage,
    WeightsView,
)
from app.matching.service import weighting
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, decode_cursor, encode_cursor
from app.shared.ids import MarketId

routes = router(tag="matching")


@routes.post("/markets/{market_id}/match-weights", status_code=201)
async def propose_match_weights(
    market_id: UUID, body: WeightsBody, actor: ActorDep, session: SessionDep
) -> WeightsView:
    """Propose another version of the weights; results stay as they are."""
    now = await market_now(session, MarketId(market_id))
    return WeightsView.of(
        await weighting.propose_weights(
            session, actor, MarketId(market_id), body.shares(), reason=body.reason, now=now
        )
    )


@routes.get("/markets/{market_id}/match-weights")
async def list_match_weights(
    market_id: UUID, session: SessionDep, cursor: str | None = None, limit: Limit = 50
) -> WeightsPage:
    """Return the weights in use, and all versions with their latest comparison, newest first."""
    seen = await weighting.list_weights(
        session,
        MarketId(market_id),
        before=None if cursor is None else decode_cursor(cursor, _number)[0],
        limit=limit + 1,
    )
    more = len(seen.versions) > limit
    following = encode_cursor(seen.versions[limit - 1].number) if more else None
    return WeightsPage.of(seen, following=following, limit=limit)


def _number(key: object) -> int:
    if not isinstance(key, int) or not 0 <= key < 2**31:  # INTEGER
        raise ValueError("no number")
    return key


@routes.post("/match-weights/{weights_id}/comparison", status_code=201)
async def compare_match_weights(
    weights_id: UUID, body: ComparisonBody, actor: ActorDep, session: SessionDep
) -> ComparisonView:
    """Compare a version with the weights in use, on the matches that people judged; keep it.

    Every judged match is scored anew by both from the factor values that it was shown with.
    """
    now = await market_now(session, actor.market_id)
    return ComparisonView.of(
        await weighting.compare(session, actor, weights_id, seed=body.seed, now=now)
    )


@routes.post("/match-weights/{weights_id}/activation")
async def activate_match_weights(
    weights_id: UUID, actor: ActorDep, session: SessionDep
) -> WeightsView:
    """Switch the market to a version that was compared; its entries are then matched anew.

    Refused, with what is missing, without a comparison with the weights in use that is newer than
    every version of the market and rests on enough judgements. Nothing switches by itself.
    """
    now = await market_now(session, actor.market_id)
    return WeightsView.of(*await weighting.activate_weights(session, actor, weights_id, now=now))
