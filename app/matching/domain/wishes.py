"""Match wishes 匹配偏好: what a party asks of its matches beyond what its record says.

Only what the party itself looks for is judged by them: nobody who looks for its entry is told
them, or what they kept out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from app.matching.domain.entry import EntryKind, Readiness
from app.matching.domain.wish import Conditions, Wish
from app.shared import codes
from app.shared.errors import Conflict, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import MarketId
from app.shared.money import Money

# In which code table the modes of what is found are named.
MODES_OF: Final[Mapping[EntryKind, str]] = {
    EntryKind.ACHIEVEMENT: "conversion_mode",
    EntryKind.DEMAND: "cooperation_mode",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryWishes:
    """What a party wishes of the matches of one of its entries.

    Attributes:
        readiness: The level that a demand would like to see; the nearer, the better.
        region: From where it would like its partner, six digits; instead of its own region.
        conditions: What admits no exception.
    """

    readiness: Readiness | None = None
    region: str | None = None
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(frozen=True, slots=True)
class KeptWishes:
    """Wishes as they are kept.

    Attributes:
        version: 0 where nothing was ever wished.
    """

    version: int
    wishes: EntryWishes


NOTHING: Final = KeptWishes(0, EntryWishes())


class MatchWishesInvalid(RuleBroken):
    """The wishes break rules; ``errors`` names each field, rule and what would pass."""

    code = "match_wishes_invalid"
    title_zh = "匹配偏好不符合要求"
    title_en = "The match wishes break rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class MatchWishesVersionMissing(RuleBroken):
    """Two people edit one party's wishes; each says which version it has seen."""

    code = "match_wishes_version_missing"
    title_zh = "必须携带 If-Match 匹配偏好版本号"
    title_en = "If-Match with the version of the match wishes is missing"


class MatchWishesChanged(Conflict):
    """Somebody else has changed the wishes in between."""

    code = "match_wishes_changed"
    title_zh = "匹配偏好已被他人修改"
    title_en = "The match wishes were changed meanwhile"


def apply(wishes: EntryWishes, wish: Wish) -> Wish:
    """Return what an entry looks for, with what its party wishes beyond the record.

    Invariant: MT105.
    """
    facts = wish.facts
    return replace(
        wish,
        facts=replace(
            facts,
            readiness=wishes.readiness or facts.readiness,
            region=wishes.region or facts.region,
        ),
        conditions=wishes.conditions,
    )


def check_wishes(wishes: EntryWishes, kind: EntryKind) -> None:
    """Refuse wishes that break a rule, naming all faults.

    Args:
        kind: Of the entry whose wishes they are.

    Raises:
        MatchWishesInvalid: With one of these rules an error: code_unknown, repeated,
            level_out_of_scale, for_demands_only.

    Invariant: MT106.
    """
    findings = Findings()
    find_faults(findings, wishes, kind)
    if findings.errors:
        raise MatchWishesInvalid(findings.summary(), errors=findings.errors)


def find_faults(findings: Findings, wishes: EntryWishes, kind: EntryKind) -> None:
    """Note each rule that wishes break, as `check_wishes` names them."""
    conditions = wishes.conditions
    for name, table in (
        ("technology_fields", "technology_field"),
        ("modes", MODES_OF[kind.other]),
    ):
        _check_names(findings, f"conditions.{name}", getattr(conditions, name), table)
    for index, region in enumerate(conditions.regions):
        _check_region(findings, region, f"conditions.regions.{index}")
    findings.unique("conditions.regions", conditions.regions)
    if wishes.region is not None:
        _check_region(findings, wishes.region, "region")
    for where, value in (
        ("readiness", wishes.readiness),
        ("conditions.readiness_min", conditions.readiness_min),
        ("conditions.price_max", conditions.price_max),
    ):
        findings.require(
            value is None or kind is EntryKind.DEMAND,
            where,
            rule="for_demands_only",
            message="What is asked of a result; a demand has no such thing to show.",
            accepted=None,
        )
        if isinstance(value, Readiness):
            _check_readiness(findings, value, where)


def _check_names(findings: Findings, where: str, names: Sequence[str], table: str) -> None:
    for index, name in enumerate(names):
        at = f"{where}.{index}"
        findings.catch(at, partial(codes.require, table, name, field=at))
    findings.unique(where, names)


def _check_region(findings: Findings, region: str, where: str) -> None:
    findings.catch(where, partial(codes.require_region, region, field=where))


def _check_readiness(findings: Findings, readiness: Readiness, where: str) -> None:
    scale = readiness.scale
    if scale not in codes.table("readiness_scale").names:
        at = f"{where}.scale"
        findings.catch(at, partial(codes.require, "readiness_scale", scale, field=at))
        return
    last = codes.last_level(scale)
    findings.require(
        1 <= readiness.level <= last,
        f"{where}.level",
        rule="level_out_of_scale",
        message=f"The scale '{scale}' has the levels 1 to {last}.",
        minimum=1,
        maximum=last,
    )


def etag(version: int) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


def check_seen(seen: str | None, *, present: int) -> None:
    """Refuse a change that does not name the present version.

    Raises:
        MatchWishesVersionMissing: No version is named.
        MatchWishesChanged: Another one is; ``accepted`` is the present one's tag.

    Invariant: MT107.
    """
    if seen is None:
        raise MatchWishesVersionMissing(
            "Send If-Match with the ETag of the wishes.", field="If-Match", accepted=etag(present)
        )
    if seen.strip() != etag(present):
        raise changed(present)


def changed(present: int) -> MatchWishesChanged:
    """Return the refusal of a change to what is no longer the present version."""
    return MatchWishesChanged(
        "Read the wishes again and repeat the change on them.",
        field="If-Match",
        accepted=etag(present),
    )


def wishes_to_json(wishes: EntryWishes) -> dict[str, Any]:
    """Return the stored form."""
    conditions = wishes.conditions
    price = conditions.price_max
    return {
        "readiness": _readiness_to_json(wishes.readiness),
        "region": wishes.region,
        "conditions": {
            "technology_fields": list(conditions.technology_fields),
            "regions": list(conditions.regions),
            "modes": list(conditions.modes),
            "readiness_min": _readiness_to_json(conditions.readiness_min),
            "price_max": None if price is None else price.as_json(),
            "own_market_only": conditions.market_id is not None,
        },
    }


def wishes_from_json(told: Mapping[str, Any], market_id: MarketId) -> EntryWishes:
    """Read the stored form back.

    Args:
        market_id: Of the entry whose wishes they are.
    """
    asked = told["conditions"]
    price = asked["price_max"]
    return EntryWishes(
        readiness=_readiness(told["readiness"]),
        region=told["region"],
        conditions=Conditions(
            technology_fields=tuple(asked["technology_fields"]),
            regions=tuple(asked["regions"]),
            modes=tuple(asked["modes"]),
            readiness_min=_readiness(asked["readiness_min"]),
            price_max=None if price is None else Money.parse(price["amount"], price["currency"]),
            market_id=market_id if asked["own_market_only"] else None,
        ),
    )


def _readiness_to_json(readiness: Readiness | None) -> dict[str, Any] | None:
    return None if readiness is None else {"scale": readiness.scale, "level": readiness.level}


def _readiness(told: Mapping[str, Any] | None) -> Readiness | None:
    return None if told is None else Readiness(**told)
