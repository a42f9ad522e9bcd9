"""Structured factors 结构化因素: how a demand and an achievement compare beside their texts.

Each is a pure function of both sides' facts, whoever looks for whom. A value of 1 is a full fit;
``None`` says that one side states nothing that could be compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeAlias

from app.matching.domain import fitting
from app.matching.domain.entry import Facts, Readiness
from app.shared import codes
from app.shared.money import Money
from app.shared.regions import region_prefix

LEVELS_MISSING_MAX: Final = 4  # so many levels below what is asked count as no fit
MONTHS_A_LEVEL: Final = 6  # what development by one of nine levels usually takes; default
_LEVELS: Final = 9
_DAYS_A_MONTH: Final = 30.4375
_TEN_THOUSAND_YUAN: Final = -6  # power of ten from fen to 万元, in which prices are told
_NEAR: Final = (
    (6, 1.0, "同区县", "same district"),
    (4, 0.8, "同市", "same city"),
    (2, 0.5, "同省", "same province"),
)
Modes: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """What one factor says of a pair.

    Attributes:
        value: 0 to 1, or ``None``.
        note_zh, note_en: Both sides in words.
        is_gap: The sides lie apart so that people should know.
    """

    value: float | None
    note_zh: str
    note_en: str
    is_gap: bool = False


def _unstated(what_zh: str, what_en: str) -> Compared:
    return Compared(None, f"{what_zh}未说明", f"{what_en} not stated")


# A market states few different values: most pairs are compared once and remembered.
_remembered: Final = lru_cache(maxsize=8_192)


@_remembered
def compare_fields(asked: str | None, stated: str | None) -> Compared:
    """Compare technology fields by their distance in the tree of the code table."""
    if asked is None or stated is None:
        return _unstated("技术领域", "technology field")
    labels = [codes.label("technology_field", name) for name in (asked, stated)]
    if asked == stated:
        return Compared(1.0, f"同一技术领域：{labels[0]}", f"both {asked}")
    chains = [codes.chain("technology_field", name) for name in (asked, stated)]
    shared = len(set(chains[0]) & set(chains[1]))
    steps = sum(len(chain) - shared for chain in chains)
    value = 1 - steps / sum(len(chain) for chain in chains)
    return Compared(
        value, f"技术领域不同：{' / '.join(labels)}", f"fields {asked}, {stated}", is_gap=True
    )


@_remembered
def compare_readiness(asked: Readiness | None, stated: Readiness | None) -> Compared:
    """Compare what is asked with the level reached; levels of other scales say nothing."""
    if asked is None or stated is None:
        return _unstated("成熟度要求" if asked is None else "成熟度", "readiness")
    if asked.scale != stated.scale:
        return Compared(None, "成熟度量表不同，不能比较", "readiness on different scales")
    told = (
        f"成熟度 {stated.level} 级，要求 {asked.level} 级",
        f"readiness {stated.level}, asked {asked.level}",
    )
    missing = asked.level - stated.level
    if missing <= 0:
        return Compared(1.0, *told)
    return Compared(max(0.0, 1 - missing / LEVELS_MISSING_MAX), *told, is_gap=True)


@_remembered
def compare_prices(budget: Money | None, price: Money | None) -> Compared:
    """Compare the budget's upper end with the price; at twice the budget nothing fits."""
    if budget is None or price is None:
        return _unstated("预算" if budget is None else "价格", "price or budget")
    if budget.currency != price.currency:
        return Compared(None, "币种不同，不能比较", "currencies differ")
    told = (
        f"报价 {_told_zh(price)}，预算 {_told_zh(budget)}",
        f"price {_told(price)}, budget {_told(budget)}",
    )
    if price.amount_minor <= budget.amount_minor:
        return Compared(1.0, *told)
    over = price.amount_minor / budget.amount_minor - 1 if budget.amount_minor else 1.0
    return Compared(max(0.0, 1 - over), *told, is_gap=True)


def _told_zh(money: Money) -> str:
    if money.currency != "CNY":
        return _told(money)
    return f"{Decimal(money.amount_minor).scaleb(_TEN_THOUSAND_YUAN).normalize():f}万元"


