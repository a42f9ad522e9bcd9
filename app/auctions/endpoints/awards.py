"""The award queue: who reads what of it, and the answer of who is asked next."""

from uuid import UUID

from app.auctions.endpoints.reading import visible
from app.auctions.repository import awards
from app.auctions.schemas.auctions import AuctionView
from app.auctions.schemas.awards import AwardsView, AwardView, StandbyAnswer, StandbyAnswerView
from app.auctions.service.offering import answer
from app.auctions.service.rooms import is_staff
from app.platform.access import ActorDep
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.runtime import RuntimeDep
from app.settlement import public as settlement

routes = router(tag="auctions")


@routes.get("/auctions/{auction_id}/awards")
async def get_awards(auction_id: UUID, actor: ActorDep, session: SessionDep) -> AwardsView:
    """Return the award queue of a confirmed auction: codes, amounts and outcomes for everybody."""
    auction = await visible(session, actor, auction_id)
    queue = await awards.queue(session, auction.id)
    sold = auction.listing_id if queue else None
    deals = () if sold is None else await settlement.deals_of(session, sold)
    owed = {deal.id: deal.shortfall for deal in deals}
    staff = is_staff(actor.viewer, auction)
    party_id = actor.viewer.party_id
    return AwardsView(
        items=[
            AwardView.of(
                award,
                own=award.party_id == party_id,
                full=staff or award.party_id == party_id,
                shortfall=None if award.deal_id is None else owed.get(award.deal_id),
            )
            for award in queue
        ]
    )


@routes.post("/auctions/{auction_id}/standby-answer")
async def answer_standby(
    auction_id: UUID,
    body: StandbyAnswer,
    actor: ActorDep,
    session: SessionDep,
    runtime: RuntimeDep,
) -> StandbyAnswerView:
    """Opt in at one's own best bid after a default, or leave with the deposit 候补答复.

    Only who is asked answers, until `answer_by_at`; silence declines and costs nothing. Who
    opts in has a deal from this moment.
    """
    await visible(session, actor, auction_id)
    auction, now, confirmation = await answer(
        session, runtime.signer, actor, auction_id=auction_id, accept=body.accept
    )
    return StandbyAnswerView(auction=AuctionView.of(auction, now), confirmation=confirmation)
