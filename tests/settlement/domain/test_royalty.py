"""Royalties: tiers against a naive count, minimum and cap, bills, audits."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settlement.domain.dues import Due, DueKind, DueState, allocate, with_changed
from app.settlement.domain.royalty import (
    TRANSITIONS,
    AuditTooEarly,
    ReportNotDue,
    ReportOutOfOrder,
    ReportState,
    ReportTrigger,
    RoyaltyReport,
    accept,
    accrue,
    audit,
    bill,
    billed,
    by_tiers,
    check_turn,
    object_to,
)
from app.settlement.domain.schedule import Frame, deadline, generate
from app.settlement.domain.terms import (
    CostBearer,
    PriceTerms,
    Royalty,
    RoyaltyPeriod,
    TermsKind,
    Tier,
)
from app.shared.ids import FileId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance
from tests.settlement.domain.test_schedule import ROYALTY, within

NOW = datetime(2029, 1, 10, tzinfo=UTC)
LATER = NOW + timedelta(days=10)


@st.composite
def tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    bounds = sorted(draw(st.sets(st.integers(1, 10**6), max_size=4)))
    rates = draw(st.lists(st.integers(1, 10_000), min_size=5, max_size=5))
    closed = [
        Tier(rate_bp=rate, up_to=Money(bound)) for rate, bound in zip(rates, bounds, strict=False)
    ]
    return (*closed, Tier(rate_bp=rates[-1]))


def naive(found: tuple[Tier, ...], base: int) -> Money:
    """Count unit by unit of the tiers' corners: exact, then half up."""
    total, below = Fraction(0), 0
    for tier in found:
        top = base if tier.up_to is None else min(base, tier.up_to.amount_minor)
        total += Fraction(max(top - below, 0) * tier.rate_bp, 10_000)
        below = max(below, top)
    return Money(int(total + Fraction(1, 2)))


@given(found=tiers(), base=st.integers(0, 10**7))
def test_tiers_are_marginal_and_exact(found: tuple[Tier, ...], base: int) -> None:
    """ST68"""
    assert by_tiers(found, Money(base)) == naive(found, base)


@given(found=tiers(), bases=st.lists(st.integers(0, 10**6), max_size=10))
def test_no_choice_of_periods_changes_the_sum(found: tuple[Tier, ...], bases: list[int]) -> None:
    """ST68"""
    royalty = replace(ROYALTY, tiers=found)
    parts = accrue(royalty, [Money(base) for base in bases])
    assert sum(parts, Money(0)) == naive(found, sum(bases))
    assert all(part >= Money(0) for part in parts)


@given(
    found=tiers(),
    bases=st.lists(st.integers(0, 10**6), max_size=8),
    minimum=st.integers(1, 10**5),
    extra=st.integers(0, 10**6),
    period=st.sampled_from(RoyaltyPeriod),
)
def test_each_whole_year_reaches_its_minimum_and_all_of_it_ends_at_the_cap(
    found: tuple[Tier, ...], bases: list[int], minimum: int, extra: int, period: RoyaltyPeriod
) -> None:
    """ST68"""
    cap = minimum * 10 + extra
    royalty = replace(
        ROYALTY,
        tiers=found,
        years=10,
        period=period,
        minimum_a_year=Money(minimum),
        cap=Money(cap),
    )
    parts = [part.amount_minor for part in accrue(royalty, [Money(base) for base in bases])]
    a_year = royalty.periods // royalty.years
    assert sum(parts) <= cap
    for start in range(0, len(parts) - a_year + 1, a_year):
        year = sum(parts[start : start + a_year])
        assert year >= minimum or sum(parts[: start + a_year]) == cap


