"""Sealed bids given once: first price 一次报价, second price 次价密封, weighted 权重报价."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Final

from app.auctions.domain.formats.base import PHASE, Fault, Range, changed, seconds
from app.auctions.domain.formats.endings import decide
from app.auctions.domain.model import (
    Act,
    AuctionStatus,
    Bid,
    BiddingState,
    Entry,
    PhaseChange,
    Trigger,
)
from app.auctions.domain.refusals import (
    AlreadyBid,
    BidMustBeSealed,
    BidNotSealable,
    BidTooHigh,
    BidTooLow,
)
from app.auctions.domain.terms import (
    PRICE_MAX_MINOR,
    PRICE_MIN_MINOR,
    Criterion,
    Direction,
    Sealing,
    Terms,
)
from app.shared.errors import DomainError
from app.shared.money import Money

WHOLE_BP: Final = 10_000
POINTS_MAX: Final = 100


def rank_by_price(state: BiddingState, entries: Sequence[Entry]) -> list[Entry]:
    """Return opened entries, best first: price, then priority rank, then order of arrival.

    Source: rules.md §3, sealed formats and priority rights; README, AU17.
    """
    never = len(entries) + max(state.ranks.values(), default=0)

    def key(entry: Entry) -> tuple[int, int, int]:
        assert entry.amount is not None
        better = -state.terms.sign * entry.amount.amount_minor
        return better, state.ranks.get(entry.bidder, never), entry.sequence

    return sorted(entries, key=key)


def score(state: BiddingState, entry: Entry, best: Money) -> Fraction:
    """Return an entry's weighted score, 0–100.

    The best price has 100 points, another its ratio to it; each criterion has its points.
    """
    assert entry.amount is not None
    assert entry.points is not None
    prices = entry.amount.amount_minor, best.amount_minor
    ratio = Fraction(min(prices), max(prices))
    criteria = state.terms.criteria or ()
    rest = WHOLE_BP - sum(criterion.weight_bp for criterion in criteria)
    total = ratio * POINTS_MAX * rest
    for criterion, points in zip(criteria, entry.points, strict=True):
        total += criterion.weight_bp * points
    return total / WHOLE_BP


def rank_by_score(state: BiddingState, entries: Sequence[Entry]) -> list[Entry]:
    """Return opened and scored entries, best first: score, then price, then order (ties).

    Where some prices reach the floor, a higher score does not make up for one that does not.
    """
    by_price = rank_by_price(state, entries)
    if not by_price:
        return []
    best = by_price[0].amount
    assert best is not None

    def key(entry: Entry) -> tuple[bool, Fraction]:
        assert entry.amount is not None
        return state.terms.gain(entry.amount, state.floor) < 0, -score(state, entry, best)

    return sorted(by_price, key=key)


Ranking = Callable[[BiddingState, Sequence[Entry]], list[Entry]]


def meets_floor(state: BiddingState, amount: Money | None) -> bool:
    """Tell whether an opened amount is in the auction's currency, bookable, and not short."""
    start = state.terms.start
    return (
        amount is not None
        and amount.currency == start.currency
        and PRICE_MIN_MINOR <= amount.amount_minor <= PRICE_MAX_MINOR
        and state.terms.gain(amount, start) >= 0
    )


def amount_refusal(terms: Terms, amount: Money, worst: Money) -> DomainError | None:
    """Refuse a sealed amount that is worse than the worst acceptable one, or not bookable."""
    lowest, highest = (Money(it, amount.currency) for it in (PRICE_MIN_MINOR, PRICE_MAX_MINOR))
    if terms.direction is Direction.UP and amount < worst:
        return BidTooLow("Bid at least the minimum.", field="amount", minimum=worst)
    if terms.direction is Direction.DOWN and amount > worst:
        return BidTooHigh("Bid at most the maximum.", field="amount", maximum=worst)
    if amount > highest:
        return BidTooHigh("Bid at most the maximum.", field="amount", maximum=highest)
    if amount < lowest:
        return BidTooLow("Bid at least the minimum.", field="amount", minimum=lowest)
    return None


def take_entry(state: BiddingState, bid: Bid) -> BiddingState:
    """Return the state with a bidder's entry of this round, replacing its earlier one."""
    others = tuple(entry for entry in state.entries if entry.bidder != bid.bidder)
    sequence = state.judged_count + 1
    entry = Entry(bid.bidder, bid.amount, sequence, state.round_no)
    return replace(state, entries=(*others, entry), bid_count=state.bid_count + 1)


