"""The plan of a demand's reverse auction, as pure rules."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from app.auctions.domain.contradictions import TermsContradict
from app.auctions.domain.licence import AuctionNotLicensed
from app.auctions.domain.plan import ceiling, check_demand_plan
from app.auctions.domain.terms import Direction, Format, Kind, PriorityMode
from app.shared.money import Money
from tests.auctions.commands import terms_of

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
BUDGET: Final = Money(90_000_000)


def check(bidding: Format, budget: Money | None = BUDGET, **changes: Any) -> None:
    direction = changes.pop("direction", Direction.DOWN)
    terms = terms_of(bidding, direction, bound=BUDGET, **changes)
    check_demand_plan(terms, budget=budget, now=NOW)


def faults(bidding: Format, budget: Money | None = BUDGET, **changes: Any) -> set[tuple[str, str]]:
    with pytest.raises(TermsContradict) as refusal:
        check(bidding, budget, **changes)
    told = refusal.value.fields["faults"]
    assert isinstance(told, list)
    return {(fault["field"], fault["rule"]) for fault in told}


@pytest.mark.parametrize("bidding", Format)
@pytest.mark.parametrize("budget", [BUDGET, None])
def test_every_format_goes_down_from_the_ceiling(bidding: Format, budget: Money | None) -> None:
    """AU96"""
    check(bidding, budget)
    terms = terms_of(bidding, Direction.DOWN, bound=BUDGET)
    assert ceiling(terms) == BUDGET


@pytest.mark.parametrize("bidding", Format)
def test_a_plan_above_or_below_the_budget_is_refused(bidding: Format) -> None:
    """AU96"""
    field = "reserve" if bidding is Format.DUTCH else "start"
    for other in (BUDGET + Money(1), BUDGET - Money(1)):
        assert (field, "equals_announced_price") in faults(bidding, other)


def test_a_plan_upwards_is_refused() -> None:
    """AU96"""
    assert faults(Format.DYNAMIC, direction=Direction.UP) == {("direction", "of_what_is_sold")}


def test_what_only_a_sale_has_is_told_at_once() -> None:
    """AU96"""
    found = faults(
        Format.MULTIPLE_BIDS,
        reserve=BUDGET - Money(100),
        priority_mode=PriorityMode.INSIDE,
        standby_count=2,
        silent_forfeits=True,
        window_s=None,
    )
    assert found == {
        ("reserve", "ceiling_decides"),
        ("priority_mode", "no_rights_in_work"),
        ("standby_count", "no_deposits"),
        ("silent_forfeits", "no_deposits"),
        ("window_s", "needed_by_format"),
    }
    assert faults(Format.SEALED_FIRST, reserve_secret=True) == {
        ("reserve_secret", "ceiling_decides")
    }


def test_a_licensed_auction_cannot_be_planned() -> None:
    """AU96"""
    with pytest.raises(AuctionNotLicensed):
        check(Format.MULTIPLE_BIDS, kind=Kind.AUCTION)