@pytest.mark.parametrize(
    ("bases", "expected"),
    [
        ([2_000_000_00], [60_000_00]),
        ([10_000_000_00], [300_000_00]),
        ([15_000_000_00], [400_000_00]),  # 3 % of ten million, 2 % of five
        ([8_000_000_00, 8_000_000_00], [240_000_00, 180_000_00]),  # 60,000 and 120,000
        ([0, 100_00], [0, 50_000_00]),  # the guaranteed year
        ([60_000_000_00], [1_000_000_00]),  # the cap
    ],
)
def test_worked_examples(bases: list[int], expected: list[int]) -> None:
    """ST68"""
    royalty = replace(
        ROYALTY,
        tiers=(Tier(rate_bp=300, up_to=Money(10_000_000_00)), Tier(rate_bp=200)),
        minimum_a_year=Money(50_000_00),
        cap=Money(1_000_000_00),
    )
    parts = accrue(royalty, [Money(base) for base in bases])
    assert [part.amount_minor for part in parts] == expected


def schedule(kind: TermsKind, price: int, royalty: Royalty = ROYALTY) -> list[Due]:
    frame = Frame(
        rest=Money(price), version=1, first_number=1, pay_by_at=deadline(date(2026, 4, 1))
    )
    return list(generate(PriceTerms(kind=kind, price=Money(price), royalty=royalty), frame))


def put(dues: list[Due], changed: tuple[Due, ...]) -> list[Due]:
    known = {due.number for due in dues}
    return with_changed(dues, changed) + [due for due in changed if due.number not in known]


def billing(dues: list[Due], number: int, accrued: int) -> list[Due]:
    (due,) = [found for found in dues if found.number == number]
    return put(dues, bill(dues, due, accrued=Money(accrued), now=NOW, pay_by_at=LATER))


def test_an_entry_fees_royalty_comes_on_top_of_the_price() -> None:
    """ST69"""
    dues = billing(schedule(TermsKind.ENTRY_FEE_ROYALTY, 100), 2, 40)
    assert (dues[1].amount, dues[1].within_price, dues[1].state) == (
        Money(40),
        False,
        DueState.PLANNED,
    )
    assert billing(dues, 3, 40)[2].state is DueState.PAID  # nothing more: nothing to pay


def test_a_royalty_pays_the_guaranteed_price_first() -> None:
    """ST60, ST69"""
    dues = billing(schedule(TermsKind.ROYALTY, 100), 2, 60)
    assert [(due.amount, due.within_price) for due in dues[:2]] == [
        (Money(40), True),
        (Money(60), True),
    ]
    dues = billing(dues, 3, 150)
    assert dues[0].state is DueState.PAID  # of nothing: the royalties brought the price
    assert [(due.number, due.kind, due.amount, due.within_price) for due in dues[2:]] == [
        (3, DueKind.ROYALTY, Money(40), True),
        (4, DueKind.ROYALTY, None, False),
        (5, DueKind.ROYALTY, None, False),
        (6, DueKind.ROYALTY, Money(50), False),
    ]


def test_an_audit_asks_for_the_difference_or_credits_it() -> None:
    """ST69"""
    dues = billing(schedule(TermsKind.ENTRY_FEE_ROYALTY, 100), 2, 40)
    more = billing(dues, 2, 55)
    assert (more[-1].kind, more[-1].amount, more[-1].due_at) == (
        DueKind.DIFFERENCE,
        Money(15),
        LATER,
    )
    less = billing(dues, 2, 25)
    assert (less[1].amount, len(less)) == (Money(25), len(dues))
    paid = with_changed(dues, allocate(dues, Money(140), signed=True).changed)
    assert paid[1].state is DueState.PAID
    credited = billing(paid, 2, 25)
    assert credited == paid  # what was paid stays; the next period asks for less
    assert billing(credited, 3, 25 + 20)[2].amount == Money(5)
    assert billing(credited, 3, 25 + 10)[2].amount == Money(0)