class Sealed:
    """One sealed bid a bidder; all are opened together after the deadline.

    Source: rules.md §3, other formats; README, AU16, AU17, AU19.
    """

    limits = False

    def __init__(self, *, ranking: Ranking, second_price: bool, scored: bool) -> None:
        self.ranking = ranking
        self._second_price = second_price
        self._scored = scored
        self.needs: dict[str, Range | None] = {"round_s": PHASE, "sealing": None}
        if scored:
            self.needs["criteria"] = None
        self.takes: dict[str, Range | None] = {"holders": None, "threshold": (2, 9)}

    def faults(self, terms: Terms) -> Iterator[Fault]:
        """Yield criteria and share holders that do not fit together."""
        yield from _holder_faults(terms)
        if self._scored:
            yield from _criteria_faults(terms.criteria or ())

    def open(self, state: BiddingState) -> BiddingState:
        """Take bids for the whole round."""
        return replace(
            state,
            status=AuctionStatus.SEALED,
            round_no=1,
            running_since=state.deadline_at,
            deadline_at=state.deadline_at + seconds(state.terms.round_s),
        )

    def bounds(self, state: BiddingState, now: datetime) -> tuple[Money, Money | None] | None:
        """Return the start: nothing else is known of the others."""
        return state.terms.start, None

    def refusal(self, state: BiddingState, bid: Bid, now: datetime) -> DomainError | None:
        """Refuse a second bid, one sealed in the wrong way, and a readable one that is too bad."""
        if any(entry.bidder == bid.bidder for entry in state.entries):
            return AlreadyBid("A sealed bid cannot be changed or withdrawn.")
        if state.terms.sealing is Sealing.THRESHOLD:
            return None if bid.amount is None else BidMustBeSealed("Seal the bid.", field="amount")
        if bid.amount is None:
            return BidNotSealable("Bid an amount.", field="sealed")
        return amount_refusal(state.terms, bid.amount, state.terms.start)

    def accept(
        self, state: BiddingState, bid: Bid, now: datetime
    ) -> tuple[BiddingState, tuple[Act, ...]]:
        """Keep the bid sealed."""
        return take_entry(state, bid), (Act(bid.bidder, None, bid.origin),)

    def close(self, state: BiddingState) -> tuple[BiddingState, PhaseChange]:
        """Open what can be opened at the deadline; else wait for shares or scores."""
        unread = state.terms.sealing is Sealing.THRESHOLD and state.status is AuctionStatus.SEALED
        unscored = self._scored and any(
            entry.points is None and meets_floor(state, entry.amount) for entry in state.entries
        )
        if state.status is AuctionStatus.MATCHING or not state.entries or not (unread or unscored):
            return self.open_bids(state, at=state.deadline_at)
        status = AuctionStatus.OPENING
        return replace(state, status=status), changed(state, Trigger.CLOSE, status)

    def open_bids(self, state: BiddingState, *, at: datetime) -> tuple[BiddingState, PhaseChange]:
        """Decide by the opened entries; those void or short of the start do not count.

        The winner of a second-price auction pays the second best price, or the floor alone.
        """
        if state.status is AuctionStatus.MATCHING:
            return decide(state, at=at)
        valid = [entry for entry in state.entries if meets_floor(state, entry.amount)]
        ranked = self.ranking(state, valid)
        state = replace(state, contested=len(ranked) > 1)
        if ranked:
            state = replace(state, leader=ranked[0].bidder, leading=self._price(state, ranked))
        return decide(state, at=at, detail={"openings": self._openings(state, ranked)})

    def _price(self, state: BiddingState, ranked: Sequence[Entry]) -> Money | None:
        own = ranked[0].amount
        assert own is not None
        if not self._second_price or state.terms.gain(own, state.floor) < 0:
            return own
        second = ranked[1].amount if len(ranked) > 1 else None
        if second is None or state.terms.gain(second, state.floor) < 0:
            return state.floor
        return second

    def _openings(self, state: BiddingState, ranked: Sequence[Entry]) -> list[dict[str, object]]:
        best = rank_by_price(state, ranked)[0].amount if ranked else None
        openings = []
        for place, entry in enumerate(ranked, start=1):
            told: dict[str, object] = {
                "sequence": entry.sequence,
                "bidder_code": entry.bidder,
                "amount": entry.amount,
                "rank": place,
            }
            if self._scored:
                assert best is not None
                told["points"] = entry.points
                told["score"] = decimal_text(score(state, entry, best))
            openings.append(told)
        return openings


def decimal_text(value: Fraction) -> str:
    """Return a score with six decimals, for people; ranking compares the exact fractions."""
    scaled = round(value * 1_000_000)
    return f"{scaled // 1_000_000}.{scaled % 1_000_000:06d}"


def _holder_faults(terms: Terms) -> Iterator[Fault]:
    if terms.sealing is not Sealing.THRESHOLD:
        for name in ("holders", "threshold"):
            if getattr(terms, name) is not None:
                yield {"field": name, "rule": "only_with_threshold_sealing", "accepted": None}
        return
    holders = terms.holders or ()
    if not 2 <= len(holders) <= 9 or len({holder.public_key for holder in holders}) < len(holders):
        yield {"field": "holders", "rule": "two_to_nine_different", "accepted": None}
    if terms.threshold is None or not 2 <= terms.threshold <= len(holders):
        accepted = {"at_least": 2, "at_most": len(holders)}
        yield {"field": "threshold", "rule": "within", "accepted": accepted}


def _criteria_faults(criteria: Sequence[Criterion]) -> Iterator[Fault]:
    weights = [criterion.weight_bp for criterion in criteria]
    if not 1 <= len(criteria) <= 20 or len({item.name for item in criteria}) < len(criteria):
        yield {"field": "criteria", "rule": "one_to_twenty_different", "accepted": None}
    if min(weights, default=1) < 1 or sum(weights) >= WHOLE_BP:
        accepted = {"sum_at_most": WHOLE_BP - 1}
        yield {"field": "criteria", "rule": "weights_leave_some_to_price", "accepted": accepted}


SEALED_FIRST: Final = Sealed(ranking=rank_by_price, second_price=False, scored=False)
SEALED_SECOND: Final = Sealed(ranking=rank_by_price, second_price=True, scored=False)
WEIGHTED: Final = Sealed(ranking=rank_by_score, second_price=False, scored=True)
