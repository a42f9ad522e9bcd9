"""Open bids that each improve on the leader: two-phase 多次报价 and dynamic 动态报价."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from app.auctions.domain.formats.base import PHASE, WINDOW, Fault, Range, changed, seconds
from app.auctions.domain.formats.endings import decide
from app.auctions.domain.model import (
    TRANSITIONS,
    Act,
    AuctionStatus,
    Bid,
    BiddingState,
    PhaseChange,
    Trigger,
)
from app.auctions.domain.refusals import (
    BidNotSealable,
    BidOffStep,
    BidTooHigh,
    BidTooLow,
    SelfOverbid,
)
from app.auctions.domain.standing import answer_limits, meet_reserve
from app.auctions.domain.terms import PRICE_MAX_MINOR, PRICE_MIN_MINOR, Direction, Terms
from app.shared.errors import DomainError
from app.shared.money import Money
from app.shared.transitions import advance

STEPS: Final[Range] = (1, 1000)


class Ascending:
    """Both open formats; ``two_phase`` tells them apart.

    Source: rules.md §3, the table of the two-phase format; README, AU2–AU7, AU15.
    """

    limits = True

    def __init__(self, *, two_phase: bool) -> None:
        self._two_phase = two_phase
        self.needs: dict[str, Range | None] = {
            "step": None,
            "free_phase_s": PHASE,
            "window_s": WINDOW,
        }
        self.takes: dict[str, Range | None] = {"steps_max": STEPS, "extensions_max": (0, 10_000)}

    def faults(self, terms: Terms) -> Iterator[Fault]:
        """Yield nothing: the common checks say all."""
        return iter(())

    def open(self, state: BiddingState) -> BiddingState:
        """Begin the free phase."""
        ends_at = state.deadline_at + seconds(state.terms.free_phase_s)
        return replace(
            state,
            status=AuctionStatus.FREE,
            running_since=state.deadline_at,
            deadline_at=ends_at,
        )

    def bounds(self, state: BiddingState, now: datetime) -> tuple[Money, Money | None] | None:
        """Return the next step and the step cap; nothing beyond what is bookable (AU3, 4, 13)."""
        terms, leading = state.terms, state.leading
        if leading is not None and not terms.steps_left(leading):
            return None
        worst = terms.start if leading is None else terms.beyond(leading)
        if terms.steps_max is None:
            return worst, None
        return worst, terms.beyond(terms.start if leading is None else leading, terms.steps_max)

    def refusal(self, state: BiddingState, bid: Bid, now: datetime) -> DomainError | None:
        """Refuse overbidding oneself and amounts that are too low, too high or off the steps."""
        if bid.amount is None:
            return BidNotSealable("Bid an amount.", field="amount")
        if bid.bidder == state.leader:
            return SelfOverbid("Your bid leads.", leading=state.leading)
        bounds = self.bounds(state, now)
        if bounds is None:
            return not_bookable(state)
        return _out_of_bounds(state.terms, bid.amount, *bounds) or _off_step(
            state, bid.amount, *bounds
        )

    def accept(
        self, state: BiddingState, bid: Bid, now: datetime
    ) -> tuple[BiddingState, tuple[Act, ...]]:
        """Let the bid lead, then every standing maximum answer; restart the window once."""
        assert bid.amount is not None
        state = replace(
            state,
            contested=state.contested or state.leader not in {None, bid.bidder},
            leader=bid.bidder,
            leading=bid.amount,
            bid_count=state.bid_count + 1,
        )
        state, answers = answer_limits(state)
        return self._prolong(state, now), (Act(bid.bidder, bid.amount, bid.origin), *answers)

    def answer(self, state: BiddingState, now: datetime) -> tuple[BiddingState, tuple[Act, ...]]:
        """Let a new standing maximum bid at once, if it has to."""
        answered, acts = answer_limits(state)
        return (self._prolong(answered, now) if acts else state), acts

    def _prolong(self, state: BiddingState, now: datetime) -> BiddingState:
        """Restart the full window; the dynamic format only where less than a window is left."""
        terms = state.terms
        window = seconds(terms.window_s)
        if self._two_phase and state.status is AuctionStatus.FREE:
            return state
        if terms.extensions_max is not None and state.extensions >= terms.extensions_max:
            return state
        if now + window <= state.deadline_at:
            return state
        return replace(state, deadline_at=now + window, extensions=state.extensions + 1)

    def close(self, state: BiddingState) -> tuple[BiddingState, PhaseChange]:
        """End the free phase or the window (AU7)."""
        if state.status is AuctionStatus.MATCHING:
            return decide(state, at=state.deadline_at)
        met, acts = meet_reserve(state)
        contest = (
            self._two_phase
            and state.status is AuctionStatus.FREE
            and met.contested
            and met.leading is not None
            and met.terms.gain(met.leading, met.floor) >= 0
        )
        if not contest:
            return decide(met, at=state.deadline_at, acts=acts)
        if state.terms.reserve_secret:  # bid up to it at the very end, or the window shows it
            met, acts = state, ()
        status = advance(TRANSITIONS, state=state.status, trigger=Trigger.CONTEST)
        change = changed(state, Trigger.CONTEST, status, acts=acts)
        return (
            replace(
                met,
                status=status,
                running_since=state.deadline_at,
                deadline_at=state.deadline_at + seconds(state.terms.window_s),
            ),
            change,
        )


def _out_of_bounds(
    terms: Terms, amount: Money, worst: Money, best: Money | None
) -> DomainError | None:
    if terms.direction is Direction.UP:
        low, high = worst, best or Money(PRICE_MAX_MINOR, amount.currency)
    else:
        low, high = best or Money(PRICE_MIN_MINOR, amount.currency), worst
    if amount < low:
        return BidTooLow("Bid at least the minimum.", field="amount", minimum=low, maximum=high)
    if amount > high:
        return BidTooHigh("Bid at most the maximum.", field="amount", minimum=low, maximum=high)
    return None


def not_bookable(state: BiddingState) -> DomainError:
    """Refuse any amount where no better one than the leader's can be booked (AU13)."""
    kind = BidTooHigh if state.terms.direction is Direction.UP else BidTooLow
    return kind("No better price can be booked.", field="amount", leading=state.leading)


def _off_step(
    state: BiddingState, amount: Money, worst: Money, best: Money | None
) -> DomainError | None:
    if state.leading is None:
        return None
    terms = state.terms
    assert terms.step is not None
    over = terms.gain(amount, state.leading) % terms.step.amount_minor
    if over == 0:
        return None
    short = Money(amount.amount_minor - terms.sign * over, amount.currency)
    near = {short, terms.beyond(short)} if terms.gain(short, worst) >= 0 else {worst}
    return BidOffStep(
        "Improve by a whole multiple of the step.",
        field="amount",
        step=terms.step,
        accepted=sorted(
            (money for money in near if best is None or terms.gain(money, best) <= 0),
            key=lambda money: money.amount_minor,
        ),
    )


MULTIPLE_BIDS: Final = Ascending(two_phase=True)
DYNAMIC: Final = Ascending(two_phase=False)
