"""How each shape of price terms is worded."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.settlement.domain import terms as price
from app.settlement.domain.price_wording import payment_wording
from app.settlement.domain.terms import PriceTerms, TermsKind
from app.shared.ids import FileId, new_id
from app.shared.money import Money

PRICE = Money.parse("100000.01")
ROYALTY = price.Royalty(
    base=price.RoyaltyBase.SALES,
    tiers=(price.Tier(rate_bp=500, up_to=Money.parse("1000000")), price.Tier(rate_bp=300)),
    starts_on=date(2026, 7, 1),
    years=5,
    period=price.RoyaltyPeriod.HALF_YEAR,
    audit=price.AuditClause(
        auditor="乙方委托的会计师事务所",
        notice_days=15,
        cost_bearer=price.CostBearer.EQUALLY,
        tolerance_bp=200,
    ),
    minimum_a_year=Money.parse("20000"),
    cap=Money.parse("900000"),
)
SHAPES: list[tuple[TermsKind, dict[str, Any], list[str]]] = [
    (TermsKind.LUMP_SUM, {}, ["一次总付", "价款应于公告载明的付款期限届满前一次付清"]),
    (
        TermsKind.LUMP_SUM,
        {"pay_on": date(2026, 5, 1)},
        ["价款应于2026年5月1日前（含当日）一次付清"],
    ),
    (
        TermsKind.INSTALMENTS,
        {
            "instalments": (
                price.Instalment(share_bp=3_333, due_on=date(2026, 4, 1)),
                price.Instalment(share_bp=6_667, due_on=date(2027, 4, 1)),
            ),
            "interest_bp": 345,
        },
        [
            "2026年4月1日前（含当日）支付价款的33.33%，即人民币33,330.00元",
            "即人民币66,670.01元",
            "年利率3.45%单利",
        ],
    ),
    (
        TermsKind.ROYALTY,
        {"royalty": ROYALTY},
        ["最低保证额", "提成期满后45日内，甲方补足", "以产品销售额为基数", "其余部分按3%"],
    ),
    (
        TermsKind.ENTRY_FEE_ROYALTY,
        {"royalty": ROYALTY},
        ["入门费", "每半年届满后30日内", "双方平均承担", "不超过人民币900,000.00元"],
    ),
    (
        TermsKind.MILESTONES,
        {
            "milestones": (
                price.Milestone(
                    title="样机",
                    acceptance="测试报告",
                    expected_on=date(2026, 9, 1),
                    share_bp=10_000,
                ),
            )
        },
        ["“样机”（预计2026年9月1日完成，验收依据：测试报告）", "即人民币100,000.01元"],
    ),
    (
        TermsKind.USE_FIRST_PAY_LATER,
        {
            "deferral": price.Deferral(trigger="产品首次销售"),
            "guarantee": price.Guarantee(
                kind=price.GuaranteeKind.BANK_GUARANTEE,
                guarantor="之江银行",
                amount=PRICE,
                expires_on=date(2028, 1, 1),
                document_id=FileId(new_id()),
            ),
        },
        ["先使用后付费", "产品首次销售", "银行保函", "有效期至2028年1月1日"],
    ),
    (
        TermsKind.USE_FIRST_PAY_LATER,
        {"deferral": price.Deferral(due_on=date(2027, 1, 1))},
        ["并于2027年1月1日前（含当日）支付价款"],
    ),
    (
        TermsKind.SHARE_INVESTMENT,
        {
            "shares": price.ShareStake(
                company="澜起视觉有限公司",
                percentage_bp=1_250,
                register_by_on=date(2026, 12, 1),
                share_count=125_000,
                holders=(
                    price.ShareHolder(
                        name="之澜理工大学", kind=price.HolderKind.UNIT, share_bp=3_000
                    ),
                    price.ShareHolder(
                        name="沈知遥", kind=price.HolderKind.COMPLETER, share_bp=7_000
                    ),
                ),
            )
        },
        ["作价金额", "12.5%的股权（125000股）", "沈知遥（成果完成人和转化人员）70%"],
    ),
]


@pytest.mark.parametrize(("kind", "parts", "said"), SHAPES)
def test_every_shape_is_worded(kind: TermsKind, parts: dict[str, Any], said: list[str]) -> None:
    """ST32"""
    told = payment_wording(PriceTerms(kind=kind, price=PRICE, **parts))
    for words in said:
        assert words in told
    assert "None" not in told


def test_every_kind_has_a_case() -> None:
    assert {kind for kind, _, _ in SHAPES} == set(TermsKind)


@pytest.mark.parametrize(
    ("bearer", "said"),
    [
        (price.CostBearer.BUYER, "查阅账目。审计费用由甲方承担。"),
        (price.CostBearer.SELLER, "超过2%的，审计费用由甲方承担，否则由乙方承担。"),
    ],
)
def test_who_pays_the_audit_is_said_once(bearer: price.CostBearer, said: str) -> None:
    royalty = replace(ROYALTY, audit=replace(ROYALTY.audit, cost_bearer=bearer))
    terms = PriceTerms(kind=TermsKind.ENTRY_FEE_ROYALTY, price=PRICE, royalty=royalty)
    assert said in payment_wording(terms)
