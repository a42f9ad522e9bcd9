"""Judge all waiting bids of one auction in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions import repository
from app.auctions.domain.bidding import BidderNotQualified, judge
from app.auctions.domain.model import BiddingState
from app.auctions.repository import Auction, Bid
from app.auctions.service.publish import phase_events
from app.listings import public as listings
from app.platform import journal
from app.platform.clock import market_now
from app.platform.journal import NewEvent, Place
from app.shared.errors import DomainError
from app.shared.ids import PartyId, new_id
from app.shared.money import Money


@dataclass(frozen=True, slots=True)
class BidCommand:
    """A bid as it came in; arrival order is list order."""

    bidder_id: PartyId
    amount: Money
    actor: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class BidOutcome:
    """What became of a command.

    Attributes:
        bid: The judged bid; ``None`` when the bidder is not qualified, which is not judged.
        place: Its place in the auction's chain.
        state: The auction right after it.
    """

    refusal: DomainError | None
    bid: Bid | None
    place: Place | None
    state: BiddingState


async def judge_bids(
    session: AsyncSession, auction: Auction, commands: Sequence[BidCommand]
) -> list[BidOutcome]:
    """Judge commands in order; the caller holds the auction's row lock.

    The clock is read after the lock was obtained: a transaction's own start would be older
    than the wait, and a bid could be judged before one that was already answered.
    """
    now = await market_now(session, auction.market_id)
    last = auction.state.last_judged_at
    now = now if last is None else max(now, last)
    bidders = await listings.depositors(
        session, auction.listing_id, {command.bidder_id for command in commands}
    )
    outcomes: list[BidOutcome] = []
    events: list[NewEvent] = []
    bid_events: list[int] = []  # index of each judged bid's event among all events
    for command in commands:
        bidder = bidders.get(command.bidder_id)
        if bidder is None:
            refusal = BidderNotQualified("Register, qualify and pay the deposit before bidding.")
            outcomes.append(BidOutcome(refusal, None, None, auction.state))
            continue
        before = auction.state
        judged = judge(before, bidder_id=command.bidder_id, amount=command.amount, now=now)
        rolled = replace(auction, state=judged.state)
        events += phase_events(rolled, before, judged.changes)
        bid = _bid(command, bidder.bidder_code, judged.state, judged.refusal, now)
        leader = auction.leader_code if judged.refusal else bid.bidder_code
        auction = replace(rolled, leader_code=leader)
        bid_events.append(len(events))
        events.append(_bid_event(auction, command, bid))
        outcomes.append(BidOutcome(judged.refusal, bid, None, judged.state))
    if not events:
        return outcomes
    await repository.add_bids(
        session, auction.id, [outcome.bid for outcome in outcomes if outcome.bid is not None]
    )
    await repository.save(session, auction)
    places = await journal.append(session, *events)
    judged_places = iter([places[index] for index in bid_events])
    return [
        outcome if outcome.bid is None else replace(outcome, place=next(judged_places))
        for outcome in outcomes
    ]


def _bid(
    command: BidCommand,
    bidder_code: str,
    state: BiddingState,
    refusal: DomainError | None,
    now: datetime,
) -> Bid:
    return Bid(
        id=new_id(),
        sequence=state.judged_count,
        party_id=command.bidder_id,
        bidder_code=bidder_code,
        amount=command.amount,
        phase=state.status,
        refusal=None if refusal is None else refusal.code,
        judged_at=now,
    )


def _bid_event(auction: Auction, command: BidCommand, bid: Bid) -> NewEvent:
    public: dict[str, object] = {"bid_id": bid.id, "sequence": bid.sequence}
    restricted: dict[str, object] = {"party_id": bid.party_id}
    if bid.refusal is None:
        public |= {
            "bidder_code": bid.bidder_code,
            "amount": bid.amount,
            "phase": bid.phase,
            "deadline_at": auction.state.deadline_at,
        }
    else:
        public["refusal"] = bid.refusal
        restricted |= {"bidder_code": bid.bidder_code, "amount": bid.amount}
    return NewEvent(
        market_id=auction.market_id,
        subject="auction",
        subject_id=auction.id,
        type="auction.bid_accepted" if bid.refusal is None else "auction.bid_refused",
        market_at=bid.judged_at,
        actor=command.actor,
        public=public,
        restricted=restricted,
        audience=frozenset({bid.party_id}),
        request_id=command.request_id,
    )
