"""Schedules: sums to the fen, deterministic, oldest first; due items' states."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settlement.domain import dues as rules
from app.settlement.domain.dues import (
    TRANSITIONS,
    Due,
    DueHasDate,
    DueKind,
    DueNotShares,
    DueOfThePrice,
    DueState,
    DueTrigger,
    DueUnknown,
    allocate,
    find,
    first_unpaid_at,
    owed,
    to_release,
    with_changed,
)
from app.settlement.domain.schedule import (
    Frame,
    deadline,
    fixed_rest,
    generate,
    initial,
    interest,
    months_later,
    staying,
)
from app.settlement.domain.terms import (
    AuditClause,
    CostBearer,
    Deferral,
    HolderKind,
    Instalment,
    Milestone,
    PriceTerms,
    Royalty,
    RoyaltyBase,
    RoyaltyPeriod,
    ShareHolder,
    ShareStake,
    TermsKind,
    Tier,
    lump_sum,
)
from app.shared.ids import DealId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance

DAY = date(2026, 4, 1)
NOW = datetime(2026, 3, 23, 1, tzinfo=UTC)
AUDIT = AuditClause(
    auditor="双方认可的会计师事务所",
    notice_days=15,
    cost_bearer=CostBearer.SELLER,
    tolerance_bp=500,
)
ROYALTY = Royalty(
    base=RoyaltyBase.SALES,
    tiers=(Tier(rate_bp=300),),
    starts_on=date(2026, 7, 1),
    years=2,
    period=RoyaltyPeriod.HALF_YEAR,
    audit=AUDIT,
)
STAKE = ShareStake(
    company="甬江新材料股份有限公司",
    percentage_bp=1_500,
    register_by_on=DAY,
    holders=(
        ShareHolder(name="之澜理工大学", kind=HolderKind.UNIT, share_bp=3_000),
        ShareHolder(name="陆景深", kind=HolderKind.COMPLETER, share_bp=7_000),
    ),
)

weights = st.lists(st.integers(1, 10_000), min_size=1, max_size=24)


def frame(rest: int, **changes: object) -> Frame:
    plain = Frame(rest=Money(rest), version=1, first_number=1, pay_by_at=deadline(DAY))
    return replace(plain, **changes)  # type: ignore[arg-type]


def parts_of(shares: list[int]) -> list[int]:
    """Return the weights as basis points that sum to 10,000, none zero."""
    return [part.amount_minor for part in Money(10_000).allocate(shares)]


def terms_of(kind: TermsKind, price: Money, shares: list[int]) -> PriceTerms:
    parts = [part for part in parts_of(shares) if part]
    plain = PriceTerms(kind=kind, price=price)
    match kind:
        case TermsKind.INSTALMENTS:
            items = [
                Instalment(share_bp=part, due_on=DAY + timedelta(days=30 * place))
                for place, part in enumerate(parts)
            ]
            return replace(plain, instalments=tuple(items), interest_bp=345)
        case TermsKind.MILESTONES:
            steps = [
                Milestone(
                    title=f"第{place}阶段", acceptance="验收报告", expected_on=DAY, share_bp=part
                )
                for place, part in enumerate(parts, start=1)
            ]
            return replace(plain, milestones=tuple(steps))
        case TermsKind.ROYALTY | TermsKind.ENTRY_FEE_ROYALTY:
            return replace(plain, royalty=ROYALTY)
        case TermsKind.USE_FIRST_PAY_LATER:
            return replace(plain, deferral=Deferral(trigger="首台样机通过验收"), royalty=ROYALTY)
        case TermsKind.SHARE_INVESTMENT:
            return replace(plain, shares=STAKE)
        case _:
            return plain


def within(dues: list[Due] | tuple[Due, ...]) -> Money:
    return sum(
        (due.amount for due in dues if due.within_price and due.amount is not None), Money(0)
    )


@given(kind=st.sampled_from(TermsKind), rest=st.integers(1, 10**13), shares=weights)
def test_the_parts_of_every_kind_sum_to_the_price_and_are_the_same_again(
    kind: TermsKind, rest: int, shares: list[int]
) -> None:
    """ST60, ST61"""
    terms = terms_of(kind, Money(rest), shares)
    made = generate(terms, frame(rest))
    assert within(made) == Money(rest)
    assert [due.number for due in made] == list(range(1, len(made) + 1))
    assert all(due.state is DueState.PLANNED for due in made)
    assert all(due.due_at is not None or due.waits_for for due in made)
    assert generate(terms, frame(rest)) == made
    later = generate(terms, frame(rest, first_number=40))
    assert [replace(due, number=due.number - 39) for due in later] == list(made)


def test_what_the_kinds_make_due() -> None:
    """ST60"""
    price = Money(70_000_00)
    made = {
        kind: [
            (due.kind, due.amount, due.within_price) for due in generate(found, frame(70_000_00))
        ]
        for kind in TermsKind
        for found in [terms_of(kind, price, [3, 7])]
    }
    royalties = [(DueKind.ROYALTY, None, False)] * 4
    assert made[TermsKind.LUMP_SUM] == [(DueKind.PRICE, price, True)]
    assert made[TermsKind.INSTALMENTS] == [
        (DueKind.INSTALMENT, Money(21_000_00), True),
        (DueKind.INSTALMENT, Money(49_000_00), True),
        (DueKind.INTEREST, Money(138_95), False),
    ]
    assert made[TermsKind.MILESTONES] == [
        (DueKind.MILESTONE, Money(21_000_00), True),
        (DueKind.MILESTONE, Money(49_000_00), True),
    ]
    assert made[TermsKind.ROYALTY] == [(DueKind.GUARANTEED, price, True), *royalties]
    assert made[TermsKind.ENTRY_FEE_ROYALTY] == [(DueKind.ENTRY_FEE, price, True), *royalties]
    assert made[TermsKind.USE_FIRST_PAY_LATER] == [(DueKind.PRICE, price, True), *royalties]
    assert made[TermsKind.SHARE_INVESTMENT] == [(DueKind.SHARES, price, True)]


def test_periods_end_report_and_pay_on_the_agreed_days() -> None:
    """ST61"""
    terms = terms_of(TermsKind.ENTRY_FEE_ROYALTY, Money(100), [1])
    _, first, *_, last = generate(terms, frame(100))
    assert first.call_at == deadline(date(2026, 12, 31))
    assert first.report_by_at == deadline(date(2027, 1, 30))
    assert first.due_at == deadline(date(2027, 2, 14))
    assert (last.period, last.call_at) == (4, deadline(date(2028, 6, 30)))
    assert months_later(date(2028, 1, 31), 1) == date(2028, 2, 29)
    assert months_later(date(2026, 11, 30), 3) == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("principal", "rate_bp", "days", "expected"),
    [
        (100_000_00, 345, 365, 3_450_00),
        (100_000_00, 345, 0, 0),
        (1, 3_600, 365, 0),  # 0.36 fen
        (100, 1, 182, 0),  # 0.004986…
        (73, 5_000, 5, 1),  # exactly half a fen: up
        (73_000, 1, 249, 5),  # 4.98
        (10**15, 435, 31, 3_694_520_547_945),
    ],
)
def test_simple_interest_is_rounded_half_up_once(
    principal: int, rate_bp: int, days: int, expected: int
) -> None:
    assert interest(Money(principal), rate_bp=rate_bp, days=days) == Money(expected)


def test_a_new_deal_owes_its_price_at_the_notices_deadline() -> None:
    at = deadline(DAY)
    due = initial(Money(100), paid=Money(0), pay_by_at=at)
    assert (due.kind, due.amount, due.due_at, due.state) == (
        DueKind.PRICE,
        Money(100),
        at,
        DueState.PLANNED,
    )
    assert initial(Money(100), paid=Money(20), pay_by_at=at).state is DueState.PART_PAID
    assert initial(Money(100), paid=Money(100), pay_by_at=at).state is DueState.PAID


@given(
    rest=st.integers(1, 10**9),
    shares=weights,
    payments=st.lists(st.integers(1, 10**8), max_size=12),
)
def test_payments_go_to_the_oldest_items_and_nothing_is_lost(
    rest: int, shares: list[int], payments: list[int]
) -> None:
    """ST63, ST64, ST65"""
    terms = terms_of(TermsKind.INSTALMENTS, Money(rest), shares)
    dues, paid, beyond, released = list(generate(terms, frame(rest))), 0, 0, Money(0)
    for payment in payments:
        amount = min(Money(payment), owed(dues, currency="CNY", signed=True))
        if not amount.amount_minor:
            continue
        counted = allocate(dues, amount, signed=True)
        assert counted.within_price + counted.beyond == amount
        dues = with_changed(dues, counted.changed)
        paid += counted.within_price.amount_minor
        beyond += counted.beyond.amount_minor
        step = to_release(dues, released=released)
        assert step >= Money(0)
        released += step
        full = [due.state is DueState.PAID for due in rules.in_order(dues)]
        assert full == sorted(full, reverse=True)  # no later one before an earlier one
        assert released == sum((due.paid for due in dues if due.state is DueState.PAID), Money(0))
    assert paid <= rest
    assert paid + beyond == sum(due.paid.amount_minor for due in dues)
    assert within(dues) == Money(rest)
    if owed(dues, currency="CNY", signed=True) == Money(0):
        assert released == Money(paid + beyond)
        assert first_unpaid_at(dues) is None


def test_before_signing_only_the_price_is_taken() -> None:
    """ST63"""
    terms = terms_of(TermsKind.INSTALMENTS, Money(10_000), [1, 1])
    dues = generate(terms, frame(10_000))
    assert owed(dues, currency="CNY", signed=False) == Money(10_000)
    assert owed(dues, currency="CNY", signed=True) == Money(10_014)
    counted = allocate(dues, Money(10_000), signed=False)
    assert (counted.within_price, counted.beyond) == (Money(10_000), Money(0))


def test_overdue_is_half_open_and_the_first_unpaid_item_gives_the_right_to_default() -> None:
    """ST13, ST70"""
    terms = terms_of(TermsKind.INSTALMENTS, Money(10_000), [1, 1])
    dues = list(generate(terms, frame(10_000)))
    first, second, *_ = dues
    at = deadline(DAY)
    assert first.due_at == at
    assert not first.overdue(at - timedelta(microseconds=1))
    assert first.overdue(at)
    assert first_unpaid_at(dues) == at
    dues = with_changed(dues, allocate(dues, Money(5_000), signed=True).changed)
    assert first_unpaid_at(dues) == second.due_at
    assert not dues[0].overdue(at)


@given(
    rest=st.integers(1, 10**9),
    shares=weights,
    other=weights,
    payment=st.integers(0, 10**9),
    later=st.integers(0, 400),
)
def test_a_supplement_leaves_alone_what_was_paid(
    rest: int, shares: list[int], other: list[int], payment: int, later: int
) -> None:
    """ST62, ST60"""
    terms = terms_of(TermsKind.INSTALMENTS, Money(rest), shares)
    dues = list(generate(terms, frame(rest)))
    amount = min(Money(payment), Money(rest))
    if amount.amount_minor:
        dues = with_changed(dues, allocate(dues, amount, signed=False).changed)
    now = deadline(DAY) + timedelta(days=later)
    stays = staying(dues, now=now, royalty_runs=False)
    paid = {due.number: due.paid for due in dues if due.within_price and due.paid.amount_minor}
    assert {due.number: due.amount for due in stays if due.within_price} == paid
    beside = [due for due in stays if not due.within_price]
    assert all(due.state is DueState.PAID for due in stays if due.within_price)
    assert beside == [due for due in dues if not due.within_price and due.overdue(now)]
    left = fixed_rest(Money(rest), stays)
    new = generate(
        terms_of(TermsKind.MILESTONES, Money(rest), other),
        frame(left.amount_minor, first_number=len(dues) + 1, version=2),
    )
    assert within([*stays, *new]) == Money(rest)
    assert len({due.number for due in [*stays, *new]}) == len(stays) + len(new)


def test_an_unchanged_royalty_runs_on_and_a_new_one_leaves_what_was_reported() -> None:
    """ST62"""
    terms = terms_of(TermsKind.ENTRY_FEE_ROYALTY, Money(100), [1])
    fee, first, *others = generate(terms, frame(100))
    reported = rules.known(first, Money(7))
    dues = [fee, reported, *others]
    assert staying(dues, now=NOW, royalty_runs=True) == (reported, *others)
    assert staying(dues, now=NOW, royalty_runs=False) == (reported,)
    runs = generate(terms, frame(100, royalty_runs=True))
    assert [due.kind for due in runs] == [DueKind.ENTRY_FEE]


@pytest.mark.parametrize("trigger", list(DueTrigger))
@pytest.mark.parametrize("state", list(DueState))
def test_every_state_and_trigger(state: DueState, trigger: DueTrigger) -> None:
    closing = {
        DueTrigger.PAY: DueState.PAID,
        DueTrigger.PAY_PART: DueState.PART_PAID,
        DueTrigger.WAIVE: DueState.WAIVED,
        DueTrigger.RECONCILE: DueState.RECONCILED,
        DueTrigger.CALL: DueState.DUE,
    }
    open_to = {
        DueState.PLANNED: set(DueTrigger),
        DueState.DUE: set(DueTrigger) - {DueTrigger.CALL},
        DueState.PART_PAID: {DueTrigger.PAY, DueTrigger.PAY_PART},
    }
    if trigger in open_to.get(state, set()):
        assert advance(TRANSITIONS, state=state, trigger=trigger) is closing[trigger]
    else:
        with pytest.raises(TransitionRefused):
            advance(TRANSITIONS, state=state, trigger=trigger)


def test_what_is_done_with_single_items() -> None:
    """ST60, ST71, ST72"""
    fee, royalty, *_ = generate(terms_of(TermsKind.ENTRY_FEE_ROYALTY, Money(100), [1]), frame(100))
    (step,) = generate(terms_of(TermsKind.MILESTONES, Money(100), [1]), frame(100))
    (shares,) = generate(terms_of(TermsKind.SHARE_INVESTMENT, Money(100), [1]), frame(100))
    with pytest.raises(DueOfThePrice):
        rules.waive(fee)
    assert rules.waive(rules.known(royalty, Money(5))).state is DueState.WAIVED
    assert rules.known(royalty, Money(0)).state is DueState.PAID
    dated = rules.set_day(step, call_at=NOW, due_at=NOW + timedelta(days=10))
    assert (dated.call_at, dated.due_at) == (NOW, NOW + timedelta(days=10))
    with pytest.raises(DueHasDate):
        rules.set_day(dated, call_at=NOW, due_at=NOW)
    with pytest.raises(DueNotShares):
        rules.register_shares(fee)
    registered = rules.register_shares(shares)
    assert registered.state is DueState.PAID
    assert (shares.rest, to_release([registered], released=Money(0))) == (Money(0), Money(0))
    assert find([fee, royalty], 2) is royalty
    with pytest.raises(DueUnknown):
        find([fee, royalty], 3)


def test_a_release_has_one_id_for_what_was_released_before() -> None:
    """ST65"""
    deal_id = DealId(new_id())
    first = rules.release_entry_id(deal_id, released=Money(0))
    assert first == rules.release_entry_id(deal_id, released=Money(0))
    assert first != rules.release_entry_id(deal_id, released=Money(1))
    assert first != rules.release_entry_id(DealId(new_id()), released=Money(0))


def test_the_forms_payment_mode_of_each_kind() -> None:
    modes = [terms_of(kind, Money(1), [1]).payment_mode for kind in TermsKind]
    assert modes == [
        "lump_sum",
        "instalments",
        "royalty_on_sales",
        "entry_fee_royalty",
        "milestone_instalments",
        "use_first_pay_later",
        "share_consideration",
    ]
    assert lump_sum(Money(5)).amount_known
    assert not terms_of(TermsKind.ROYALTY, Money(1), [1]).amount_known
    assert terms_of(TermsKind.ROYALTY, Money(9), [1]).total_known == Money(9)
