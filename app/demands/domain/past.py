"""Demands that were posted before, and what became of them."""

from dataclasses import dataclass
from datetime import datetime

from app.demands.domain.demand import DemandStatus
from app.demands.domain.facts import NoTakeUp, Outcome
from app.shared.ids import DemandId, MarketId, PartyId
from app.shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDemand:
    """A demand that takes no proposals any more, as everybody may read of it.

    Attributes:
        text: Title, background, targets and milestones.
        rounds: How often it was posted; what follows is of the last time.
        outcome: ``None`` as long as the statistics have not read of it.
        reason: Why nobody took it up, if so.
        proposals: Number; ``None`` if it was withdrawn before its deadline.
        taken: What those who took it up are paid in yuan; ``None`` if nobody is.
    """

    id: DemandId
    number: str
    market_id: MarketId
    party_id: PartyId
    status: DemandStatus
    title: str
    text: str
    technology_field: str
    posted_at: datetime
    rounds: int
    outcome: Outcome | None
    reason: NoTakeUp | None
    proposals: int | None
    taken: Money | None
