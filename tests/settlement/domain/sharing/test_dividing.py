"""The division to the fen, against an oracle in plain fractions."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settlement.domain.sharing.dividing import (
    GrantMode,
    Person,
    SharingPersonsInvalid,
    check_persons,
    divide,
)
from app.settlement.domain.sharing.schemes import Basis, Group, PersonRole, Pool, Tier
from app.shared.money import Money, apportion
from tests.settlement.domain.sharing.plans import MAIN, OTHER, TEAM, TRANSFER, person, shipped

BEFORE = GrantMode.BEFORE_CONVERSION


def naive_split(total: int, weights: Sequence[int]) -> list[int]:
    """Largest remainder as the textbook says it, one fen at a time."""
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [int(part) for part in exact]
    while sum(parts) < total:
        lacking = [part - given for part, given in zip(exact, parts, strict=True)]
        parts[lacking.index(max(lacking))] += 1
    return parts


def naive_pools(rest: int, tiers: Sequence[Tier]) -> dict[Pool, int]:
    """Walk the tiers slice by slice."""
    exact: dict[Pool, Fraction] = {}
    lower = 0
    for tier in tiers:
        upper = rest if tier.up_to is None else min(rest, tier.up_to.amount_minor)
        for pool, part in tier.pools.items():
            share = Fraction(part, sum(tier.pools.values()))
            exact[pool] = exact.get(pool, Fraction(0)) + share * max(0, upper - lower)
        lower = max(lower, upper)
    parts = {pool: int(part) for pool, part in exact.items()}
    while sum(parts.values()) < rest:
        most = max(exact, key=lambda pool: exact[pool] - parts[pool])
        parts[most] += 1
    return parts


def naive(
    total: int, tiers: Sequence[Tier], groups: Sequence[Group], persons: Sequence[Person]
) -> tuple[int, ...]:
    """Divide by the book: owners, pools, groups with persons, persons."""
    owned = [one.ownership_bp for one in persons]
    *owners, rest = naive_split(total, [*owned, 10_000 - sum(owned)])
    got = dict(enumerate(owners))
    others = [index for index, part in enumerate(owned) if not part]
    present = [
        group for group in groups if any(persons[index].role in group.roles for index in others)
    ]
    if present:
        award = naive_pools(rest, tiers)[Pool.AWARD]
        parts = naive_split(award, [group.share_bp for group in present])
        for group, part in zip(present, parts, strict=True):
            members = [index for index in others if persons[index].role in group.roles]
            weights = [persons[index].weight for index in members]
            got |= dict(zip(members, naive_split(part, weights), strict=True))
    return tuple(got[index] for index in range(len(persons)))


PEOPLE = st.lists(
    st.builds(
        Person,
        name=st.uuids().map(str),
        role=st.sampled_from(PersonRole),
        weight=st.integers(1, 12_000),
        ownership_bp=st.sampled_from([0, 0, 0, 700, 1300]),
    ),
    min_size=1,
    max_size=7,
)
TOTALS = st.one_of(st.integers(0, 500), st.integers(0, 10**13))
SCHEMES = st.sampled_from(
    ["cn_national", "cn_zhejiang", "equal_thirds", "two_thirds", "germany_30"]
)
RULES = st.lists(
    st.tuples(st.integers(1, 400), st.integers(0, 9), st.integers(0, 9), st.integers(1, 9)),
    min_size=1,
    max_size=4,
).map(
    lambda rows: tuple(
        Tier(
            {Pool.AWARD: award, Pool.DEPARTMENT: department, Pool.UNIT: unit},
            None if place == len(rows) - 1 else Money(sum(row[0] for row in rows[: place + 1])),
        )
        for place, (_, award, department, unit) in enumerate(rows)
    )
)


@given(TOTALS, SCHEMES, PEOPLE)
def test_every_person_gets_what_the_fractions_say(
    total: int, name: str, persons: list[Person]
) -> None:
    """ST137"""
    scheme = shipped(name)
    tiers = scheme.tiers(Basis.NET_INCOME)
    made = divide(total, tiers=tiers, groups=scheme.groups, persons=persons, mode=BEFORE)
    assert made.persons == naive(total, tiers, scheme.groups, persons)
    pools = dict(made.pools)
    assert sum(made.owners) + sum(pools.values()) == total
    assert sum(made.persons) == sum(made.owners) + pools[Pool.AWARD]
    assert sum(made.groups.values()) == pools[Pool.AWARD]


@given(st.integers(0, 2_000), RULES)
def test_tiers_are_walked_slice_by_slice(total: int, tiers: tuple[Tier, ...]) -> None:
    """ST137: the award of every tier, also where one gives the persons nothing."""
    groups = shipped("cn_national").groups
    made = divide(total, tiers=tiers, groups=groups, persons=[person("一")])
    assert dict(made.pools) == naive_pools(total, tiers)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 9_999), min_size=1, max_size=8))
def test_a_split_is_exact_and_within_a_fen(total: int, weights: list[int]) -> None:
    """ST137"""
    if not any(weights):
        weights[0] = 1
    parts = apportion(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(total * weight, sum(weights)) - part) < 1


@given(
    st.integers(0, 10**9),
    st.integers(0, 10**6),
    st.lists(st.integers(1, 9_999), min_size=2, max_size=8),
)
def test_more_to_divide_takes_back_a_fen_at_most(total: int, more: int, weights: list[int]) -> None:
    """ST137: between two parts nobody ever gets less."""
    before, after = apportion(total, weights), apportion(total + more, weights)
    lost = [max(0, low - high) for low, high in zip(before, after, strict=True)]
    assert max(lost) <= (0 if len(weights) == 2 else 1)


def test_a_fen_may_be_taken_back_among_three() -> None:
    """ST137: why a payment may run a fen ahead (the Alabama paradox of largest remainder)."""
    weights = (6, 6, 2)
    assert (apportion(10, weights), apportion(11, weights)) == ((4, 4, 2), (5, 5, 1))


@given(TOTALS, PEOPLE, st.randoms(use_true_random=False))
def test_the_order_of_persons_decides_ties_alone(
    total: int, persons: list[Person], shuffled: object
) -> None:
    """ST137: in another order each one's part differs by the fen of a tie at most."""
    scheme = shipped("cn_zhejiang")
    tiers = scheme.tiers(Basis.NET_INCOME)
    other = list(persons)
    shuffled.shuffle(other)  # type: ignore[attr-defined]

    def by_name(listed: list[Person]) -> Mapping[str, int]:
        made = divide(total, tiers=tiers, groups=scheme.groups, persons=listed)
        return {one.name: part for one, part in zip(listed, made.persons, strict=True)}

    one, two = by_name(persons), by_name(other)
    assert all(abs(one[name] - two[name]) <= 1 for name in one)
    group_of = {role: group.name for group in scheme.groups for role in group.roles}
    alike = {(group_of[each.role], each.weight) for each in persons}
    for kind in alike:
        names = [each.name for each in persons if (group_of[each.role], each.weight) == kind]
        assert sorted(one[name] for name in names) == sorted(two[name] for name in names)


