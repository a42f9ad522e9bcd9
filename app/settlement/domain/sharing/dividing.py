"""Divide a net into pools, groups and persons, exact to the fen or the share.

Each step gives out exactly what it got, by largest remainder; equal remainders go to the earlier
one in the order of listing. A step that gets more takes from nobody more than one fen back
(largest remainder may, with three parts or more); between two parts nobody loses any.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import lcm

from app.settlement.domain.sharing.schemes import WHOLE_BP, Group, PersonRole, Pool, Tier
from app.shared.errors import RuleBroken
from app.shared.money import apportion


class GrantMode(StrEnum):
    """When 赋权 gave the completers their shares of ownership."""

    BEFORE_CONVERSION = "before_conversion"  # 先赋权后转化: the shares replace the award
    AFTER_CONVERSION = "after_conversion"  # 先转化后奖励: the award itself is the reward


class Choice(StrEnum):
    """What a person with a share of ownership wants (S5)."""

    OWNERSHIP = "ownership"
    AWARD = "award"


class SharingPersonsInvalid(RuleBroken):
    """The persons cannot be shared among; ``field`` and ``rule`` say why."""

    code = "sharing_persons_invalid"
    title_zh = "分配人员信息不符合要求"
    title_en = "The persons do not fit the sharing"


@dataclass(frozen=True, slots=True)
class Option:
    """A person's choice as recorded.

    Attributes:
        hash: SHA-256 over deal, person, share, choice, day and statement.
    """

    choice: Choice
    chosen_on: date
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who takes part.

    Attributes:
        weight: Share within the group, at least 1; a completer's basis points by default.
        ownership_bp: Of the result's ownership, granted to the person.
        option: ``None`` leaves it at the ownership, where there is one.
    """

    name: str
    role: PersonRole
    weight: int
    ownership_bp: int = 0
    option: Option | None = None


@dataclass(frozen=True, slots=True)
class Division:
    """Who gets what; fen, or shares.

    Attributes:
        owners: What each person keeps as an owner, in the order of listing.
        persons: What each gets in all, as owner or by award.
        pools: What is left after the owners, by pool.
        groups: The award, by group.
    """

    total: int
    owners: tuple[int, ...]
    persons: tuple[int, ...]
    pools: Mapping[Pool, int]
    groups: Mapping[str, int]


def keeps_ownership(person: Person, mode: GrantMode | None) -> bool:
    """Tell whether a share of ownership stands in place of the award (S5).

    Invariant: ST139.
    """
    granted = mode is GrantMode.BEFORE_CONVERSION and person.ownership_bp > 0
    return granted and (person.option is None or person.option.choice is not Choice.AWARD)


def check_persons(
    persons: Sequence[Person], groups: Sequence[Group], mode: GrantMode | None
) -> None:
    """Refuse persons among whom nothing can be divided.

    Raises:
        SharingPersonsInvalid: Names field and rule.

    Invariant: ST136.
    """
    names = [person.name for person in persons]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if not persons or doubled:
        raise SharingPersonsInvalid(
            "Name at least one person, each once; add a number to namesakes.",
            field="persons",
            rule="one at least, each name once",
            doubled=doubled,
        )
    owned = sum(person.ownership_bp for person in persons)
    if owned > WHOLE_BP or (owned > 0 and mode is None):
        raise SharingPersonsInvalid(
            "Shares of ownership are at most the whole, and say when they were granted.",
            field="persons.ownership_bp",
            rule="at most 10000 together, with a grant_mode",
            maximum=WHOLE_BP,
        )
    share = {role: group.share_bp for group in groups for role in group.roles}
    for number, person in enumerate(persons):
        if share[person.role] == 0 and not keeps_ownership(person, mode):
            raise SharingPersonsInvalid(
                "The scheme gives this role nothing.",
                field=f"persons.{number}.role",
                rule="the role's group has a share",
                accepted=sorted(role for role, part in share.items() if part),
            )


def divide(
    total: int,
    *,
    tiers: Sequence[Tier],
    groups: Sequence[Group],
    persons: Sequence[Person],
    mode: GrantMode | None = None,
) -> Division:
    """Divide a net: owners first, then pools, the award's groups, and their persons.

    Args:
        total: Fen or shares, cumulative; at least 0.
        persons: As `check_persons` accepted them.

    Invariants: ST136, ST137, ST139.
    """
    owned = [person.ownership_bp if keeps_ownership(person, mode) else 0 for person in persons]
    *owners, rest = apportion(total, [*owned, WHOLE_BP - sum(owned)])
    awarded = [index for index, part in enumerate(owned) if not part]
    pools = _pools(rest, tiers, awarded=bool(awarded))
    got = list(owners)
    by_group: dict[str, int] = {}
    if awarded:
        by_group = _groups(pools[Pool.AWARD], groups, {persons[index].role for index in awarded})
        for group in groups:
            members = [index for index in awarded if persons[index].role in group.roles]
            if not members:
                continue
            parts = apportion(by_group[group.name], [persons[index].weight for index in members])
            for index, part in zip(members, parts, strict=True):
                got[index] = part
    return Division(total, tuple(owners), tuple(got), pools, by_group)


def _pools(rest: int, tiers: Sequence[Tier], *, awarded: bool) -> dict[Pool, int]:
    """Divide by tiers; without anybody to award the other pools have all of it."""
    weights: dict[Pool, int] = {}
    common = lcm(*(tier.whole for tier in tiers))
    lower = 0
    for tier in tiers:
        upper = rest if tier.up_to is None else min(rest, tier.up_to.amount_minor)
        slice_ = max(upper - lower, 0) * common // tier.whole
        for pool, part in tier.pools.items():
            counts = awarded or pool is not Pool.AWARD
            weights[pool] = weights.get(pool, 0) + (part * slice_ if counts else 0)
        lower = max(lower, upper)
    if not any(weights.values()):
        only = Pool.AWARD if awarded and tiers[0].pools[Pool.AWARD] else Pool.UNIT
        return dict.fromkeys(weights, 0) | {only: rest}
    return dict(zip(weights, apportion(rest, list(weights.values())), strict=True))


def _groups(award: int, groups: Sequence[Group], roles: set[PersonRole]) -> dict[str, int]:
    shares = [group.share_bp if roles & set(group.roles) else 0 for group in groups]
    parts = apportion(award, shares)
    return {group.name: part for group, part in zip(groups, parts, strict=True)}
