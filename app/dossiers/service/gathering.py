"""Read everything that a dossier holds, at one moment, as its reader may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.dossiers.domain.form import by_subject, head_of
from app.identity import public as identity
from app.listings import public as listings
from app.listings.public import Listing, Notice
from app.markets.public import get_market
from app.platform import journal
from app.platform.access import SYSTEM, Actor
from app.platform.clock import market_now
from app.platform.journal import JournalEvent
from app.settlement import public as settlement
from app.shared.canonical import salted_digest
from app.shared.ids import ListingId
from app.shared.jsonable import jsonable
from app.valuations import public as valuations


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found.

    Attributes:
        facts: Everything, as JSON.
        heads: Chain head of every subject.
        names: What each actor is called.
        issuer: The exchange's name.
        made_at: The market's moment.
    """

    listing: Listing
    facts: Mapping[str, Any]
    heads: Mapping[str, str]
    names: Mapping[str, str]
    issuer: str
    made_at: datetime


async def gather(session: AsyncSession, actor: Actor, listing_id: ListingId) -> Gathered:
    """Return everything about a listing, of one snapshot of the database.

    Args:
        session: At the beginning of its transaction; it becomes a repeatable read.

    Raises:
        ObjectUnknown: There is no such listing.

    Invariant: DS5.
    """
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    listing = await listings.get_listing(session, listing_id)
    deals = await settlement.deals_of(session, listing.id)
    evaluations = await valuations.evaluations_of(session, listing.achievement_id)
    signed = await valuations.valuations_of(session, listing.achievement_id)
    subjects: list[UUID] = [listing.id, listing.achievement_id, *(deal.id for deal in deals)]
    subjects += [report.evaluation_id for report in evaluations]
    subjects += [valuation.id for valuation, _ in signed]
    subjects += await listings.evidence_subjects(session, listing, actor)
    if listing.auction_id is not None:
        subjects.append(listing.auction_id)
    found = [event for subject in subjects for event in await journal.history(session, subject)]
    events = [told(event, actor) for event in found]
    notices = await listings.notices_of(session, listing.id)
    facts = {
        "listing": _listing(listing),
        "notices": [_notice(notice) for notice in notices],
        "evaluations": [
            {"id": str(report.evaluation_id), "jws": report.jws} for report in evaluations
        ],
        "valuations": [{"id": str(valuation.id), "jws": kept.jws} for valuation, kept in signed],
        "deals": [_deal(deal) for deal in deals],
        "events": events,
    }
    market = await get_market(session, listing.market_id)
    return Gathered(
        listing=listing,
        facts=facts,
        heads={subject: head_of(subject, chain) for subject, chain in by_subject(events).items()},
        names=await _names(session, events),
        issuer=market.name_zh,
        made_at=await market_now(session, listing.market_id),
    )


def told(event: JournalEvent, actor: Actor) -> dict[str, Any]:
    """Return an event as the actor may see it, complete enough to recompute its chain."""
    insider = journal.is_insider(event, actor)
    return {
        "subject": event.subject,
        "subject_id": str(event.subject_id),
        "subject_version": event.subject_version,
        "type": event.type,
        "market_at": jsonable(event.market_at),
        "recorded_at": jsonable(event.recorded_at),
        "public": event.public,
        "restricted": event.restricted if insider else None,
        "restricted_salt": event.salt.hex() if insider else None,
        "restricted_digest": salted_digest(event.restricted, event.salt),
        "hash": event.hash,
    }


def _listing(listing: Listing) -> dict[str, Any]:
    shown: dict[str, Any] = jsonable(
        {
            "id": listing.id,
            "number": listing.number,
            "title": listing.title,
            "status": listing.status,
            "pricing_mode": listing.pricing_mode,
            "conversion_mode": listing.conversion_mode,
            "achievement_id": listing.achievement_id,
            "seller_id": listing.seller_id,
            "floor": listing.floor,
            "base_price": listing.base_price,
            "auction_id": listing.auction_id,
            "published_at": listing.published_at,
            "disclosure_ends_at": listing.disclosure_ends_at,
        }
    )
    return shown


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "number": notice.number,
        "kind": str(notice.kind),
        "status": str(notice.status),
        "published_at": jsonable(notice.published_at),
        "content": notice.content,
        "content_hash": notice.content_hash,
    }


def _deal(deal: settlement.Deal) -> dict[str, Any]:
    shown: dict[str, Any] = jsonable(
        {
            "id": deal.id,
            "number": deal.number,
            "status": deal.status,
            "start": deal.start,
            "price": deal.price,
            "premium_rate": deal.premium_rate,
            "source": deal.source,
            "confirmed_at": deal.confirmed_at,
            "signed_at": deal.signed_at,
        }
    )
    return shown


async def _names(session: AsyncSession, events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    actors = {
        str(event["restricted"]["actor"]) for event in events if event["restricted"] is not None
    }
    names = dict(await identity.names_of_actors(session, actors - {SYSTEM}))
    return names | {SYSTEM: "交易系统"}