@given(
    price=st.integers(1, 2_000),
    steps=st.lists(
        st.tuples(st.integers(0, 600), st.integers(0, 900), st.booleans()), min_size=1, max_size=4
    ),
    kind=st.sampled_from([TermsKind.ROYALTY, TermsKind.ENTRY_FEE_ROYALTY]),
)
def test_whatever_is_reported_paid_and_audited_the_price_stays_whole(
    price: int, steps: list[tuple[int, int, bool]], kind: TermsKind
) -> None:
    """ST60, ST69"""
    dues, accrued = schedule(kind, price), 0
    for number, (brought, payment, audited) in enumerate(steps, start=2):
        accrued += brought
        dues = billing(dues, number, accrued)
        amount = min(Money(payment), sum((due.rest for due in dues), Money(0)))
        if amount.amount_minor:
            dues = with_changed(dues, allocate(dues, amount, signed=True).changed)
        if audited:
            accrued -= brought // 2
            dues = billing(dues, number, accrued)
        known = [due for due in dues if due.amount is not None]
        assert within(known) == Money(price)
        assert all(due.paid <= due.amount for due in known if due.amount is not None)
        assert billed(dues, 1) >= Money(accrued)
        assert len({due.number for due in dues}) == len(dues)


def report(**changes: object) -> RoyaltyReport:
    plain = RoyaltyReport(
        due_number=2,
        series=1,
        period=1,
        base=Money(1_000),
        evidence_id=FileId(new_id()),
        reported_at=NOW,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("audited", "bearer"),
    [
        (1_000, CostBearer.SELLER),
        (900, CostBearer.SELLER),
        (1_052, CostBearer.SELLER),  # 4.94 % short: within the tolerance of 5 %
        (1_053, CostBearer.BUYER),  # 5.03 %
    ],
)
def test_who_pays_the_audit_follows_from_the_finding(audited: int, bearer: CostBearer) -> None:
    doubted = object_to(report(), objection="销售额与税务申报不符", now=NOW)
    with pytest.raises(AuditTooEarly) as refused:
        audit(
            doubted,
            ROYALTY,
            audited=Money(audited),
            audit_report_id=FileId(new_id()),
            now=NOW + timedelta(days=15) - timedelta(microseconds=1),
        )
    assert refused.value.fields["earliest"] == NOW + timedelta(days=15)
    done = audit(
        doubted,
        ROYALTY,
        audited=Money(audited),
        audit_report_id=FileId(new_id()),
        now=NOW + timedelta(days=15),
    )
    assert (done.state, done.final, done.audit_paid_by) == (
        ReportState.AUDITED,
        Money(audited),
        bearer,
    )
    given_up = accept(doubted)
    assert (given_up.state, given_up.final) == (ReportState.REPORTED, Money(1_000))


@pytest.mark.parametrize("trigger", list(ReportTrigger))
@pytest.mark.parametrize("state", list(ReportState))
def test_every_state_and_trigger(state: ReportState, trigger: ReportTrigger) -> None:
    expected = {
        (ReportState.REPORTED, ReportTrigger.OBJECT): ReportState.OBJECTED,
        (ReportState.OBJECTED, ReportTrigger.ACCEPT): ReportState.REPORTED,
        (ReportState.OBJECTED, ReportTrigger.AUDIT): ReportState.AUDITED,
    }.get((state, trigger))
    if expected is None:
        with pytest.raises(TransitionRefused):
            advance(TRANSITIONS, state=state, trigger=trigger)
    else:
        assert advance(TRANSITIONS, state=state, trigger=trigger) is expected


def test_periods_are_reported_after_their_end_in_order_and_once() -> None:
    """ST68"""
    dues = schedule(TermsKind.ENTRY_FEE_ROYALTY, 100)
    fee, first, second, *_ = dues
    assert first.call_at is not None
    check_turn(first, dues, now=first.call_at)
    with pytest.raises(ReportNotDue):
        check_turn(first, dues, now=first.call_at - timedelta(microseconds=1))
    with pytest.raises(ReportNotDue):
        check_turn(fee, dues, now=NOW)
    with pytest.raises(ReportOutOfOrder) as refused:
        check_turn(second, dues, now=NOW)
    assert refused.value.fields["accepted"] == 2
    done = billing(dues, 2, 10)
    with pytest.raises(ReportNotDue):
        check_turn(done[1], done, now=NOW)
    check_turn(second, done, now=NOW)
