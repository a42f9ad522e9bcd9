"""A sharing's states, dues, payments, options, notices and comparisons."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settlement.domain.sharing.awards import (
    TRANSITIONS,
    AwardAboveOwed,
    AwardPaidInFuture,
    AwardPayment,
    Income,
    Sharing,
    SharingPersonUnknown,
    SharingStatus,
    SharingTrigger,
    as_of,
    check_award_payment,
    due_day,
    quantity_of,
    standing,
)
from app.settlement.domain.sharing.comparing import ProfitYearsOutOfRange, compare
from app.settlement.domain.sharing.dividing import Choice, GrantMode
from app.settlement.domain.sharing.income import CostKind, CostLine, SharingFiguresMissing
from app.settlement.domain.sharing.notices import (
    AwardNoticeTooShort,
    OwnershipNotGranted,
    OwnershipSharesMissing,
    SharingObjection,
    SharingObjectionDecided,
    SharingObjectionsClosed,
    SharingObjectionStatus,
    SharingObjectionUnknown,
    SharingOptionInFuture,
    SharingOptionNeedless,
    check_ownership,
    choose,
    decide,
    keep_options,
    objected,
    publish,
)
from app.settlement.domain.sharing.plans import plan_from_json
from app.settlement.domain.sharing.schemes import Basis, SharingCurrencyDiffers
from app.shared.calendar import mainland_china
from app.shared.canonical import digest
from app.shared.ids import DealId, MarketId, PartyId, SharingId, new_id
from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.shared.transitions import TransitionRefused
from tests.settlement.domain.sharing.plans import (
    ARRIVED,
    TEAM,
    TODAY,
    income,
    person,
    plan,
    shipped,
)

S, T = SharingStatus, SharingTrigger
BEFORE = GrantMode.BEFORE_CONVERSION


def sharing(status: SharingStatus = S.FINAL, **changes: Any) -> Sharing:
    made = Sharing(
        id=SharingId(new_id()),
        number="ZP-S-2026-000001",
        market_id=MarketId(new_id()),
        deal_id=DealId(new_id()),
        seller_id=PartyId(new_id()),
        currency="CNY",
        status=status,
        version=1,
        plan=plan(),
        opened_at=ARRIVED,
    )
    return replace(made, **changes)


def paid(quantity: int, number: int = 1, on: date = TODAY) -> AwardPayment:
    return AwardPayment(new_id(), number, quantity, on, "工资批次 3")


@pytest.mark.parametrize("trigger", list(T))
@pytest.mark.parametrize("status", list(S))
def test_every_state_and_trigger(status: SharingStatus, trigger: SharingTrigger) -> None:
    """ST141"""
    allowed = {
        S.DRAFT: {T.PLAN: S.DRAFT, T.NOTICE: S.NOTICED, T.EARN: S.DRAFT},
        S.NOTICED: {T.OBJECT: S.OBJECTED, T.CLOSE: S.FINAL, T.EARN: S.NOTICED},
        S.OBJECTED: {
            T.OBJECT: S.OBJECTED,
            T.REJECT: S.OBJECTED,
            T.CLEAR: S.NOTICED,
            T.UPHOLD: S.DRAFT,
            T.EARN: S.OBJECTED,
        },
        S.FINAL: {T.CHARGE: S.FINAL, T.PAY: S.FINAL, T.COMPLETE: S.PAID, T.EARN: S.FINAL},
        S.PAID: {T.CHARGE: S.PAID, T.EARN: S.FINAL},
    }
    expected = allowed[status].get(trigger)
    assert TRANSITIONS.get((status, trigger)) is expected
    if expected is None:
        with pytest.raises(TransitionRefused):
            sharing(status).moved(trigger)
    else:
        assert sharing(status).moved(trigger).status is expected


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=8),
    st.integers(0, 10**8),
    st.sampled_from(["cn_zhejiang", "equal_thirds", "cn_national", "germany_30"]),
)
def test_instalments_give_each_person_what_one_payment_gives(
    parts: list[int], cost: int, scheme: str
) -> None:
    """ST138: paid out at every instalment, the differences sum to the division of the whole."""
    costs = (CostLine(CostKind.LEGAL, "律师费", Money(cost)),) if cost else ()
    made = plan(scheme, costs=costs)
    incomes: list[Income] = []
    payments: list[AwardPayment] = []
    for number, minor in enumerate(parts, start=1):
        incomes.append(income(minor, number))
        known = standing(made, incomes, payments)
        payments += [
            paid(one.due, number) for number, one in enumerate(known.persons, start=1) if one.due
        ]
    at_once = standing(made, [income(sum(parts))], ())
    last = standing(made, incomes, payments)
    assert [one.total for one in last.persons] == [one.total for one in at_once.persons]
    assert last.division == at_once.division
    for one in last.persons:
        assert one.due == 0
        assert one.ahead in {0, 1}  # the fen that largest remainder may take back
        assert one.paid - one.ahead == one.total


@pytest.mark.parametrize(
    ("received", "months", "day"),
    [
        (datetime(2026, 3, 23, 2, tzinfo=UTC), None, date(2026, 9, 23)),
        (datetime(2026, 8, 31, 2, tzinfo=UTC), None, date(2027, 2, 28)),
        (datetime(2023, 8, 30, 15, 59, tzinfo=UTC), None, date(2024, 2, 29)),
        (datetime(2023, 8, 31, 16, 0, tzinfo=UTC), None, date(2024, 3, 1)),  # 1 September there
        (datetime(2026, 12, 31, 2, tzinfo=UTC), 1, date(2027, 1, 31)),
        (datetime(2026, 1, 31, 2, tzinfo=UTC), 13, date(2027, 2, 28)),
    ],
)
def test_awards_are_due_six_months_after_the_income(
    received: datetime, months: int | None, day: date
) -> None:
    """ST143: calendar months in Shanghai, or as agreed."""
    assert due_day(received, months) == day


def test_the_earliest_income_that_is_not_paid_out_decides() -> None:
    """ST143"""
    made = plan("cn_national", [person("许澜清", 3), person("郭一舟", 1)])
    incomes = [income(800, 1), income(400, 2, ARRIVED + timedelta(days=40))]
    first, second = date(2026, 9, 23), date(2026, 11, 2)

    def due(*payments: AwardPayment) -> date | None:
        return standing(made, incomes, payments).due_on

    assert due() == first
    assert due(paid(300)) == first  # the other one waits
    assert due(paid(300), paid(100, 2)) == second
    assert due(paid(450), paid(100, 2)) == second
    assert due(paid(450), paid(150, 2)) is None
    assert standing(made, [], ()).due_on is None


def test_later_costs_take_no_award_back() -> None:
    """ST138, ST143: what was paid is ahead of the next income."""
    made = plan("cn_national", [person("许澜清")])
    dear = replace(made, costs=(CostLine(CostKind.LEGAL, "律师费", Money(600)),))
    known = standing(dear, [income(1_000)], [paid(500)])
    assert (known.persons[0].due, known.persons[0].ahead, known.due_on) == (0, 300, None)
    next_one = standing(dear, [income(1_000), income(1_000, 2)], [paid(500)])
    assert (next_one.persons[0].total, next_one.persons[0].due) == (700, 200)


def test_the_commission_is_a_cost() -> None:
    """ST135, ST145"""
    known = standing(plan("cn_national", [person("许澜清")]), [income(1_000, withheld=30)], ())
    assert known.net is not None
    assert known.net.net == Money(970)
    assert known.persons[0].total == 485


def test_no_more_is_paid_than_is_owed() -> None:
    """ST142"""
    made = sharing()
    known = standing(made.plan, [income(100_000_000)], [paid(39_000_000)])
    check_award_payment(made, known, paid(789_473), today=TODAY)
    with pytest.raises(AwardAboveOwed) as refused:
        check_award_payment(made, known, paid(789_474), today=TODAY)
    assert refused.value.fields["maximum"] == Money(789_473)
    with pytest.raises(SharingPersonUnknown) as nobody:
        check_award_payment(made, known, paid(1, 5), today=TODAY)
    assert nobody.value.fields["maximum"] == 4
    with pytest.raises(AwardPaidInFuture):
        check_award_payment(made, known, paid(1, on=date(2026, 3, 24)), today=TODAY)
    with pytest.raises(TransitionRefused):
        check_award_payment(sharing(S.NOTICED), known, paid(1), today=TODAY)


def test_shares_are_registered_as_shares() -> None:
    """ST142"""
    held = sharing(plan=plan(basis=Basis.SHARES, shares_total=1_001))
    known = standing(held.plan, [income(5)], [paid(300)])
    assert known.net is None
    assert (known.persons[0].total, known.persons[0].due, known.due_on) == (398, 98, None)
    with pytest.raises(AwardAboveOwed) as refused:
        check_award_payment(held, known, paid(99), today=TODAY)
    assert refused.value.fields["maximum"] == 98
    assert (quantity_of(held, None, 98), quantity_of(sharing(), Money(7), None)) == (98, 7)
    for of, amount, shares in [(held, Money(1), None), (held, Money(1), 1), (sharing(), None, 1)]:
        with pytest.raises(SharingFiguresMissing):
            quantity_of(of, amount, shares)
    with pytest.raises(SharingCurrencyDiffers):
        quantity_of(sharing(), Money(1, "USD"), None)


def granted() -> Sharing:
    team = (person("许澜清", 6000, ownership_bp=4000), person("郭一舟", 4000, ownership_bp=1000))
    return sharing(S.DRAFT, plan=plan("cn_national", team, mode=BEFORE))


def test_a_choice_is_recorded_with_day_and_hash() -> None:
    """ST140, ST139: who opts for the award shares in the pool again."""
    made = granted()
    assert [one.total for one in standing(made.plan, [income(1_000)], ()).persons] == [400, 100]
    chosen, option = choose(
        made, 1, Choice.AWARD, chosen_on=TODAY, statement="本人选择奖励。", today=TODAY
    )
    assert chosen.persons[0].option == option
    assert option.hash == digest(
        {
            "sharing": made.number,
            "deal_id": str(made.deal_id),
            "person": "许澜清",
            "ownership_bp": 4000,
            "choice": "award",
            "chosen_on": "2026-03-23",
            "statement": "本人选择奖励。",
        }
    )
    assert [one.total for one in standing(chosen, [income(1_000)], ()).persons] == [450, 100]
    again = keep_options(replace(chosen, persons=made.plan.persons), chosen.persons)
    assert again == chosen
    less = (replace(made.plan.persons[0], ownership_bp=3000), made.plan.persons[1])
    other = keep_options(replace(chosen, persons=less), chosen.persons)
    assert other.persons[0].option is None  # it was a choice about another share
    assert plan_from_json(jsonable(chosen)) == chosen


def test_who_has_nothing_to_choose_between_is_told() -> None:
    """ST140"""
    tomorrow = TODAY + timedelta(days=1)

    def record(made: Sharing, on: date = TODAY) -> None:
        choose(made, 1, Choice.OWNERSHIP, chosen_on=on, statement="保留", today=TODAY)

    with pytest.raises(SharingOptionNeedless):
        record(sharing(S.DRAFT))
    later = replace(granted().plan, grant_mode=GrantMode.AFTER_CONVERSION)
    with pytest.raises(SharingOptionNeedless):
        record(sharing(S.DRAFT, plan=later))
    with pytest.raises(SharingOptionInFuture):
        record(granted(), tomorrow)
    record(granted())


def test_a_notice_neither_passes_over_nor_invents_a_grant() -> None:
    """ST139"""
    plain, owned = plan(), granted().plan
    check_ownership(plain, granted=False)
    check_ownership(plain, granted=None)
    check_ownership(owned, granted=True)
    check_ownership(replace(owned, grant_mode=GrantMode.AFTER_CONVERSION), granted=False)
    with pytest.raises(OwnershipSharesMissing):
        check_ownership(plain, granted=True)
    with pytest.raises(OwnershipNotGranted):
        check_ownership(owned, granted=False)


def noticed(days: int = 15) -> Sharing:
    made = sharing(S.DRAFT)
    known = standing(made.plan, [income(100)], ())
    facts = {"deal_number": "ZP-D-2026-000001", "unit": "之澜理工大学", "title": "检测方法"}
    return publish(made, known, facts, days=days, now=ARRIVED, days_off=mainland_china())


def test_a_notice_runs_fifteen_days_and_freezes_its_content() -> None:
    """ST141: 7 April 2026 is the fifteenth day; the period ends at its 24:00 in Shanghai."""
    made = noticed()
    assert made.status is S.NOTICED
    assert made.notice_ends_at == datetime(2026, 4, 7, 16, 0, tzinfo=UTC)
    assert made.notice is not None
    assert made.notice_hash == digest(made.notice)
    assert [one["name"] for one in made.notice["persons"]] == [one.name for one in TEAM]
    assert made.notice["persons"][0]["quantity"] == {"amount": "0.40", "currency": "CNY"}
    with pytest.raises(AwardNoticeTooShort) as refused:
        noticed(14)
    assert refused.value.fields["minimum"] == 15


def test_the_stored_end_decides_not_the_worker() -> None:
    """ST141"""
    made = noticed()
    assert made.notice_ends_at is not None
    last = made.notice_ends_at - timedelta(microseconds=1)
    assert as_of(made, last) is made
    assert objected(made, last).status is S.OBJECTED
    over = as_of(made, made.notice_ends_at + timedelta(days=400))
    assert (over.status, over.final_at) == (S.FINAL, made.notice_ends_at)
    with pytest.raises(SharingObjectionsClosed):
        objected(made, made.notice_ends_at)
    with pytest.raises(TransitionRefused):
        objected(sharing(S.DRAFT), last)
    held = objected(made, last)
    assert as_of(held, made.notice_ends_at) is held  # an open objection holds it up


def objection(number: int, status: SharingObjectionStatus) -> SharingObjection:
    return SharingObjection(
        number=number, name="郭一舟", text="份额有误", status=status, filed_at=ARRIVED
    )


def test_objections_are_decided_one_by_one() -> None:
    """ST141: one that is upheld makes the others moot, the last rejected lets the notice run."""
    kinds = SharingObjectionStatus
    two = [objection(1, kinds.OPEN), objection(2, kinds.OPEN)]
    changed, trigger = decide(two, 1, upheld=False, decision="依据充分", now=ARRIVED)
    assert ([one.status for one in changed], trigger) == ([kinds.REJECTED], T.REJECT)
    changed, trigger = decide([changed[0], two[1]], 2, upheld=False, decision="同", now=ARRIVED)
    assert ([one.status for one in changed], trigger) == ([kinds.REJECTED], T.CLEAR)
    changed, trigger = decide(two, 2, upheld=True, decision="重新核定", now=ARRIVED)
    assert [(one.number, one.status) for one in changed] == [(2, kinds.UPHELD), (1, kinds.MOOT)]
    assert trigger is T.UPHOLD
    with pytest.raises(SharingObjectionUnknown) as unknown:
        decide(two, 3, upheld=True, decision="无", now=ARRIVED)
    assert unknown.value.fields["maximum"] == 2
    with pytest.raises(SharingObjectionDecided):
        decide(changed, 2, upheld=True, decision="无", now=ARRIVED)


def test_schemes_side_by_side_on_one_million() -> None:
    """ST146: 1,000,000.00 yuan, costs of 50,000.00: figures reckoned by hand."""
    costs = (CostLine(CostKind.IP_MAINTENANCE, "年费", Money(5_000_000)),)
    made = plan("cn_national", [person("许澜清", 3), person("郭一舟", 1)], costs=costs)
    names = ["cn_national", "equal_thirds", "two_thirds", "germany_30", "iit_bombay_70"]
    outcomes = compare(
        made, [shipped(name) for name in names], [income(100_000_000)], currency="CNY", floors=()
    )
    told = {
        outcome.scheme.name: [one.total for one in outcome.standing.persons] for outcome in outcomes
    }
    assert told == {
        "cn_national": [35_625_000, 11_875_000],
        "equal_thirds": [20_000_000, 6_666_667],
        "two_thirds": [47_500_000, 15_833_333],
        "germany_30": [22_500_000, 7_500_000],
        "iit_bombay_70": [49_875_000, 16_625_000],
    }
    for outcome in outcomes:
        tried = replace(made, scheme=outcome.scheme)
        assert outcome.standing.division == standing(tried, [income(100_000_000)], ()).division


def test_tiers_of_stanford_in_dollars() -> None:
    """ST146: 5,000,000 dollars less 15 %: 3 million in the first tier, 1.25 in the second."""
    dollars = replace(plan("cn_national", [person("许澜清")]), tax=Money(0, "USD"))
    received = replace(income(1), amount=Money(500_000_000, "USD"), withheld=Money(0, "USD"))
    (outcome,) = compare(
        dollars, [shipped("stanford_tiers")], [received], currency="USD", floors=()
    )
    assert dict(outcome.standing.division.pools) == {
        "award": 141_695_000,
        "department": 73_980_000 + 18_325_000,
        "school": 63_000_000 + 32_500_000,
        "research_fund": 63_000_000 + 32_500_000,
    }


def test_profit_is_shared_year_by_year() -> None:
    """ST146: five per cent of each good year; a loss takes nothing back."""
    made = plan("cn_national", [person("许澜清")], basis=Basis.OPERATING_PROFIT)
    years = [Money(1_000), Money(-4_000), Money(3_000)]
    (outcome,) = compare(
        made, [shipped("cn_national")], [], currency="CNY", floors=(), profits=years
    )
    assert outcome.standing.persons[0].total == 50 + 150
    assert outcome.standing.division.total == 4_000
    for count in (2, 6):
        with pytest.raises(ProfitYearsOutOfRange) as refused:
            compare(
                made,
                [shipped("cn_national")],
                [],
                currency="CNY",
                floors=(),
                profits=[Money(1)] * count,
            )
        assert (refused.value.fields["minimum"], refused.value.fields["maximum"]) == (3, 5)
