"""How a contract words its price terms: each shape of `PriceTerms` as numbered sentences."""

from collections.abc import Mapping
from typing import Final

from app.settlement.domain.capitals import in_figures
from app.settlement.domain.clauses import day, percent
from app.settlement.domain.terms import (
    AuditClause,
    CostBearer,
    Guarantee,
    GuaranteeKind,
    HolderKind,
    PriceTerms,
    Royalty,
    RoyaltyBase,
    RoyaltyPeriod,
    ShareStake,
    TermsKind,
)

_KINDS: Final[Mapping[TermsKind, str]] = {
    TermsKind.LUMP_SUM: "一次总付",
    TermsKind.INSTALMENTS: "分期支付",
    TermsKind.ROYALTY: "提成支付，价款总额为提成的最低保证额",
    TermsKind.ENTRY_FEE_ROYALTY: "入门费加提成支付，价款总额为入门费，提成另计",
    TermsKind.MILESTONES: "按里程碑分期支付",
    TermsKind.USE_FIRST_PAY_LATER: "先使用后付费",
    TermsKind.SHARE_INVESTMENT: "作价入股，价款总额为作价金额",
}
_BASES: Final[Mapping[RoyaltyBase, str]] = {
    RoyaltyBase.PRICE: "产品价格",
    RoyaltyBase.NEW_OUTPUT: "新增产值",
    RoyaltyBase.PROFIT: "利润",
    RoyaltyBase.SALES: "产品销售额",
}
_PERIODS: Final[Mapping[RoyaltyPeriod, str]] = {
    RoyaltyPeriod.QUARTER: "每季度",
    RoyaltyPeriod.HALF_YEAR: "每半年",
    RoyaltyPeriod.YEAR: "每年",
}
_BEARERS: Final[Mapping[CostBearer, str]] = {
    CostBearer.BUYER: "甲方承担",
    CostBearer.SELLER: "乙方承担",
    CostBearer.EQUALLY: "双方平均承担",
}
_GUARANTEES: Final[Mapping[GuaranteeKind, str]] = {
    GuaranteeKind.BANK_GUARANTEE: "银行保函",
    GuaranteeKind.SURETY: "保证",
    GuaranteeKind.MORTGAGE: "抵押",
    GuaranteeKind.PLEDGE: "质押",
    GuaranteeKind.INSURANCE: "保证保险",
}
_HOLDERS: Final[Mapping[HolderKind, str]] = {
    HolderKind.UNIT: "单位",
    HolderKind.COMPLETER: "成果完成人和转化人员",
}


def payment_wording(terms: PriceTerms) -> str:
    """Return how the price is paid, a sentence a line.

    Amounts of parts are split by largest remainder, as what is due is, so they sum to the price.

    Invariant: ST32. Source: 民法典 846; rules.md section 6.
    """
    lines = [f"支付方式：{_KINDS[terms.kind]}。"]
    lines += _parts(terms)
    if terms.interest_bp:
        rate = percent(terms.interest_bp)
        lines.append(
            f"首期之后支付的价款，自首期付款日起至各期付款日止，按年利率{rate}单利计付利息，"
            "一年按三百六十五日计算。"
        )
    if terms.royalty is not None:
        lines += _royalty(terms.royalty)
    if terms.guarantee is not None:
        lines.append(_guarantee(terms.guarantee))
    if terms.shares is not None:
        lines.append(_shares(terms.shares))
    return "\n".join(lines)


def _parts(terms: PriceTerms) -> list[str]:
    if terms.instalments:
        shares = [part.share_bp for part in terms.instalments]
        return [
            f"第{number}期：{day(part.due_on)}前（含当日）支付价款的{percent(part.share_bp)}，"
            f"即{in_figures(amount)}。"
            for number, (part, amount) in enumerate(
                zip(terms.instalments, terms.price.allocate(shares), strict=True), 1
            )
        ]
    if terms.milestones:
        shares = [step.share_bp for step in terms.milestones]
        return [
            f"第{number}个里程碑“{step.title}”（预计{day(step.expected_on)}完成，"
            f"验收依据：{step.acceptance}）：验收合格后{terms.pay_days}日内支付价款的"
            f"{percent(step.share_bp)}，即{in_figures(amount)}。"
            for number, (step, amount) in enumerate(
                zip(terms.milestones, terms.price.allocate(shares), strict=True), 1
            )
        ]
    if terms.deferral is not None:
        if terms.deferral.due_on is not None:
            return [f"甲方可先使用标的技术，并于{day(terms.deferral.due_on)}前（含当日）支付价款。"]
        return [
            (
                f"甲方可先使用标的技术，并于下列事项发生后{terms.pay_days}日内支付价款："
                f"{terms.deferral.trigger}。"
            )
        ]
    if terms.kind in {TermsKind.LUMP_SUM, TermsKind.ENTRY_FEE_ROYALTY}:
        by = "公告载明的付款期限届满前"
        if terms.pay_on is not None:
            by = f"{day(terms.pay_on)}前（含当日）"
        return [f"价款应于{by}一次付清。"]
    if terms.royalty is not None:
        days = terms.royalty.pay_days
        return [f"提成先抵作价款；提成期满后{days}日内，甲方补足提成合计与价款总额的差额。"]
    return []


def _royalty(royalty: Royalty) -> list[str]:
    tiers = []
    for tier in royalty.tiers:
        upto = "其余部分" if tier.up_to is None else f"累计不超过{in_figures(tier.up_to)}的部分"
        tiers.append(f"{upto}按{percent(tier.rate_bp)}")
    lines = [
        (
            f"提成：自{day(royalty.starts_on)}起{royalty.years}年内，以{_BASES[royalty.base]}为基数，"
            f"{'，'.join(tiers)}计提。"
        ),
        (
            f"甲方应于{_PERIODS[royalty.period]}届满后{royalty.report_days}日内提交提成报告，"
            f"{royalty.pay_days}日内支付提成。"
        ),
    ]
    if royalty.minimum_a_year is not None:
        lines.append(f"每年提成不低于{in_figures(royalty.minimum_a_year)}。")
    if royalty.cap is not None:
        lines.append(f"提成累计不超过{in_figures(royalty.cap)}。")
    audit = royalty.audit
    lines.append(
        f"甲方应保存有关账目；{audit.auditor}可于提前{audit.notice_days}日通知后查阅账目。"
        f"{_audit_costs(audit)}"
    )
    return lines


def _audit_costs(audit: AuditClause) -> str:
    if audit.cost_bearer is CostBearer.BUYER:
        return "审计费用由甲方承担。"
    return (
        f"报告的基数少于审计结果超过{percent(audit.tolerance_bp)}的，审计费用由甲方承担，"
        f"否则由{_BEARERS[audit.cost_bearer]}。"
    )


def _guarantee(guarantee: Guarantee) -> str:
    return (
        f"甲方以{_GUARANTEES[guarantee.kind]}担保价款的支付：担保人{guarantee.guarantor}，"
        f"担保金额{in_figures(guarantee.amount)}，有效期至{day(guarantee.expires_on)}。"
    )


def _shares(stake: ShareStake) -> str:
    count = "" if stake.share_count is None else f"（{stake.share_count}股）"
    holders = "，".join(
        f"{holder.name}（{_HOLDERS[holder.kind]}）{percent(holder.share_bp)}"
        for holder in stake.holders
    )
    return (
        f"标的技术作价取得{stake.company}{percent(stake.percentage_bp)}的股权{count}，"
        f"其中：{holders}；应于{day(stake.register_by_on)}前（含当日）完成股权登记。"
    )