@settings(max_examples=50)
@given(st.integers(1, 10**10))
def test_ties_go_to_the_first_in_the_listing(total: int) -> None:
    """ST137"""
    scheme = shipped("two_thirds")
    twins = [person("甲"), person("乙")]
    made = divide(total, tiers=scheme.tiers(Basis.NET_INCOME), groups=scheme.groups, persons=twins)
    assert made.persons[0] - made.persons[1] in {0, 1}


def test_a_million_in_zhejiang() -> None:
    """ST137: 700,000 to the persons: 90 and 5 of 95 parts, for nobody is an other."""
    scheme = shipped("cn_zhejiang")
    made = divide(
        100_000_000,
        tiers=scheme.tiers(Basis.NET_INCOME),
        groups=scheme.groups,
        persons=TEAM,
    )
    assert made.pools == {Pool.AWARD: 70_000_000, Pool.UNIT: 30_000_000}
    assert made.groups == {"contributors": 66_315_789, "staff": 3_684_211, "others": 0}
    assert made.persons == (39_789_473, 26_526_316, 1_842_106, 1_842_105)


def test_shares_are_whole() -> None:
    """ST137: 1,001 shares, 70 % of them to the persons."""
    scheme = shipped("cn_zhejiang")
    made = divide(1_001, tiers=scheme.tiers(Basis.SHARES), groups=scheme.groups, persons=TEAM)
    assert made.pools[Pool.AWARD] == 701
    assert made.persons == (398, 266, 19, 18)


def test_owners_take_their_share_out_before_the_pools() -> None:
    """ST139: 40 % of the ownership kept; the rest is shared among the others."""
    scheme = shipped("cn_zhejiang")
    team = [person("许澜清", 6000, ownership_bp=4000), person("郭一舟", 4000)]
    made = divide(
        1_000_000,
        tiers=scheme.tiers(Basis.NET_INCOME),
        groups=scheme.groups,
        persons=team,
        mode=BEFORE,
    )
    assert made.owners == (400_000, 0)
    assert made.persons == (400_000, 420_000)
    assert made.pools == {Pool.AWARD: 420_000, Pool.UNIT: 180_000}
    after = divide(
        1_000_000,
        tiers=scheme.tiers(Basis.NET_INCOME),
        groups=scheme.groups,
        persons=team,
        mode=GrantMode.AFTER_CONVERSION,
    )
    assert (after.owners, after.persons) == ((0, 0), (420_000, 280_000))


def test_where_all_are_owners_the_unit_has_the_rest() -> None:
    """ST139"""
    scheme = shipped("cn_national")
    team = [person("许澜清", ownership_bp=5000), person("郭一舟", ownership_bp=2000)]
    made = divide(
        999,
        tiers=scheme.tiers(Basis.NET_INCOME),
        groups=scheme.groups,
        persons=team,
        mode=BEFORE,
    )
    assert made.persons == (499, 200)
    assert made.pools == {Pool.AWARD: 0, Pool.UNIT: 300}


@pytest.mark.parametrize(
    ("persons", "mode", "field"),
    [
        ((), None, "persons"),
        ((person("甲"), person("甲")), None, "persons"),
        ((person("甲", ownership_bp=1),), None, "persons.ownership_bp"),
        (
            (person("甲", ownership_bp=6000), person("乙", ownership_bp=4001)),
            BEFORE,
            "persons.ownership_bp",
        ),
        ((person("甲"), person("乙", role=OTHER)), None, "persons.1.role"),
    ],
)
def test_persons_who_cannot_share_are_refused(
    persons: tuple[Person, ...], mode: GrantMode | None, field: str
) -> None:
    """ST136"""
    groups = (
        Group("people", (MAIN, TRANSFER, PersonRole.MANAGEMENT_STAFF), 10_000),
        Group("others", (OTHER,), 0),
    )
    with pytest.raises(SharingPersonsInvalid) as refused:
        check_persons(persons, groups, mode)
    assert refused.value.fields["field"] == field
    check_persons([person("甲"), person("乙", role=TRANSFER)], groups, None)
