"""The unit's annual report on a small case computed by hand."""

from datetime import date

import pytest

from app.settlement.domain.annual import (
    AnnualReport,
    Awarded,
    Received,
    SignedContract,
    StatedOutcome,
    Way,
    way_of,
    year_of_unit,
)
from app.settlement.domain.annual_sheets import annual_sheets
from app.settlement.domain.outcomes import OutcomeFigures, OutcomeStatus
from app.shared.ids import AchievementId, DealId, new_id
from app.shared.money import Money

MEMBRANE, CAMERA = AchievementId(new_id()), AchievementId(new_id())


def yuan(amount: int) -> Money:
    return Money(amount * 100, "CNY")


def contract(
    number: int,
    way: Way,
    price: Money,
    *,
    known: bool = True,
    work: AchievementId | None = None,
    granted: str | None = None,
) -> SignedContract:
    return SignedContract(
        deal_id=DealId(new_id()),
        number=f"ZP-D-2026-{number:06}",
        title="耐高温质子交换膜",
        way=way,
        signed_on=date(2026, 5, number),
        price=price,
        amount_known=known,
        achievement_id=work,
        empowerment=granted,
    )


CONTRACTS = [
    contract(1, Way.TRANSFER, yuan(730_000), work=CAMERA, granted="ownership_share"),
    contract(2, Way.LICENCE, yuan(200_000), work=MEMBRANE),
    contract(3, Way.LICENCE, yuan(50_000), known=False, work=MEMBRANE),
    contract(4, Way.LICENCE, Money(9_000_000, "USD"), work=CAMERA, granted="ownership_share"),
    contract(5, Way.SHARE_INVESTMENT, yuan(3_000_000), work=MEMBRANE),
    contract(6, Way.DEVELOPMENT, yuan(480_000)),
    contract(7, Way.CONSULTING, yuan(20_000)),
    contract(8, Way.SERVICE, yuan(100_000)),
]
RECEIVED = [
    Received(way=Way.TRANSFER, amount=yuan(730_000)),
    Received(way=Way.LICENCE, amount=yuan(80_000)),  # of a contract of the year before
    Received(way=Way.LICENCE, amount=Money(100, "USD")),
]
AWARDED = [
    Awarded(sharing="a", person=1, is_shares=False, currency="CNY", quantity=30_000_00),
    Awarded(sharing="a", person=1, is_shares=False, currency="CNY", quantity=20_000_00),
    Awarded(sharing="a", person=2, is_shares=False, currency="CNY", quantity=10_000_00),
    Awarded(sharing="b", person=1, is_shares=False, currency="CNY", quantity=5_000_00),
    Awarded(sharing="c", person=1, is_shares=True, currency="CNY", quantity=1_200_000),
    Awarded(sharing="d", person=1, is_shares=False, currency="USD", quantity=700),
]
STATED = [
    StatedOutcome(
        status=OutcomeStatus.CONFIRMED,
        figures=OutcomeFigures(sales=yuan(5_600_000), profit=yuan(-100_000), jobs=12),
    ),
    StatedOutcome(
        status=OutcomeStatus.DISPUTED,
        figures=OutcomeFigures(sales=yuan(400_000), tax=yuan(36_000)),
    ),
    StatedOutcome(status=OutcomeStatus.STATED, figures=OutcomeFigures(jobs=0)),
]
YEAR = year_of_unit(2026, CONTRACTS, RECEIVED, AWARDED, STATED, unsigned=2)
EMPTY = year_of_unit(2025, [], [], [], [], unsigned=0)


def test_contracts_are_counted_by_way_and_what_has_no_amount_apart() -> None:
    """ST250: 730,000 + 200,000 + 3,000,000 + 480,000 + 20,000 + 100,000 = 4,530,000"""
    licence = YEAR.ways[Way.LICENCE]
    assert (licence.contracts, licence.amount) == (3, yuan(200_000))
    assert (licence.unknown_amounts, licence.other_currencies) == (1, 1)
    assert (YEAR.services.contracts, YEAR.services.amount) == (3, yuan(600_000))
    assert (YEAR.total.contracts, YEAR.total.amount) == (8, yuan(4_530_000))
    assert (YEAR.converted, dict(YEAR.empowered)) == (2, {"ownership_share": 1})
    assert [item.number[-1] for item in YEAR.largest] == ["5", "1", "6", "2", "8", "7"]


def test_money_counts_when_it_arrives_and_awards_when_they_are_paid() -> None:
    """ST251"""
    assert YEAR.total.received == yuan(810_000)
    assert (YEAR.total.received_other, YEAR.ways[Way.LICENCE].received) == (1, yuan(80_000))
    assert (YEAR.awards.amount, YEAR.awards.persons) == (yuan(65_000), 4)
    assert (YEAR.awards.shares, YEAR.awards.share_persons) == (1_200_000, 1)
    assert YEAR.awards.other_currencies == 1


def test_outcomes_say_who_agrees_and_leave_out_what_nobody_stated() -> None:
    """ST252"""
    told = YEAR.outcomes
    assert (told.stated, told.confirmed, told.disputed) == (3, 1, 1)
    sums = told.sums
    assert (sums.sales, sums.profit, sums.tax) == (
        yuan(6_000_000),
        yuan(-100_000),
        yuan(36_000),
    )
    assert (sums.jobs, sums.exports, sums.output) == (12, None, None)
    assert EMPTY.outcomes.sums == OutcomeFigures()


@pytest.mark.parametrize(
    ("contract_type", "terms", "way"),
    [
        ("transfer_patent", "lump_sum", Way.TRANSFER),
        ("licence_technical_secret", None, Way.LICENCE),
        ("transfer_patent", "share_investment", Way.SHARE_INVESTMENT),
        ("development_joint", "milestones", Way.DEVELOPMENT),
        ("consulting", None, Way.CONSULTING),
        ("service_training", None, Way.SERVICE),
        (None, None, Way.UNSTATED),
        (None, "share_investment", Way.SHARE_INVESTMENT),
    ],
)
def test_the_way_of_a_contract(contract_type: str | None, terms: str | None, way: Way) -> None:
    """ST250"""
    assert way_of(contract_type, terms) is way


def test_the_tables_say_the_same_in_chinese_and_english() -> None:
    sheets = dict(annual_sheets(AnnualReport(unit="之澜理工大学", present=YEAR, before=EMPTY)))
    assert list(sheets) == ["总体情况", "按转化方式", "奖励与赋权", "转化成效", "十大合同"]
    assert all(len({len(row) for row in rows}) == 1 for rows in sheets.values())
    assert sheets["总体情况"][0] == ("之澜理工大学 指标 Figure", "2026年", "2025年")
    assert sheets["总体情况"][2][1:] == (Money.parse("4530000.00"), Money(0))
    assert sheets["按转化方式"][-1][1:6] == (
        8,
        Money.parse("4530000.00"),
        1,
        1,
        Money.parse("810000.00"),
    )
    assert sheets["奖励与赋权"][1][1] == Money.parse("65000.00")
    assert {row[0]: row[1] for row in sheets["转化成效"]}["新增产值(元) Output (CNY)"] == ""
    assert len(sheets["十大合同"]) == 7
