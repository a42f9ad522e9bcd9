"""The trail: how judged commands and the system's bids are stored, and what is told of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from app.auctions.domain.model import Act, AuctionStatus, BiddingState, Origin
from app.auctions.repository.bids import StoredBid
from app.auctions.vault import Vault
from app.shared.canonical import canonical_json
from app.shared.ids import AuctionId, PartyId, new_id
from app.shared.money import Money


class What(StrEnum):
    """What a command asks for."""

    BID = "bid"
    LIMIT = "limit"  # 委托报价
    MATCH = "match"  # a priority holder takes the lead at an equal price
    FLOOR = "floor"  # the clerk bids for a paddle in the room


@dataclass(frozen=True, slots=True)
class BidCommand:
    """A command as it came in; arrival order is list order.

    Attributes:
        bidder_id: Who bids; for a floor bid the clerk's party, which does not.
        amount: ``None`` for a bid that only share holders can open.
        sealed: That bid.
        paddle: The bidder code that a floor bid is entered for.
        for_demands: Whoever sends it bids in auctions of demands only: staff of a seller, who
            offers work but buys nothing.
    """

    bidder_id: PartyId
    amount: Money | None
    actor: str
    request_id: str | None
    what: What = What.BID
    sealed: Mapping[str, Any] | None = None
    paddle: str | None = None
    for_demands: bool = False


_ORIGIN: Final = {What.MATCH: Origin.MATCH, What.FLOOR: Origin.FLOOR}


def origin_of(what: What) -> Origin:
    """Return the origin of the bid that a command makes."""
    return _ORIGIN.get(what, Origin.BIDDER)


def command_row(
    vault: Vault,
    auction_id: AuctionId,
    command: BidCommand,
    *,
    party_id: PartyId,
    bidder_code: str,
    before: BiddingState,
    sequence: int,
    acts: tuple[Act, ...],
    refusal: str | None,
    at: datetime,
) -> tuple[StoredBid, str | None]:
    """Return a judged command's row, and its commitment where the trail does not show it whole.

    Args:
        before: The state that it was judged in.
        acts: What stands because of it.

    Invariants: AU19, AU23.
    """
    bid_id = new_id()
    amount, sealed, commitment = command.amount, None, None
    if _is_secret(command, before):
        # The trail does not name whom it refused, so the commitment has to.
        named = {} if refusal is None else {"bidder_code": bidder_code}
        sealed, commitment = _sealed(vault, bid_id, command, named)
        amount = None
    elif refusal is not None:
        # Told as a commitment: what somebody could not bid is the bidder's business.
        hidden = {"bidder_code": bidder_code, "amount": amount}
        commitment = vault.commitment(bid_id, hidden)
    else:
        amount = acts[0].amount  # what stands: a Dutch price can be better than the offer
    row = StoredBid(
        id=bid_id,
        auction_id=auction_id,
        sequence=sequence,
        kind="limit" if command.what is What.LIMIT else "bid",
        origin=origin_of(command.what),
        party_id=party_id,
        bidder_code=bidder_code,
        amount=amount,
        sealed=sealed,
        phase=before.status,
        round_no=before.round_no,
        refusal=refusal,
        judged_at=at,
    )
    return row, commitment


def _is_secret(command: BidCommand, state: BiddingState) -> bool:
    if command.what is What.LIMIT or command.sealed is not None:
        return True
    # A match is of the known price; one sent before there is any tells what its bidder would give.
    matches = command.what is What.MATCH and state.status is AuctionStatus.MATCHING
    return state.terms.sealing is not None and not matches


def _sealed(
    vault: Vault, bid_id: Any, command: BidCommand, named: Mapping[str, str]
) -> tuple[bytes, str]:
    if command.sealed is not None:
        content = dict(command.sealed)
        return canonical_json(content), vault.commitment(bid_id, {"sealed": content, **named})
    assert command.amount is not None
    secret = {"amount": command.amount, **named}
    return vault.seal(bid_id, command.amount), vault.commitment(bid_id, secret)


def act_row(
    auction_id: AuctionId,
    act: Act,
    *,
    party_id: PartyId,
    state: BiddingState,
    sequence: int,
    at: datetime,
) -> StoredBid:
    """Return the row of a bid that the system made."""
    return StoredBid(
        id=new_id(),
        auction_id=auction_id,
        sequence=sequence,
        kind="bid",
        origin=act.origin,
        party_id=party_id,
        bidder_code=act.bidder,
        amount=act.amount,
        sealed=None,
        phase=state.status,
        round_no=state.round_no,
        refusal=None,
        judged_at=at,
    )


def told(row: StoredBid, commitment: str | None = None) -> dict[str, object]:
    """Return what the public trail shows of a row at once.

    An open bid that stands is shown whole; of a refused one the reason and a commitment; of a
    sealed one or a standing maximum its bidder code and a commitment.
    """
    shown: dict[str, object] = {"id": row.id, "sequence": row.sequence}
    if row.kind == "limit":
        shown["kind"] = "limit"
    if row.refusal is not None:
        if row.origin != Origin.BIDDER:
            shown["origin"] = row.origin  # the rules judge a match otherwise than a bid
        return {**shown, "refusal": row.refusal, "commitment": commitment}
    shown["bidder_code"] = row.bidder_code
    if commitment is not None:
        return {**shown, "commitment": commitment}
    return {**shown, "amount": row.amount, "origin": row.origin}
