"""Structured factors 结构化因素: how a demand and an achievement compare beside their texts.

Each is a pure function of both sides' facts, whoever looks for whom. A value of 1 is a full fit;
``None`` says that one side states nothing that could be compared.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.matching.domain import fitting
from app.matching.domain.entry import Facts
from app.shared import codes
from app.shared.money import Money
from app.shared.regions import region_prefix

LEVELS_MISSING_MAX: Final = 4  # so many levels below what is asked count as no fit
MONTHS_A_LEVEL: Final = 6  # what development by one of nine levels usually takes; default
_LEVELS: Final = 9
_DAYS_A_MONTH: Final = 30.4375
_NEAR: Final = ((6, 1.0, "同区县", "same district"), (4, 0.8, "同市", "same city"))
_SAME_PROVINCE: Final = (2, 0.5, "同省", "same province")


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


def compare_fields(demand: Facts, achievement: Facts) -> Compared:
    """Compare technology fields by their distance in the tree of the code table."""
    asked, stated = demand.technology_field, achievement.technology_field
    if asked is None or stated is None:
        return _unstated("技术领域", "technology field")
    named = f"{codes.label('technology_field', asked)} / {codes.label('technology_field', stated)}"
    if asked == stated:
        return Compared(
            1.0, f"同一技术领域：{codes.label('technology_field', asked)}", f"both {asked}"
        )
    chains = [codes.chain("technology_field", name) for name in (asked, stated)]
    shared = len(set(chains[0]) & set(chains[1]))
    steps = sum(len(chain) - shared for chain in chains)
    value = 1 - steps / sum(len(chain) for chain in chains)
    return Compared(value, f"技术领域不同：{named}", f"fields {asked}, {stated}", is_gap=True)


def compare_readiness(demand: Facts, achievement: Facts) -> Compared:
    """Compare what is asked with the level reached; levels of other scales say nothing."""
    asked, stated = demand.readiness, achievement.readiness
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


def compare_prices(demand: Facts, achievement: Facts) -> Compared:
    """Compare the budget's upper end with the price; at twice the budget nothing fits."""
    budget, price = demand.price_high, achievement.price_low
    if budget is None or price is None:
        return _unstated("预算" if budget is None else "价格", "price or budget")
    if budget.currency != price.currency:
        return Compared(None, "币种不同，不能比较", "currencies differ")
    told = (f"报价 {_yuan(price)}，预算 {_yuan(budget)}", f"price {price}, budget {budget}")
    if price.amount_minor <= budget.amount_minor:
        return Compared(1.0, *told)
    over = price.amount_minor / budget.amount_minor - 1 if budget.amount_minor else 1.0
    return Compared(max(0.0, 1 - over), *told, is_gap=True)


def _yuan(money: Money) -> str:
    told = money.as_json()
    return f"{told['amount']} {told['currency']}"


def compare_regions(demand: Facts, achievement: Facts) -> Compared:
    """Compare how near the two parties are."""
    here, there = demand.region, achievement.region
    if here is None or there is None:
        return _unstated("地区", "region")
    for digits, value, zh, en in (*_NEAR, _SAME_PROVINCE):
        known = min(len(region_prefix(here)), len(region_prefix(there)))
        if digits <= known and here[:digits] == there[:digits]:
            return Compared(value, zh, en)
    return Compared(0.0, "不同省份", "different provinces")


def compare_modes(demand: Facts, achievement: Facts) -> Compared:
    """Compare how they would work together."""
    if not demand.modes or not achievement.modes:
        return _unstated("合作方式", "mode of cooperation")
    value = max(fitting.best(fitting.MODES, mode, achievement.modes) for mode in demand.modes)
    wanted = "、".join(codes.label("cooperation_mode", mode) for mode in demand.modes)
    offered = "、".join(codes.label("conversion_mode", mode) for mode in achievement.modes)
    return Compared(
        value,
        f"需求方：{wanted}；成果方：{offered}",
        f"asked {', '.join(demand.modes)}; offered {', '.join(achievement.modes)}",
        is_gap=value == 0,
    )


def compare_ownership(demand: Facts, achievement: Facts) -> Compared:
    """Compare who shall own the rights with the ways in which they are offered."""
    if demand.ip_ownership is None or not achievement.modes:
        return _unstated("知识产权归属", "ownership of rights")
    value = fitting.best(fitting.OWNERSHIP, demand.ip_ownership, achievement.modes)
    offered = "、".join(codes.label("conversion_mode", mode) for mode in achievement.modes)
    return Compared(
        value,
        f"知识产权：{codes.label('ip_ownership', demand.ip_ownership)}；成果方：{offered}",
        f"rights: {demand.ip_ownership}; offered {', '.join(achievement.modes)}",
        is_gap=value == 0,
    )


def compare_dates(demand: Facts, achievement: Facts, today: date) -> Compared:
    """Compare the time until the work is due with what development to the last level takes."""
    due_on, stated = demand.due_on, achievement.readiness
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


def compare(demand: Facts, achievement: Facts, today: date) -> Mapping[str, Compared]:
    """Return what every factor of `domain.weights.FACTORS` says of a pair.

    Args:
        today: The demand's day in Asia/Shanghai.

    Invariants: MT4, MT5.
    """
    said = {name: how(demand, achievement) for name, how in _FACTORS.items()}
    return {**said, "due": compare_dates(demand, achievement, today)}


_FACTORS: Final[Mapping[str, Callable[[Facts, Facts], Compared]]] = {
    "field": compare_fields,
    "readiness": compare_readiness,
    "price": compare_prices,
    "mode": compare_modes,
    "ip": compare_ownership,
    "region": compare_regions,
}
