"""Schemes, their floors of law, and the way from gross to net."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settlement.domain.sharing.awards import standing
from app.settlement.domain.sharing.catalogue import (
    find_scheme,
    newest,
    shipped_floors,
    shipped_schemes,
)
from app.settlement.domain.sharing.comparing import check_plan, judge
from app.settlement.domain.sharing.dividing import GrantMode
from app.settlement.domain.sharing.floors import (
    Floor,
    SharingBelowFloor,
    binding,
    check_scheme_floors,
    require_met,
)
from app.settlement.domain.sharing.income import (
    BY_LAW,
    CostKind,
    CostLine,
    FiscalMoneyNotCost,
    SharingFiguresMissing,
    SharingFiguresTooLarge,
    check_costs,
    check_size,
    net_income,
)
from app.settlement.domain.sharing.plans import default_scheme_name
from app.settlement.domain.sharing.schemes import (
    Basis,
    Deduction,
    DeductionKind,
    Group,
    PersonRole,
    Pool,
    SharingBasisUnknown,
    SharingCurrencyDiffers,
    SharingSchemeInvalid,
    SharingSchemeUnknown,
    Tier,
    check_scheme,
    scheme_from_json,
)
from app.shared.jsonable import jsonable
from app.shared.money import Money
from tests.settlement.domain.sharing.plans import (
    MAIN,
    MANAGEMENT,
    OTHER,
    TEAM,
    TODAY,
    TRANSFER,
    income,
    person,
    plan,
    shipped,
    unit_scheme,
)

NET = Basis.NET_INCOME
RATE, COSTS, TAX = DeductionKind


def pools(award: int, unit: int, up_to: int | None = None) -> Tier:
    edge = None if up_to is None else Money(up_to)
    return Tier({Pool.AWARD: award, Pool.UNIT: unit}, edge)


def floors(
    region: str = "330110", seller: str = "university", basis: Basis = NET
) -> tuple[Floor, ...]:
    return binding(shipped_floors(), basis=basis, seller_class=seller, region_code=region, on=TODAY)


@pytest.mark.parametrize("scheme", shipped_schemes(), ids=lambda scheme: scheme.name)
def test_what_is_shipped_keeps_its_own_rules(scheme: Any) -> None:
    """ST130"""
    check_scheme(scheme)
    assert scheme_from_json(jsonable(scheme)) == scheme
    assert scheme.source


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rules": {}}, "rules"),
        ({"rules": {NET: ()}}, "rules.net_income"),
        ({"rules": {NET: (pools(7, 3, up_to=5),)}}, "rules.net_income"),
        ({"rules": {NET: (pools(7, 3), pools(7, 3))}}, "rules.net_income"),
        (
            {"rules": {NET: (pools(7, 3, up_to=9), pools(7, 3, up_to=9), pools(7, 3))}},
            "rules.net_income",
        ),
        ({"rules": {NET: (pools(0, 0),)}}, "rules.net_income"),
        ({"rules": {NET: (pools(7, -3),)}}, "rules.net_income"),
        ({"rules": {NET: (pools(7000, 3001),)}}, "rules.net_income"),
        ({"rules": {NET: (Tier({Pool.UNIT: 1}),)}}, "rules.net_income"),
        ({"rules": {Basis.SHARES: (pools(7, 3, up_to=9), pools(7, 3))}}, "rules.shares"),
        ({"deductions": (Deduction(COSTS), Deduction(COSTS))}, "deductions"),
        ({"deductions": (Deduction(RATE),)}, "deductions"),
        ({"deductions": (Deduction(RATE, 10_000),)}, "deductions"),
        ({"deductions": (Deduction(TAX, 10),)}, "deductions"),
        ({"groups": (Group("all", (MAIN, OTHER), 10_000),)}, "groups"),
        (
            {"groups": (Group("a", (MAIN, OTHER), 9), Group("a", (TRANSFER, MANAGEMENT), 9_991))},
            "groups",
        ),
        (
            {"groups": (Group("a", (MAIN, OTHER), 9), Group("b", (TRANSFER, MANAGEMENT), 1))},
            "groups",
        ),
    ],
)
def test_a_scheme_that_contradicts_itself_is_refused(changes: dict[str, Any], field: str) -> None:
    """ST130"""
    with pytest.raises(SharingSchemeInvalid) as refused:
        check_scheme(unit_scheme(**changes))
    assert refused.value.fields["field"] == field
    assert refused.value.fields["rule"]


def test_tiers_of_two_currencies_are_refused() -> None:
    """ST130"""
    mixed = (pools(7, 3, up_to=5), replace(pools(7, 3), up_to=Money(9, "USD")), pools(7, 3))
    with pytest.raises(SharingSchemeInvalid) as refused:
        check_scheme(unit_scheme(rules={NET: mixed}))
    assert refused.value.fields["accepted"] == "CNY"


@pytest.mark.parametrize(
    ("changes", "article", "field"),
    [
        ({}, None, None),
        ({"rules": {NET: (pools(6999, 3001),)}}, "条例 37", "rules.net_income.0.pools.award"),
        (
            {"rules": {NET: (pools(8, 2, up_to=100), pools(69, 31))}},
            "条例 37",
            "rules.net_income.1.pools.award",
        ),
        # 75 % of what is left after a tenth is 67.5 % of the net by law.
        (
            {
                "rules": {NET: (pools(7500, 2500),)},
                "deductions": (Deduction(RATE, 1000), Deduction(COSTS), Deduction(TAX)),
            },
            "条例 37",
            "rules.net_income.0.pools.award",
        ),
        (
            {"rules": {Basis.SHARES: (pools(69, 31),)}},
            "条例 37",
            "rules.shares.0.pools.award",
        ),
        (
            {"rules": {Basis.OPERATING_PROFIT: (pools(499, 9501),)}},
            "促进科技成果转化法 45（三）",
            "rules.operating_profit.0.pools.award",
        ),
        (
            {
                "groups": (
                    Group("main", (MAIN,), 6999),
                    Group("staff", (TRANSFER, MANAGEMENT), 3001),
                    Group("other", (OTHER,), 0),
                )
            },
            "条例 37(2)",
            "groups.main.share_bp",
        ),
        (
            {
                "groups": (
                    Group("main", (MAIN,), 9501),
                    Group("staff", (TRANSFER, MANAGEMENT), 499),
                    Group("other", (OTHER,), 0),
                )
            },
            "条例 37(2)",
            "groups.staff.share_bp",
        ),
        # Together with others the weights of the persons decide: judged at the notice.
        ({"groups": (Group("all", tuple(PersonRole), 10_000),)}, None, None),
    ],
)
def test_a_unit_gives_no_less_than_the_law(
    changes: dict[str, Any], article: str | None, field: str | None
) -> None:
    """ST131: both the article and the field are named."""
    scheme = unit_scheme(**changes)
    check_scheme(scheme)
    known = [floor for basis in Basis for floor in floors(basis=basis)]
    if article is None:
        check_scheme_floors(scheme, known)
        return
    with pytest.raises(SharingBelowFloor) as refused:
        check_scheme_floors(scheme, known)
    assert str(refused.value.fields["article"]).endswith(article)
    assert refused.value.fields["field"] == field


@pytest.mark.parametrize(
    ("region", "seller", "articles"),
    [
        ("330110", "university", 4),
        ("330110", "government_institute", 4),
        ("320100", "university", 1),
        ("330110", "private", 0),
        ("330110", "state_owned_enterprise", 0),
    ],
)
def test_the_law_binds_by_class_and_region(region: str, seller: str, articles: int) -> None:
    """ST131: 法 45 the country's, 条例 37 those of Zhejiang; others agree freely."""
    assert len(floors(region, seller)) == articles
    law = "cn_zhejiang" if articles == 4 else "cn_national"
    assert default_scheme_name(seller, region) == law


