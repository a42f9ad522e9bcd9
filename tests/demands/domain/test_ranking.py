"""The ranking of proposals: total, independent of order, exact, as a naive judge would do it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demands.domain import scoring
from app.demands.domain.ranking import (
    PRICE,
    Candidate,
    Fate,
    Ranked,
    Rules,
    lanes,
    price_points,
    rank,
    winners,
)
from app.demands.domain.scoring import Points, Score
from app.shared.ids import PartyId, ProposalId, new_id
from app.shared.money import Money

START = datetime(2026, 3, 20, tzinfo=UTC)
WEIGHTS = {"技术方案": 5000, "团队与业绩": 3000, "进度安排": 2000}


def candidate(
    points: Sequence[int], price: int = 50_000_000, minute: int = 0, **changes: Any
) -> Candidate:
    made = Candidate(
        proposal_id=ProposalId(new_id()),
        party_id=PartyId(new_id()),
        price=Money(price),
        handed_in_at=START + timedelta(minutes=minute),
        points={name: Points(it, 1) for name, it in zip(WEIGHTS, points, strict=True)},
    )
    return replace(made, **changes)


def rules(**changes: Any) -> Rules:
    known = Rules(weights=WEIGHTS, price_weight_bp=0, score_min=60, ceiling=None)
    return replace(known, **changes)


def weighted(**changes: Any) -> Rules:
    halved = {name: weight // 2 for name, weight in WEIGHTS.items()}
    return rules(weights=halved, price_weight_bp=5000, **changes)


# Few values, so that ties occur.
CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.tuples(*(st.sampled_from((0, 50, 60, 61, 90, 100)) for _ in WEIGHTS)),
        price=st.sampled_from((1, 30_000_000, 50_000_000, 90_000_001)),
        minute=st.integers(0, 2),
        route=st.sampled_from(("电磁", "压电", "被动")),
    ),
    max_size=8,
)
RULES = st.builds(
    lambda make, ceiling, least, budgets: make(
        ceiling=ceiling, score_min=least, route_budgets=budgets
    ),
    st.sampled_from((rules, weighted)),
    st.sampled_from((None, Money(50_000_000))),
    st.sampled_from((0, 60)),
    st.sampled_from(
        ((), (Money(50_000_000), Money(30_000_000)), (Money(30_000_000), Money(90_000_001)))
    ),
)


@given(candidates=CANDIDATES, how=RULES, random=st.randoms())
def test_the_order_is_total_and_does_not_depend_on_how_proposals_come(
    candidates: list[Candidate], how: Rules, random: Any
) -> None:
    """DM66"""
    shuffled = list(candidates)
    random.shuffle(shuffled)
    ranked = rank(candidates, how)
    assert ranked == rank(shuffled, how)
    assert [item.rank for item in ranked] == list(range(1, len(candidates) + 1))
    assert {item.candidate.proposal_id for item in ranked} == {
        item.proposal_id for item in candidates
    }


def test_two_currencies_are_not_compared_without_a_ceiling_either() -> None:
    """DM65, DM68: 1,000 dollars are not less than 2,000 yuan."""
    ours = candidate((90, 90, 90), price=200_000)
    foreign = replace(candidate((90, 90, 90)), price=Money(100_000, "USD"))
    ranked = rank([foreign, ours], weighted())
    assert [item.fate for item in ranked] == [Fate.WINNER, Fate.ABOVE_CEILING]


@pytest.mark.parametrize("budgets", [(), (Money(50_000_000), Money(30_000_000))])
def test_a_price_in_another_currency_is_not_chosen_and_stops_nobody(
    budgets: tuple[Money, ...],
) -> None:
    """DM68"""
    foreign = candidate((100, 100, 100), route="电磁")
    foreign = replace(foreign, price=Money(1, "USD"))
    ours = candidate((90, 90, 90), price=30_000_000, route="压电")
    how = weighted(ceiling=Money(50_000_000), route_budgets=budgets)
    ranked = rank([foreign, ours], how)
    assert [item.fate for item in ranked] == [Fate.WINNER, Fate.ABOVE_CEILING]
    assert ranked[0].contributions[PRICE] == 50  # it has the lowest allowed price


@given(candidates=CANDIDATES, how=RULES)
def test_the_contributions_sum_to_the_total(candidates: list[Candidate], how: Rules) -> None:
    """DM65"""
    for item in rank(candidates, how):
        assert sum(item.contributions.values()) == item.total
        assert 0 <= item.total <= 100
        assert (PRICE in item.contributions) == bool(how.price_weight_bp)


def _naive_total(item: Candidate, others: Sequence[Candidate], how: Rules) -> Fraction:
    """As one would on paper: percentages of means, the price by the lowest allowed one."""
    total = Fraction(0)
    for name, weight in how.weights.items():
        total += Fraction(item.points[name].total) / item.points[name].count * weight / 10_000
    if how.price_weight_bp:
        within = [o for o in others if how.ceiling is None or not o.price > how.ceiling]
        lowest = min(o.price.amount_minor for o in within or others)
        ours = max(item.price.amount_minor, lowest)
        total += Fraction(lowest, ours) * 100 * how.price_weight_bp / 10_000
    return total


def _beats(one: Candidate, other: Candidate, all_: Sequence[Candidate], how: Rules) -> bool:
    above = [how.ceiling is not None and it.price > how.ceiling for it in (one, other)]
    if above[0] != above[1]:
        return above[1]
    totals = [_naive_total(it, all_, how) for it in (one, other)]
    if totals[0] != totals[1]:
        return totals[0] > totals[1]
    if one.price != other.price:
        return one.price < other.price
    if one.handed_in_at != other.handed_in_at:
        return one.handed_in_at < other.handed_in_at
    return one.proposal_id < other.proposal_id


@given(candidates=CANDIDATES, how=RULES)
def test_it_ranks_as_a_naive_judge_who_compares_every_pair(
    candidates: list[Candidate], how: Rules
) -> None:
    """DM64, DM66, DM67"""
    ranked = rank(candidates, how)
    for item in ranked:
        beaten_by = sum(_beats(o, item.candidate, candidates, how) for o in candidates)
        assert item.rank == beaten_by + 1
        assert item.total == _naive_total(item.candidate, candidates, how)
    expected = _naive_winners(ranked, how)
    assert winners(ranked) == expected


def _naive_winners(ranked: Sequence[Ranked], how: Rules) -> list[ProposalId]:
    fit = [
        it
        for it in ranked
        if it.total >= how.score_min and (how.ceiling is None or it.candidate.price <= how.ceiling)
    ]
    if not how.route_budgets:
        return [it.candidate.proposal_id for it in fit[:1]]
    chosen: list[Ranked] = []
    for budget in how.route_budgets:
        routes = {it.candidate.route for it in chosen}
        fits = [
            it for it in fit if it.candidate.route not in routes and it.candidate.price <= budget
        ]
        chosen += fits[:1]
    return [it.candidate.proposal_id for it in chosen]


def fates(found: Sequence[Ranked]) -> list[Fate]:
    return [item.fate for item in found]


def test_the_best_score_wins_and_everybody_else_learns_why_not() -> None:
    """DM64, DM68"""
    best, second = candidate((90, 80, 70)), candidate((80, 80, 80), price=1)
    weak = candidate((60, 60, 59))
    dear = candidate((100, 100, 100), price=90_000_001)
    found = rank([weak, dear, second, best], rules(ceiling=Money(90_000_000)))
    assert [item.candidate for item in found] == [best, second, weak, dear]
    assert fates(found) == [
        Fate.WINNER,
        Fate.OUTRANKED,
        Fate.BELOW_MINIMUM,
        Fate.ABOVE_CEILING,
    ]
    assert found[0].total == 83
    assert fates(rank([weak], rules())) == [Fate.BELOW_MINIMUM]
    assert rank([], rules()) == []


def test_a_lower_price_makes_up_for_points_as_far_as_it_weighs() -> None:
    """DM65: 50 % of 80 points and 50 % of 30/60 × 100 = 65; 50 % of 70 and 50 % of 100 = 85."""
    dear, cheap = candidate((80, 80, 80), 60_000_000), candidate((70, 70, 70), 30_000_000)
    found = rank([dear, cheap], weighted())
    assert [item.candidate for item in found] == [cheap, dear]
    assert [item.total for item in found] == [85, 65]
    assert price_points(Money(30_000_000), Money(60_000_000)) == 100
    # A price above the ceiling sets no measure.
    low = candidate((100, 100, 100), 10_000_000)
    capped = rank([low, cheap], weighted(ceiling=Money(5_000_000)))
    assert capped[0].total == 100


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (candidate((80, 80, 80), 4, 9), candidate((80, 80, 80), 5, 0)),  # the lower price
        (candidate((80, 80, 80), 4, 0), candidate((80, 80, 80), 4, 1)),  # the earlier hand-in
    ],
)
def test_ties_are_told_apart_by_price_then_time(first: Candidate, second: Candidate) -> None:
    """DM66"""
    assert [it.candidate for it in rank([second, first], rules())] == [first, second]


def test_a_race_has_winners_on_different_routes_within_their_budgets() -> None:
    """DM67"""
    lead = candidate((90, 90, 90), 40_000_000, route="电磁")
    same = candidate((85, 85, 85), 30_000_000, route="电磁")
    dear = candidate((84, 84, 84), 60_000_000, route="压电")
    costly = candidate((83, 83, 83), 45_000_000, route="气动")
    other = candidate((80, 80, 80), 29_000_000, route="被动")
    third = candidate((79, 79, 79), 29_000_000, route="液压")
    how = rules(route_budgets=(Money(50_000_000), Money(30_000_000)))
    found = rank([third, other, costly, dear, same, lead], how)
    assert fates(found) == [
        Fate.WINNER,
        Fate.ROUTE_TAKEN,
        Fate.ABOVE_ROUTE_BUDGET,
        Fate.OUTRANKED,
        Fate.WINNER,
        Fate.OUTRANKED,
    ]
    assert [(item.rank, item.lane) for item in found if item.fate is Fate.WINNER] == [
        (1, 1),
        (5, 2),
    ]
    assert winners(found) == [lead.proposal_id, other.proposal_id]


@given(candidates=CANDIDATES, how=RULES)
def test_a_winner_of_a_race_runs_on_the_budget_that_it_won_by(
    candidates: list[Candidate], how: Rules
) -> None:
    """DM67"""
    found = {item.candidate.proposal_id: item for item in rank(candidates, how)}
    won = [found[proposal_id] for proposal_id in winners(list(found.values()))]
    if how.route_budgets:
        prices = [item.candidate.price for item in won]
        assert lanes(prices, how.route_budgets) == [item.lane for item in won]


@given(st.fractions(0, 100))
def test_numbers_are_told_half_up(number: Fraction) -> None:
    """DM65"""
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(number.numerator) / Decimal(number.denominator)
        assert scoring.told(number) == str(exact.quantize(Decimal("0.0001"), ROUND_HALF_UP))


@given(st.integers(1, 51).flatmap(lambda n: st.tuples(st.integers(0, 100 * n), st.just(n))))
def test_whole_points_are_rounded_half_up(case: tuple[int, int]) -> None:
    """DM65, DM69"""
    total, count = case
    whole = Points(total, count).whole
    assert 0 <= whole <= 100
    assert Fraction(-1, 2) < whole - Fraction(total, count) <= Fraction(1, 2)


def test_a_sheet_is_whole_and_every_fault_is_told() -> None:
    """DM58"""
    one, other, strange = (ProposalId(new_id()) for _ in range(3))
    good = {name: Score(80, "论证充分") for name in WEIGHTS}
    scoring.check_sheet({one: good, other: good}, proposals=[one, other], criteria=WEIGHTS)
    bad = {**good, "技术方案": Score(101, " "), "未公布": Score(50, "无此项")}
    del bad["进度安排"]
    with pytest.raises(scoring.ReviewScoresInvalid) as refused:
        scoring.check_sheet({one: bad, strange: good}, proposals=[one, other], criteria=WEIGHTS)
    errors: Any = refused.value.fields["errors"]
    found = sorted((error["field"], error["rule"]) for error in errors)
    assert found == sorted(
        [
            (f"scores.{other}", "missing"),
            (f"scores.{one}.进度安排", "missing"),
            (f"scores.{one}.技术方案.points", "within"),
            (f"scores.{one}.技术方案.reason", "reason_missing"),
            (f"scores.{one}.未公布", "unknown"),
            (f"scores.{strange}", "unknown"),
        ]
    )


def test_the_panel_counts_alike_and_its_words_tell_no_name() -> None:
    """DM61, DM65"""
    one = ProposalId(new_id())
    sheets = [{one: {"技术方案": Score(points, f"理由{points}")}} for points in (70, 90, 81)]
    assert scoring.panel_points(sheets)[one]["技术方案"] == Points(241, 3)
    told = scoring.told_reasons(sheets, [one])[one]["技术方案"]
    assert [item["points"] for item in told] == [90, 81, 70]
    assert scoring.told_reasons(sheets, []) == {}
