"""Who is owed what when an engagement stops: sums, bounds, monotony, an oracle by hand."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demands.domain.demand import DemandStatus
from app.demands.domain.failure import (
    CostsAboveShown,
    RatioMissing,
    RatioNotExpected,
    RiskRule,
    Stop,
    StopCause,
    check_costs,
    check_ratio,
    settle_stop,
)
from app.demands.domain.withdrawing import Proposed, WithdrawalClaim, withdrawal_claims
from app.shared.ids import PartyId, ProposalId, new_id
from app.shared.money import Money

ZERO = Money(0)


@st.composite
def stops(draw: st.DrawFn) -> Stop:
    price = draw(st.integers(1, 10**12))
    earned = draw(st.integers(0, price))
    released = draw(st.integers(0, earned))
    return Stop(
        cause=draw(st.sampled_from(StopCause)),
        rule=draw(st.sampled_from(RiskRule)),
        price=Money(price),
        earned=Money(earned),
        released=Money(released),
        escrow=Money(draw(st.integers(0, price - released))),
        costs=Money(draw(st.integers(0, 2 * price))),
        poster_bp=draw(st.integers(0, 10_000)),
    )


@given(stops())
def test_every_minor_unit_goes_somewhere_and_none_twice(stop: Stop) -> None:
    """DM84, DM85"""
    found = settle_stop(stop)
    assert found.pay + found.give_back == stop.escrow
    assert stop.released + found.pay + found.poster_owes == found.to_solver
    assert found.to_solver == stop.earned + found.cost_part
    assert stop.earned <= found.to_solver <= stop.price
    assert found.solver_owes == ZERO
    assert min(found.pay, found.give_back, found.poster_owes, found.cost_part) >= ZERO
    # Nothing goes back while the solver is owed something.
    assert ZERO in {found.give_back, found.poster_owes}


def part_of(stop: Stop) -> Fraction:
    """The poster's part of the loss, said another way than the rule does."""
    if stop.cause is not StopCause.FAILURE:
        return Fraction(0)
    table = {
        "poster_bears": Fraction(1),
        "solver_bears": Fraction(0),
        "settled_at_milestone": Fraction(0),
    }
    return table.get(str(stop.rule), Fraction(stop.poster_bp or 0, 10_000))


@given(stops())
def test_the_loss_is_shared_as_an_exact_oracle_says(stop: Stop) -> None:
    """DM84: to the minor unit."""
    found = settle_stop(stop)
    loss = min(stop.costs.amount_minor, (stop.price - stop.earned).amount_minor)
    assert found.loss == Money(loss)
    assert abs(found.cost_part.amount_minor - loss * part_of(stop)) < 1


@given(stops(), st.integers(0, 10**12), st.integers(0, 10_000))
def test_more_costs_or_a_greater_part_never_give_the_solver_less(
    stop: Stop, more: int, bp: int
) -> None:
    """DM84"""
    found = settle_stop(stop)
    dearer = settle_stop(replace(stop, costs=stop.costs + Money(more)))
    assert dearer.to_solver >= found.to_solver
    greater = replace(stop, poster_bp=max(bp, stop.poster_bp or 0))
    assert settle_stop(greater).to_solver >= found.to_solver
    # The rule of the poster gives most, that of the solver least.
    by_rule = [
        settle_stop(replace(stop, rule=rule)).to_solver
        for rule in (RiskRule.SOLVER_BEARS, stop.rule, RiskRule.POSTER_BEARS)
    ]
    assert by_rule == sorted(by_rule, key=lambda money: money.amount_minor)


@pytest.mark.parametrize(
    ("rule", "part", "pay", "back"),
    [
        (RiskRule.POSTER_BEARS, 30_000, 30_000, 40_000),
        (RiskRule.SOLVER_BEARS, 0, 0, 70_000),
        (RiskRule.SETTLED_AT_MILESTONE, 0, 0, 70_000),
        (RiskRule.SHARED_BY_RATIO, 18_000, 18_000, 52_000),
        (RiskRule.SHARED_REASONABLY, 18_000, 18_000, 52_000),
    ],
)
def test_a_failed_second_half_by_each_rule(rule: RiskRule, part: int, pay: int, back: int) -> None:
    """DM84: 100,000 agreed, 30,000 earned and paid, 30,000 spent on the rest, at 60 %."""
    stop = Stop(
        cause=StopCause.FAILURE,
        rule=rule,
        price=Money(100_000),
        earned=Money(30_000),
        released=Money(30_000),
        escrow=Money(70_000),
        costs=Money(30_000),
        poster_bp=6_000,
    )
    found = settle_stop(stop)
    assert (found.cost_part, found.pay, found.give_back) == (Money(part), Money(pay), Money(back))
    assert "858" in found.source
    # With an empty escrow the poster owes it.
    assert settle_stop(replace(stop, escrow=ZERO)).poster_owes == Money(pay)


def test_a_solver_that_has_too_much_owes_it() -> None:
    """DM85: after a correction of the books."""
    stop = Stop(
        cause=StopCause.SOLVER,
        rule=RiskRule.POSTER_BEARS,
        price=Money(100),
        earned=Money(30),
        released=Money(50),
        escrow=Money(10),
        costs=ZERO,
    )
    found = settle_stop(stop)
    assert (found.solver_owes, found.pay, found.give_back) == (Money(20), ZERO, Money(10))


def test_a_ratio_is_named_exactly_where_none_is_recorded() -> None:
    """DM84"""
    failure = StopCause.FAILURE
    assert check_ratio(failure, RiskRule.SHARED_REASONABLY, None, 5_000) == 5_000
    assert check_ratio(failure, RiskRule.SHARED_BY_RATIO, 6_000, None) == 6_000
    with pytest.raises(RatioMissing):
        check_ratio(failure, RiskRule.SHARED_REASONABLY, None, None)
    with pytest.raises(RatioNotExpected):
        check_ratio(failure, RiskRule.SHARED_BY_RATIO, 6_000, 5_000)
    with pytest.raises(RatioNotExpected):
        check_ratio(StopCause.SOLVER, RiskRule.SHARED_REASONABLY, None, 5_000)
    with pytest.raises(CostsAboveShown):
        check_costs(accepted=Money(2), shown=Money(1))


def test_only_an_announced_winner_may_claim_when_the_poster_withdraws() -> None:
    """DM88"""
    winner, other = (
        Proposed(ProposalId(new_id()), PartyId(new_id()), winner) for winner in (True, False)
    )
    for status in DemandStatus:
        claims = withdrawal_claims(status, [winner, other])
        wanted = WithdrawalClaim.NOTHING
        if status is DemandStatus.NOTICED:
            wanted = WithdrawalClaim.REASONABLE_COSTS
            assert "500" in claims[0].source
        assert [claim.claim for claim in claims] == [wanted, WithdrawalClaim.NOTHING]