def test_the_law_of_the_day_binds() -> None:
    """ST131"""
    early = binding(
        shipped_floors(),
        basis=NET,
        seller_class="university",
        region_code="330110",
        on=date(2016, 1, 1),
    )
    assert [floor.name for floor in early] == ["national_award"]


def test_the_version_in_force_is_found() -> None:
    """ST132: a version of tomorrow is none of today; one may name an earlier one."""
    first = unit_scheme(version=1, effective_on=date(2020, 1, 1))
    second = unit_scheme(version=2, effective_on=TODAY)
    third = unit_scheme(version=3, effective_on=date(2026, 3, 24))
    own = [third, second, first]
    assert find_scheme(own, "unit", None, on=TODAY) is second
    assert find_scheme(own, "unit", 1, on=TODAY) is first
    assert find_scheme(own, "cn_national", None, on=TODAY) is shipped("cn_national")
    assert newest([first, second]) == (second,)
    with pytest.raises(SharingSchemeUnknown) as refused:
        find_scheme(own, "unit", 3, on=TODAY)
    assert "unit@2" in refused.value.fields["accepted"]  # type: ignore[operator]
    assert "unit@3" not in refused.value.fields["accepted"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("team", "broken"),
    [
        (TEAM, None),
        (TEAM[:2], "staff"),  # nobody for the five per cent
        (TEAM[2:], "main_contributors"),
        ((*TEAM, person("顾临川", 1, OTHER)), None),
    ],
)
@pytest.mark.parametrize("minor", [0, 1, 99, 1_000_003])
def test_the_persons_decide_whether_the_law_is_kept(
    team: tuple[Any, ...], broken: str | None, minor: int
) -> None:
    """ST133: also before any income, and with amounts that only rounding brings below."""
    made = plan(persons=team)
    known = standing(made, [income(minor)] if minor else [], ())
    found = judge(made, known, floors())
    if broken is None:
        require_met(found)
    elif minor != 1:
        assert broken in [finding.floor.measure for finding in found if not finding.met]
        with pytest.raises(SharingBelowFloor):
            require_met(found)


