"""多轮 Rounds of sealed bids; the worst leave after each."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from app.auctions.domain.formats.base import PHASE, Fault, Range, seconds
from app.auctions.domain.formats.endings import decide
from app.auctions.domain.formats.sealed import amount_refusal, rank_by_price, take_entry
from app.auctions.domain.model import (
    TRANSITIONS,
    Act,
    AuctionStatus,
    Bid,
    BiddingState,
    Entry,
    PhaseChange,
    Trigger,
)
from app.auctions.domain.refusals import AlreadyBid, BidderEliminated, BidNotSealable
from app.auctions.domain.terms import Sealing, Terms
from app.shared.errors import DomainError
from app.shared.money import Money
from app.shared.transitions import advance


class Rounds:
    """In each round a bidder bids at most once, never worse than before.

    Who is silent in the first round is out; later, silence keeps the earlier bid. After each
    round but the last the result is published and the worst ``eliminate`` bidders leave, but
    never so many that fewer than two remain. With one bidder left there is nothing to wait for.

    Source: rules.md §3, 多轮; the treatment of silence is a default. README, AU16, AU17.
    """

    limits = False
    needs: Final[dict[str, Range | None]] = {
        "round_s": PHASE,
        "rounds": (2, 10),
        "gap_s": (0, 86_400),
        "eliminate": (0, 1000),
        "sealing": None,
    }
    takes: Final[dict[str, Range | None]] = {}

    def faults(self, terms: Terms) -> Iterator[Fault]:
        """Yield a sealing that could not be opened between two rounds."""
        if terms.sealing is not Sealing.PLAIN:
            yield {"field": "sealing", "rule": "plain_with_rounds", "accepted": Sealing.PLAIN}

    def open(self, state: BiddingState) -> BiddingState:
        """Begin a round, the first or the next."""
        return replace(
            state,
            status=AuctionStatus.SEALED,
            round_no=state.round_no + 1,
            running_since=state.deadline_at,
            deadline_at=state.deadline_at + seconds(state.terms.round_s),
        )

    def bounds(self, state: BiddingState, now: datetime) -> tuple[Money, Money | None] | None:
        """Return the start; a bidder's own earlier bid is its own business."""
        return state.terms.start, None

    def refusal(self, state: BiddingState, bid: Bid, now: datetime) -> DomainError | None:
        """Refuse the eliminated, a second bid in a round, and one worse than the bidder's last."""
        if bid.amount is None:
            return BidNotSealable("Bid an amount.", field="sealed")
        own = next((entry for entry in state.entries if entry.bidder == bid.bidder), None)
        if bid.bidder in state.eliminated or (own is None and state.round_no > 1):
            return BidderEliminated("Only bidders who stayed in bid in this round.")
        if own is not None and own.round_no == state.round_no:
            return AlreadyBid("A bid of this round cannot be changed or withdrawn.")
        worst = state.terms.start if own is None or own.amount is None else own.amount
        return amount_refusal(state.terms, bid.amount, worst)

    def accept(
        self, state: BiddingState, bid: Bid, now: datetime
    ) -> tuple[BiddingState, tuple[Act, ...]]:
        """Keep the bid until the round is over."""
        return take_entry(state, bid), (Act(bid.bidder, None, bid.origin),)

    def close(self, state: BiddingState) -> tuple[BiddingState, PhaseChange]:
        """End a round or the gap behind it, publish the ranking, and decide after the last."""
        if state.status is AuctionStatus.BETWEEN:
            status = advance(TRANSITIONS, state=state.status, trigger=Trigger.ROUND_OPEN)
            change = PhaseChange(
                Trigger.ROUND_OPEN,
                status,
                state.deadline_at,
                detail={"round_no": state.round_no + 1},
            )
            return self.open(state), change
        if state.status is AuctionStatus.MATCHING:
            return decide(state, at=state.deadline_at)
        ranked = rank_by_price(state, state.entries)
        state = replace(state, contested=len(ranked) > 1 or state.contested)
        if ranked:
            state = replace(state, leader=ranked[0].bidder, leading=ranked[0].amount)
        stay = _stay(state, ranked)
        if state.round_no == state.terms.rounds or len(stay) < 2:
            detail = _result(state, ranked, ranked)
            return decide(state, at=state.deadline_at, detail=detail)
        return _next_round(state, ranked, stay)


def _stay(state: BiddingState, ranked: list[Entry]) -> list[Entry]:
    assert state.terms.eliminate is not None
    return ranked[: max(len(ranked) - state.terms.eliminate, 2)]


def _next_round(
    state: BiddingState, ranked: list[Entry], stay: list[Entry]
) -> tuple[BiddingState, PhaseChange]:
    status = advance(TRANSITIONS, state=state.status, trigger=Trigger.ROUND_CLOSE)
    gone = {entry.bidder for entry in ranked} - {entry.bidder for entry in stay}
    change = PhaseChange(
        Trigger.ROUND_CLOSE, status, state.deadline_at, detail=_result(state, ranked, stay)
    )
    state = replace(
        state,
        status=status,
        eliminated=state.eliminated | gone,
        entries=tuple(stay),
        running_since=state.deadline_at,
        deadline_at=state.deadline_at + seconds(state.terms.gap_s),
    )
    return state, change


def _result(state: BiddingState, ranked: list[Entry], stay: list[Entry]) -> dict[str, object]:
    """Return what is published of a round: every standing bid by rank, and who goes on."""
    return {
        "round_no": state.round_no,
        "openings": [
            {
                "sequence": entry.sequence,
                "bidder_code": entry.bidder,
                "amount": entry.amount,
                "rank": place,
                "stays": entry in stay,
            }
            for place, entry in enumerate(ranked, start=1)
        ],
    }


ROUNDS: Final = Rounds()
