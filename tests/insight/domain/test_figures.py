"""Figures: sums first, small cells, what is told of buyers."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.insight.domain.figures import (
    REST,
    SMALL,
    Competition,
    Figures,
    GroupBy,
    PeriodTooFine,
    Prices,
    check_buyer_regions,
    merge_small,
)
from app.insight.domain.lots import Method, Outcome
from app.insight.domain.table import price_sheets
from app.shared.money import Money

M = 1_000_000_00


def test_the_known_session_of_eleven_lots() -> None:
    """IN4: start 8.95 M yuan, deal 12.30 M yuan, 37.43 %, weighted over both ways."""
    contested = Prices(
        outcomes={Outcome.SOLD: 7},
        priced=7,
        start_minor=5 * M,
        price_minor=8 * M,
        premium_median_bp=6000,
    )
    uncontested = Prices(
        outcomes={Outcome.SOLD: 4, Outcome.FAILED: 2},
        priced=4,
        start_minor=395 * M // 100,
        price_minor=430 * M // 100,
        premium_median_bp=0,
    )
    figures = Figures(
        group=None,
        methods={Method.CONTESTED: contested, Method.UNCONTESTED: uncontested},
        competition=Competition(),
    )
    assert (figures.floor.priced, figures.floor.lots) == (11, 13)
    assert str(figures.floor.premium) == "0.3743"
    assert figures.floor.premium_median_bp is None  # medians do not add up
    assert str(contested.premium) == "0.6000"
    assert Prices().premium is None
    (_, prices), _ = price_sheets(GroupBy.MONTH, figures, [])
    assert {len(row) for row in prices} == {24}
    rows = {str(row[2]).split()[0]: row for row in prices}
    start, deal = Money.parse("8950000.00"), Money.parse("12300000.00")
    assert (rows["场内合计"][14:18]) == (start, deal, "37.43", "")
    assert (rows["有竞争"][16:18]) == ("60.00", "60.00")


@pytest.mark.parametrize(
    ("lots", "median"),
    [({}, None), ({0: 1}, 0), ({0: 1, 3: 1}, 0), ({0: 1, 2: 1, 9: 1}, 2), ({1: 2, 2: 3}, 2)],
)
def test_the_median_of_bidders_is_the_nearest_rank(
    lots: dict[int, int], median: int | None
) -> None:  # IN5
    assert Competition(lots_by_bidders=lots).median == median


def group(name: str, sold: int) -> Figures:
    prices = Prices(outcomes={Outcome.SOLD: sold}, priced=sold, start_minor=sold, price_minor=sold)
    return Figures(group=name, methods={Method.CONTESTED: prices}, competition=Competition())


@settings(deadline=None)
@given(st.lists(st.integers(1, 12), max_size=9))
def test_no_small_cell_of_buyers_stands_alone(sizes: list[int]) -> None:
    """IN8"""
    groups = [group(f"3301{place:02}", sold) for place, sold in enumerate(sizes)]
    told = merge_small(groups)
    assert all(item.sold >= SMALL for item in told)
    whole = sum(sizes)
    if whole >= SMALL:
        assert sum(item.sold for item in told) == whole
    named = {item.group: item.sold for item in told if item.group != REST}
    assert named.items() <= {item.group: item.sold for item in groups}.items()


TODAY = date(2026, 11, 26)


def test_buyers_regions_are_told_of_whole_past_years() -> None:  # IN8
    check_buyer_regions(
        date(2025, 1, 1), date(2025, 12, 31), today=TODAY, filtered=False, one_market=True
    )
    for first, last, filtered in (
        (None, None, False),
        (date(2025, 1, 1), None, False),
        (date(2025, 1, 2), date(2025, 12, 31), False),
        (date(2024, 1, 1), date(2025, 12, 31), False),
        (date(2026, 1, 1), date(2026, 12, 31), False),
        (date(2025, 1, 1), date(2025, 12, 31), True),
    ):
        with pytest.raises(PeriodTooFine) as refused:
            check_buyer_regions(first, last, today=TODAY, filtered=filtered, one_market=True)
        accepted = refused.value.fields["accepted"]
        assert isinstance(accepted, dict)
        check_buyer_regions(
            accepted["from"], accepted["to"], today=TODAY, filtered=False, one_market=True
        )
