"""Schemes of sharing 分配方案: who gets which part, as data that pure functions evaluate.

A scheme is versioned and never changed; a sharing keeps the copy it was made by. Source:
rules.md section 6 (S1 to S5); each scheme names its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from app.shared.errors import NotFound, RuleBroken
from app.shared.money import Money

WHOLE_BP: Final = 10_000


class Basis(StrEnum):
    """What is shared."""

    NET_INCOME = "net_income"  # 净收入
    SHARES = "shares"  # 作价投资所得股份
    OPERATING_PROFIT = "operating_profit"  # 自行实施的营业利润


class Pool(StrEnum):
    """For whom a part of the net is."""

    AWARD = "award"  # the persons who completed and converted the result
    UNIT = "unit"
    DEPARTMENT = "department"
    SCHOOL = "school"
    RESEARCH_FUND = "research_fund"


class PersonRole(StrEnum):
    """What a person did for the conversion."""

    MAIN_CONTRIBUTOR = "main_contributor"  # 主要贡献人员
    TRANSFER_STAFF = "transfer_staff"  # 转化服务人员
    MANAGEMENT_STAFF = "management_staff"  # 管理人员
    OTHER = "other"


class Origin(StrEnum):
    """Whose a scheme is."""

    LAW = "law"
    PUBLISHED = "published"  # another institution's, for comparison
    UNIT = "unit"


class DeductionKind(StrEnum):
    """What is taken off before the division, in the scheme's order."""

    RATE = "rate"  # of what is left at its place
    COSTS = "costs"  # the cost lines
    TAX = "tax"


class SharingSchemeInvalid(RuleBroken):
    """The scheme contradicts itself; ``field``, ``rule`` and ``accepted`` say where and how."""

    code = "sharing_scheme_invalid"
    title_zh = "分配方案不自洽"
    title_en = "The sharing scheme contradicts itself"


class SharingSchemeUnknown(NotFound):
    """No such scheme, or no version of it in force; ``accepted`` names those that are."""

    code = "sharing_scheme_unknown"
    title_zh = "没有该分配方案"
    title_en = "There is no such sharing scheme"


class SharingBasisUnknown(RuleBroken):
    """The scheme has no rule for this basis; ``accepted`` names those it has."""

    code = "sharing_basis_unknown"
    title_zh = "该方案未规定此种分配基数"
    title_en = "The scheme has no rule for this basis"


class SharingCurrencyDiffers(RuleBroken):
    """The scheme's tiers or a figure are in another currency; ``accepted`` names the right one."""

    code = "sharing_currency_differs"
    title_zh = "币种不一致"
    title_en = "The currencies differ"


@dataclass(frozen=True, slots=True)
class Deduction:
    """One deduction.

    Attributes:
        rate_bp: Basis points, 1 to 9,999; of a rate only.
    """

    kind: DeductionKind
    rate_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """The parts of one slice of the net.

    Attributes:
        pools: Each pool's part of their sum: 7000 and 3000 are basis points, three times 1 thirds.
        up_to: Where the slice ends, cumulative; ``None`` for the last one.
    """

    pools: Mapping[Pool, int]
    up_to: Money | None = None

    @property
    def whole(self) -> int:
        """What the parts are parts of."""
        return sum(self.pools.values())


