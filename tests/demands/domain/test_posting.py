"""Terms of a posting: contradictions are refused all at once, what is stored returns."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demands.domain.content import Budget, BudgetKind
from app.demands.domain.demand import DemandStatus
from app.demands.domain.eligibility import ProposalCurrencyDiffers, check_currency
from app.demands.domain.notice import DemandNoticeKind, posting_facts, write_notice
from app.demands.domain.posting import Criterion, DecisionWay, PostingTerms, Sealing
from app.demands.domain.posting_checks import (
    DeadlineNotLater,
    PostingInvalid,
    check_extension,
    check_posting,
)
from app.shared.calendar import DayUnit, Duration
from app.shared.canonical import digest
from app.shared.ids import DemandNoticeId, new_id
from app.shared.money import Money
from app.shared.sealing.holder import ShareHolder
from tests.demands.domain.test_demand import CONTENT, demand_in

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOLDERS = tuple(
    ShareHolder(name, "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUF" + end)
    for name, end in (("公证处", "B"), ("监察", "E"))
)
TERMS = PostingTerms(
    closes_at=NOW + timedelta(days=30),
    questions_until=NOW + timedelta(days=20),
    sealing=Sealing.PLAIN,
    decision=DecisionWay.BEST_SCORE,
    criteria=(
        Criterion("技术方案", 6000, "路线可行"),
        Criterion("团队基础", 4000, "同类经验"),
    ),
)
RACE = replace(
    TERMS,
    decision=DecisionWay.RACING,
    winners_max=2,
    route_budgets=(Money(50_000_000), Money(40_000_000)),
)


def faults(terms: PostingTerms, *, planned: bool = False) -> list[tuple[str, str]]:
    with pytest.raises(PostingInvalid) as refused:
        check_posting(terms, CONTENT, planned=planned, now=NOW)
    errors: Any = refused.value.fields["errors"]
    return [(error["field"], error["rule"]) for error in errors]


@pytest.mark.parametrize(
    ("terms", "planned"),
    [
        (TERMS, False),
        (RACE, False),
        (replace(TERMS, closes_at=NOW + timedelta(days=1), questions_until=NOW), False),
        (replace(TERMS, ceiling=Money(90_000_000)), False),
        (
            replace(
                TERMS,
                decision=DecisionWay.PRICE_WEIGHTED,
                criteria=(Criterion("技术方案", 7000, "路线可行"),),
                price_weight_bp=3000,
            ),
            False,
        ),
        (replace(TERMS, decision=DecisionWay.REVERSE_AUCTION), True),
    ],
)
def test_sound_terms_are_accepted(terms: PostingTerms, planned: bool) -> None:
    check_posting(terms, CONTENT, planned=planned, now=NOW)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"closes_at": NOW + timedelta(hours=23), "questions_until": NOW},
            ("closes_at", "open_too_short"),
        ),
        ({"closes_at": NOW + timedelta(days=367)}, ("closes_at", "open_too_long")),
        (
            {"questions_until": NOW + timedelta(days=31)},
            ("questions_until", "questions_after_the_deadline"),
        ),
        ({"holders": HOLDERS}, ("holders", "holders_not_expected")),
        ({"sealing": Sealing.THRESHOLD}, ("holders", "holders_missing")),
        ({"sealing": Sealing.THRESHOLD, "holders": HOLDERS}, ("threshold", "holders_missing")),
        (
            {"sealing": Sealing.THRESHOLD, "holders": HOLDERS, "threshold": 3},
            ("threshold", "holders_wrong"),
        ),
        ({"criteria": (TERMS.criteria[0],)}, ("criteria", "weights_not_whole")),
        (
            {"criteria": (replace(TERMS.criteria[0], weight_bp=5000),) * 2},
            ("criteria.1", "repeated"),
        ),
        ({"decision": DecisionWay.PRICE_WEIGHTED}, ("price_weight_bp", "price_weight_missing")),
        (
            {"criteria": (TERMS.criteria[0],), "price_weight_bp": 4000},
            ("price_weight_bp", "price_weight_not_expected"),
        ),
        ({"winners_max": 2}, ("winners_max", "single_winner")),
        ({"route_budgets": (Money(1),)}, ("route_budgets", "route_budgets_not_expected")),
        ({"ceiling": Money(90_000_001)}, ("ceiling", "ceiling_above_budget")),
        ({"ceiling": Money(1, "USD")}, ("ceiling", "currency_differs")),
        ({"panel_min": 4}, ("panel_min", "panel_even")),
        ({"decision": DecisionWay.REVERSE_AUCTION}, ("decision", "plan_missing")),
    ],
)
def test_each_contradiction_is_named(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    """DM6"""
    told = faults(replace(TERMS, **changes))
    assert expected in told
    # A deadline too far is also one behind which nobody can work.
    assert set(told) - {expected} <= {("closes_at", "after_the_work_is_due")}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"winners_max": 1, "route_budgets": ()}, "racing_winners"),
        ({"route_budgets": (Money(1),)}, "route_budgets_missing"),
        ({"route_budgets": (Money(60_000_000), Money(30_000_001))}, "routes_above_budget"),
        ({"route_budgets": (Money(1), Money(1, "USD"))}, "currency_differs"),
    ],
)
def test_a_race_has_routes_within_the_budget(changes: dict[str, Any], expected: str) -> None:
    """DM6"""
    assert expected in [rule for _, rule in faults(replace(RACE, **changes))]


def test_a_planned_auction_is_not_forgotten_and_criteria_are_never_empty() -> None:
    """DM6"""
    assert faults(TERMS, planned=True) == [("decision", "plan_not_expected")]
    told = faults(replace(TERMS, criteria=()))
    assert told == [("criteria", "weights_not_whole"), ("criteria", "criteria_missing")]


def test_an_open_budget_bounds_nothing_but_the_currency() -> None:
    """DM6"""
    content = replace(CONTENT, budget=Budget(kind=BudgetKind.OPEN, low=None, high=None))
    check_posting(replace(TERMS, ceiling=Money(10**12)), content, planned=False, now=NOW)
    terms = replace(RACE, route_budgets=(Money(1), Money(1, "USD")))
    with pytest.raises(PostingInvalid):
        check_posting(terms, content, planned=False, now=NOW)


@pytest.mark.parametrize(
    ("closes", "questions", "now"),
    [
        (timedelta(days=30), timedelta(days=20), NOW),
        (timedelta(days=29), timedelta(days=20), NOW),
        (timedelta(days=40), timedelta(days=19), NOW),
        (timedelta(days=40), timedelta(days=41), NOW),
        (timedelta(days=31), timedelta(days=20), TERMS.closes_at),
        (timedelta(days=300), timedelta(days=20), NOW),
    ],
)
def test_a_deadline_is_only_put_off_while_it_lies_ahead(
    closes: timedelta, questions: timedelta, now: datetime
) -> None:
    """DM5"""
    later = replace(TERMS, closes_at=NOW + closes, questions_until=NOW + questions)
    with pytest.raises(DeadlineNotLater):
        check_extension(later, TERMS, CONTENT, now=now)


@given(
    late_min=st.integers(min_value=-100, max_value=100),
    asked_min=st.integers(min_value=-100, max_value=200),
    now_min=st.integers(min_value=-100, max_value=100),
)
def test_an_extension_passes_exactly_when_nobody_loses_time(
    late_min: int, asked_min: int, now_min: int
) -> None:
    """DM5"""
    moved: Callable[[datetime, int], datetime] = lambda at, minutes: at + timedelta(minutes=minutes)  # noqa: E731
    later = replace(
        TERMS,
        closes_at=moved(TERMS.closes_at, late_min),
        questions_until=moved(TERMS.questions_until, asked_min),
    )
    now = moved(TERMS.closes_at, now_min)
    if late_min > 0 and asked_min >= 0 and now_min < 0:
        check_extension(later, TERMS, CONTENT, now=now)
    else:
        with pytest.raises(DeadlineNotLater):
            check_extension(later, TERMS, CONTENT, now=now)


@pytest.mark.parametrize("terms", [TERMS, RACE, replace(TERMS, ceiling=Money(5), holders=HOLDERS)])
def test_terms_survive_their_published_form(terms: PostingTerms) -> None:
    """DM7"""
    spans = replace(terms, remedy=Duration(7, DayUnit.WORKING_DAY))
    assert PostingTerms.from_json(spans.as_json()) == spans


def test_a_notice_is_numbered_hashed_and_holds_nothing_restricted() -> None:
    """DM7"""
    demand = demand_in(
        DemandStatus.POSTED,
        terms=TERMS,
        round=1,
        closes_at=TERMS.closes_at,
        notice_count=2,
    )
    demand = replace(demand, content=replace(CONTENT, restricted_text="配方区间"))
    facts = posting_facts(demand, poster_name="西溪智造有限公司")
    notice = write_notice(
        DemandNoticeId(new_id()),
        demand,
        DemandNoticeKind.POSTING,
        facts,
        at=NOW,
        closes_at=TERMS.closes_at,
    )
    assert (notice.seq, notice.number) == (3, "ZP-N-2026-000001-N3")
    assert notice.content_hash == digest(notice.content)
    assert "配方区间" not in str(notice.content)
    assert notice.content["terms"]["score_min"] == 60
    with pytest.raises(ValueError, match="terms are fixed"):
        posting_facts(demand_in(DemandStatus.REVIEWED), poster_name="x")
    assert date.fromisoformat(notice.content["demand"]["due_on"]) == CONTENT.due_on


@pytest.mark.parametrize(
    ("changes", "bidding", "accepted"),
    [
        ({}, None, "CNY"),
        ({"ceiling": Money(9_000_000, "USD")}, None, "USD"),
        ({"route_budgets": (Money(1, "EUR"), Money(2, "EUR"))}, None, "EUR"),
        ({}, {"lowest_floor": {"amount": "900000.00", "currency": "USD"}}, "USD"),
    ],
)
def test_prices_are_judged_in_the_currency_of_the_posting(
    changes: dict[str, Any], bidding: dict[str, Any] | None, accepted: str
) -> None:
    """DM52"""
    budget = Budget(kind=BudgetKind.OPEN, low=None, high=None)
    demand = replace(
        demand_in(DemandStatus.CLOSED),
        content=replace(CONTENT, budget=budget),
        terms=replace(TERMS, **changes),
        bidding=bidding,
    )
    check_currency(Money(1, accepted), demand)
    with pytest.raises(ProposalCurrencyDiffers) as refused:
        check_currency(Money(1, "JPY"), demand)
    assert refused.value.fields["accepted"] == accepted
