"""Take the points of a weighted auction, and decide with them in the same act where it can."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.ending import PointsFromReview
from app.auctions.domain.formats.sealed import WEIGHTED, meets_floor
from app.auctions.domain.scoring import check_scores
from app.auctions.domain.terms import Sealing
from app.auctions.repository import auctions as repository
from app.auctions.repository import bids as bid_rows
from app.auctions.repository import secrets
from app.auctions.repository.auctions import Auction
from app.auctions.service.events import auction_event
from app.auctions.service.gather import for_closing
from app.auctions.service.opening import open_when_ready
from app.auctions.service.publish import await_deadline, publish_change
from app.auctions.service.staff import take
from app.auctions.vault import Vault
from app.platform import journal
from app.platform.access import Actor
from app.platform.journal import NewEvent


async def score_bids(
    session: AsyncSession,
    vault: Vault,
    actor: Actor,
    *,
    auction_id: UUID,
    scores: Mapping[str, Sequence[int]],
) -> tuple[Auction, datetime]:
    """Give all bidders their points 评分, once, while no price is known to anybody.

    Bids that the exchange keeps sealed are opened and decide at once; those that only the share
    holders can open decide when they are opened.

    Args:
        scores: 0–100 for each of the terms' criteria, in their order, by bidder code.

    Raises:
        AuctionNotAnnounced: Its listing is a draft.
        ScoresNotDue, ScoresGiven, PricesKnown, ScoresInvalid.
        PointsFromReview: It is a demand's.

    Source: rules.md §3, weighted; README, AU46.
    """
    auction, now = await take(session, vault, auction_id)
    if auction.demand_id is not None:
        raise PointsFromReview("The panel's points are taken when the bids are in.")
    rows = await bid_rows.latest_sealed(session, [auction.id], kind="bid")
    check_scores(
        auction.state,
        scores,
        bidders={row.bidder_code for row in rows},
        scored=bool(await secrets.points(session, auction.id)),
        prices_known=bool(await bid_rows.openings(session, auction.id)),
    )
    await secrets.save_points(session, auction.id, scores)
    events = [
        auction_event(
            auction,
            "scored",
            before=auction.state,
            at=now,
            actor=actor.ref,
            public={"points": {code: list(points) for code, points in scores.items()}},
        )
    ]
    auction, decided = await _decide(session, vault, auction, now, actor=actor.ref)
    if decided:
        await repository.save(session, auction)
    await journal.append(session, *events, *decided)
    await await_deadline(session, auction)
    return auction, now


async def _decide(
    session: AsyncSession, vault: Vault, auction: Auction, now: datetime, *, actor: str
) -> tuple[Auction, list[NewEvent]]:
    """Decide a scored auction, unless its bids wait for their holders' shares."""
    if auction.state.terms.sealing is not Sealing.PLAIN:
        return await open_when_ready(session, vault, auction, now, actor=actor)
    full = await for_closing(session, vault, auction)
    # All that reached the start are scored now, so the rules can decide.
    assert all(e.points is not None for e in full.entries if meets_floor(full, e.amount))
    ended = WEIGHTED.open_bids(full, at=now)
    auction, decided = await publish_change(session, vault, auction, full, ended, actor=actor)
    return auction, [decided]
