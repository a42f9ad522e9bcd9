"""What staff, the consignor and holders of priority rights do to an announced auction."""

from datetime import datetime
from uuid import UUID

from app.auctions.endpoints.reading import visible
from app.auctions.repository import secrets
from app.auctions.repository.auctions import Auction
from app.auctions.schemas.auctions import AuctionView
from app.auctions.schemas.running import (
    AnnounceResumption,
    AnnulAuction,
    DepositReserve,
    HoldersView,
    HolderView,
    NotifyHolder,
    ReasonBody,
    ReserveView,
    ScoreBids,
)
from app.auctions.service import control, reserving, rights, scoring
from app.auctions.vault import VaultDep
from app.platform.access import ActorDep
from app.platform.db import SessionDep
from app.platform.routing import router
from app.shared.ids import PartyId

routes = router(tag="auctions")


def _view(acted: tuple[Auction, datetime]) -> AuctionView:
    return AuctionView.of(*acted)


@routes.post("/auctions/{auction_id}/pause")
async def pause_auction(
    auction_id: UUID,
    body: ReasonBody,
    actor: ActorDep,
    session: SessionDep,
    vault: VaultDep,
) -> AuctionView:
    """Interrupt an auction 中止: no bid is taken, the time left is kept whole."""
    return _view(
        await control.pause_auction(
            session, vault, actor, auction_id=auction_id, reason=body.reason
        )
    )


@routes.post("/auctions/{auction_id}/resumption")
async def announce_resumption(
    auction_id: UUID,
    body: AnnounceResumption,
    actor: ActorDep,
    session: SessionDep,
    vault: VaultDep,
) -> AuctionView:
    """Announce when a paused auction goes on, with at least the terms' notice."""
    return _view(
        await control.announce_resumption(
            session,
            vault,
            actor,
            auction_id=auction_id,
            resumes_at=body.resumes_at,
            reason=body.reason,
        )
    )


@routes.post("/auctions/{auction_id}/cancellation")
async def cancel_auction(
    auction_id: UUID,
    body: ReasonBody,
    actor: ActorDep,
    session: SessionDep,
    vault: VaultDep,
) -> AuctionView:
    """End an auction without a result 终结; its listing fails, all deposits go back."""
    return _view(
        await control.cancel_auction(
            session, vault, actor, auction_id=auction_id, reason=body.reason
        )
    )


@routes.post("/auctions/{auction_id}/annulment")
async def annul_auction(
    auction_id: UUID,
    body: AnnulAuction,
    actor: ActorDep,
    session: SessionDep,
    vault: VaultDep,
) -> AuctionView:
    """Void a result; refused while the deal it led to stands."""
    return _view(
        await control.annul_auction(
            session,
            vault,
            actor,
            auction_id=auction_id,
            ground=body.ground,
            reason=body.reason,
        )
    )


@routes.post("/auctions/{auction_id}/reserve", status_code=201)
async def deposit_reserve(
    auction_id: UUID,
    body: DepositReserve,
    actor: ActorDep,
    session: SessionDep,
    vault: VaultDep,
) -> ReserveView:
    """Deposit the secret reserve 保留价, over an earlier one, until the opening.

    It is encrypted at once; the public sees a commitment. Without one the start decides.
    """
    return ReserveView.model_validate(
        await reserving.deposit_reserve(
            session, vault, actor, auction_id=auction_id, amount=body.amount
        )
    )


@routes.post("/auctions/{auction_id}/priority-holders", status_code=201)
async def notify_priority_holder(
    auction_id: UUID,
    body: NotifyHolder,
    actor: ActorDep,
    session: SessionDep,
    vault: VaultDep,
) -> HolderView:
    """Record and notify a holder of a priority right, three days before the opening at least."""
    return HolderView.model_validate(
        await rights.notify_holder(
            session,
            vault,
            actor,
            auction_id=auction_id,
            party_id=PartyId(body.party_id),
            rank=body.rank,
            basis=body.basis,
        )
    )


@routes.get("/auctions/{auction_id}/priority-holders")
async def list_priority_holders(
    auction_id: UUID, actor: ActorDep, session: SessionDep
) -> HoldersView:
    """List the holders of priority rights: staff see all, a holder sees itself."""
    auction = await visible(session, actor, auction_id)
    known = await secrets.holders(session, [auction.id])
    staff = actor.viewer.staff_of == auction.market_id
    return HoldersView(
        items=[
            HolderView.model_validate(holder)
            for holder in known
            if staff or holder.party_id == actor.party_id
        ]
    )


@routes.post("/auctions/{auction_id}/priority-waiver")
async def waive_priority(
    auction_id: UUID, actor: ActorDep, session: SessionDep, vault: VaultDep
) -> HolderView:
    """Declare not to exercise one's priority right in this auction; final."""
    return HolderView.model_validate(
        await rights.waive(session, vault, actor, auction_id=auction_id)
    )


@routes.post("/auctions/{auction_id}/scores")
async def score_bids(
    auction_id: UUID,
    body: ScoreBids,
    actor: ActorDep,
    session: SessionDep,
    vault: VaultDep,
) -> AuctionView:
    """Give all bidders of a weighted auction their points, once, before prices are known."""
    return _view(
        await scoring.score_bids(session, vault, actor, auction_id=auction_id, scores=body.scores)
    )
