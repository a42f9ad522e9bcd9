"""The one interface of all formats."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from app.auctions.domain.model import Act, AuctionStatus, Bid, BiddingState, PhaseChange
from app.auctions.domain.terms import Terms
from app.shared.errors import DomainError
from app.shared.money import Money

Fault = dict[str, object]
Range = tuple[int, int]

PHASE: Final[Range] = (60, 90 * 24 * 3600)
WINDOW: Final[Range] = (30, 3600)


class FormatRules(Protocol):
    """What a format decides; all of it pure, told the time, the same for both directions."""

    @property
    def needs(self) -> Mapping[str, Range | None]:
        """Terms that must be set, with the range of those that are numbers."""
        ...

    @property
    def takes(self) -> Mapping[str, Range | None]:
        """Terms that may be set beside those every format takes."""
        ...

    @property
    def limits(self) -> bool:
        """Whether standing maxima work."""
        ...

    def faults(self, terms: Terms) -> Iterator[Fault]:
        """Yield contradictions that only this format knows, whatever else is wrong.

        What is missing or out of range is said by the common checks.
        """
        ...

    def open(self, state: BiddingState) -> BiddingState:
        """Return the state right after the opening, which lies at ``state.deadline_at``."""
        ...

    def bounds(self, state: BiddingState, now: datetime) -> tuple[Money, Money | None] | None:
        """Return the worst and the best acceptable amount (``None``: no cap) of the next bid.

        ``None`` where no bid is acceptable.
        """
        ...

    def refusal(self, state: BiddingState, bid: Bid, now: datetime) -> DomainError | None:
        """Return why a bid does not stand in a biddable phase, ``None`` if it does."""
        ...

    def accept(
        self, state: BiddingState, bid: Bid, now: datetime
    ) -> tuple[BiddingState, tuple[Act, ...]]:
        """Return what a bid that stands does, the bid first, then what the system bids on it."""
        ...

    def close(self, state: BiddingState) -> tuple[BiddingState, PhaseChange]:
        """End the present phase at its deadline."""
        ...


def seconds(count: int | None) -> timedelta:
    """Return a term's seconds, which the format needs."""
    assert count is not None
    return timedelta(seconds=count)


def changed(state: BiddingState, trigger: Any, status: AuctionStatus, **more: Any) -> PhaseChange:
    """Return the change that happened at the state's deadline."""
    return PhaseChange(trigger, status, state.deadline_at, **more)
