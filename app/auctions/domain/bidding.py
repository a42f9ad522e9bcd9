"""Judging one bid."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.auctions.domain.model import AuctionStatus, BiddingState, PhaseChange, roll
from app.auctions.domain.terms import PRICE_MAX_MINOR
from app.shared.errors import Conflict, DomainError, Forbidden, RuleBroken
from app.shared.ids import PartyId
from app.shared.money import Money


class AuctionNotOpen(Conflict):
    """The bid came before the opening."""

    code = "auction_not_open"
    title_zh = "竞价尚未开始"
    title_en = "The auction has not opened"


class BidAfterClose(Conflict):
    """The bid came at or after the deadline, by the database's clock."""

    code = "bid_after_close"
    title_zh = "竞价已经结束"
    title_en = "The auction is closed"


class BidderNotQualified(Forbidden):
    """The bidder is not registered, not qualified, or its deposit is not held."""

    code = "bidder_not_qualified"
    title_zh = "未取得竞买资格或保证金未到账"
    title_en = "The bidder is not qualified or its deposit is not held"


class BidCurrencyWrong(RuleBroken):
    """The bid is in another currency than the auction."""

    code = "bid_currency_wrong"
    title_zh = "报价币种不符"
    title_en = "The bid is in the wrong currency"


class BidTooLow(RuleBroken):
    """The bid is below the lowest acceptable amount."""

    code = "bid_too_low"
    title_zh = "报价低于最低可接受价"
    title_en = "The bid is below the lowest acceptable amount"


class BidTooHigh(RuleBroken):
    """The bid adds more steps than the notice allows."""

    code = "bid_too_high"
    title_zh = "单次加价超过上限"
    title_en = "The bid adds more than the notice allows"


class BidOffStep(RuleBroken):
    """The bid does not exceed the leader by a whole multiple of the step."""

    code = "bid_off_step"
    title_zh = "加价不是加价幅度的整数倍"
    title_en = "The raise is not a whole multiple of the step"


class SelfOverbid(RuleBroken):
    """The leader would overbid itself."""

    code = "self_overbid"
    title_zh = "您已是最高报价人，不能自我加价"
    title_en = "The leader may not overbid itself"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one bid did.

    Attributes:
        state: The auction after it.
        changes: Phases that had ended by then.
        refusal: Why it was refused, ``None`` when it stands.
    """

    state: BiddingState
    changes: tuple[PhaseChange, ...]
    refusal: DomainError | None


def judge(state: BiddingState, *, bidder_id: PartyId, amount: Money, now: datetime) -> Judgement:
    """Judge a qualified bidder's bid; bids of one moment are judged in the order of arrival.

    Args:
        now: Database time in the market, never before the last judging.

    Source: rules.md §3; auctions/README.md, invariants AU2–AU7.
    """
    state, changes = roll(state, now)
    refusal = _refusal(state, bidder_id, amount)
    state = replace(state, judged_count=state.judged_count + 1, last_judged_at=now)
    if refusal is None:
        deadline_at = state.deadline_at
        if state.status is AuctionStatus.TIMED:
            deadline_at = now + timedelta(seconds=state.terms.window_s)
        state = replace(
            state,
            deadline_at=deadline_at,
            contested=state.contested or (state.leader_id not in {None, bidder_id}),
            leader_id=bidder_id,
            leading=amount,
            bid_count=state.bid_count + 1,
        )
    return Judgement(state, changes, refusal)


def _refusal(state: BiddingState, bidder_id: PartyId, amount: Money) -> DomainError | None:
    if state.status is AuctionStatus.SCHEDULED:
        return AuctionNotOpen("Bid from the opening on.", opens_at=state.deadline_at)
    if state.status not in {AuctionStatus.FREE, AuctionStatus.TIMED}:
        return BidAfterClose("The bidding ended at its deadline.", closed_at=state.deadline_at)
    if amount.currency != state.terms.start.currency:
        return BidCurrencyWrong(
            "Bid in the auction's currency.",
            field="amount.currency",
            accepted=state.terms.start.currency,
        )
    if bidder_id == state.leader_id:
        return SelfOverbid("Your bid leads.", leading=state.leading)
    return _amount_refusal(state, amount)


def _amount_refusal(state: BiddingState, amount: Money) -> DomainError | None:
    minimum = state.minimum_next
    maximum = state.maximum_next or Money(PRICE_MAX_MINOR, amount.currency)
    if amount < minimum:
        return BidTooLow("Bid at least the minimum.", field="amount", minimum=minimum)
    if amount > maximum:
        return BidTooHigh(
            "Bid at most the maximum.", field="amount", minimum=minimum, maximum=maximum
        )
    if state.leading is None:
        return None
    over = (amount - state.leading).amount_minor % state.terms.step.amount_minor
    if over == 0:
        return None
    below = Money(amount.amount_minor - over, amount.currency)
    return BidOffStep(
        "Raise by a whole multiple of the step.",
        field="amount",
        step=state.terms.step,
        minimum=minimum,
        accepted=[below, below + state.terms.step] if below >= minimum else [minimum],
    )
