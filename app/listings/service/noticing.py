"""Publish notices and note what becomes of them; the caller holds the listing's lock."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.listing import Listing
from app.listings.domain.notice import (
    NOTICE_TRANSITIONS,
    TERMS_KINDS,
    Notice,
    NoticeKind,
    NoticeTrigger,
    seal_notice,
    write_message,
)
from app.listings.repository import listings, notices
from app.platform import journal
from app.platform.journal import NewEvent
from app.shared.ids import NoticeId, new_id
from app.shared.transitions import advance


async def publish_terms(
    session: AsyncSession,
    listing: Listing,
    kind: NoticeKind,
    content: Mapping[str, Any],
    *,
    what: str,
    at: datetime,
    actor: str,
) -> Listing:
    """Publish a notice that states all terms, save the listing, tell everybody.

    It supersedes the one before, and from then on buyers accept its hash.

    Args:
        listing: As it shall be saved.
        kind: One of `TERMS_KINDS`.
        what: Of the event: ``listing.<what>``.

    Invariant: LS3.
    """
    if kind not in TERMS_KINDS:
        raise ValueError(f"a {kind} states no terms")
    earlier = await notices.find_terms(session, listing.id)
    if earlier is not None:
        await move_notice(session, earlier, NoticeTrigger.SUPERSEDE)
    notice = seal_notice(
        NoticeId(new_id()), listing, kind, content, at=at, closes_at=listing.disclosure_ends_at
    )
    published = replace(
        listing,
        notice_count=notice.seq,
        terms_number=notice.number,
        terms_hash=notice.content_hash,
    )
    await listings.save_terms(session, published)
    await notices.insert(session, notice)
    await journal.append(session, listing_event(published, what, actor, at, notice=notice))
    return published


async def publish_message(
    session: AsyncSession,
    listing: Listing,
    kind: NoticeKind,
    facts: Mapping[str, Any],
    *,
    what: str,
    at: datetime,
    actor: str,
    restricted: Mapping[str, Any] | None = None,
) -> Listing:
    """Publish a notice that leaves the terms, save the listing, tell everybody.

    Args:
        restricted: What the event tells the seller and the market's staff alone.
    """
    content = write_message(listing, kind, facts)
    notice = seal_notice(NoticeId(new_id()), listing, kind, content, at=at, closes_at=None)
    published = replace(listing, notice_count=notice.seq)
    await listings.save(session, published)
    await notices.insert(session, notice)
    event = listing_event(published, what, actor, at, notice=notice)
    if restricted is not None:
        event = replace(event, restricted=restricted, audience=frozenset({listing.seller_id}))
    await journal.append(session, event)
    return published


async def move_notice(session: AsyncSession, notice: Notice, trigger: NoticeTrigger) -> Notice:
    """Note what becomes of a notice.

    Raises:
        TransitionRefused: It cannot come to that any more.
    """
    moved = replace(
        notice, status=advance(NOTICE_TRANSITIONS, state=notice.status, trigger=trigger)
    )
    await notices.save_status(session, moved)
    return moved


async def move_terms(session: AsyncSession, listing: Listing, trigger: NoticeTrigger) -> Notice:
    """Note what becomes of the notice whose terms hold."""
    notice = await notices.find_terms(session, listing.id)
    assert notice is not None  # it was published
    return await move_notice(session, notice, trigger)


def listing_event(
    listing: Listing, what: str, actor: str, at: datetime, *, notice: Notice | None = None
) -> NewEvent:
    """Return what the journal tells everybody about a listing."""
    told: dict[str, object] = {"number": listing.number}
    if notice is not None:
        told |= {
            "notice": notice.content,
            "content_hash": notice.content_hash,
            "disclosure_ends_at": listing.disclosure_ends_at,
        }
    return NewEvent(
        market_id=listing.market_id,
        subject="listing",
        subject_id=listing.id,
        type=f"listing.{what}",
        market_at=at,
        actor=actor,
        public=told,
    )
