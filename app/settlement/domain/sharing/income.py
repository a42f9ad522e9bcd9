"""Net income 净收入: what the contract brought, less costs and tax.

Source: rules.md S4; 浙江省促进科技成果转化条例 37(4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.settlement.domain.sharing.schemes import (
    Deduction,
    DeductionKind,
    SharingCurrencyDiffers,
)
from app.shared.errors import RuleBroken
from app.shared.money import AMOUNT_MINOR_MAX, Money

FISCAL_ARTICLE: Final = "浙江省促进科技成果转化条例 37(4)"
_SUM_MINOR_MAX: Final = AMOUNT_MINOR_MAX // 10
# What the law calls net income, whatever a scheme deducts beside.
BY_LAW: Final = (Deduction(DeductionKind.COSTS), Deduction(DeductionKind.TAX))


class CostKind(StrEnum):
    """Kinds of cost that a conversion has."""

    IP_MAINTENANCE = "ip_maintenance"  # 知识产权维护费
    VALUATION = "valuation"  # 评估费
    BROKERAGE = "brokerage"  # 中介、交易服务费
    PROMOTION = "promotion"  # 推介费
    NEGOTIATION = "negotiation"  # 谈判费
    LEGAL = "legal"  # 法律服务费
    NOTARY = "notary"  # 公证费
    FINISHING = "finishing"  # 后续试验、中试费（非财政资金）
    OTHER = "other"
    FISCAL_RESEARCH = "fiscal_research"  # 财政科研经费: named in order to be refused


class FiscalMoneyNotCost(RuleBroken):
    """Research money of the state is no cost of the conversion; ``article`` says so."""

    code = "fiscal_money_not_cost"
    title_zh = "财政科研经费不得列为成本"
    title_en = "Fiscal research money is not a cost"


class SharingFiguresMissing(RuleBroken):
    """The basis needs a figure; ``field`` names it."""

    code = "sharing_figures_missing"
    title_zh = "缺少分配所需的数据"
    title_en = "A figure is missing"


class SharingFiguresTooLarge(RuleBroken):
    """The figures together are more than an exchange can reckon with; ``maximum``."""

    code = "sharing_figures_too_large"
    title_zh = "金额合计超出系统上限"
    title_en = "The figures are too large together"


@dataclass(frozen=True, slots=True)
class CostLine:
    """One cost.

    Attributes:
        amount: Above zero.
    """

    kind: CostKind
    description: str
    amount: Money


@dataclass(frozen=True, slots=True)
class NetIncome:
    """The way from gross to net.

    Attributes:
        deducted: What each deduction took, in the scheme's order.
        net: Never below zero.
        carried: Costs that the income did not cover: the next income bears them.
    """

    gross: Money
    deducted: tuple[tuple[Deduction, Money], ...]
    net: Money
    carried: Money


def check_costs(costs: Sequence[CostLine], tax: Money, *, currency: str) -> None:
    """Refuse costs that are none, and other currencies.

    Raises:
        FiscalMoneyNotCost: Names the line and the article.
        SharingCurrencyDiffers: Names the currency.
        SharingFiguresTooLarge: See `check_size`.

    Invariant: ST134.
    """
    for number, line in enumerate(costs):
        if line.kind is CostKind.FISCAL_RESEARCH:
            raise FiscalMoneyNotCost(
                "Leave the line out; the state has paid it already.",
                field=f"costs.{number}.kind",
                article=FISCAL_ARTICLE,
                accepted=sorted(kind for kind in CostKind if kind is not CostKind.FISCAL_RESEARCH),
            )
        if line.amount.currency != currency:
            raise SharingCurrencyDiffers(
                "Costs are in the deal's currency.",
                field=f"costs.{number}.amount",
                accepted=currency,
            )
    if tax.currency != currency:
        raise SharingCurrencyDiffers(
            "The tax is in the deal's currency.", field="tax", accepted=currency
        )
    check_size([tax, *(line.amount for line in costs)], field="costs")


def check_size(figures: Sequence[Money], *, field: str) -> None:
    """Refuse figures whose sum would leave no room to reckon with them.

    Raises:
        SharingFiguresTooLarge: Names the field and the largest sum.
    """
    if sum(abs(figure.amount_minor) for figure in figures) > _SUM_MINOR_MAX:
        raise SharingFiguresTooLarge(
            "State what this one conversion cost or earned.",
            field=field,
            maximum=Money(_SUM_MINOR_MAX, figures[0].currency),
        )


def net_income(
    gross: Money, deductions: Sequence[Deduction], *, costs: Money, tax: Money
) -> NetIncome:
    """Return what is to be shared of all that came in so far.

    Args:
        gross: Cumulative, so that instalments lead to the net of the whole.
        costs, tax: Cumulative, too.

    Invariant: ST135.
    """
    nothing = Money(0, gross.currency)
    left, deducted = gross, []
    for step in deductions:
        if step.rate_bp is not None:
            taken = max(left, nothing).share_bp(step.rate_bp)
        else:
            taken = costs if step.kind is DeductionKind.COSTS else tax
        deducted.append((step, taken))
        left -= taken
    return NetIncome(gross, tuple(deducted), max(left, nothing), max(-left, nothing))
