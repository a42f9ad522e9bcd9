"""Valuations begin at the result; all further acts are routes of valuations."""

from uuid import UUID

from app.listings.schemas.valuing import NewValuation, ValuationOpened
from app.listings.service import valuing
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.shared.ids import AchievementId

routes = router(tag="valuations")


@routes.post("/achievements/{achievement_id}/valuations", status_code=201)
async def open_valuation(
    achievement_id: UUID, body: NewValuation, actor: ActorDep, session: SessionDep
) -> ValuationOpened:
    """Open a valuation of a result: its owner, the exchange, or an expert who may see it.

    The result's facts are frozen as they are now; `PUT /v1/valuations/{id}` gives the inputs.
    """
    now = await market_now(session, actor.market_id)
    return ValuationOpened.of(
        await valuing.have_valued(
            session, actor, AchievementId(achievement_id), purpose=body.purpose, now=now
        )
    )
