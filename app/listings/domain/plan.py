"""The bidding plan of a posted listing: the method for two buyers or more, announced beforehand.

It lies in `Listing.bidding` as ``{"opens_after": {"count": 3, "unit": "working_day"},
"opening_hour": 9, "lowest_floor": Money, "terms": {...}}``; its terms are those of `auctions`,
which checked them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.listings.domain.listing import Listing, PricingMode
from app.shared.calendar import SHANGHAI, WorkingCalendar
from app.shared.errors import RuleBroken
from app.shared.money import Money


class PlanNotOfThisMode(RuleBroken):
    """Only a posted listing announces a method for the case of several buyers."""

    code = "plan_not_of_this_mode"
    title_zh = "只有挂牌项目才设竞价预案"
    title_en = "Only a posted listing has a bidding plan"


class PlanUnfit(RuleBroken):
    """The plan does not fit the terms that would be published."""

    code = "plan_unfit"
    title_zh = "竞价预案与项目条款不相适应"
    title_en = "The bidding plan does not fit the listing"


def require_posted(listing: Listing) -> None:
    """Refuse a plan for another pricing mode.

    Raises:
        PlanNotOfThisMode: Names the mode.
    """
    if listing.pricing_mode is not PricingMode.POSTED:
        raise PlanNotOfThisMode(
            "By bidding: create its auction; an agreement needs none.",
            field="listing_id",
            pricing_mode=str(listing.pricing_mode),
            accepted=str(PricingMode.POSTED),
        )


def floors_of(listing: Listing) -> tuple[Money, ...]:
    """Return the floor now and each to which an announced extension reduces it."""
    return (listing.floor, *listing.reductions[listing.extensions_done :])


def priority_mode(plan: Mapping[str, Any] | None) -> str | None:
    """Return how holders of a priority right take part by a plan, if there is a plan."""
    return None if plan is None else str(plan["terms"]["priority_mode"])


def silent_forfeits(plan: Mapping[str, Any]) -> bool:
    """Tell whether the notice says that silence of all costs the deposit (D3)."""
    return bool(plan["terms"]["silent_forfeits"])


def require_opening_known(
    plan: Mapping[str, Any], *, at: datetime, calendar: WorkingCalendar
) -> None:
    """Refuse a moment from which on the auction's opening cannot be counted.

    Raises:
        CalendarHorizonExceeded: It leaves the known working days.
    """
    calendar.add_working_days(at.astimezone(SHANGHAI).date(), plan["opens_after"]["count"])


def check_fit(listing: Listing, *, has_holders: bool) -> None:
    """Refuse terms that the plan was not checked for.

    Args:
        has_holders: Somebody holds a priority right and has not waived it.

    Raises:
        PlanUnfit: With the rule, floor_below_plan or priority_mode_missing.

    Source: rules.md L8; README, LS70.
    """
    plan = listing.bidding
    assert plan is not None
    stored = plan["lowest_floor"]
    checked = Money.parse(stored["amount"], stored["currency"])
    lowest = min(floors_of(listing), key=lambda floor: floor.amount_minor)
    if lowest.currency != checked.currency or lowest < checked:
        raise PlanUnfit(
            "The plan was checked for higher floors; draft a new listing.",
            field="floor",
            rule="floor_below_plan",
            minimum=checked,
        )
    if has_holders and priority_mode(plan) == "none":
        raise PlanUnfit(
            "Somebody holds a priority right: the plan must say how it is used.",
            field="bidding.terms.priority_mode",
            rule="priority_mode_missing",
            accepted=["after", "ordinary", "inside"],
        )
