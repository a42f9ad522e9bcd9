"""Totals of a session."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from app.auctions.domain.model import AuctionStatus, BiddingState
from app.auctions.domain.results import session_results
from app.auctions.domain.terms import Format, Terms
from app.shared.money import Money


def lot(start: int, deal: int | None, *, contested: bool = True) -> BiddingState:
    terms = Terms(
        format=Format.MULTIPLE_BIDS,
        start=Money(start),
        step=Money(100),
        steps_max=None,
        reserve=None,
        free_phase_s=600,
        window_s=60,
    )
    return BiddingState(
        terms=terms,
        status=AuctionStatus.FAILED if deal is None else AuctionStatus.CONFIRMED,
        deadline_at=datetime(2026, 3, 30, tzinfo=UTC),
        leading=None if deal is None else Money(deal),
        contested=contested,
        bid_count=0 if deal is None else 3,
    )


def test_unsold_lots_count_as_lots_but_not_in_the_premium() -> None:  # AU8
    results = session_results([lot(1000, 1500), lot(9000, None), lot(1000, 1000, contested=False)])
    assert (results.lots, results.sold, results.contested, results.bids) == (3, 2, 1, 6)
    assert (results.start, results.deal) == (Money(2000), Money(2500))
    assert results.premium == Decimal("0.2500")


def test_a_session_that_sold_nothing_has_no_premium() -> None:
    results = session_results([lot(1000, None)])
    assert (results.sold, results.start, results.premium) == (0, None, None)


def test_the_published_session_of_2020() -> None:
    """11 lots, 8.95 M to 12.30 M yuan: 37.43 %."""
    lots = [lot(81_363_636, 111_818_181) for _ in range(11)]
    lots[0] = replace(lots[0], terms=replace(lots[0].terms, start=Money(81_363_640)))
    lots[0] = replace(lots[0], leading=Money(111_818_190))
    results = session_results(lots)
    assert (results.start, results.deal) == (Money(895_000_000), Money(1_230_000_000))
    assert results.premium == Decimal("0.3743")
