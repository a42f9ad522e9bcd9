"""Searches: what can be asked, which entries pass, and what a found entry is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import IntEnum, StrEnum
from functools import partial
from typing import Any, Final
from uuid import UUID

from app.listings.domain.content import Readiness
from app.listings.domain.listing import ListingStatus, PricingMode
from app.shared import codes
from app.shared.errors import Conflict, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import MarketId, PartyId, SavedSearchId
from app.shared.money import Money
from app.shared.regions import region_prefix
from app.shared.words import Term, has_term, terms_of, tokens_of

COUNT_MAX: Final = 10_000
SAVED_MAX: Final = 100
_SCALE_BP: Final = 10_000


class Target(StrEnum):
    """What is searched."""

    ACHIEVEMENTS = "achievements"
    LISTINGS = "listings"


class Sort(StrEnum):
    """In which order."""

    RELEVANCE = "relevance"  # where the words stand, then newest first
    NEWEST = "newest"
    PRICE = "price"  # cheapest first, without a price last
    READINESS = "readiness"  # most mature first
    CLOSING = "closing"  # what closes next first


class Tier(IntEnum):
    """Where all words of a query stand: the higher, the earlier in the order of relevance."""

    TEXT = 0
    KEYWORDS = 1  # all of them in title or keywords
    TITLE = 2


class SearchInvalid(RuleBroken):
    """A filter holds what no entry can have; ``errors`` names each and what would pass."""

    code = "search_invalid"
    title_zh = "检索条件不符合要求"
    title_en = "The search breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class TooManySavedSearches(Conflict):
    """A party has as many saved searches as it may."""

    code = "saved_searches_full"
    title_zh = "已保存的搜索数量已达上限"
    title_en = "The party has as many saved searches as it may"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What an entry must be; an empty or missing filter lets everything pass.

    Values of one filter are alternatives, filters hold together.

    Attributes:
        regions: Of the owner; ``330000`` takes in the whole province.
        readiness: At least this level, on this scale: others cannot be compared.
        price_max: Of a listing its floor; entries without a price in its currency do not pass.
        on_offer: Of an achievement: a listing of it is open for registration.
        closing_before: Of a listing: open for registration, and not so at this moment.
    """

    market_id: MarketId | None = None
    technology_fields: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    ip_kinds: tuple[str, ...] = ()
    conversion_modes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    readiness: Readiness | None = None
    price_max: Money | None = None
    on_offer: bool | None = None
    pricing_modes: tuple[PricingMode, ...] = ()
    statuses: tuple[ListingStatus, ...] = ()
    closing_before: datetime | None = None


_TABLES: Final = {
    "technology_fields": ("technology_field", "technology_field"),
    "kinds": ("kind", "achievement_kind"),
    "ip_kinds": ("ip_kind", "ip_kind"),
    "conversion_modes": ("conversion_mode", "conversion_mode"),
}


def check_filters(filters: Filters) -> None:
    """Refuse codes that are in no table: a misspelt filter would find nothing for no reason.

    Raises:
        SearchInvalid: Names every one.
    """
    findings = Findings()
    for name, (parameter, table) in _TABLES.items():
        for code in getattr(filters, name):
            findings.catch(parameter, partial(codes.require, table, code, field=parameter))
    for region in filters.regions:
        findings.catch("region", partial(codes.require_region, region, field="region"))
    if filters.readiness is not None:
        scale = filters.readiness.scale
        findings.catch(
            "readiness_scale",
            partial(codes.require, "readiness_scale", scale, field="readiness_scale"),
        )
    if findings.errors:
        raise SearchInvalid("No entry can have this.", errors=findings.errors)


