"""Bidding plans of posted listings and of demands over HTTP."""

from uuid import UUID

from app.auctions.schemas.plan import BiddingPlanBody, BiddingPlanView, DemandBiddingPlanView
from app.auctions.schemas.terms import TermsView
from app.auctions.service import demand_handover, handover
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.shared.ids import DemandId, ListingId

routes = router(tag="auctions")


@routes.post("/listings/{listing_id}/bidding-plan")
async def set_bidding_plan(
    listing_id: UUID, body: BiddingPlanBody, actor: ActorDep, session: SessionDep
) -> BiddingPlanView:
    """Announce how bids are taken if two or more buyers of a posted draft qualify.

    The start is the floor. It replaces an earlier plan of the draft; the notice publishes it. When
    the disclosure ends with two buyers or more, the auction opens by itself.
    """
    now = await market_now(session, actor.market_id)
    plan = await handover.set_plan(
        session,
        actor,
        ListingId(listing_id),
        terms=body.terms.terms(),
        opens_after=body.opens_after,
        opening_hour=body.opening_hour,
        now=now,
    )
    return BiddingPlanView(
        listing_id=listing_id,
        terms=TermsView.model_validate(plan.terms),
        opens_after=plan.opens_after,
        opening_hour=plan.opening_hour,
    )


@routes.put("/demands/{demand_id}/bidding-plan")
async def set_demand_bidding_plan(
    demand_id: UUID, body: BiddingPlanBody, actor: ActorDep, session: SessionDep
) -> DemandBiddingPlanView:
    """Fix how the reverse auction 反向竞价 of a reviewed demand will run; its posting publishes it.

    It replaces an earlier plan. The ceiling, the upper end of the budget, is the start (of a Dutch
    walk the reserve); an open budget takes the plan's own. When the review has admitted who may
    bid, the auction opens by itself.
    """
    now = await market_now(session, actor.market_id)
    plan = await demand_handover.set_demand_plan(
        session,
        actor,
        DemandId(demand_id),
        terms=body.terms.terms(),
        opens_after=body.opens_after,
        opening_hour=body.opening_hour,
        now=now,
    )
    return DemandBiddingPlanView(
        demand_id=demand_id,
        terms=TermsView.model_validate(plan.terms),
        ceiling=plan.lowest_floor,
        opens_after=plan.opens_after,
        opening_hour=plan.opening_hour,
    )
