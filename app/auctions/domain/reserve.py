"""The secret reserve 保留价: what the consignor may deposit, and until when."""

from app.auctions.domain.model import AuctionStatus, BiddingState
from app.auctions.domain.terms import PRICE_MAX_MINOR, PRICE_MIN_MINOR, Direction, Terms
from app.shared.errors import Conflict, RuleBroken
from app.shared.money import Money


class ReserveNotSecret(RuleBroken):
    """The terms promise no secret reserve: what decides is published."""

    code = "reserve_not_secret"
    title_zh = "本场公告未设保密的保留价"
    title_en = "This auction's terms have no secret reserve"


class ReserveTooLate(Conflict):
    """The bidding has begun: what decides it is fixed."""

    code = "reserve_too_late"
    title_zh = "竞价已开始，不能再设保留价"
    title_en = "The reserve is deposited before the opening"


class ReserveOutOfRange(RuleBroken):
    """A reserve is never worse than the published start."""

    code = "reserve_out_of_range"
    title_zh = "保留价不得劣于起拍价"
    title_en = "The reserve is worse than the start, or not bookable"


def before_opening(state: BiddingState) -> bool:
    """Tell whether an auction has not opened; one paused before its opening has not."""
    waiting = state.status is AuctionStatus.PAUSED and state.pause is not None
    phase = state.pause.status if waiting and state.pause is not None else state.status
    return phase is AuctionStatus.SCHEDULED


def check_reserve(state: BiddingState, amount: Money) -> None:
    """Refuse a reserve that the terms do not know, that comes late, or is worse than the start.

    The refusal names what is accepted and never the amount: answers are stored.

    Raises:
        ReserveNotSecret, ReserveTooLate, ReserveOutOfRange.

    Source: 拍卖法 28; README, AU42.
    """
    terms = state.terms
    if not terms.reserve_secret:
        raise ReserveNotSecret("The terms publish what decides.", accepted=terms.floor)
    if not before_opening(state):
        raise ReserveTooLate("The bidding has begun.")
    least, most = _range(terms)
    if amount.currency != terms.start.currency or not least <= amount <= most:
        raise ReserveOutOfRange(
            "Deposit a reserve not worse than the start.",
            field="amount",
            minimum=least,
            maximum=most,
        )


def _range(terms: Terms) -> tuple[Money, Money]:
    if terms.direction is Direction.UP:
        return terms.start, Money(PRICE_MAX_MINOR, terms.start.currency)
    return Money(PRICE_MIN_MINOR, terms.start.currency), terms.start
