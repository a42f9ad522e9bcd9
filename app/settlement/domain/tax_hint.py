"""Hints on income tax relief for technology transfers: what a year's receipts may come under.

A hint and no advice: it tells what was counted, what was left out and why, the conditions that
only a person can check, and the source. What is unknown blocks it. Value added tax is never
computed.

Source: 企业所得税法实施条例 90; the rest stands in ``data/technology_income_relief.json``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from app.settlement.domain.registration.rules_term import year_later
from app.shared.ids import DealId
from app.shared.money import Money

_DATA: Final = Path(__file__).parents[1] / "data" / "technology_income_relief.json"
_YUAN: Final = "CNY"


@dataclass(frozen=True, slots=True)
class Condition:
    """What only a person can check, Chinese first."""

    zh: str
    en: str
    source: str


@dataclass(frozen=True, slots=True)
class Relief:
    """The rules as they stand in the data.

    Attributes:
        exempt_up_to: Of a seller and calendar year.
        excess_taxed_bp: How much of what lies above is taxed, in basis points.
        years_min: By contract type that comes under it: how many years it must run at least.
    """

    version: str
    exempt_up_to: Money
    excess_taxed_bp: int
    source: str
    years_min: Mapping[str, int | None]
    types_source: str
    conditions: tuple[Condition, ...]
    vat: Condition


@cache
def _data() -> Any:
    return json.loads(_DATA.read_text(encoding="utf-8"))


def relief_of(year: int) -> Relief | None:
    """Return the rules of a year; ``None`` before there were any."""
    data = _data()
    periods = [period for period in data["periods"] if period["years_from"] <= year]
    if not periods:
        return None
    period = max(periods, key=lambda found: found["years_from"])
    return Relief(
        version=data["version"],
        exempt_up_to=Money.parse(period["exempt_up_to"]),
        excess_taxed_bp=period["excess_taxed_bp"],
        source=period["source"],
        years_min={row["contract_type"]: row["years_min"] for row in data["types"]},
        types_source=data["types_source"],
        conditions=tuple(Condition(**row) for row in data["conditions"]),
        vat=Condition(**data["vat"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DealIncome:
    """What a seller received of a deal in a year, and what is known of its contract.

    Attributes:
        received: Before the exchange's commission.
        contract_type: As recognised, else as the contract says.
        recognised_total, recognised_technology: Of a registered contract.
        amount_known: Whether the contract's amount is final.
    """

    deal_id: DealId
    number: str
    received: Money
    contract_type: str | None
    recognised_total: Money | None
    recognised_technology: Money | None
    amount_known: bool
    starts_on: date | None
    ends_on: date | None
    related_party: bool | None


@dataclass(frozen=True, slots=True)
class Item:
    """A deal in the hint.

    Attributes:
        counted: The technology part of what was received; ``None`` if it is left out.
        rule: Why it is left out, why it blocks the hint, or what is to be checked of it.
    """

    deal_id: DealId
    number: str
    received: Money
    counted: Money | None
    rule: str | None
    message_zh: str | None
    message_en: str | None
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class TaxHint:
    """What a seller's year may come under.

    Attributes:
        income: Technology part of all that counts; ``None`` with the others while an item blocks.
        exempt, halved: ``income`` up to the limit and above it; they sum to it.
    """

    year: int
    relief: Relief
    items: tuple[Item, ...]
    income: Money | None
    exempt: Money | None
    halved: Money | None

    @property
    def blocked(self) -> bool:
        """Whether something unknown keeps the sums from being told."""
        return self.income is None


def hint(year: int, incomes: Sequence[DealIncome], relief: Relief) -> TaxHint:
    """Return the hint of a seller's calendar year.

    Invariants: ST233, ST234.
    """
    items = tuple(_item(income, relief) for income in incomes)
    if any(item.blocks for item in items):
        return TaxHint(year, relief, items, None, None, None)
    counted = [item.counted for item in items if item.counted is not None]
    income = sum(counted, Money(0, _YUAN))
    exempt = min(income, relief.exempt_up_to)
    return TaxHint(year, relief, items, income, exempt, income - exempt)


_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "currency_unknown": (
        "以外币收取，须按入账汇率折算后再计",
        "Received in a foreign currency: convert it first.",
    ),
    "type_unknown": ("合同类型未填写", "The contract type is not stated."),
    "type_not_listed": (
        "合同类型不在优惠范围内",
        "The contract type is not among those that come under the relief.",
    ),
    "amount_unknown": (
        "合同金额尚未确定，核定前不能申报优惠",
        "The amount is not final: no relief before it is recognised.",
    ),
    "not_registered": ("合同未经认定登记", "The contract is not registered."),
    "term_unknown": ("许可期限未填写", "The term of the licence is not stated."),
    "term_too_short": ("许可期限不足五年", "The licence runs for less than five years."),
    "related_party": (
        "关联交易：持股合计达到百分之百的不享受，须核实",
        "Related parties: nothing if wholly owned; to be checked.",
    ),
}
_BLOCKING: Final = frozenset({"currency_unknown", "type_unknown", "amount_unknown", "term_unknown"})


def _item(income: DealIncome, relief: Relief) -> Item:
    rule = _left_out(income, relief)
    counted = None if rule is not None else _technology_part(income)
    if rule is None and income.related_party is True:
        rule = "related_party"
    zh, en = _TEXTS[rule] if rule is not None else (None, None)
    return Item(
        income.deal_id, income.number, income.received, counted, rule, zh, en, rule in _BLOCKING
    )


def _left_out(income: DealIncome, relief: Relief) -> str | None:
    kind = income.contract_type
    if income.received.currency != _YUAN:
        return "currency_unknown"
    if kind is None:
        return "type_unknown"
    if kind not in relief.years_min:
        return "type_not_listed"
    if not income.amount_known:
        return "amount_unknown"
    if income.recognised_technology is None:
        return "not_registered"
    return _term(income, relief.years_min[kind])


def _term(income: DealIncome, years_min: int | None) -> str | None:
    if years_min is None:
        return None
    if income.starts_on is None or income.ends_on is None:
        return "term_unknown"
    # A term of five years from 23 March ends with 22 March at the earliest.
    days = (year_later(income.starts_on, years_min) - income.ends_on).days
    return "term_too_short" if days > 1 else None


def _technology_part(income: DealIncome) -> Money:
    """Return the recognised technology's part of what was received, to the fen."""
    total, technology = income.recognised_total, income.recognised_technology
    assert total is not None
    assert technology is not None
    weights = (technology.amount_minor, (total - technology).amount_minor)
    return income.received.allocate(weights)[0]