def readiness_bp(readiness: Readiness) -> int:
    """Return how far up its scale a level stands, in basis points: for sorting only."""
    return readiness.level * _SCALE_BP // codes.last_level(readiness.scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What everybody may read of an entry, as far as searches look at it.

    Attributes:
        party_id: The owner or seller.
        shelved_at: Since when everybody may read it.
        texts: Public texts beside title and keywords.
        kind, ip_kind, region, readiness: Empty for a listing.
    """

    id: UUID
    target: Target
    market_id: MarketId
    party_id: PartyId
    version: int
    owner_name: str
    title: str
    keywords: tuple[str, ...]
    texts: tuple[str, ...]
    technology_field: str
    conversion_modes: tuple[str, ...]
    price: Money | None
    shelved_at: datetime
    kind: str | None = None
    ip_kind: str | None = None
    region: str | None = None
    readiness: Readiness | None = None
    pricing_mode: PricingMode | None = None
    status: ListingStatus | None = None

    @property
    def tokens(self) -> frozenset[str]:
        """Everything that the entry is found by."""
        return tokens_of(self.title, *self.keywords, *self.texts)


def passes(filters: Filters, document: Document) -> bool:
    """Tell whether an entry passes filters, but for those of time: ``on_offer`` and closing.

    Invariant: LS53.
    """
    readiness, price, region = filters.readiness, filters.price_max, document.region or ""
    return all(
        (
            filters.market_id in (None, document.market_id),
            _one_of(document.technology_field, filters.technology_fields),
            _one_of(document.kind, filters.kinds),
            _one_of(document.ip_kind, filters.ip_kinds),
            _one_of(document.pricing_mode, filters.pricing_modes),
            _one_of(document.status, filters.statuses),
            not filters.conversion_modes
            or not set(filters.conversion_modes).isdisjoint(document.conversion_modes),
            not filters.regions
            or any(region.startswith(region_prefix(asked)) for asked in filters.regions),
            readiness is None
            or (
                document.readiness is not None
                and document.readiness.scale == readiness.scale
                and document.readiness.level >= readiness.level
            ),
            price is None
            or (
                document.price is not None
                and document.price.currency == price.currency
                and document.price.amount_minor <= price.amount_minor
            ),
        )
    )


def _one_of(value: str | None, accepted: Collection[str]) -> bool:
    return not accepted or value in accepted


@dataclass(frozen=True, slots=True)
class MatchedTerm:
    """A word of the query and the best place where the entry has it."""

    text: str
    where: Tier


def matched_terms(
    terms: Sequence[Term], *, title: str, keywords: Sequence[str]
) -> tuple[MatchedTerm, ...]:
    """Return where a found entry has the terms; it has all of them."""
    in_title, in_keywords = tokens_of(title), tokens_of(*keywords)

    def where(term: Term) -> Tier:
        if has_term(in_title, term):
            return Tier.TITLE
        return Tier.KEYWORDS if has_term(in_keywords, term) else Tier.TEXT

    return tuple(MatchedTerm(term.text, where(term)) for term in terms)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the keyset of its last entry.

    Attributes:
        key: In the sort's own unit, as text.
    """

    tier: int
    key: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Count:
    """How many entries; at least so many if it is not exact."""

    count: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """How many entries each value of a filter would leave, its own values left aside.

    Attributes:
        exact: Whether all entries were counted, not the first `COUNT_MAX` only.
    """

    counts: Mapping[str, int]
    exact: bool


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search that is told its owner what comes onto the shelf."""

    id: SavedSearchId
    market_id: MarketId
    party_id: PartyId
    name: str
    target: Target
    q: str
    filters: Filters
    created_at: datetime

    @property
    def terms(self) -> tuple[Term, ...]:
        """The words that it looks for."""
        return terms_of(self.q)


def filters_to_json(filters: Filters) -> dict[str, Any]:
    """Return what a saved search keeps of its filters: those that are set."""
    told: dict[str, Any] = {}
    for item in fields(filters):
        value = getattr(filters, item.name)
        if value in (None, ()):
            continue
        match value:
            case Money():
                told[item.name] = value.as_json()
            case Readiness():
                told[item.name] = {"scale": value.scale, "level": value.level}
            case tuple():
                told[item.name] = [str(entry) for entry in value]
            case _:
                told[item.name] = value if isinstance(value, bool) else str(value)
    return told


def filters_from_json(told: Mapping[str, Any]) -> Filters:
    """Return the filters that a saved search kept."""

    def values(name: str) -> tuple[str, ...]:
        return tuple(told.get(name, ()))

    price, readiness = told.get("price_max"), told.get("readiness")
    return Filters(
        technology_fields=values("technology_fields"),
        kinds=values("kinds"),
        ip_kinds=values("ip_kinds"),
        conversion_modes=values("conversion_modes"),
        regions=values("regions"),
        readiness=None if readiness is None else Readiness(**readiness),
        price_max=None if price is None else Money.parse(price["amount"], price["currency"]),
        pricing_modes=tuple(PricingMode(mode) for mode in values("pricing_modes")),
    )
