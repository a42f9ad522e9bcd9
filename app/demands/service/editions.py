"""Open an edition 需求清单, let postings into it, publish it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.edition import (
    EDITION_TRANSITIONS,
    Edition,
    EditionStatus,
    EditionTrigger,
    check_open,
    check_period,
    write_edition,
)
from app.demands.repository import editions as repository
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared import codes
from app.shared.ids import EditionId, MarketId, new_id
from app.shared.transitions import advance


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEdition:
    """What an edition is of."""

    title: str
    region_code: str
    starts_on: date
    ends_on: date


async def create_edition(
    session: AsyncSession, actor: Actor, new: NewEdition, *, now: datetime
) -> Edition:
    """Open an edition of the actor's market.

    Raises:
        CodeUnknown: There is no such region.
        EditionPeriodWrong: It ends before it begins.
    """
    codes.require(codes.REGIONS, new.region_code, field="region_code")
    check_period(new.starts_on, new.ends_on)
    edition = Edition(
        id=EditionId(new_id()),
        number=await repository.next_number(session, now=now),
        market_id=actor.market_id,
        status=EditionStatus.OPEN,
        title=new.title,
        region_code=new.region_code,
        starts_on=new.starts_on,
        ends_on=new.ends_on,
        created_at=now,
    )
    await repository.insert(session, edition)
    await _journal(session, edition, "opened", actor, now)
    return edition


async def require_open(
    session: AsyncSession, market_id: MarketId, edition_id: EditionId | None
) -> None:
    """Refuse a posting into an edition that is not open; it stays open until the transaction ends.

    The caller holds the demand's lock; publishing waits for the posting and then lists it.

    Raises:
        EditionNotOpen: There is none, it is another market's, or it was published.

    Invariant: DM28.
    """
    if edition_id is not None:
        check_open(await repository.find(session, edition_id, keep=True), market_id)


async def publish_edition(
    session: AsyncSession, actor: Actor, edition_id: EditionId, *, now: datetime
) -> Edition:
    """Publish an edition: the list of its posted demands is frozen with its hash.

    Raises:
        ObjectUnknown: There is none.
        TransitionRefused: It was published.
        EditionEmpty: No posted demand names it.

    Invariant: DM28.
    """
    edition = await repository.find(session, edition_id, lock=True)
    if edition is None:
        raise ObjectUnknown("There is no such edition.")
    status = advance(EDITION_TRANSITIONS, state=edition.status, trigger=EditionTrigger.PUBLISH)
    demands = await repository.demands_of(session, edition_id)
    content, content_hash = write_edition(edition, demands, at=now)
    published = replace(
        edition, status=status, published_at=now, content=content, content_hash=content_hash
    )
    await repository.save_published(session, published)
    await _journal(session, published, "published", actor, now)
    return published


async def read_edition(session: AsyncSession, edition_id: EditionId) -> Edition:
    """Return an edition; everybody may read it.

    Raises:
        ObjectUnknown: There is none.
    """
    edition = await repository.find(session, edition_id)
    if edition is None:
        raise ObjectUnknown("There is no such edition.")
    return edition


async def list_editions(
    session: AsyncSession, market_id: MarketId | None, *, before: EditionId | None, limit: int
) -> Sequence[Edition]:
    """Return editions, newest first."""
    return await repository.find_page(session, market_id, before=before, limit=limit)


async def _journal(
    session: AsyncSession, edition: Edition, what: str, actor: Actor, now: datetime
) -> None:
    told = {
        "number": edition.number,
        "title": edition.title,
        "region_code": edition.region_code,
        "starts_on": edition.starts_on,
        "ends_on": edition.ends_on,
    }
    if edition.content is not None:
        told |= {
            "content_hash": edition.content_hash,
            "demands": [item["demand_id"] for item in edition.content["demands"]],
        }
    event = NewEvent(
        market_id=edition.market_id,
        subject="demand_edition",
        subject_id=edition.id,
        type=f"demand_edition.{what}",
        market_at=now,
        actor=actor.ref,
        public=told,
    )
    await journal.append(session, event)
