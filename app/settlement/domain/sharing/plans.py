"""Plans as they are kept, and the plan with which a sharing begins."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from app.settlement.domain.sharing.awards import Plan
from app.settlement.domain.sharing.dividing import Choice, GrantMode, Option, Person
from app.settlement.domain.sharing.income import CostKind, CostLine
from app.settlement.domain.sharing.schemes import (
    Basis,
    PersonRole,
    Scheme,
    scheme_from_json,
)
from app.shared.money import Money

GOVERNMENT_FOUNDED: Final = frozenset({"university", "government_institute"})
_ZHEJIANG: Final = "33"  # GB/T 2260


def default_scheme_name(seller_class: str | None, region_code: str | None) -> str:
    """Return the scheme of law for a unit: the province's own, or the nation's."""
    if seller_class in GOVERNMENT_FOUNDED and (region_code or "").startswith(_ZHEJIANG):
        return "cn_zhejiang"
    return "cn_national"


def first_plan(
    scheme: Scheme,
    completers: Sequence[tuple[str, int]],
    *,
    granted: bool,
    currency: str,
    shares_total: int | None = None,
) -> Plan:
    """Return the plan of a new sharing: the completers by their shares, no costs yet.

    Args:
        completers: Names and shares in basis points, as the achievement states them.
        granted: Whether the achievement says that ownership was granted.
        shares_total: Shares that the price consists of, if it does.
    """
    return Plan(
        scheme=scheme,
        basis=Basis.NET_INCOME if shares_total is None else Basis.SHARES,
        persons=tuple(
            Person(name=name, role=PersonRole.MAIN_CONTRIBUTOR, weight=max(1, share_bp))
            for name, share_bp in completers
        ),
        costs=(),
        tax=Money(0, currency),
        grant_mode=GrantMode.BEFORE_CONVERSION if granted else None,
        shares_total=shares_total,
    )


def plan_from_json(told: Mapping[str, Any]) -> Plan:
    """Return the plan whose `jsonable` form was kept."""
    mode = told["grant_mode"]
    return Plan(
        scheme=scheme_from_json(told["scheme"]),
        basis=Basis(told["basis"]),
        persons=tuple(map(_person, told["persons"])),
        costs=tuple(
            CostLine(CostKind(line["kind"]), line["description"], _money(line["amount"]))
            for line in told["costs"]
        ),
        tax=_money(told["tax"]),
        grant_mode=None if mode is None else GrantMode(mode),
        shares_total=told["shares_total"],
        agreed_months=told["agreed_months"],
    )


def _person(told: Mapping[str, Any]) -> Person:
    option = told["option"]
    return Person(
        name=told["name"],
        role=PersonRole(told["role"]),
        weight=told["weight"],
        ownership_bp=told["ownership_bp"],
        option=None
        if option is None
        else Option(
            Choice(option["choice"]), date.fromisoformat(option["chosen_on"]), option["hash"]
        ),
    )


def _money(told: Mapping[str, str]) -> Money:
    return Money.parse(told["amount"], told["currency"])