@dataclass(frozen=True, slots=True)
class Group:
    """Persons who share a part of the award.

    Attributes:
        share_bp: Of the award; the part of a group without persons goes to the others, pro rata.
    """

    name: str
    roles: tuple[PersonRole, ...]
    share_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A scheme in one version.

    Attributes:
        unconfirmed: What of it could not be confirmed from its source.
        rules: The tiers of each basis, the lowest slice first.
    """

    name: str
    version: int
    origin: Origin
    title_zh: str
    title_en: str
    source: str
    effective_on: date
    deductions: tuple[Deduction, ...]
    rules: Mapping[Basis, tuple[Tier, ...]]
    groups: tuple[Group, ...]
    unconfirmed: str | None = None

    def tiers(self, basis: Basis) -> tuple[Tier, ...]:
        """Return the tiers of a basis.

        Raises:
            SharingBasisUnknown: Names the bases that the scheme knows.
        """
        if basis not in self.rules:
            raise SharingBasisUnknown(
                "The scheme says nothing of this basis.",
                field="basis",
                scheme=self.name,
                accepted=sorted(self.rules),
            )
        return self.rules[basis]

    @property
    def currency(self) -> str | None:
        """Return the currency of its tiers; ``None`` if it fits every one."""
        edges = (tier.up_to for tiers in self.rules.values() for tier in tiers)
        return next((edge.currency for edge in edges if edge is not None), None)


def _invalid(field: str, rule: str, **told: object) -> SharingSchemeInvalid:
    return SharingSchemeInvalid(f"{field}: {rule}.", field=field, rule=rule, **told)


def check_scheme(scheme: Scheme) -> None:
    """Refuse a scheme that contradicts itself.

    Raises:
        SharingSchemeInvalid: Names the first field that is wrong and what would be accepted.

    Invariant: ST130.
    """
    for problem in _problems(scheme):
        raise problem


def _problems(scheme: Scheme) -> Iterator[SharingSchemeInvalid]:
    kinds = [step.kind for step in scheme.deductions]
    for kind in (DeductionKind.COSTS, DeductionKind.TAX):
        if kinds.count(kind) > 1:
            yield _invalid("deductions", f"{kind} may stand once", maximum=1)
    for step in scheme.deductions:
        rate = step.kind is DeductionKind.RATE
        if rate and not (step.rate_bp is not None and 0 < step.rate_bp < WHOLE_BP):
            yield _invalid("deductions", "a rate is 1 to 9999 basis points", minimum=1)
        if not rate and step.rate_bp is not None:
            yield _invalid("deductions", "only a rate has rate_bp", accepted=None)
    if not scheme.rules:
        yield _invalid("rules", "one basis at least", accepted=sorted(Basis))
    for basis, tiers in scheme.rules.items():
        yield from _tier_problems(f"rules.{basis}", basis, tiers)
    yield from _group_problems(scheme.groups)


def _tier_problems(
    field: str, basis: Basis, tiers: Sequence[Tier]
) -> Iterator[SharingSchemeInvalid]:
    if not tiers or tiers[-1].up_to is not None or any(tier.up_to is None for tier in tiers[:-1]):
        yield _invalid(field, "the last tier, and only it, is open-ended")
        return
    edges = [tier.up_to for tier in tiers[:-1] if tier.up_to is not None]
    if edges and basis is Basis.SHARES:
        yield _invalid(field, "shares are divided in one tier", maximum=1)
    if len({edge.currency for edge in edges}) > 1:
        yield _invalid(field, "one currency", accepted=edges[0].currency)
    elif any(edge.amount_minor <= 0 for edge in edges) or any(
        low >= high for low, high in pairwise(edges)
    ):
        yield _invalid(field, "tiers end at rising amounts above zero")
    for tier in tiers:
        if min(tier.pools.values(), default=-1) < 0 or not 0 < tier.whole <= WHOLE_BP:
            yield _invalid(field, "parts are not negative; their sum is 1 to 10000", minimum=1)
        if Pool.AWARD not in tier.pools:
            yield _invalid(field, "a pool for the award", accepted=str(Pool.AWARD))


def _group_problems(groups: Sequence[Group]) -> Iterator[SharingSchemeInvalid]:
    roles = [role for group in groups for role in group.roles]
    if sorted(roles) != sorted(PersonRole):
        yield _invalid(
            "groups", "each role stands in exactly one group", accepted=sorted(PersonRole)
        )
    if len({group.name for group in groups}) != len(groups):
        yield _invalid("groups", "names differ")
    shares = [group.share_bp for group in groups]
    if min(shares, default=-1) < 0 or sum(shares) != WHOLE_BP:
        yield _invalid("groups", "shares are not negative and sum to 10000", accepted=WHOLE_BP)


def scheme_from_json(told: Mapping[str, Any]) -> Scheme:
    """Return the scheme whose `jsonable` form was kept."""
    return Scheme(
        name=told["name"],
        version=told["version"],
        origin=Origin(told["origin"]),
        title_zh=told["title_zh"],
        title_en=told["title_en"],
        source=told["source"],
        effective_on=date.fromisoformat(told["effective_on"]),
        unconfirmed=told.get("unconfirmed"),
        deductions=tuple(
            Deduction(DeductionKind(step["kind"]), step.get("rate_bp"))
            for step in told["deductions"]
        ),
        rules={
            Basis(basis): tuple(_tier_from_json(tier) for tier in tiers)
            for basis, tiers in told["rules"].items()
        },
        groups=tuple(
            Group(group["name"], tuple(map(PersonRole, group["roles"])), group["share_bp"])
            for group in told["groups"]
        ),
    )


def _tier_from_json(told: Mapping[str, Any]) -> Tier:
    edge = told.get("up_to")
    return Tier(
        pools={Pool(pool): share for pool, share in told["pools"].items()},
        up_to=None if edge is None else Money.parse(edge["amount"], edge["currency"]),
    )
