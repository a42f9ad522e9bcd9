"""What the board of demands is asked for, and in which order it answers."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.demands.domain.content import Budget, Confidentiality
from app.demands.domain.demand import DemandStatus
from app.shared.ids import ChallengeId, DemandId, EditionId, MarketId, PartyId
from app.shared.money import Money
from app.shared.words import Term


class BoardOrder(StrEnum):
    """How a list is ordered; ids break ties."""

    NEWEST = "newest"  # last posted first; a draft stands where it was drafted
    CLOSING = "closing"  # what still takes proposals, the nearest deadline first
    BUDGET = "budget"  # the highest upper end in CNY first, those without one last


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFilters:
    """What demands must have; ``None`` asks for nothing.

    Attributes:
        region_code: GB/T 2260; a province holds its cities, a city its districts.
        budget_min, budget_max: In CNY; the budget's range and theirs have a part in common.
        due_before: The work is due by this day.
        closing_before: Proposals are taken, and before this moment no more.
        terms: Words of what everybody reads.
    """

    market_id: MarketId | None = None
    statuses: tuple[DemandStatus, ...] = ()
    technology_field: str | None = None
    region_code: str | None = None
    edition_id: EditionId | None = None
    challenge_id: ChallengeId | None = None
    cooperation_mode: str | None = None
    budget_min: Money | None = None
    budget_max: Money | None = None
    due_before: date | None = None
    closing_before: datetime | None = None
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDemand:
    """A demand as a list shows it: what everybody may read who may know it."""

    id: DemandId
    number: str
    market_id: MarketId
    party_id: PartyId
    status: DemandStatus
    round: int
    title: str
    technology_field: str
    due_on: date
    budget: Budget
    cooperation_mode: str
    confidentiality: Confidentiality
    edition_id: EditionId | None
    posted_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class BoardPlace:
    """A place in an order: behind this key and id the next page begins."""

    key: datetime | int
    demand_id: DemandId
