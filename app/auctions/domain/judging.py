"""Judging: what time alone does to an auction, and what one command does to it."""

from dataclasses import dataclass, replace
from datetime import datetime

from app.auctions.domain import priority
from app.auctions.domain.formats import RULES
from app.auctions.domain.formats.ascending import Ascending, not_bookable
from app.auctions.domain.model import (
    BIDDABLE,
    OPENS_INTO,
    Act,
    AuctionStatus,
    Bid,
    BiddingState,
    Limit,
    Origin,
    PhaseChange,
    SetLimit,
    Trigger,
)
from app.auctions.domain.refusals import (
    AuctionNotOpen,
    AuctionPaused,
    BidAfterClose,
    BidCurrencyWrong,
    BidTooHigh,
    BidTooLow,
    LimitNotPossible,
    LimitNotRaised,
    MatchNotPossible,
)
from app.auctions.domain.terms import PRICE_MAX_MINOR, PRICE_MIN_MINOR, Direction
from app.shared.errors import DomainError
from app.shared.money import Money

_WITH_DEADLINE = BIDDABLE | {AuctionStatus.SCHEDULED, AuctionStatus.BETWEEN}
_BEFORE = frozenset({AuctionStatus.SCHEDULED, AuctionStatus.BETWEEN})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one command did.

    Attributes:
        state: The auction after it.
        changes: Phases that had ended by then.
        acts: Bids that stand because of it, in order: its own first, then the system's.
        refusal: Why it was refused, ``None`` when it stands.
    """

    state: BiddingState
    changes: tuple[PhaseChange, ...]
    acts: tuple[Act, ...]
    refusal: DomainError | None


def has_deadline(state: BiddingState) -> bool:
    """Tell whether time alone will move the auction on."""
    announced = state.pause is not None and state.pause.resumes_at is not None
    return announced or state.status in _WITH_DEADLINE


def due(state: BiddingState, now: datetime) -> bool:
    """Tell whether the present phase is over at ``now``; periods are half open."""
    return has_deadline(state) and now >= state.deadline_at


def bounds(state: BiddingState, now: datetime) -> tuple[Money | None, Money | None]:
    """Return the lowest and the highest amount that would stand now; ``None``: no such bound.

    Both are ``None`` where no bid is taken.
    """
    if state.status not in BIDDABLE or due(state, now):
        return None, None
    if state.status is AuctionStatus.MATCHING:
        return state.leading, state.leading
    found = RULES[state.terms.format].bounds(state, now)
    worst, best = found if found is not None else (None, None)
    return (worst, best) if state.terms.direction is Direction.UP else (best, worst)


def end_phase(state: BiddingState) -> tuple[BiddingState, PhaseChange]:
    """End the present phase at its stored deadline; everything that decides is in the state.

    The result is the same whether a bid, the worker or a reader asks first, and when (AU6).
    """
    if state.status is AuctionStatus.PAUSED:
        return _resume(state)
    if state.status is not AuctionStatus.SCHEDULED:
        ended, change = RULES[state.terms.format].close(state)
        # What the system bids at the end takes its numbers, too.
        return replace(ended, judged_count=ended.judged_count + len(change.acts)), change
    opened = RULES[state.terms.format].open(state)
    assert opened.status in OPENS_INTO
    return opened, PhaseChange(Trigger.OPEN, opened.status, state.deadline_at)


def _resume(state: BiddingState) -> tuple[BiddingState, PhaseChange]:
    assert state.pause is not None
    resumed = replace(
        state,
        status=state.pause.status,
        running_since=state.deadline_at,
        deadline_at=state.deadline_at + state.pause.time_left,
        pause=None,
    )
    return resumed, PhaseChange(
        Trigger.RESUME,
        resumed.status,
        state.deadline_at,
        detail={"deadline_at": resumed.deadline_at},
    )


def roll(state: BiddingState, now: datetime) -> tuple[BiddingState, tuple[PhaseChange, ...]]:
    """End every phase whose deadline lies at or before ``now``."""
    changes: list[PhaseChange] = []
    while due(state, now):
        state, change = end_phase(state)
        changes.append(change)
    return state, tuple(changes)


def judge(state: BiddingState, command: Bid | SetLimit, now: datetime) -> Judgement:
    """Judge a qualified bidder's command; those of one moment are judged in order of arrival.

    Args:
        now: Database time in the market, never before the last judging.

    Source: rules.md §3; auctions/README.md, AU2–AU7, AU15–AU22.
    """
    state, changes = roll(state, now)
    refusal = _early_refusal(state, command.amount)
    if refusal is None:
        if isinstance(command, SetLimit):
            refusal = _limit_refusal(state, command, now)
        elif command.origin is Origin.MATCH:
            refusal = _match_refusal(state, command)
        elif state.status is AuctionStatus.MATCHING:
            refusal = BidAfterClose("Only the price may be matched now.")
        else:
            refusal = RULES[state.terms.format].refusal(state, command, now)
    if refusal is not None:
        return Judgement(_counted(state, 1, now), changes, (), refusal)
    judged, acts = _apply(state, command, now)
    # The command itself takes a number, and so does every bid that the system made on it.
    numbers = len(acts) + isinstance(command, SetLimit)
    return Judgement(_counted(judged, numbers, now), changes, acts, None)


def _counted(state: BiddingState, count: int, now: datetime) -> BiddingState:
    return replace(state, judged_count=state.judged_count + count, last_judged_at=now)


def _apply(
    state: BiddingState, command: Bid | SetLimit, now: datetime
) -> tuple[BiddingState, tuple[Act, ...]]:
    rules = RULES[state.terms.format]
    if isinstance(command, SetLimit):
        assert isinstance(rules, Ascending)
        others = tuple(limit for limit in state.limits if limit.bidder != command.bidder)
        limit = Limit(command.bidder, command.amount, state.judged_count + 1)
        return rules.answer(replace(state, limits=(*others, limit)), now)
    if state.status is AuctionStatus.MATCHING:
        matched = replace(state, leader=command.bidder, bid_count=state.bid_count + 1)
        return matched, (Act(command.bidder, command.amount, command.origin),)
    return rules.accept(state, command, now)


def _early_refusal(state: BiddingState, amount: Money | None) -> DomainError | None:
    if state.status in _BEFORE:
        return AuctionNotOpen("Bid from the opening on.", opens_at=state.deadline_at)
    if state.status is AuctionStatus.PAUSED:
        assert state.pause is not None
        return AuctionPaused(
            "Bid when it is resumed; the time left is kept.",
            resumes_at=state.pause.resumes_at,
            time_left_s=state.pause.time_left,
        )
    if state.status not in BIDDABLE:
        return BidAfterClose("The bidding is over.", closed_at=state.deadline_at)
    if amount is not None and amount.currency != state.terms.start.currency:
        return BidCurrencyWrong(
            "Bid in the auction's currency.",
            field="amount.currency",
            accepted=state.terms.start.currency,
        )
    return None


def _match_refusal(state: BiddingState, bid: Bid) -> DomainError | None:
    """Refuse a match that the mode does not allow, or of another amount than the price.

    Source: rules.md §3, priority holder in bidding; README, AU40, AU41.
    """
    possible = bid.bidder != state.leader and priority.may_match(
        mode=state.terms.priority_mode,
        status=state.status,
        leading=state.leading,
        leader_rank=None if state.leader is None else state.ranks.get(state.leader),
        holder_rank=state.ranks.get(bid.bidder),
    )
    if not possible:
        return MatchNotPossible(
            "A holder of a priority right matches another's price, as the notice says.",
            mode=state.terms.priority_mode,
        )
    if bid.amount != state.leading:
        kind = BidTooLow if bid.amount is None or bid.amount < state.leading else BidTooHigh  # type: ignore[operator]  # may_match needs a price
        return kind("Match the leading price.", field="amount", minimum=state.leading)
    return None


def _limit_refusal(state: BiddingState, command: SetLimit, now: datetime) -> DomainError | None:
    """Refuse a standing maximum that could not bid, or that lowers an earlier one (AU20)."""
    rules, terms = RULES[state.terms.format], state.terms
    if not rules.limits or state.status is AuctionStatus.MATCHING:
        return LimitNotPossible("Bid amounts, or sealed, as the format says.")
    own = next((limit for limit in state.limits if limit.bidder == command.bidder), None)
    if own is not None and terms.gain(command.amount, own.amount) <= 0:
        return LimitNotRaised("Set a better limit than your standing one.", field="amount")
    lowest, highest = (
        Money(it, command.amount.currency) for it in (PRICE_MIN_MINOR, PRICE_MAX_MINOR)
    )
    if command.amount > highest:
        return BidTooHigh("The limit is not bookable.", field="amount", maximum=highest)
    if command.amount < lowest:
        return BidTooLow("The limit is not bookable.", field="amount", minimum=lowest)
    bounds = rules.bounds(state, now)
    if bounds is None:
        return not_bookable(state)
    worst = bounds[0]
    if terms.gain(command.amount, worst) >= 0:
        return None
    if terms.direction is Direction.UP:
        return BidTooLow("The limit must allow one more bid.", field="amount", minimum=worst)
    return BidTooHigh("The limit must allow one more bid.", field="amount", maximum=worst)
