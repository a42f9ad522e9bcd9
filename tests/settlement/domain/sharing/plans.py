"""Plans, schemes and persons for the tests of sharing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from app.settlement.domain.sharing.awards import Income, Plan
from app.settlement.domain.sharing.catalogue import shipped_schemes
from app.settlement.domain.sharing.dividing import GrantMode, Person
from app.settlement.domain.sharing.schemes import Basis, PersonRole, Scheme
from app.shared.money import Money

MAIN, TRANSFER, MANAGEMENT, OTHER = PersonRole
ARRIVED = datetime(2026, 3, 23, 2, 0, tzinfo=UTC)
TODAY = date(2026, 3, 23)


def shipped(name: str) -> Scheme:
    return next(scheme for scheme in shipped_schemes() if scheme.name == name)


def unit_scheme(**changes: Any) -> Scheme:
    """The Zhejiang scheme as a unit's own, with changes."""
    return replace(shipped("cn_zhejiang"), name="unit", **changes)


def person(name: str, weight: int = 1, role: PersonRole = MAIN, ownership_bp: int = 0) -> Person:
    return Person(name=name, role=role, weight=weight, ownership_bp=ownership_bp)


TEAM = (
    person("许澜清", 6000),
    person("郭一舟", 4000),
    person("沈之衡", 1, TRANSFER),
    person("陆见山", 1, MANAGEMENT),
)


def plan(
    scheme: str | Scheme = "cn_zhejiang",
    persons: Sequence[Person] = TEAM,
    *,
    basis: Basis = Basis.NET_INCOME,
    mode: GrantMode | None = None,
    **changes: Any,
) -> Plan:
    made = Plan(
        scheme=shipped(scheme) if isinstance(scheme, str) else scheme,
        basis=basis,
        persons=tuple(persons),
        costs=(),
        tax=Money(0),
        grant_mode=mode,
    )
    return replace(made, **changes)


def income(minor: int, number: int = 1, at: datetime = ARRIVED, withheld: int = 0) -> Income:
    return Income(number, Money(minor), Money(withheld), at)