def _told(money: Money) -> str:
    told = money.as_json()
    return f"{told['amount']} {told['currency']}"


@_remembered
def compare_regions(here: str | None, there: str | None) -> Compared:
    """Compare how near the two parties are."""
    if here is None or there is None:
        return _unstated("地区", "region")
    known = min(len(region_prefix(here)), len(region_prefix(there)))
    for digits, value, zh, en in _NEAR:
        if digits <= known and here[:digits] == there[:digits]:
            return Compared(value, zh, en)
    return Compared(0.0, "不同省份", "different provinces")


def _offered(modes: Modes) -> str:
    return "、".join(codes.label("conversion_mode", mode) for mode in modes)


@_remembered
def compare_modes(wanted: Modes, offered: Modes) -> Compared:
    """Compare how they would work together."""
    if not wanted or not offered:
        return _unstated("合作方式", "mode of cooperation")
    value = max(fitting.best(fitting.MODES, mode, offered) for mode in wanted)
    asked = "、".join(codes.label("cooperation_mode", mode) for mode in wanted)
    return Compared(
        value,
        f"需求方：{asked}；成果方：{_offered(offered)}",
        f"asked {', '.join(wanted)}; offered {', '.join(offered)}",
        is_gap=value == 0,
    )


@_remembered
def compare_ownership(ownership: str | None, offered: Modes) -> Compared:
    """Compare who shall own the rights with the ways in which they are offered."""
    if ownership is None or not offered:
        return _unstated("知识产权归属", "ownership of rights")
    value = fitting.best(fitting.OWNERSHIP, ownership, offered)
    return Compared(
        value,
        f"知识产权：{codes.label('ip_ownership', ownership)}；成果方：{_offered(offered)}",
        f"rights: {ownership}; offered {', '.join(offered)}",
        is_gap=value == 0,
    )


@_remembered
def compare_dates(due_on: date | None, stated: Readiness | None, today: date) -> Compared:
    """Compare the time until the work is due with what development to the last level takes."""
    if due_on is None or stated is None:
        return _unstated("完成期限" if due_on is None else "成熟度", "due date or readiness")
    last = codes.last_level(stated.scale)
    needed = (last - stated.level) * MONTHS_A_LEVEL * (_LEVELS - 1) / (last - 1)
    left = max(0.0, (due_on - today).days / _DAYS_A_MONTH)
    told = (
        f"距完成期限 {left:.0f} 个月，由 {stated.level} 级发展到最高级一般约需 {needed:.0f} 个月",
        f"{left:.0f} months left; from level {stated.level} on usually about {needed:.0f} needed",
    )
    if left >= needed:
        return Compared(1.0, *told)
    return Compared(left / needed, *told, is_gap=left < needed / 2)


def comparable(facts: Facts, *, of_demand: bool) -> frozenset[str]:
    """Return the factors for which one side's facts state their part.

    Invariant: MT8.
    """
    stated = {
        "field": facts.technology_field,
        "readiness": facts.readiness,
        "price": facts.price_high if of_demand else facts.price_low,
        "mode": facts.modes,
        "ip": facts.ip_ownership if of_demand else facts.modes,
        "due": facts.due_on if of_demand else facts.readiness,
        "region": facts.region,
    }
    return frozenset(name for name, part in stated.items() if part)


def compare(demand: Facts, achievement: Facts, today: date) -> Mapping[str, Compared]:
    """Return what every factor of `domain.weights.FACTORS` says of a pair.

    Args:
        today: The demand's day in Asia/Shanghai.

    Invariants: MT4, MT5.
    """
    return {
        "field": compare_fields(demand.technology_field, achievement.technology_field),
        "readiness": compare_readiness(demand.readiness, achievement.readiness),
        "price": compare_prices(demand.price_high, achievement.price_low),
        "mode": compare_modes(demand.modes, achievement.modes),
        "ip": compare_ownership(demand.ip_ownership, achievement.modes),
        "due": compare_dates(demand.due_on, achievement.readiness, today),
        "region": compare_regions(demand.region, achievement.region),
    }
