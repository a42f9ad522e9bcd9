"""Notices 公告: what is published, word for word, and its hash."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.listings.domain.achievement import Achievement
from app.listings.domain.content import Confidentiality
from app.listings.domain.listing import Listing
from app.shared.canonical import digest
from app.shared.jsonable import jsonable


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice 公告 as published.

    Attributes:
        content: Everything it says, as JSON.
        content_hash: SHA-256 of the RFC 8785 form of ``content``.
    """

    number: str
    content: Mapping[str, Any]
    content_hash: str
    published_at: datetime


def write_notice(
    listing: Listing, achievement: Achievement, *, seller_name: str, calendar_version: str
) -> Notice:
    """Return the notice of a listing that is being published: all terms, nothing personal.

    Completers are left out: a notice stays readable for ever and names no natural person but
    a seller who is one.

    Args:
        listing: With policy and period already fixed.
        calendar_version: Of the working-day calendar that the period was counted with.

    Invariant: LS3. Source: rules.md A2, L2, L11 and the notice fields of section 2.
    """
    if listing.published_at is None or listing.policy is None:
        raise ValueError("a notice is written when the listing's period is fixed")
    number = f"{listing.number}-N1"
    told: dict[str, Any] = jsonable(
        {
            "notice_number": number,
            "listing_number": listing.number,
            "listing_id": listing.id,
            "market_id": listing.market_id,
            "session_id": listing.session_id,
            "seller": {"party_id": listing.seller_id, "name": seller_name},
            "achievement": _subject(achievement),
            "pricing_mode": listing.pricing_mode,
            "conversion_mode": listing.conversion_mode,
            "floor": listing.floor,
            "deposit": listing.deposit,
            "base_price": listing.base_price,
            "contract_terms": listing.contract_terms,
            "payment_terms": listing.payment_terms,
            "buyer_conditions": listing.buyer_conditions,
            "forfeiture_terms": listing.forfeiture_terms,
            "related_buyers": listing.related_buyers,
            "auction_id": listing.auction_id,
            "opens_at": listing.opens_at,
            "bidding": listing.bidding,
            "policy_id": listing.policy_id,
            "policy": listing.policy.as_json(),
            "calendar_version": calendar_version,
            "published_at": listing.published_at,
            "disclosure_ends_at": listing.disclosure_ends_at,
        }
    )
    return Notice(
        number=number,
        content=told,
        content_hash=digest(told),
        published_at=listing.published_at,
    )


def _subject(achievement: Achievement) -> dict[str, Any]:
    content = achievement.content
    public = content.confidentiality is Confidentiality.PUBLIC
    return {
        "id": achievement.id,
        "title": content.title,
        "abstract": content.told_abstract,
        "technology_field": content.technology_field,
        "kind": content.kind,
        "ip_kind": content.ip_kind,
        "ip_assets": content.ip_assets if public else None,
        "readiness": content.readiness,
    }
