"""What a notice promises about the bidding; frozen from then on."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.shared.sealing.holder import ShareHolder

PRICE_MIN_MINOR: Final = 1
PRICE_MAX_MINOR: Final = 10**15  # so that a price and its steps, and a session's sum, are bookable


class Format(StrEnum):
    """Bidding formats (竞价方式) by their names in the code table."""

    MULTIPLE_BIDS = "multiple_bids"  # 多次报价: free phase, then a window that bids restart
    DYNAMIC = "dynamic"  # 动态报价: one phase over the disclosure, late bids move its end
    SEALED_FIRST = "sealed_first"  # 一次报价: the best sealed bid pays its own price
    SEALED_SECOND = "sealed_second"  # 次价密封: the best sealed bid pays the second best price
    ROUNDS = "rounds"  # 多轮: sealed rounds, the worst leave after each
    WEIGHTED = "weighted"  # 权重报价: price and published criteria
    DUTCH = "dutch"  # 减价式: the price walks to the first who takes it


class Direction(StrEnum):
    """Which way bids go."""

    UP = "up"  # a sale
    DOWN = "down"  # a reverse auction 反向竞价, for demands


class Kind(StrEnum):
    """The trade's two kinds of bidding."""

    ONLINE_BIDDING = "online_bidding"  # 网络竞价: an exchange's procedure
    AUCTION = "auction"  # 拍卖: a licensed business with an auctioneer


class Sealing(StrEnum):
    """Who could read a sealed bid before its time."""

    PLAIN = "plain"  # encrypted at rest by the exchange
    THRESHOLD = "threshold"  # nobody: the key lies in shares with several holders


class PriorityMode(StrEnum):
    """How holders of a priority right 优先购买权 take part."""

    NONE = "none"
    AFTER = "after"  # they may match the final price
    ORDINARY = "ordinary"  # they bid like everybody; at equal sealed bids they come first
    INSIDE = "inside"  # they may match the leading price while the bidding runs


@dataclass(frozen=True, slots=True)
class Criterion:
    """A published non-price criterion of a weighted auction.

    Attributes:
        weight_bp: Its weight in basis points of the whole; price has the rest.
    """

    name: str
    weight_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Terms of an auction; a field that its format does not know is ``None``.

    Attributes:
        start: Lowest first bid upwards, highest downwards; a Dutch walk begins here.
        step: An overbid differs from the leader by a positive whole multiple of it; a Dutch
            walk moves by it.
        steps_max: Most steps one bid may add, ``None`` without a cap.
        reserve: Published worst price that decides; ``None``: the start. A Dutch walk ends here.
        reserve_secret: The consignor deposits a reserve that nobody reads before the end.
        free_phase_s: Seconds of the free phase 自由竞价期.
        window_s: Seconds of the timed window 限时竞价期; each valid bid restarts all of it.
        extensions_max: How often a bid restarts the window, ``None`` without a cap.
        round_s: Seconds in which sealed bids are taken, in each round.
        rounds, gap_s, eliminate: Number of rounds, seconds between them, bidders who leave.
        interval_s: Seconds a Dutch price stands.
        criteria: Non-price criteria; their weights leave something for the price.
        sealing, holders, threshold: How sealed bids are closed, and who opens them together.
        priority_window_s: How long holders may match the final price.
        fault_tolerance_s: Longest absence of the exchange in the final window that still lets
            the deadline decide.
        resumption_notice_s: Seconds between the notice of a resumption and the resumption.
        standby_count: Next bidders 候补 whose deposits wait until the winner has signed.
        silent_forfeits: Deposits are lost when every qualified bidder stays silent (D3).
    """

    format: Format
    start: Money
    direction: Direction = Direction.UP
    kind: Kind = Kind.ONLINE_BIDDING
    step: Money | None = None
    steps_max: int | None = None
    reserve: Money | None = None
    reserve_secret: bool = False
    free_phase_s: int | None = None
    window_s: int | None = None
    extensions_max: int | None = None
    round_s: int | None = None
    rounds: int | None = None
    gap_s: int | None = None
    eliminate: int | None = None
    interval_s: int | None = None
    criteria: tuple[Criterion, ...] | None = None
    sealing: Sealing | None = None
    holders: tuple[ShareHolder, ...] | None = None
    threshold: int | None = None
    priority_mode: PriorityMode = PriorityMode.NONE
    priority_window_s: int | None = None
    fault_tolerance_s: int = 10
    resumption_notice_s: int = 600
    standby_count: int = 0
    silent_forfeits: bool = False

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.direction is Direction.UP else -1

    @property
    def floor(self) -> Money:
        """Worst published price at which there is a deal."""
        return self.reserve if self.reserve is not None else self.start

    def gain(self, amount: Money, over: Money) -> int:
        """Return by how many minor units ``amount`` is better; negative if it is worse."""
        return (amount - over).amount_minor * self.sign

    def steps_left(self, amount: Money) -> int:
        """Return how many whole steps better than ``amount`` a price can still be (AU13)."""
        assert self.step is not None
        best = PRICE_MAX_MINOR if self.direction is Direction.UP else PRICE_MIN_MINOR
        return max((best - amount.amount_minor) * self.sign, 0) // self.step.amount_minor

    def beyond(self, amount: Money, steps: int = 1) -> Money:
        """Return the price ``steps`` steps better, or as many as there are left."""
        assert self.step is not None
        moved = min(steps, self.steps_left(amount)) * self.step.amount_minor
        return Money(amount.amount_minor + self.sign * moved, amount.currency)

    def as_json(self) -> dict[str, Any]:
        """Return the published form."""
        result: dict[str, Any] = jsonable(self)
        return result

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the published form."""
        values = dict(data)
        for name in ("start", "step", "reserve"):
            if values[name] is not None:
                values[name] = Money.parse(values[name]["amount"], values[name]["currency"])
        for name, kind in _ENUMS.items():
            if values[name] is not None:
                values[name] = kind(values[name])
        if values["criteria"] is not None:
            values["criteria"] = tuple(Criterion(**item) for item in values["criteria"])
        if values["holders"] is not None:
            values["holders"] = tuple(ShareHolder(**item) for item in values["holders"])
        return cls(**values)


_ENUMS: Final[Mapping[str, type[StrEnum]]] = {
    "format": Format,
    "direction": Direction,
    "kind": Kind,
    "sealing": Sealing,
    "priority_mode": PriorityMode,
}
