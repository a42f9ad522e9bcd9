"""Comparable deals 可比案例: this exchange's own, kept from its journal, and given ones.

What is known of a listing's sale arrives as events of two subjects in any order, so each event
is folded in by its subject's version, and the fold's result depends on no order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import ListingId, MarketId
from app.shared.money import Money


class ComparableSource(StrEnum):
    """Where a comparable comes from."""

    EXCHANGE = "exchange"
    GIVEN = "given"


class ComparableInvalid(RuleBroken):
    """A given comparable lacks what would let others check it."""

    code = "comparable_invalid"
    title_zh = "可比案例不符合要求"
    title_en = "The comparable does not fit"


class ComparableMismatch(Conflict):
    """A valuation quotes a comparable otherwise than the exchange knows it."""

    code = "comparable_mismatch"
    title_zh = "所引用的可比案例与登记不一致"
    title_en = "A quoted comparable differs from what is recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparableTerms:
    """What a right was offered as.

    Attributes:
        readiness: ``{"scale": "trl_9", "level": 7}`` or ``None``.
    """

    title: str
    technology_field: str
    kind: str | None = None
    ip_kind: str | None = None
    readiness: Mapping[str, Any] | None = None
    conversion_mode: str | None = None
    pricing_mode: str | None = None
    floor: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DealFacts:
    """What is known of one deal; each part is ``None`` until its event came."""

    opened_at: datetime | None = None
    price: Money | None = None
    start: Money | None = None
    source: str | None = None
    settled_at: datetime | None = None
    defaulted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleRecord:
    """What the journal told of a listing's sale.

    Attributes:
        terms_version: Of the listing's subject, that ``terms`` are from; 0 for none yet.
        deals: By deal id; a listing has a second deal after a default.
    """

    listing_id: ListingId
    market_id: MarketId
    terms_version: int = 0
    terms: ComparableTerms | None = None
    deals: Mapping[UUID, DealFacts] = field(default_factory=dict)

    def with_terms(self, version: int, terms: ComparableTerms) -> "SaleRecord":
        """Return the record knowing a notice, unless it knows a later one."""
        if version <= self.terms_version:
            return self
        return replace(self, terms_version=version, terms=terms)

    def with_deal(self, deal_id: UUID, **facts: Any) -> "SaleRecord":
        """Return the record knowing more of one deal."""
        known = replace(self.deals.get(deal_id, DealFacts()), **facts)
        return replace(self, deals={**self.deals, deal_id: known})

    def sold(self) -> DealFacts | None:
        """Return the deal that counts as evidence: opened, settled, and not in default."""
        settled = [
            deal
            for deal in self.deals.values()
            if deal.price is not None and deal.settled_at is not None and deal.defaulted_at is None
        ]
        return settled[0] if settled else None  # a listing is sold once


def is_contested(deal: DealFacts) -> bool:
    """Tell whether rivals moved the price: an auction that ended above its start.

    At its start one bid was enough; agreements and single buyers name no rival. The deal's
    event tells source, start and price, not how many bid.
    """
    assert deal.price is not None
    return deal.source == "auction" and deal.start is not None and deal.price > deal.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparable:
    """A deal that is evidence of a price.

    Attributes:
        contested: ``None`` where it is not known.
        cited: Where a given one is published; ``None`` for the exchange's own.
        note: Its terms in words.
    """

    id: UUID
    market_id: MarketId
    source: ComparableSource
    listing_id: ListingId | None
    terms: ComparableTerms
    price: Money
    start: Money | None
    contested: bool | None
    dealt_on: date
    cited: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparableFilter:
    """Which comparables are asked for; ``None`` asks nothing."""

    technology_field: str | None = None
    kind: str | None = None
    ip_kind: str | None = None
    conversion_mode: str | None = None
    contested: bool | None = None
    source: ComparableSource | None = None
    since: date | None = None
