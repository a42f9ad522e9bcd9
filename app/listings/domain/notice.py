"""Notices 公告: what is published, word for word, its hash, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from app.listings.domain.achievement import Achievement
from app.listings.domain.content import Confidentiality
from app.listings.domain.listing import Listing
from app.shared.canonical import digest
from app.shared.ids import ListingId, NoticeId
from app.shared.jsonable import jsonable


class NoticeKind(StrEnum):
    """What a notice announces."""

    OFFER = "offer"  # 公告
    CHANGE = "change"  # 变更公告: restates all terms, the period begins anew
    EXTENSION = "extension"  # 延期公告: restates all terms, the floor may have fallen
    SUSPENSION = "suspension"  # 中止公告
    RESUMPTION = "resumption"  # 恢复公告
    WITHDRAWAL = "withdrawal"  # 撤回公告
    TERMINATION = "termination"  # 终结公告
    OBJECTION_RESULT = "objection_result"  # 异议处理结果公告


TERMS_KINDS: Final = (NoticeKind.OFFER, NoticeKind.CHANGE, NoticeKind.EXTENSION)


class NoticeStatus(StrEnum):
    """What became of a notice."""

    PUBLISHED = "published"
    OBJECTED = "objected"  # an objection waits for its decision
    UPHELD = "upheld"  # an objection was right: there is no contract
    SUSPENDED = "suspended"
    SUPERSEDED = "superseded"  # a later notice states the terms
    CLOSED = "closed"  # its period passed without an upheld objection
    WITHDRAWN = "withdrawn"


class NoticeTrigger(StrEnum):
    """What moves a notice."""

    OBJECT = "object"
    REJECT_ALL = "reject_all"  # the last open objection was rejected or taken back
    UPHOLD = "uphold"
    SUSPEND = "suspend"
    RESUME = "resume"
    SUPERSEDE = "supersede"
    CLOSE = "close"
    WITHDRAW = "withdraw"


_S = NoticeStatus
_T = NoticeTrigger

# Source: rules.md section 1, states; A4, A5.
NOTICE_TRANSITIONS: Final[Mapping[tuple[NoticeStatus, NoticeTrigger], NoticeStatus]] = {
    (_S.PUBLISHED, _T.OBJECT): _S.OBJECTED,
    (_S.PUBLISHED, _T.SUSPEND): _S.SUSPENDED,
    (_S.PUBLISHED, _T.SUPERSEDE): _S.SUPERSEDED,
    (_S.PUBLISHED, _T.CLOSE): _S.CLOSED,
    (_S.PUBLISHED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.OBJECTED, _T.OBJECT): _S.OBJECTED,
    (_S.OBJECTED, _T.REJECT_ALL): _S.PUBLISHED,
    (_S.OBJECTED, _T.UPHOLD): _S.UPHELD,
    (_S.OBJECTED, _T.SUPERSEDE): _S.SUPERSEDED,
    (_S.OBJECTED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.SUSPENDED, _T.RESUME): _S.PUBLISHED,
    (_S.SUSPENDED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.UPHELD, _T.SUPERSEDE): _S.SUPERSEDED,
    (_S.UPHELD, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.CLOSED, _T.SUPERSEDE): _S.SUPERSEDED,  # an extension
    (_S.CLOSED, _T.WITHDRAW): _S.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice as published.

    Attributes:
        seq: 1, 2, … within its listing.
        number: The listing's with ``-N1``, ``-N2`` …
        content: Everything it says, as JSON.
        content_hash: SHA-256 of the RFC 8785 form of ``content``.
        closes_at: When its period is over, if it has one.
    """

    id: NoticeId
    listing_id: ListingId
    seq: int
    number: str
    kind: NoticeKind
    status: NoticeStatus
    content: Mapping[str, Any]
    content_hash: str
    published_at: datetime
    closes_at: datetime | None


def write_terms(
    listing: Listing,
    achievement: Achievement,
    *,
    kind: NoticeKind,
    seller_name: str,
    calendar_version: str,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the content of a notice that states all terms, and nothing personal.

    Completers are left out: a notice stays readable for ever and names no natural person but
    a seller or buyer who is one.

    Args:
        listing: With policy and period already fixed, and `notice_count` before this notice.
        calendar_version: Of the working-day calendar that the period was counted with.
        more: What the pricing mode adds, such as the buyer of an agreement.

    Invariant: LS3. Source: rules.md A2, A3, L2, L3, L6, L11 and the notice fields of section 2.
    """
    if listing.published_at is None or listing.policy is None:
        raise ValueError("a notice is written when the listing's period is fixed")
    told: dict[str, Any] = jsonable(
        {
            **_head(listing, kind),
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
            "deposit_becomes": listing.deposit_becomes,
            "related_buyers": listing.related_buyers,
            "joint_purchase": listing.joint_purchase,
            "extensions": listing.extensions,
            "extensions_done": listing.extensions_done,
            "reductions": listing.reductions,
            "auction_id": listing.auction_id,
            "opens_at": listing.opens_at,
            "bidding": listing.bidding,
            "policy_id": listing.policy_id,
            "policy": listing.policy.as_json(),
            "calendar_version": calendar_version,
            "published_at": listing.published_at,
            "disclosure_ends_at": listing.disclosure_ends_at,
            **(more or {}),
        }
    )
    return told


def write_message(listing: Listing, kind: NoticeKind, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a notice that leaves the terms as they are.

    Args:
        facts: What it says, such as the reason of a suspension and how long it lasts at most.

    Invariant: LS3.
    """
    told: dict[str, Any] = jsonable(
        {**_head(listing, kind), "terms_notice": listing.terms_number, **facts}
    )
    return told


def _head(listing: Listing, kind: NoticeKind) -> dict[str, Any]:
    return {
        "notice_number": notice_number(listing),
        "kind": kind,
        "listing_number": listing.number,
        "listing_id": listing.id,
        "market_id": listing.market_id,
    }


def notice_number(listing: Listing) -> str:
    """Return the number of a listing's next notice."""
    return f"{listing.number}-N{listing.notice_count + 1}"


def seal_notice(
    notice_id: NoticeId,
    listing: Listing,
    kind: NoticeKind,
    content: Mapping[str, Any],
    *,
    at: datetime,
    closes_at: datetime | None,
) -> Notice:
    """Return the notice that publishes a content at a moment."""
    return Notice(
        id=notice_id,
        listing_id=listing.id,
        seq=listing.notice_count + 1,
        number=notice_number(listing),
        kind=kind,
        status=NoticeStatus.PUBLISHED,
        content=content,
        content_hash=digest(content),
        published_at=at,
        closes_at=closes_at,
    )


def _subject(achievement: Achievement) -> dict[str, Any]:
    content = achievement.content
    public = content.confidentiality is Confidentiality.PUBLIC
    return {
        "id": achievement.id,
        "version": achievement.version,
        "title": content.title,
        "abstract": content.told_abstract,
        "technology_field": content.technology_field,
        "kind": content.kind,
        "ip_kind": content.ip_kind,
        "ip_assets": content.ip_assets if public else None,
        "readiness": content.readiness,
    }
