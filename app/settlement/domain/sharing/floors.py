"""The floor of law under every sharing: which minima bind which unit, and whether they are met.

A unit founded by government may give more and never less; of other units the law only says what
holds where nothing was agreed, so no minimum binds them. Source: 促进科技成果转化法 44, 45;
浙江省促进科技成果转化条例 37.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.settlement.domain.sharing.dividing import Division, Person
from app.settlement.domain.sharing.schemes import (
    WHOLE_BP,
    Basis,
    PersonRole,
    Pool,
    Scheme,
)
from app.shared.errors import RuleBroken

STAFF: Final = frozenset({PersonRole.TRANSFER_STAFF, PersonRole.MANAGEMENT_STAFF})


class Measure(StrEnum):
    """Which part has a minimum."""

    AWARD = "award"  # all persons, of the net by law
    MAIN_CONTRIBUTORS = "main_contributors"  # of the award
    STAFF = "staff"  # transfer and management staff, of the award


class SharingBelowFloor(RuleBroken):
    """Less than the law gives; names ``article``, ``field``, ``minimum_bp`` and ``reached_bp``."""

    code = "sharing_below_floor"
    title_zh = "低于法定分配比例"
    title_en = "Below the share that the law gives"


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """One minimum of law.

    Attributes:
        minimum_bp: Basis points of what ``measure`` is a part of.
        seller_classes: Whom it binds.
        region_prefix: GB/T 2260 prefix of the units it binds; empty for the whole country.
    """

    name: str
    article: str
    basis: Basis
    measure: Measure
    minimum_bp: int
    seller_classes: frozenset[str]
    region_prefix: str
    effective_on: date


@dataclass(frozen=True, slots=True)
class FloorFinding:
    """A minimum and what a division gives.

    Attributes:
        reached_bp: Of the base, cut to a whole basis point; the minimum where only rounding lacks.
        met: Within the one fen or share that rounding may move.
    """

    floor: Floor
    reached_bp: int
    met: bool


def binding(
    floors: Sequence[Floor],
    *,
    basis: Basis,
    seller_class: str | None,
    region_code: str | None,
    on: date,
) -> tuple[Floor, ...]:
    """Return the minima that bind a unit of this class and region on a day."""
    return tuple(
        floor
        for floor in floors
        if floor.basis is basis
        and seller_class in floor.seller_classes
        and (region_code or "").startswith(floor.region_prefix)
        and floor.effective_on <= on
    )


def measure(
    floors: Sequence[Floor], division: Division, persons: Sequence[Person], *, net_by_law: int
) -> tuple[FloorFinding, ...]:
    """Return what a division gives against each minimum.

    What persons keep as owners stands in the award's place (S5): it counts for the persons
    together and for the main contributors. The staff's part is of the award proper.

    Args:
        net_by_law: The base of `Measure.AWARD`: fen, or shares.

    Invariant: ST133.
    """
    by_role = dict.fromkeys(PersonRole, 0)
    for person, got in zip(persons, division.persons, strict=True):
        by_role[person.role] += got
    got = sum(division.persons)
    reached = {
        Measure.AWARD: (got, net_by_law),
        Measure.MAIN_CONTRIBUTORS: (by_role[PersonRole.MAIN_CONTRIBUTOR], got),
        Measure.STAFF: (sum(by_role[role] for role in STAFF), division.pools[Pool.AWARD]),
    }
    return tuple(_found(floor, *reached[floor.measure]) for floor in floors)


def _found(floor: Floor, part: int, base: int) -> FloorFinding:
    reached = part * WHOLE_BP // base if base else 0
    met = base == 0 or (part + 1) * WHOLE_BP > floor.minimum_bp * base
    # A fen of rounding less than the minimum is the minimum, as it is judged.
    told = max(reached, floor.minimum_bp) if met and base else reached
    return FloorFinding(floor=floor, reached_bp=told, met=met)


def require_met(findings: Sequence[FloorFinding]) -> None:
    """Refuse a sharing that breaks a minimum.

    Raises:
        SharingBelowFloor: The first one that is broken.
    """
    for finding in findings:
        if not finding.met:
            raise _below(
                finding.floor, field=f"persons.{finding.floor.measure}", reached=finding.reached_bp
            )


def check_scheme_floors(scheme: Scheme, floors: Sequence[Floor]) -> None:
    """Refuse a unit's scheme that in some slice gives less than the law.

    A scheme that deducts a rate shares less than the net by law: its award counts of what is
    left. Groups are judged as if each had persons.

    Raises:
        SharingBelowFloor: Names article, field and minimum.

    Invariant: ST131.
    """
    for floor in floors:
        for field, reached in _reached(scheme, floor):
            if reached < floor.minimum_bp:
                raise _below(floor, field=field, reached=reached)


def _reached(scheme: Scheme, floor: Floor) -> Iterator[tuple[str, int]]:
    if floor.measure is Measure.AWARD:
        left, whole = 1, 1
        for step in scheme.deductions:
            if step.rate_bp is not None:
                left, whole = left * (WHOLE_BP - step.rate_bp), whole * WHOLE_BP
        for number, tier in enumerate(scheme.rules.get(floor.basis, ())):
            field = f"rules.{floor.basis}.{number}.pools.{Pool.AWARD}"
            share = tier.pools[Pool.AWARD] * WHOLE_BP
            if floor.basis is Basis.NET_INCOME:
                yield field, share * left // (whole * tier.whole)
            else:
                yield field, share // tier.whole
        return
    wanted = STAFF if floor.measure is Measure.STAFF else {PersonRole.MAIN_CONTRIBUTOR}
    groups = [group for group in scheme.groups if wanted & set(group.roles)]
    # A group with others in it is divided by persons' weights: judged when they are known.
    if all(wanted >= set(group.roles) for group in groups):
        yield f"groups.{groups[0].name}.share_bp", sum(group.share_bp for group in groups)


def _below(floor: Floor, *, field: str, reached: int) -> SharingBelowFloor:
    return SharingBelowFloor(
        f"{floor.article} gives at least {floor.minimum_bp} basis points.",
        field=field,
        article=floor.article,
        minimum_bp=floor.minimum_bp,
        reached_bp=reached,
    )
