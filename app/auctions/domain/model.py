"""An auction as the rules see it: what it stands at, and which states follow which."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.auctions.domain.terms import Terms
from app.shared.money import Money

Code = str  # a bidder's code 竞买号, the only name the rules know a bidder by


class AuctionStatus(StrEnum):
    """Where an auction stands."""

    SCHEDULED = "scheduled"
    FREE = "free"  # 自由竞价期
    TIMED = "timed"  # 限时竞价期
    SEALED = "sealed"  # sealed bids are taken
    BETWEEN = "between"  # 轮间: between two rounds
    FALLING = "falling"  # the Dutch price walks
    OPENING = "opening"  # the deadline is over, shares or scores are missing
    MATCHING = "matching"  # holders of priority rights may match the price
    PAUSED = "paused"  # 中止
    AWARDED = "awarded"
    FAILED = "failed"  # 流标
    CONFIRMED = "confirmed"
    OFFERING = "offering"  # the winner defaulted, the next bidder is asked
    CANCELLED = "cancelled"  # 终结, before a result
    ANNULLED = "annulled"  # the result is void


class Trigger(StrEnum):
    """What moves an auction."""

    OPEN = "open"
    CONTEST = "contest"
    ROUND_CLOSE = "round_close"
    ROUND_OPEN = "round_open"
    CLOSE = "close"
    MATCH = "match"
    AWARD = "award"
    FAIL = "fail"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    ANNUL = "annul"
    CONFIRM = "confirm"
    DEFAULT = "default"
    OPT_IN = "opt_in"
    EXHAUST = "exhaust"


_S, _T = AuctionStatus, Trigger

RUNNING: Final = frozenset(
    {_S.FREE, _S.TIMED, _S.SEALED, _S.BETWEEN, _S.FALLING, _S.OPENING, _S.MATCHING}
)
BIDDABLE: Final = frozenset({_S.FREE, _S.TIMED, _S.SEALED, _S.FALLING, _S.MATCHING})

TRANSITIONS: Final[Mapping[tuple[AuctionStatus, Trigger], AuctionStatus]] = {
    (_S.FREE, _T.CONTEST): _S.TIMED,
    (_S.SEALED, _T.ROUND_CLOSE): _S.BETWEEN,
    (_S.BETWEEN, _T.ROUND_OPEN): _S.SEALED,
    (_S.SEALED, _T.CLOSE): _S.OPENING,
    **{(status, _T.MATCH): _S.MATCHING for status in (_S.FREE, _S.TIMED, _S.SEALED, _S.OPENING)},
    **{(status, _T.AWARD): _S.AWARDED for status in RUNNING - {_S.BETWEEN}},
    **{(status, _T.FAIL): _S.FAILED for status in RUNNING - {_S.BETWEEN, _S.MATCHING}},
    **{(status, _T.PAUSE): _S.PAUSED for status in (RUNNING - {_S.OPENING}) | {_S.SCHEDULED}},
    **{(status, _T.CANCEL): _S.CANCELLED for status in RUNNING | {_S.SCHEDULED, _S.PAUSED}},
    **{(status, _T.ANNUL): _S.ANNULLED for status in (_S.AWARDED, _S.CONFIRMED, _S.OFFERING)},
    (_S.AWARDED, _T.CONFIRM): _S.CONFIRMED,
    (_S.CONFIRMED, _T.DEFAULT): _S.OFFERING,
    (_S.OFFERING, _T.OPT_IN): _S.CONFIRMED,
    (_S.OFFERING, _T.EXHAUST): _S.FAILED,
}
# What a scheduled auction opens into is its format's; a paused one goes back to where it was.
OPENS_INTO: Final = frozenset({_S.FREE, _S.SEALED, _S.FALLING})


@dataclass(frozen=True, slots=True)
class Entry:
    """A bidder's sealed bid.

    Attributes:
        amount: ``None`` while it is sealed.
        sequence: Order of arrival in the auction.
        round_no: Round in which it was given.
        points: 0–100 for each of the terms' criteria, in their order; ``None`` until scored.
    """

    bidder: Code
    amount: Money | None
    sequence: int
    round_no: int = 1
    points: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A standing maximum 委托报价: the system bids for its owner up to here.

    Attributes:
        amount: Highest price upwards, lowest downwards.
        sequence: When it was set, in the auction's order; the earlier one wins a tie.
    """

    bidder: Code
    amount: Money
    sequence: int


@dataclass(frozen=True, slots=True)
class Pause:
    """What a paused auction goes back to.

    Attributes:
        status: The state it was in.
        time_left: What was left of it; kept whole.
        resumes_at: Announced moment of resumption, ``None`` until it is announced.
    """

    status: AuctionStatus
    time_left: timedelta
    resumes_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BiddingState:
    """All that the judging of a bid depends on.

    Attributes:
        deadline_at: End of the present phase (the opening while scheduled); periods are half
            open, so a bid at this very moment is late.
        running_since: Since when the present phase has run without an interruption.
        leader, leading: Who would win now and at which price.
        contested: At least two different bidders have bid validly.
        bid_count: Valid bids so far, by bidders and for them.
        judged_count: Valid and refused bids so far; numbers the next one.
        last_judged_at: Judging never goes back in time.
        extensions: How often a bid has restarted the window.
        round_no: The present round, from 1; 0 before the first.
        eliminated: Bidders who left after a round.
        pause: Set exactly while paused.
        entries: Sealed bids; before the deadline only those the judging at hand needs.
        limits: Standing maxima that are still live.
        ranks: Priority ranks of the holders who take part; 1 is the best.
        reserve: A secret reserve, known only to the closing.
    """

    terms: Terms
    status: AuctionStatus
    deadline_at: datetime
    running_since: datetime | None = None
    leader: Code | None = None
    leading: Money | None = None
    contested: bool = False
    bid_count: int = 0
    judged_count: int = 0
    last_judged_at: datetime | None = None
    extensions: int = 0
    round_no: int = 0
    eliminated: frozenset[Code] = frozenset()
    pause: Pause | None = None
    entries: tuple[Entry, ...] = ()
    limits: tuple[Limit, ...] = ()
    ranks: Mapping[Code, int] = field(default_factory=dict)
    reserve: Money | None = None

    @property
    def floor(self) -> Money:
        """Worst price at which there is a deal, as far as it is known."""
        return self.reserve if self.reserve is not None else self.terms.floor


class Origin(StrEnum):
    """Where a bid came from."""

    BIDDER = "bidder"
    STANDING = "standing"  # the system, for a standing maximum
    FLOOR = "floor"  # the clerk, for a paddle in the room
    MATCH = "match"  # a holder of a priority right, at an equal price


@dataclass(frozen=True, slots=True)
class Bid:
    """An offer to be judged.

    Attributes:
        amount: ``None`` for a sealed bid that nobody can read.
    """

    bidder: Code
    amount: Money | None
    origin: Origin = Origin.BIDDER


@dataclass(frozen=True, slots=True)
class SetLimit:
    """A standing maximum to be taken or raised."""

    bidder: Code
    amount: Money


@dataclass(frozen=True, slots=True)
class Act:
    """A bid that stands, as the trail shows it."""

    bidder: Code
    amount: Money | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class PhaseChange:
    """A phase that ended by its stored deadline, whoever noticed it and when.

    Attributes:
        acts: System bids that the end itself made (a standing maximum that meets the reserve).
        detail: What the format publishes of it, values that `jsonable` knows.
    """

    trigger: Trigger
    status: AuctionStatus
    at: datetime
    acts: tuple[Act, ...] = ()
    detail: Mapping[str, object] | None = None