def test_foreign_schemes_are_measured_by_the_net_of_the_law() -> None:
    """ST133: a third of 85 % is 28.33 % of what the law calls net."""
    made = plan("equal_thirds", TEAM)
    found = judge(made, standing(made, [income(100_000_000)], ()), floors())
    award = next(finding for finding in found if finding.floor.name == "national_award")
    assert (award.reached_bp, award.met) == (2833, False)
    before_income = judge(made, standing(made, [], ()), floors())
    assert before_income[0].reached_bp == 2833


def test_a_fen_of_rounding_is_not_told_as_less_than_the_law_gives() -> None:
    """ST133: 70 % of 667,654.33 yuan are 467,358.03, which reads 69.99 % when it is cut."""
    made = plan("cn_zhejiang", TEAM)
    found = judge(made, standing(made, [income(66_765_433)], ()), floors())
    award = next(finding for finding in found if finding.floor.name == "zhejiang_award")
    assert (award.reached_bp, award.met) == (7000, True)


def test_kept_ownership_counts_for_the_law() -> None:
    """ST133: what stands in the award's place is measured with it."""
    team = (person("许澜清", 1, ownership_bp=7000), *TEAM[1:])
    made = plan(persons=team, mode=GrantMode.BEFORE_CONVERSION)
    found = judge(made, standing(made, [income(1_000_000)], ()), floors())
    award = next(finding for finding in found if finding.floor.name == "zhejiang_award")
    assert award.reached_bp == 7000 + 3000 * 7 // 10


def test_fiscal_money_is_no_cost() -> None:
    """ST134"""
    line = CostLine(CostKind.FISCAL_RESEARCH, "省重点研发计划经费", Money(100))
    with pytest.raises(FiscalMoneyNotCost) as refused:
        check_costs([CostLine(CostKind.LEGAL, "律师费", Money(1)), line], Money(0), currency="CNY")
    assert refused.value.fields["field"] == "costs.1.kind"
    assert refused.value.fields["article"] == "浙江省促进科技成果转化条例 37(4)"
    assert "fiscal_research" not in refused.value.fields["accepted"]  # type: ignore[operator]


def test_figures_leave_room_to_reckon() -> None:
    """ST134: sums that no column could hold are refused, not failed on."""
    lines = [CostLine(CostKind.OTHER, "其他", Money(10**16 - 1)) for _ in range(2)]
    check_costs(lines[:1], Money(1), currency="CNY")
    with pytest.raises(SharingFiguresTooLarge) as refused:
        check_costs(lines, Money(0), currency="CNY")
    assert refused.value.fields["maximum"] == Money(10**16)
    check_size([Money(-(10**16))], field="profits")
    with pytest.raises(SharingFiguresTooLarge):
        check_size([Money(-(10**16)), Money(1)], field="profits")


@pytest.mark.parametrize(("cost", "tax"), [("USD", "CNY"), ("CNY", "USD")])
def test_costs_are_in_the_deals_currency(cost: str, tax: str) -> None:
    """ST134"""
    line = CostLine(CostKind.VALUATION, "评估费", Money(1, cost))
    with pytest.raises(SharingCurrencyDiffers):
        check_costs([line], Money(0, tax), currency="CNY")


def test_the_way_from_gross_to_net() -> None:
    """ST135: 15 % first, then the costs; the rate is of what is left at its place."""
    steps = (Deduction(RATE, 1500), Deduction(COSTS))
    net = net_income(Money(1_000), steps, costs=Money(50), tax=Money(7))
    assert [taken for _, taken in net.deducted] == [Money(150), Money(50)]
    assert (net.net, net.carried) == (Money(800), Money(0))
    turned = net_income(Money(1_000), steps[::-1], costs=Money(50), tax=Money(7))
    assert (turned.net, turned.deducted[1][1]) == (Money(807), Money(143))


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**9))
def test_a_net_is_never_below_zero(gross: int, costs: int, tax: int) -> None:
    """ST135: what the income did not cover is carried to the next."""
    net = net_income(Money(gross), BY_LAW, costs=Money(costs), tax=Money(tax))
    assert net.net.amount_minor - net.carried.amount_minor == gross - costs - tax
    assert min(net.net.amount_minor, net.carried.amount_minor) == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"basis": Basis.SHARES}, SharingFiguresMissing),
        ({"scheme": shipped("stanford_tiers")}, SharingCurrencyDiffers),
        ({"scheme": shipped("germany_30"), "basis": Basis.SHARES}, SharingBasisUnknown),
        ({"tax": Money(1, "USD")}, SharingCurrencyDiffers),
        ({"tax": Money(1)}, None),
    ],
)
def test_a_plan_that_cannot_be_evaluated_is_refused(
    changes: dict[str, Any], error: type[Exception] | None
) -> None:
    """ST136"""
    if error is None:
        check_plan(plan(**changes), currency="CNY")
        return
    with pytest.raises(error):
        check_plan(plan(**changes), currency="CNY")
