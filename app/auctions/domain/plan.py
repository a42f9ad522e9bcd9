"""Bidding plans: a posted listing's, applied to the floor of the day, and a demand's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any, Final, Self

from app.auctions.domain.contradictions import TermsContradict, check_terms
from app.auctions.domain.licence import check_licence
from app.auctions.domain.terms import Direction, Format, PriorityMode, Terms
from app.shared.calendar import SHANGHAI, DayUnit, Duration, WorkingCalendar
from app.shared.errors import RuleBroken
from app.shared.money import Money

OPENS_AFTER_MAX: Final = 20
_NOTIFIED_AHEAD: Final = 3  # days before the opening in which holders are told, see AU43


class AuctionNotOfThisMode(RuleBroken):
    """Only a listing by bidding has its auction before its notice."""

    code = "auction_not_of_this_mode"
    title_zh = "该定价方式不在公告前设竞价"
    title_en = "This pricing mode has no auction before its notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How bids will be taken: if two buyers or more qualify (L8), or for a demand's proposers.

    Attributes:
        terms: With the first floor as its start; see `terms_at`.
        opens_after: Working days between the hand-over and the opening, 1 to 20.
        opening_hour: Of that day in Asia/Shanghai, 0 to 23.
        lowest_floor: Lowest floor for which the terms were checked; a demand's ceiling.
    """

    terms: Terms
    opens_after: int
    opening_hour: int
    lowest_floor: Money

    def as_json(self) -> dict[str, Any]:
        """Return the published form."""
        return {
            "opens_after": {"count": self.opens_after, "unit": str(DayUnit.WORKING_DAY)},
            "opening_hour": self.opening_hour,
            "lowest_floor": self.lowest_floor.as_json(),
            "terms": self.terms.as_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the published form."""
        lowest = data["lowest_floor"]
        return cls(
            terms=Terms.from_json(data["terms"]),
            opens_after=data["opens_after"]["count"],
            opening_hour=data["opening_hour"],
            lowest_floor=Money.parse(lowest["amount"], lowest["currency"]),
        )

    def opening(self, at: datetime, calendar: WorkingCalendar) -> datetime:
        """Return when an auction opens that is called for at a moment, aware UTC.

        Raises:
            CalendarHorizonExceeded: The day leaves the known range.
        """
        wait = Duration(self.opens_after, DayUnit.WORKING_DAY)
        day = calendar.add_working_days(at.astimezone(SHANGHAI).date(), wait.count)
        return datetime.combine(day, time(self.opening_hour), SHANGHAI).astimezone(UTC)


def terms_at(terms: Terms, *, floor: Money) -> Terms:
    """Return the terms for the floor that holds now, which announced reductions may have lowered.

    A Dutch walk keeps its length: it begins as far above its end as was announced.
    """
    if terms.format is not Format.DUTCH or terms.reserve is None:
        return replace(terms, start=floor)
    above = terms.start.amount_minor - terms.reserve.amount_minor
    start = Money(floor.amount_minor + above, floor.currency)
    return replace(terms, start=start, reserve=floor)


def check_plan(terms: Terms, *, opens_after: int, floors: Sequence[Money], now: datetime) -> None:
    """Refuse a plan that could contradict itself at one of the announced floors.

    Args:
        floors: The present one and those after announced reductions.

    Raises:
        TermsContradict: Lists every contradiction.
        AuctionNotLicensed: 拍卖 cannot be planned: its notice names a day.

    Source: rules.md L8; README, AU90.
    """
    check_licence(terms.kind, None, opens_at=now)
    faults = list(_own_faults(terms, opens_after))
    for floor in (floors[0], min(floors, key=lambda it: it.amount_minor)):
        # As sent for the first floor, so that a wrong start is told; as it would become for others.
        planned = terms if floor == floors[0] else terms_at(terms, floor=floor)
        try:
            check_terms(planned, bound=floor, direction=Direction.UP)
        except TermsContradict as refusal:
            found = refusal.fields["faults"]
            assert isinstance(found, Iterable)
            faults += [fault for fault in found if fault not in faults]
            break
    if faults:
        detail = "; ".join(f"{fault['field']}: {fault['rule']}" for fault in faults)
        raise TermsContradict(detail, faults=faults)


def check_demand_plan(terms: Terms, *, budget: Money | None, now: datetime) -> None:
    """Refuse the plan of a reverse auction that contradicts itself or its demand.

    Args:
        budget: Upper end of the demand's budget, the ceiling; ``None`` for an open budget, whose
            ceiling the plan states itself.

    Raises:
        TermsContradict: Lists every contradiction.
        AuctionNotLicensed: 拍卖 cannot be planned: its notice names a day.

    Source: rules.md §3 (each format works downwards, for demands), L8; README, AU96.
    """
    check_licence(terms.kind, None, opens_at=now)
    faults = list(_demand_faults(terms))
    named = {fault["field"] for fault in faults}
    try:
        check_terms(terms, bound=budget or ceiling(terms), direction=Direction.DOWN)
    except TermsContradict as refusal:
        found = refusal.fields["faults"]
        assert isinstance(found, Iterable)
        faults += [fault for fault in found if fault["field"] not in named]
    if faults:
        detail = "; ".join(f"{fault['field']}: {fault['rule']}" for fault in faults)
        raise TermsContradict(detail, faults=faults)


def ceiling(terms: Terms) -> Money:
    """Return the highest price that a reverse auction's terms allow: a Dutch walk ends there."""
    return terms.floor if terms.format is Format.DUTCH else terms.start


def _demand_faults(terms: Terms) -> Iterable[dict[str, object]]:
    """Yield what only a sale has: another floor than the announced one, rights, deposits."""
    if terms.reserve_secret:
        yield {"field": "reserve_secret", "rule": "ceiling_decides", "accepted": False}
    if terms.reserve is not None and terms.format is not Format.DUTCH:
        yield {"field": "reserve", "rule": "ceiling_decides", "accepted": None}
    if terms.priority_mode is not PriorityMode.NONE:
        accepted = PriorityMode.NONE
        yield {"field": "priority_mode", "rule": "no_rights_in_work", "accepted": accepted}
    if terms.standby_count:
        yield {"field": "standby_count", "rule": "no_deposits", "accepted": 0}
    if terms.silent_forfeits:
        yield {"field": "silent_forfeits", "rule": "no_deposits", "accepted": False}


def _own_faults(terms: Terms, opens_after: int) -> Iterable[dict[str, object]]:
    secret = terms.reserve_secret
    if secret or (terms.reserve is not None and terms.format is not Format.DUTCH):
        field = "reserve_secret" if secret else "reserve"
        # One buyer alone would buy at the floor, so several do, too.
        yield {"field": field, "rule": "floor_decides", "accepted": False if secret else None}
    if terms.priority_mode is not PriorityMode.NONE and opens_after < _NOTIFIED_AHEAD:
        yield {
            "field": "opens_after",
            "rule": "holders_told_three_days_before",
            "accepted": {"at_least": _NOTIFIED_AHEAD},
        }
