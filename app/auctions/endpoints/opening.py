"""The opening of bids that only the holders of their keys' shares can open, together."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auctions.domain.opening import check_published
from app.auctions.endpoints.reading import current
from app.auctions.repository import bids as bid_rows
from app.auctions.schemas.sealing import OpeningView, SealedBidsView, SealedBidView
from app.auctions.service.handing_in import hand_in
from app.auctions.service.opening import progress
from app.auctions.vault import VaultDep
from app.platform.access import ActorDep
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, decode_cursor, encode_cursor
from app.platform.sealed_schema import HandInShares
from app.shared.sealing.primitives import b64, public_of

routes = router(tag="auctions")


def _sequence(key: int) -> int:
    if not 0 <= int(key) < 2**31:  # INTEGER
        raise ValueError("no sequence")
    return int(key)


@routes.get("/auctions/{auction_id}/sealed-bids")
async def list_sealed_bids(
    auction_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    vault: VaultDep,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query()] = None,
) -> SealedBidsView:
    """List the accepted bids as they were sealed; nobody sees one before the deadline."""
    auction, _ = await current(session, vault, actor, auction_id)
    check_published(auction.state)
    after = 0 if cursor is None else decode_cursor(cursor, _sequence)[0]
    found = await bid_rows.sealed_page(session, auction_id, after=after, limit=limit + 1)
    return SealedBidsView(
        items=[SealedBidView.of(bid) for bid in found[:limit]],
        next=encode_cursor(found[limit - 1].sequence) if len(found) > limit else None,
        exchange_key=b64(public_of(vault.hand_in_key(auction.id))),
    )


@routes.get("/auctions/{auction_id}/opening")
async def get_opening(
    auction_id: UUID, actor: ActorDep, session: SessionDep, vault: VaultDep
) -> OpeningView:
    """Return which holders have handed in what, and what is missing."""
    auction, _ = await current(session, vault, actor, auction_id)
    return OpeningView.of(auction, await progress(session, auction))


@routes.post("/auctions/{auction_id}/shares")
async def hand_in_shares(
    auction_id: UUID,
    body: HandInShares,
    actor: ActorDep,
    session: SessionDep,
    vault: VaultDep,
) -> OpeningView:
    """Hand in a holder's shares, whoever carries them; repeating changes nothing.

    As soon as every bid can be decided, all are opened and the auction ends in the same act.
    """
    auction, _ = await hand_in(
        session,
        vault,
        actor,
        auction_id=auction_id,
        submission=body.submission(),
    )
    return OpeningView.of(auction, await progress(session, auction))
